//! Clients of every kind on real sockets: slow, silent, greedy, many. Waits have short limits here, and nothing is timed
//! but what must not come too early.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::limits::Limits;
use super::listener::serve_router;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// A limit that is to be reached.
const SHORT: Duration = Duration::from_millis(50);
/// How large a feed is.
const FEED: usize = 60_000;
/// More than the system's buffers hold.
const LARGE: usize = 64 * 1024 * 1024;

/// A server, stopped when dropped.
struct Served {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    ended: JoinHandle<()>,
}

/// Limits that nobody reaches.
fn wide() -> Limits {
    Limits { wait: PATIENCE, head: PATIENCE, body: PATIENCE, stalled: PATIENCE, pace: 1, ..Limits::of(64) }
}

async fn served(limits: Limits, router: Router) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    Served { address, stop, ended: tokio::spawn(serve_router(listener, router, limits, stopped)) }
}

/// `/feed`, `/number/…`, `/form`, and `/never` that does not answer.
fn press() -> Router {
    let feed = Bytes::from(vec![b'x'; FEED]);
    Router::new()
        .route("/feed", get(move || async move { feed }))
        .route("/number/{number}", get(|Path(number): Path<String>| async move { format!("{number:>60000}") }))
        .route("/form", post(|body: Bytes| async move { body }))
        .route("/never", get(pending::<()>))
}

/// Notices when the last of a document is let go.
struct Watched(Vec<u8>, Arc<Notify>);

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.1.notify_one();
    }
}

/// `/large`, once, and what tells when the server has let it go.
fn large() -> (Router, Arc<Notify>) {
    let gone = Arc::new(Notify::new());
    let document = std::sync::Mutex::new(Some(Bytes::from_owner(Watched(vec![0; LARGE], gone.clone()))));
    let answer = Arc::new(document);
    (Router::new().route("/large", get(move || async move { answer.lock().unwrap().take().unwrap() })), gone)
}

/// A client's side of a connection.
struct Client(TcpStream);

impl Client {
    async fn of(served: &Served) -> Self {
        Self(TcpStream::connect(served.address).await.unwrap())
    }

    async fn say(&mut self, words: &str) {
        self.0.write_all(words.as_bytes()).await.unwrap();
    }

    async fn ask(&mut self, path: &str) {
        self.say(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    }

    /// The next answer: its status and body.
    async fn answer(&mut self) -> (u16, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, self.0.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length =
            head.split("content-length: ").nth(1).map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        timeout(PATIENCE, self.0.read_exact(&mut body)).await.unwrap().unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    }

    /// What comes until the server closes the connection.
    async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A connection that is reset is closed, too.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("the server closes the connection");
        String::from_utf8_lossy(&rest).into_owned()
    }
}

#[tokio::test]
async fn whoever_says_nothing_or_no_end_is_let_go() {
    for words in ["", "GET /feed HT", "GET /feed HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let served = served(Limits { head: SHORT, ..wide() }, press()).await;
        let begun = Instant::now();
        let mut client = Client::of(&served).await;
        client.say(words).await;
        assert_eq!(client.rest().await, "", "{words}");
        assert!(begun.elapsed() >= SHORT, "{words}");
    }
}

#[tokio::test]
async fn a_head_that_comes_letter_by_letter_gets_no_more_time() {
    let served = served(Limits { head: SHORT, ..wide() }, press()).await;
    let mut client = Client::of(&served).await;
    client.say("GET /feed HTTP/1.1\r\nX-Slow: ").await;
    let begun = Instant::now();
    while client.0.write_all(b"x").await.is_ok() {
        assert!(begun.elapsed() < PATIENCE);
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_a_while_after_each_answer() {
    let served = served(Limits { head: SHORT, ..wide() }, press()).await;
    let mut client = Client::of(&served).await;
    let begun = Instant::now();
    client.ask("/feed").await;
    assert_eq!(client.answer().await.0, 200);
    assert_eq!(client.rest().await, "");
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test]
async fn thinking_takes_no_time_from_the_client() {
    let slow = Router::new().route("/", get(|| sleep(SHORT * 4)));
    let served = served(Limits { head: SHORT, ..wide() }, slow).await;
    let mut client = Client::of(&served).await;
    client.ask("/").await;
    assert_eq!(client.answer().await.0, 200);
}

#[tokio::test]
async fn a_form_that_does_not_come_is_not_waited_for() {
    let served = served(Limits { body: SHORT, ..wide() }, press()).await;
    let mut client = Client::of(&served).await;
    client.say("POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").await;
    assert!(client.rest().await.starts_with("HTTP/1.1 400 "));
    let mut client = Client::of(&served).await;
    client.say("POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").await;
    assert_eq!(client.answer().await, (200, b"abc".to_vec()));
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_let_go() {
    let (router, gone) = large();
    let served = served(Limits { stalled: SHORT, ..wide() }, router).await;
    let mut client = Client::of(&served).await;
    client.ask("/large").await;
    timeout(PATIENCE, gone.notified()).await.expect("the document is let go");
}

#[tokio::test]
async fn a_reader_slower_than_the_pace_is_let_go_though_it_never_stops() {
    let (router, gone) = large();
    let served = served(Limits { stalled: SHORT, pace: u32::MAX, ..wide() }, router).await;
    let mut client = Client::of(&served).await;
    client.ask("/large").await;
    let reading = async {
        let (mut taken, mut piece) = (0, vec![0; 16 * 1024]);
        while let Ok(read @ 1..) = client.0.read(&mut piece).await {
            taken += read;
            sleep(Duration::from_millis(1)).await;
        }
        taken
    };
    let taken = timeout(PATIENCE, reading).await.unwrap();
    assert!(taken < LARGE, "everything came");
    timeout(PATIENCE, gone.notified()).await.unwrap();
}

#[tokio::test]
async fn a_reader_may_take_its_time() {
    let (router, _) = large();
    let served = served(wide(), router).await;
    let mut client = Client::of(&served).await;
    client.ask("/large").await;
    sleep(SHORT).await;
    assert_eq!(client.answer().await.1.len(), LARGE);
}

#[tokio::test]
async fn whoever_comes_when_all_places_are_taken_is_told_to_come_back() {
    let served = served(Limits { connections: 2, waiting: 1, wait: SHORT, ..wide() }, press()).await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut client = Client::of(&served).await;
        client.ask("/never").await;
        busy.push(client);
    }
    let mut client = Client::of(&served).await;
    client.ask("/feed").await;
    let answer = client.rest().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: ") && head.contains("connection: close"));
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    // A place is free again when someone leaves.
    busy.clear();
    let answered = async {
        loop {
            let mut client = Client::of(&served).await;
            client.ask("/feed").await;
            if client.answer().await.0 == 200 {
                return;
            }
        }
    };
    timeout(PATIENCE, answered).await.unwrap();
}

#[tokio::test]
async fn when_nobody_more_may_wait_connections_are_closed_unheard() {
    let served = served(Limits { connections: 1, waiting: 0, ..wide() }, press()).await;
    let mut busy = Client::of(&served).await;
    busy.ask("/never").await;
    assert_eq!(Client::of(&served).await.rest().await, "");
}

#[tokio::test]
async fn the_oldest_idle_connection_makes_room() {
    let served = served(Limits { connections: 2, waiting: 1, ..wide() }, press()).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = Client::of(&served).await;
        client.ask("/feed").await;
        assert_eq!(client.answer().await.0, 200);
        clients.push(client);
    }
    assert_eq!(clients[0].rest().await, "");
    for client in &mut clients[1..] {
        client.ask("/feed").await;
        assert_eq!(client.answer().await.0, 200);
    }
}

#[tokio::test]
async fn requests_in_a_row_are_answered_in_order() {
    let served = served(wide(), press()).await;
    let mut client = Client::of(&served).await;
    let all: Vec<String> = (0..200).map(|number| format!("GET /number/{number} HTTP/1.1\r\nHost: x\r\n\r\n")).collect();
    client.say(&all.concat()).await;
    for number in 0..200 {
        assert_eq!(client.answer().await, (200, format!("{number:>60000}").into_bytes()));
    }
}

#[tokio::test]
async fn a_connection_is_kept_unless_the_client_says_otherwise() {
    let served = served(wide(), press()).await;
    let mut client = Client::of(&served).await;
    for _ in 0..3 {
        client.ask("/feed").await;
        assert_eq!(client.answer().await.1.len(), FEED);
    }
    client.say("GET /feed HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(client.rest().await.starts_with("HTTP/1.1 200 "));
    let mut client = Client::of(&served).await;
    client.say("GET /feed HTTP/1.0\r\n\r\n").await;
    assert!(client.rest().await.starts_with("HTTP/1.0 200 "));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let served = served(wide(), press()).await;
    let (long, many) = ("x".repeat(20_000), "X-Many: x\r\n".repeat(101));
    for fields in [format!("X-Long: {long}\r\n"), many] {
        let mut client = Client::of(&served).await;
        client.say(&format!("GET /feed HTTP/1.1\r\nHost: x\r\n{fields}\r\n")).await;
        assert!(client.rest().await.starts_with("HTTP/1.1 431 "));
    }
}

#[tokio::test]
async fn a_thousand_readers_at_once_get_the_whole_feed() {
    const READERS: usize = 1_000;
    // Both sides of each connection are in this process.
    let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    assert!(descriptors > 2 * READERS as u64 + 100, "only {descriptors} file descriptors: raise `ulimit -Hn`");
    let served = served(Limits { connections: READERS, waiting: 0, ..wide() }, press()).await;
    let together = Arc::new(Barrier::new(READERS));
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let (mut client, together) = (Client::of(&served).await, together.clone());
        readers.spawn(async move {
            together.wait().await;
            client.ask("/feed").await;
            let answer = client.answer().await;
            // Nobody leaves before all are served.
            together.wait().await;
            answer
        });
    }
    while let Some(answer) = readers.join_next().await {
        let (status, body) = answer.unwrap();
        assert_eq!((status, body.len()), (200, FEED));
    }
}

#[tokio::test]
async fn told_to_stop_it_finishes_what_is_under_way_and_takes_in_nothing_more() {
    let (router, _) = large();
    let asked = Arc::new(Notify::new());
    let (begun, go) = (Arc::new(Notify::new()), asked.clone());
    let thinking = {
        let begun = begun.clone();
        get(move || async move {
            begun.notify_one();
            go.notified().await;
            "thought"
        })
    };
    let served = served(wide(), router.merge(press()).route("/thinking", thinking)).await;
    let mut idle = Client::of(&served).await;
    idle.ask("/feed").await;
    assert_eq!(idle.answer().await.0, 200);
    let mut reading = Client::of(&served).await;
    reading.ask("/large").await;
    let mut first = [0; 1];
    reading.0.read_exact(&mut first).await.unwrap();
    let mut waiting = Client::of(&served).await;
    waiting.ask("/thinking").await;
    begun.notified().await;

    served.stop.send_replace(true);
    assert_eq!(idle.rest().await, "");
    assert!(TcpStream::connect(served.address).await.is_err());
    assert!(!served.ended.is_finished());
    assert!(reading.rest().await.len() > LARGE);
    asked.notify_one();
    assert!(waiting.rest().await.ends_with("thought"));
    timeout(PATIENCE, served.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn told_to_stop_it_answers_once_more_whoever_has_a_connection() {
    let served = served(Limits { linger: PATIENCE, ..wide() }, press()).await;
    let mut client = Client::of(&served).await;
    client.ask("/number/1").await;
    assert_eq!(client.answer().await.0, 200);
    served.stop.send_replace(true);
    assert!(timeout(SHORT, client.0.read_u8()).await.is_err(), "an idle connection is kept for a moment");
    client.ask("/number/2").await;
    let answer = client.rest().await.to_lowercase();
    assert!(answer.starts_with("http/1.1 200") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
    timeout(PATIENCE, served.ended).await.unwrap().unwrap();
}
