//! What an attack on the subscription form costs, whom it reaches, and how an honest visitor fares meanwhile.
//!
//! `cargo bench --bench sign_ups` asks a daemon for ten thousand subscriptions within a minute: by one source, by a thousand,
//! and a thousand times for one address. The daemon is a process of its own; sources are named by `X-Forwarded-For`, as
//! behind a proxy. The attacker asks for the form first and waits, as a careful one would. Every two seconds an honest
//! visitor of a source of their own opens the form, takes three seconds and sends it. `-- 1000 6` asks for a thousand
//! within six seconds. Nothing is compared with a limit.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use depeche::app::{Daemon, Sockets, open_newsroom, read_config};
use depeche::clock::SystemClock;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

/// What the daemon runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long somebody takes to fill the form in.
const FILLING: Duration = Duration::from_millis(3_100);
/// How often an honest visitor comes.
const HONEST_EVERY: Duration = Duration::from_secs(2);
/// How many times one address is asked for.
const ONE_ADDRESS: u32 = 1_000;
/// How many domains the attacker knows.
const DOMAINS: u32 = 500;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let [serve, folder] = words.as_slice()
        && serve == "serve"
    {
        return runtime.block_on(serve_folder(Utf8Path::new(folder)));
    }
    let numbers: Vec<u32> = words.iter().map(|word| word.parse().expect("how many, and in how many seconds")).collect();
    let (count, seconds) = (numbers.first().copied().unwrap_or(10_000), numbers.get(1).copied().unwrap_or(60));
    let attacks = [
        Attack { name: "none", count: 0, sources: 1, one_address: false },
        Attack { name: "one source", count, sources: 1, one_address: false },
        Attack { name: "1,000 sources", count, sources: 1_000, one_address: false },
        Attack { name: "one address, 1,000 sources", count: ONE_ADDRESS.min(count), sources: 1_000, one_address: true },
    ];
    for attack in attacks {
        runtime.block_on(measure(&attack, seconds));
    }
}

/// The daemon: says where it listens and works until it is killed.
async fn serve_folder(folder: &Utf8Path) {
    let (config, _) = read_config(&folder.join("config.toml")).unwrap();
    let listeners = Sockets::default().listeners(&config).unwrap();
    let newsroom = open_newsroom(config, Arc::new(SystemClock)).await.unwrap();
    let daemon = Daemon::prepare(newsroom, listeners).await.unwrap();
    println!("{}", daemon.public_address().unwrap().port());
    let mut running = daemon.start().await.unwrap();
    running.broken().await;
}

struct Attack {
    name: &'static str,
    count: u32,
    sources: u32,
    one_address: bool,
}

impl Attack {
    /// Who asks for whom, the `number`-th time.
    fn asked(&self, number: u32) -> (String, String) {
        let source = number % self.sources;
        let source = format!("10.{}.{}.1", source / 256, source % 256);
        let address = if self.one_address {
            "victime@bombe.example".to_owned()
        } else {
            format!("lecteur{number}@journal{}.example", number % DOMAINS)
        };
        (source, address)
    }
}

/// A daemon in a folder of its own.
struct Served {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("content/uploads")).unwrap();
        let text = "[site]\nurl = \"https://presse.example.org\"\n[http]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
                    trusted_proxies = [\"127.0.0.1\"]\n[newsletter]\nfrom = \"presse@presse.example.org\"\n\
                    [[relay]]\nkind = \"directory\"\nfolder = \"mail\"\n[log]\nlevel = \"error\"\n";
        fs::write(folder.path().join("config.toml"), text).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child =
            command.arg("serve").arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("the daemon did not start: {line}"));
        Self { folder, port, child }
    }

    /// Memory in use, now or at its highest, in megabytes.
    fn memory(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
    }

    /// To whom letters were written.
    fn written(&self) -> Vec<String> {
        let Ok(files) = fs::read_dir(self.folder.path().join("mail")) else { return Vec::new() };
        let letters = files.filter_map(|file| fs::read_to_string(file.unwrap().path()).ok());
        letters
            .filter_map(|letter| {
                Some(letter.lines().find_map(|line| line.strip_prefix("To: "))?.trim_matches(['<', '>']).to_owned())
            })
            .collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request and returns the status, the body, and how long it took.
async fn exchange(port: u16, request: String) -> (u16, String, Duration) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, text, began.elapsed())
}

/// Opens the form: what it carries, and how long that took.
async fn open_form(port: u16, source: &str) -> (String, Duration) {
    let request = format!(
        "GET /subscribe HTTP/1.1\r\nHost: presse.example.org\r\nX-Forwarded-For: {source}\r\nConnection: close\r\n\r\n"
    );
    let (_, page, took) = exchange(port, request).await;
    let (_, after) = page.split_once("name=\"started\" value=\"").expect("the form");
    (after.split('"').next().unwrap().to_owned(), took)
}

async fn send_form(port: u16, source: &str, address: &str, started: &str) -> (u16, Duration) {
    let form = format!("email={}&topic=all&website=&started={started}", address.replace('@', "%40"));
    let request = format!(
        "POST /subscribe HTTP/1.1\r\nHost: presse.example.org\r\nX-Forwarded-For: {source}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let (status, _, took) = exchange(port, request).await;
    (status, took)
}

/// An honest visitor: address, status, and how long the form and its answer took.
async fn visit(port: u16, number: usize) -> (String, u16, Duration, Duration) {
    let (source, address) = (format!("203.0.113.{number}"), format!("honnete{number}@redaction{number}.example"));
    let (started, shown) = open_form(port, &source).await;
    sleep(FILLING).await;
    let (status, answered) = send_form(port, &source, &address, &started).await;
    (address, status, shown, answered)
}

async fn measure(attack: &Attack, seconds: u32) {
    let served = Served::start();
    let port = served.port;
    let (started, _) = open_form(port, "192.0.2.1").await;
    sleep(FILLING).await;
    let before = served.memory("VmRSS:");
    let honest = tokio::spawn(async move {
        let mut ticks = interval(HONEST_EVERY);
        let mut visits = JoinSet::new();
        for number in 0..usize::try_from(seconds / 2).unwrap().max(1) {
            ticks.tick().await;
            visits.spawn(visit(port, number));
        }
        visits.join_all().await
    });
    let began = Instant::now();
    let mut asking = JoinSet::new();
    let pace = Duration::from_secs(u64::from(seconds)) / attack.count.max(1);
    for number in 0..attack.count {
        tokio::time::sleep_until(began + pace * number).await;
        let (source, address) = attack.asked(number);
        let started = started.clone();
        asking.spawn(async move { send_form(port, &source, &address, &started).await.0 });
    }
    let mut statuses: BTreeMap<u16, u32> = BTreeMap::new();
    for status in asking.join_all().await {
        *statuses.entry(status).or_default() += 1;
    }
    let took = began.elapsed();
    let visits = honest.await.unwrap();
    let written = settled(&served).await;
    let letters = written.iter().filter(|to| !to.starts_with("honnete")).count();
    let reached = visits.iter().filter(|(address, ..)| written.contains(address)).count();
    let (shown, answered) = (times(visits.iter().map(|visit| visit.2)), times(visits.iter().map(|visit| visit.3)));
    println!("{}: {} asked for in {:.1} s, answered {statuses:?}", attack.name, attack.count, took.as_secs_f64());
    println!("  letters to those who asked for nothing: {letters}");
    println!(
        "  memory before {before:.1} MB, after {:.1}, at most {:.1}",
        served.memory("VmRSS:"),
        served.memory("VmHWM:")
    );
    println!(
        "  honest visitors: {reached} of {} got their letter; the form {shown}, its answer {answered}",
        visits.len()
    );
}

/// The letters, once no more are written.
async fn settled(served: &Served) -> Vec<String> {
    let mut written = served.written();
    loop {
        sleep(Duration::from_secs(2)).await;
        let now = served.written();
        if now.len() == written.len() {
            return now;
        }
        written = now;
    }
}

fn times(durations: impl Iterator<Item = Duration>) -> String {
    let mut sorted: Vec<_> = durations.collect();
    sorted.sort();
    let (median, worst) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
    format!("p50 {:.1} ms, worst {:.1}", median.as_secs_f64() * 1000.0, worst.as_secs_f64() * 1000.0)
}
