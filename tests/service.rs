//! The daemon under a service manager: sockets handed over, started anew and reloaded under load, told of and telling.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

#[path = "support/admin.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod admin;
#[path = "support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;

use camino::Utf8PathBuf;
use depeche::app::{self, Sockets, open_newsroom, read_config};
use depeche::clock::SystemClock;

use admin::admin;
use press_room::{DEADLINE, Daemon, PressRoom, start, until};

/// How many readers ask, and how often each: 500 requests a second in all.
const READERS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(40);

fn room() -> PressRoom {
    let room = PressRoom::new(
        "[newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\n[[relay]]\nkind = \"directory\"\n",
    );
    let text = "---\ntitle: Un pont neuf\ndate: 2026-05-04\nchapeau-text: Il ouvre.\n---\n\nLe texte.\n";
    room.save("content/2026-05-04-pont.md", text);
    room
}

/// Replaces words of the configuration.
fn rewrite(room: &PressRoom, from: &str, to: &str) {
    let config = std::fs::read_to_string(room.path("config.toml")).unwrap();
    assert!(config.contains(from), "{config}");
    room.save("config.toml", &config.replace(from, to));
}

/// Starts the daemon with a socket handed over, as a service manager does it (`sd_listen_fds(3)`).
#[track_caller]
fn serve_on(room: &PressRoom, socket: &TcpListener, more: &[&str], environment: &[(&str, &OsStr)]) -> Daemon {
    let program = room.command(&["serve"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec 3<&0 </dev/null && LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\""]);
    shell.arg(program.get_program()).args(program.get_args()).args(more).current_dir(room.path(""));
    for (name, _) in program.get_envs() {
        shell.env_remove(name);
    }
    shell.stdin(OwnedFd::from(socket.try_clone().unwrap())).envs(environment.iter().copied());
    start(shell)
}

/// The same, with that socket for everyone.
#[track_caller]
fn serve_public(room: &PressRoom, socket: &TcpListener, environment: &[(&str, &OsStr)]) -> Daemon {
    serve_on(room, socket, &["--listen", &socket.local_addr().unwrap().to_string()], environment)
}

fn title(daemon: &Daemon) -> String {
    let (status, body) = daemon.get("/feeds/all.json");
    assert_eq!(status, 200);
    serde_json::from_slice::<serde_json::Value>(&body).unwrap()["title"].as_str().unwrap().to_owned()
}

fn lines(daemon: &Daemon, words: &str) -> usize {
    daemon.log().lines().filter(|line| line.contains(words)).count()
}

/// Readers that ask all the time, each over a connection that it keeps as long as the server does.
struct Readers {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    all: Vec<JoinHandle<(Vec<String>, Duration)>>,
}

impl Readers {
    fn of(address: SocketAddr) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let all = (0..READERS).map(|number| {
            let (stop, answered) = (stop.clone(), answered.clone());
            // Half of them come anew each time.
            spawn(move || read(address, number % 2 == 0, &stop, &answered))
        });
        Self { all: all.collect(), stop, answered }
    }

    /// Waits until so many more were answered.
    #[track_caller]
    fn more(&self, number: usize) {
        let before = self.answered.load(Ordering::Relaxed);
        until("answers", || (self.answered.load(Ordering::Relaxed) >= before + number).then_some(()));
    }

    /// How many were answered, what failed, and the longest that anybody waited.
    fn end(self) -> (usize, Vec<String>, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let (mut failures, mut longest) = (Vec::new(), Duration::ZERO);
        for reader in self.all {
            let (failed, waited) = reader.join().unwrap();
            failures.extend(failed);
            longest = longest.max(waited);
        }
        (self.answered.load(Ordering::Relaxed), failures, longest)
    }
}

fn read(address: SocketAddr, keeps: bool, stop: &AtomicBool, answered: &AtomicUsize) -> (Vec<String>, Duration) {
    let (mut failures, mut longest, mut kept) = (Vec::new(), Duration::ZERO, None);
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        match ask(address, kept.take()) {
            Ok((connection, stays)) => {
                answered.fetch_add(1, Ordering::Relaxed);
                kept = (keeps && stays).then_some(connection);
            }
            Err(error) => failures.push(error.to_string()),
        }
        longest = longest.max(begun.elapsed());
        sleep(PAUSE.saturating_sub(begun.elapsed()));
    }
    (failures, longest)
}

/// Asks for a feed, and gives the connection back, with whether the server keeps it.
fn ask(address: SocketAddr, kept: Option<BufReader<TcpStream>>) -> std::io::Result<(BufReader<TcpStream>, bool)> {
    let mut connection = match kept {
        Some(connection) => connection,
        None => BufReader::new(TcpStream::connect(address)?),
    };
    connection.get_ref().set_read_timeout(Some(DEADLINE))?;
    connection.get_mut().write_all(b"GET /feeds/all.rss HTTP/1.1\r\nHost: x\r\n\r\n")?;
    let (mut head, mut line) = (String::new(), String::new());
    while line != "\r\n" {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(std::io::Error::other(format!("the connection ended after {head:?}")));
        }
        head.push_str(&line.to_lowercase());
    }
    if !head.starts_with("http/1.1 200") {
        return Err(std::io::Error::other(head));
    }
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.expect("every length is known")];
    connection.read_exact(&mut body)?;
    assert!(body.ends_with(b"</rss>") || body.ends_with(b"</rss>\n"));
    Ok((connection, !head.contains("connection: close")))
}

#[test]
fn started_anew_under_load_it_fails_nobody() {
    let room = room();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut daemon = serve_public(&room, &socket, &[]);
    assert_eq!(daemon.public, socket.local_addr().unwrap());
    let readers = Readers::of(daemon.public);
    let begun = Instant::now();
    for _ in 0..3 {
        readers.more(200);
        let (status, _) = daemon.stop();
        assert!(status.success());
        daemon = serve_public(&room, &socket, &[]);
    }
    readers.more(200);
    let took = begun.elapsed();
    let (answered, failures, longest) = readers.end();
    let rate = f64::from(u32::try_from(answered).unwrap()) / took.as_secs_f64();
    println!("started anew 3 times: {answered} answers, {rate:.0}/s, longest wait {longest:?}");
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn reloaded_under_load_it_fails_nobody() {
    let room = room();
    let daemon = room.serve();
    let readers = Readers::of(daemon.public);
    for number in 1..=3 {
        readers.more(200);
        daemon.signal("HUP");
        until("a reload", || (lines(&daemon, "the configuration was taken over") == number).then_some(()));
    }
    readers.more(200);
    let (answered, failures, longest) = readers.end();
    println!("reloaded 3 times: {answered} answers, longest wait {longest:?}");
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn what_the_configuration_says_is_taken_over_without_an_end() {
    let room = room();
    let daemon = room.serve();
    let pid = daemon.pid();
    rewrite(&room, "[site]\n", "[site]\ntitle = \"Préfecture\"\n");
    daemon.signal("HUP");
    until("the new title", || (title(&daemon) == "Préfecture").then_some(()));
    assert_eq!(daemon.pid(), pid);
    // Templates too.
    std::fs::create_dir_all(room.path("templates/page")).unwrap();
    room.save("templates/page/front.html", "<!doctype html><title>Autre façade</title>");
    daemon.signal("HUP");
    until("the new page", || String::from_utf8(daemon.get("/").1).unwrap().contains("Autre façade").then_some(()));
    let metrics = admin(&daemon, "/metrics");
    assert!(metrics.contains("depeche_config_last_reload_successful 1"), "{metrics}");
    // And where it listens.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    rewrite(&room, "listen = \"127.0.0.1:0\"", &format!("listen = \"{free}\""));
    daemon.signal("HUP");
    until("the new port", || TcpStream::connect(free).ok());
    until("the old port's end", || TcpStream::connect(daemon.public).is_err().then_some(()));
}

#[test]
fn a_configuration_that_does_not_do_is_refused_and_the_old_one_stays() {
    let room = room();
    let daemon = room.serve();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _holds = TcpListener::bind(taken).unwrap();
    let good = std::fs::read_to_string(room.path("config.toml")).unwrap();
    let key = std::fs::read_to_string(room.path("var/secret.key")).unwrap();
    let bad = [
        ("no TOML", good.replace("[site]", "[site"), "config.toml"),
        ("an unknown key", good.replace("url =", "urll ="), "urll"),
        ("a port in use", good.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"{taken}\"")), "http.listen"),
        ("no token", format!("{good}[secrets]\nprevious_key_files = [\"var/absent.key\"]\n"), "absent.key"),
        ("a database that cannot be", format!("{good}[database]\nurl = \"sqlite:///dev/null/x\"\n"), "/dev/null/x"),
    ];
    let mut refusals = 0;
    let mut check = |what: &str, word: &str| {
        daemon.signal("HUP");
        refusals += 1;
        until(what, || (lines(&daemon, "the configuration was refused") == refusals).then_some(()));
        let log = daemon.log();
        let said = log.lines().rfind(|line| line.contains("the configuration was refused")).unwrap();
        assert!(said.contains(word), "{what}: {said}");
        assert!(admin(&daemon, "/metrics").contains("depeche_config_last_reload_successful 0"), "{what}");
        assert_eq!(title(&daemon), "Espace presse", "{what}");
    };
    for (what, text, word) in bad {
        room.save("config.toml", &text.replace("[site]\n", "[site]\ntitle = \"Nouveau\"\n"));
        check(what, word);
    }
    room.save("config.toml", &good);
    std::fs::create_dir_all(room.path("templates/page")).unwrap();
    room.save("templates/page/front.html", "{{ nothing.of.the.kind }}");
    check("a template", "front.html");
    std::fs::remove_file(room.path("templates/page/front.html")).unwrap();
    room.save("var/secret.key", "no key");
    check("a key", "secret.key");
    room.save("var/secret.key", &key);
    daemon.signal("HUP");
    until("a good one", || (lines(&daemon, "the configuration was taken over") == 1).then_some(()));
    assert_eq!(std::fs::read_to_string(room.path("var/secret.key")).unwrap(), key);
}

#[test]
fn a_form_that_is_on_its_way_is_taken_in() {
    let room = room();
    let daemon = room.serve();
    let mut form = TcpStream::connect(daemon.public).unwrap();
    form.write_all(b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n")
        .unwrap();
    form.write_all(b"Content-Length: 27\r\n\r\nemail=ann").unwrap();
    daemon.signal("HUP");
    until("a reload", || (lines(&daemon, "the configuration was taken over") == 1).then_some(()));
    form.write_all(b"%40journal.example").unwrap();
    let mut answer = String::new();
    form.read_to_string(&mut answer).unwrap();
    // It came without the stamp of a form, so it is shown again: by a daemon whose database answers.
    assert!(answer.starts_with("HTTP/1.1 422") && answer.contains("ann@journal.example"), "{answer}");
}

#[test]
fn ports_are_swapped_and_a_port_that_was_handed_over_is_taken_again() {
    let room = room();
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (admin, other) = (free(), free());
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let public = socket.local_addr().unwrap();
    rewrite(&room, "admin = \"127.0.0.1:0\"", &format!("admin = \"{admin}\""));
    rewrite(&room, "listen = \"127.0.0.1:0\"", &format!("listen = \"{public}\""));
    let daemon = serve_on(&room, &socket, &[], &[]);
    assert_eq!(daemon.public, public);
    let feed = |at: SocketAddr| ask(at, None).is_ok();
    let mut reloads = 0;
    let mut take_over = |from: String, to: String| {
        rewrite(&room, &from, &to);
        daemon.signal("HUP");
        reloads += 1;
        until("a reload", || (lines(&daemon, "the configuration was taken over") == reloads).then_some(()));
    };
    take_over(format!("listen = \"{public}\""), format!("listen = \"{other}\""));
    assert!(feed(other) && daemon.log().contains(&format!("the service manager listens on {public}")));
    take_over(format!("listen = \"{other}\""), format!("listen = \"{public}\""));
    assert!(feed(public));
    let both = format!("listen = \"{public}\"\nadmin = \"{admin}\"");
    take_over(both, format!("listen = \"{admin}\"\nadmin = \"{public}\""));
    assert!(feed(admin) && !feed(public));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_ended_leaves_nothing_behind() {
    let room = room();
    let file = Utf8PathBuf::from_path_buf(room.path("config.toml")).unwrap();
    let (config, _) = read_config(&file).unwrap();
    let listeners = Sockets::default().listeners(&config).unwrap();
    let newsroom = open_newsroom(config, Arc::new(SystemClock)).await.unwrap();
    let kept = Arc::downgrade(&newsroom);
    let running = app::Daemon::prepare(newsroom, listeners).await.unwrap().start().await.unwrap();
    running.stop().await;
    until("its end", || kept.upgrade().is_none().then_some(()));
}

/// What the daemon tells its service manager, as long as it is asked.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(socket)
    }

    /// The next message that holds `word`.
    #[track_caller]
    fn hears(&self, word: &str) -> String {
        loop {
            let mut bytes = [0; 4096];
            let length = self.0.recv(&mut bytes).unwrap_or_else(|error| panic!("{word}: {error}"));
            let said = String::from_utf8(bytes[..length].to_vec()).unwrap();
            if said.contains(word) {
                return said;
            }
        }
    }
}

#[test]
fn the_service_manager_is_told_how_it_is() {
    let room = room();
    let path = room.path("notify");
    let manager = Manager::at(&path);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let told = [("NOTIFY_SOCKET", path.as_os_str()), ("WATCHDOG_USEC", OsStr::new("200000"))];
    let daemon = serve_public(&room, &socket, &told);
    assert!(manager.hears("READY=1").contains("STATUS=1 releases are live"));
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    daemon.signal("HUP");
    assert!(manager.hears("RELOADING=1").contains("MONOTONIC_USEC="));
    manager.hears("READY=1");
    daemon.signal("TERM");
    manager.hears("STOPPING=1");
}

#[test]
fn a_socket_that_no_key_names_is_told() {
    let room = room();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let daemon = serve_on(&room, &socket, &[], &[]);
    let words = format!("the service manager listens on {}", socket.local_addr().unwrap());
    until("the warning", || daemon.log().contains(&words).then_some(()));
    assert_ne!(daemon.public, socket.local_addr().unwrap());
}
