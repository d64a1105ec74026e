//! How fast the outbox is filled and emptied, without any relay.
//!
//! `cargo bench --bench outbox -- 1000000 200000` opens an edition of a million deliveries, beside the bare `INSERT … SELECT`
//! into the same table, and moves 200,000 of them from queued to sent. `DEPECHE_BENCH_DATABASE` names an empty PostgreSQL
//! database to use instead of SQLite; its server works on the same machine. While the edition opens, another task claims
//! some of its deliveries again and again, as a dispatcher would, and the longest of these claims is reported. Nothing is
//! compared with a limit.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use chrono::TimeDelta;
use depeche::app::{open_newsroom, read_config};
use depeche::clock::{Clock as _, SystemClock};
use depeche::domain::Delivery;
use depeche::store::{AttemptMade, Begin, Fence, Finished, Outcome, Store};
use depeche::task::{Editor, Ingest, Newsroom};
use depeche::watch::Cores;
use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions as _};
use tempfile::TempDir;
use tokio::sync::Mutex;

/// What the daemon runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const OWNER: &str = "bench";
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// How many deliveries are claimed at once, as a dispatcher does at its fastest.
const CLAIMED: u32 = 512;
/// How often somebody claims while an edition opens, and how many.
const CLAIMS: (Duration, u32) = (Duration::from_millis(20), 8);
/// How often it is looked whether an edition is open.
const LOOK: Duration = Duration::from_millis(5);
/// How many deliveries are between begun and finished at the same time, at each run.
const CONNECTIONS: [usize; 3] = [8, 32, 256];

fn main() {
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    let mut numbers = words.map(|word| word.parse::<u32>().expect("a number of deliveries"));
    let (deliveries, moved) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(200_000));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let outbox = Outbox::fill(deliveries).await;
        let bare = outbox.insert_bare().await;
        let (opened, longest) = outbox.open().await;
        println!(
            "opening an edition of {deliveries}: {:.2} s, {:.2} of the bare INSERT … SELECT ({:.2} s); the longest claim \
             meanwhile {} ms",
            opened.as_secs_f64(),
            opened.as_secs_f64() / bare.as_secs_f64(),
            bare.as_secs_f64(),
            longest.as_millis()
        );
        for connections in CONNECTIONS {
            // Each run has some of its own.
            let moved = moved.min(deliveries / 4);
            let took = outbox.send(connections, moved).await;
            let each = f64::from(moved) / took.as_secs_f64();
            println!("claimed, begun and finished over {connections} connections: {each:.0} deliveries a second");
        }
    });
}

/// A newsroom with subscribers, and a connection of its own to its database.
struct Outbox {
    newsroom: Arc<Newsroom>,
    database: Mutex<AnyConnection>,
    is_sqlite: bool,
    folder: TempDir,
}

impl Outbox {
    async fn fill(subscribers: u32) -> Self {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::create_dir_all(root.join("content")).unwrap();
        let sqlite = format!("sqlite://{}", root.join("outbox.sqlite"));
        let url = std::env::var("DEPECHE_BENCH_DATABASE").unwrap_or(sqlite);
        let text = format!(
            "[site]\nurl = \"https://presse.example.org\"\n[content]\nfolder = \"content\"\nuploads = \"content\"\n\
             [database]\nurl = \"{url}\"\n[newsletter]\ngrace = \"0s\"\nfrom = \"Presse <presse@presse.example.org>\"\n\
             [[relay]]\nkind = \"directory\"\nfolder = \"mail\"\n"
        );
        std::fs::write(root.join("config.toml"), text).unwrap();
        let (config, _) = read_config(&root.join("config.toml")).unwrap();
        let newsroom = open_newsroom(config, Arc::new(SystemClock)).await.unwrap();
        let is_sqlite = url.starts_with("sqlite:");
        let connection = url.parse::<AnyConnectOptions>().unwrap().connect().await.unwrap();
        let outbox = Self { newsroom, database: Mutex::new(connection), is_sqlite, folder };
        // The first look has nothing to announce.
        outbox.look().await;
        outbox.subscribe(subscribers).await;
        outbox
    }

    async fn look(&self) {
        let newsroom = &self.newsroom;
        let ingest = Ingest::new(&newsroom.config, newsroom.uploads.clone(), newsroom.templates.clone(), Cores::All);
        Editor::new(Arc::clone(newsroom), ingest, OWNER.to_owned()).look().await.unwrap();
    }

    async fn run(&self, statement: String) {
        let mut database = self.database.lock().await;
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *database).await.unwrap();
    }

    /// Many at once: a subscription takes its time, and is not what is measured.
    async fn subscribe(&self, subscribers: u32) {
        const AT_ONCE: usize = 1000;
        let now = SystemClock.now().timestamp_micros();
        self.run("BEGIN".to_owned()).await;
        let all: Vec<u32> = (1..=subscribers).collect();
        for some in all.chunks(AT_ONCE) {
            let reader = |number: &u32| {
                let address = format!("lectrice.{number}@journal.example");
                format!(
                    "({number}, '{address}', '{address}', '{number:064x}', 'Zoé {number}', 'fr', 'immediate', 'active', \
                     {now}, 'bench', {now}, 0)"
                )
            };
            let values = some.iter().map(reader).collect::<Vec<_>>().join(", ");
            self.run(format!(
                "INSERT INTO subscribers (id, address, folded, address_hash, name, language, frequency, state, since, source, \
                 created, covered) VALUES {values}"
            ))
            .await;
            let values = some.iter().map(|number| format!("({number}, 'all')")).collect::<Vec<_>>().join(", ");
            self.run(format!("INSERT INTO subscriptions (subscriber, topic) VALUES {values}")).await;
        }
        self.run("COMMIT".to_owned()).await;
        if !self.is_sqlite {
            self.run("ANALYZE".to_owned()).await;
        }
    }

    /// How long the database takes for the same rows in one statement; they are gone afterwards.
    async fn insert_bare(&self) -> Duration {
        self.run(
            "INSERT INTO editions (id, kind, subject, dedup_key, title, state, written, deliveries, lifted, created) \
             VALUES (-1, 'announcement', '', 'bare', 'bare', 'cancelled', 1, 0, '', 0)"
                .to_owned(),
        )
        .await;
        self.run(
            "INSERT INTO letters (id, kind, edition, language, subject, text, html, date, boundary, topic_words, carries, \
             serial) VALUES (-1, 'edition', -1, 'fr', '', '', '', 0, '', '', '', 1)"
                .to_owned(),
        )
        .await;
        if self.is_sqlite {
            // As the daemon's own connections have it.
            self.run("PRAGMA cache_size = -16384".to_owned()).await;
            self.run("PRAGMA wal_autocheckpoint = 16000".to_owned()).await;
            self.run("PRAGMA synchronous = NORMAL".to_owned()).await;
        }
        let started = Instant::now();
        self.run(
            "INSERT INTO deliveries (id, letter, edition, subscriber, recipient_name, recipient_address, address_hash, \
             language, topics, contents, state, due, since, attempt, lost, created) \
             SELECT s.id, -1, -1, s.id, s.name, s.address, s.address_hash, s.language, 'all', '', 'queued', 0, 0, 0, 0, 0 \
             FROM subscribers s WHERE s.state = 'active' AND s.frequency = 'immediate' ORDER BY s.id"
                .to_owned(),
        )
        .await;
        let took = started.elapsed();
        if self.is_sqlite {
            self.run("DELETE FROM deliveries".to_owned()).await;
            self.run("PRAGMA wal_checkpoint(TRUNCATE)".to_owned()).await;
        } else {
            self.run("TRUNCATE deliveries CASCADE".to_owned()).await;
        }
        took
    }

    /// How long an edition takes to open, and the longest claim meanwhile.
    async fn open(&self) -> (Duration, Duration) {
        let date = SystemClock.now();
        let text = format!(
            "---\ntitle: Le pont rouvre\ndate: {}\ncategories: [Discours]\nchapeau-text: Demain.\n---\n\nLe corps.\n",
            date.format("%Y-%m-%d %H:%M:%S Z")
        );
        let name = format!("{}-le-pont.md", date.format("%Y-%m-%d"));
        std::fs::write(self.folder.path().join("content").join(name), text).unwrap();
        let claiming = tokio::spawn(claim_on(Arc::clone(&self.newsroom)));
        let ((), took) = tokio::join!(self.look(), self.opening());
        claiming.abort();
        (took, *LONGEST.lock().await)
    }

    /// From when the edition is opening until the last of its deliveries is there.
    async fn opening(&self) -> Duration {
        let mut database = self.database.lock().await;
        let mut begun = None;
        loop {
            let begins = sqlx::query_scalar("SELECT state FROM editions WHERE id > 0");
            let state: Option<String> = begins.fetch_optional(&mut *database).await.unwrap();
            match (state.as_deref(), begun) {
                (Some("opening"), None) => begun = Some(Instant::now()),
                (Some("sending"), Some(begun)) => return begun.elapsed(),
                _ => {}
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Moves so many deliveries from queued to sent, with so many in flight.
    async fn send(&self, connections: usize, deliveries: u32) -> Duration {
        let stock = Arc::new(Mutex::new((VecDeque::new(), deliveries)));
        let started = Instant::now();
        let workers = (0..connections).map(|_| tokio::spawn(hand_over(Arc::clone(&self.newsroom), Arc::clone(&stock))));
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
        started.elapsed()
    }
}

/// The longest claim so far.
static LONGEST: Mutex<Duration> = Mutex::const_new(Duration::ZERO);

/// Claims a few deliveries now and then, and gives them back.
async fn claim_on(newsroom: Arc<Newsroom>) {
    let store = &newsroom.store;
    loop {
        let started = Instant::now();
        let claimed = store.claim("other", CLAIMS.1, newsroom.now(), LEASE).await.unwrap();
        let took = started.elapsed();
        let mut longest = LONGEST.lock().await;
        *longest = longest.max(took);
        drop(longest);
        store.give_back("other", &claimed, None).await.unwrap();
        tokio::time::sleep(CLAIMS.0).await;
    }
}

/// What one connection does, but for speaking to a relay.
async fn hand_over(newsroom: Arc<Newsroom>, stock: Arc<Mutex<(VecDeque<Delivery>, u32)>>) {
    let store = &newsroom.store;
    let mut finished = None;
    while let Some(delivery) = next(store, &newsroom, &stock).await {
        let fence = Fence { delivery: delivery.id, owner: OWNER.to_owned(), claim: delivery.claim };
        let at = newsroom.now();
        let begin =
            Begin { fence: fence.clone(), letter: delivery.letter, contents: Vec::new(), until: at + LEASE, at };
        store.exchange(finished.take(), Some(begin)).await.unwrap();
        let made = AttemptMade {
            attempt: delivery.attempt,
            relay: "smtp://127.0.0.1:25".to_owned(),
            at,
            phase: "accepted".to_owned(),
            code: Some(250),
            enhanced: Some("2.0.0".to_owned()),
            reply: "250 2.0.0 Ok: queued as 4D1A7200E5".to_owned(),
            message_id: format!("<0123456789abcdef0123456789abcdef.{}@presse.example.org>", delivery.id),
            verdict: "sent".to_owned(),
        };
        finished = Some(Finished { fence, outcome: Outcome::Sent, attempt: Some(made.into()), at });
    }
    if finished.is_some() {
        store.exchange(finished, None).await.unwrap();
    }
}

async fn next(store: &Store, newsroom: &Newsroom, stock: &Mutex<(VecDeque<Delivery>, u32)>) -> Option<Delivery> {
    let mut stock = stock.lock().await;
    let (waiting, left) = &mut *stock;
    if waiting.is_empty() && *left > 0 {
        waiting.extend(store.claim(OWNER, CLAIMED.min(*left), newsroom.now(), LEASE).await.unwrap());
        *left -= u32::try_from(waiting.len()).unwrap();
        assert!(!waiting.is_empty(), "the edition has fewer deliveries than are to be moved");
    }
    waiting.pop_front()
}
