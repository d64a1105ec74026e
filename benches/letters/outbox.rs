//! An outbox with an edition that is open, and the process that sends it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use depeche::app::{open_newsroom, read_config};
use depeche::clock::{Clock as _, SystemClock};
use depeche::domain::{EmailAddress, Frequency, NewSubscriber, Topic};
use depeche::language::Language;
use depeche::smtp::Relay;
use depeche::store::EditionFilter;
use depeche::task::{Dispatcher, Editor, Ingest, Newsroom};
use depeche::watch::Cores;
use tempfile::TempDir;
use tokio::sync::watch;

use super::senders::{Figures, Sink, as_float};

/// How large a letter is to be, in bytes.
const SIZE: usize = 20_000;
/// How often the sending process looks whether everything has left, when nothing tells it; a daemon does so every second.
const LOOK: Duration = Duration::from_millis(200);
/// How the file of the process's own figures begins a line.
const RESIDENT: &str = "VmRSS:";
const PEAK: &str = "VmHWM:";

/// How letters are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    Unsigned,
    Rsa,
    Both,
}

impl Signing {
    pub(crate) fn named(name: &str) -> Self {
        let all = [Self::Unsigned, Self::Rsa, Self::Both];
        all.into_iter().find(|signing| signing.name() == name).expect("unsigned, rsa or both")
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Rsa => "rsa",
            Self::Both => "both",
        }
    }

    fn keys(self) -> &'static str {
        match self {
            Self::Unsigned => "",
            Self::Rsa => {
                "[dkim]\ndomain = \"presse.example.org\"\nrsa = { selector = \"r\", key_file = \"rsa.pem\" }\n"
            }
            Self::Both => {
                "[dkim]\ndomain = \"presse.example.org\"\nrsa = { selector = \"r\", key_file = \"rsa.pem\" }\n\
                 ed25519 = { selector = \"e\", key_file = \"ed25519.pem\" }\n"
            }
        }
    }
}

/// A newsroom in a folder, with an edition on its way to everybody.
pub(crate) struct Outbox {
    folder: TempDir,
    /// How large a letter is, in bytes.
    pub(crate) size: usize,
    letters: usize,
}

impl Outbox {
    /// Writes a release whose letter is as large as it should be, and opens its edition to `letters` subscribers.
    pub(crate) fn fill(letters: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("content/uploads")).unwrap();
        let mut outbox = Self { folder, size: 0, letters };
        outbox.configure("kind = \"directory\"\nfolder = \"mail\"\nconnections = 1", "");
        keys(outbox.folder.path());
        let runtime = runtime();
        outbox.size = runtime.block_on(outbox.open());
        drop(runtime);
        let sqlite = outbox.path("outbox.sqlite");
        if sqlite.exists() {
            std::fs::copy(&sqlite, outbox.path("full.sqlite")).unwrap();
        }
        outbox
    }

    fn path(&self, below: &str) -> std::path::PathBuf {
        self.folder.path().join(below)
    }

    /// The key of RSA signatures.
    pub(crate) fn rsa_key(&self) -> std::path::PathBuf {
        self.path("rsa.pem")
    }

    fn configure(&self, relay: &str, keys: &str) {
        let database = std::env::var("DEPECHE_BENCH_DATABASE").unwrap_or("sqlite://outbox.sqlite".to_owned());
        let sync = std::env::var("DEPECHE_BENCH_SYNC").unwrap_or("normal".to_owned());
        let text = format!(
            "[site]\nurl = \"https://presse.example.org\"\n[content]\nfolder = \"content\"\nuploads = \"content/uploads\"\n\
             [database]\nurl = \"{database}\"\nsync = \"{sync}\"\n[newsletter]\ngrace = \"0s\"\n\
             hold_above = 100\nfrom = \"Service presse <presse@presse.example.org>\"\n[[relay]]\n{relay}\n{keys}"
        );
        std::fs::write(self.path("config.toml"), text).unwrap();
    }

    /// The size of one letter.
    async fn open(&self) -> usize {
        let newsroom = newsroom(self.folder.path()).await;
        let ingest = Ingest::new(&newsroom.config, newsroom.uploads.clone(), newsroom.templates.clone(), Cores::All);
        let mut editor = Editor::new(newsroom.clone(), ingest, "bench".to_owned());
        editor.look().await.unwrap();
        let reader = subscribe(&newsroom, "size").await;
        let (relay, kept) = Relay::memory();
        let dispatcher = Arc::new(Dispatcher::new(newsroom.clone(), vec![relay], "bench".to_owned()));
        let mut chapeau = SIZE / 4;
        let mut tried = 0;
        let size = loop {
            self.write_release(&format!("essai-{tried}"), chapeau);
            editor.look().await.unwrap();
            dispatcher.send_due().await.unwrap();
            let letters = kept.all();
            let last =
                letters.iter().rev().find(|letter| letter.envelope.to == reader).expect("a letter to the reader");
            let size = last.message.len();
            if size.abs_diff(SIZE) < SIZE / 100 {
                break size;
            }
            chapeau = chapeau * SIZE / size;
            tried += 1;
        };
        for number in 1..self.letters {
            subscribe(&newsroom, &format!("lectrice.{number}")).await;
        }
        self.write_release("le-pont", chapeau);
        editor.look().await.unwrap();
        let opened = newsroom.store.editions(&EditionFilter::default()).await.unwrap();
        let queued = opened.iter().map(|edition| edition.tally.queued).max();
        assert_eq!(queued, Some(self.letters as u64), "{opened:?}");
        newsroom.store.close().await;
        size
    }

    fn write_release(&self, name: &str, chapeau: usize) {
        let date = SystemClock.now();
        let mut text = format!(
            "---\ntitle: Le pont rouvre, {name}\ndate: {}\ncategories: [Discours]\nchapeau-text: >\n",
            date.format("%Y-%m-%d %H:%M:%S Z")
        );
        let (start, mut word) = (text.len(), 7_919_u64);
        while text.len() < start + chapeau {
            text.push_str("  ");
            for _ in 0..12 {
                word = (word * 1_103_515_245 + 12_345) % 2_147_483_648;
                let _ = write!(
                    text,
                    "{} ",
                    ["pont", "rivière", "à", "l’été", "travaux", "dix-huit", "mois"][(word / 7 % 7) as usize]
                );
            }
            text.push('\n');
        }
        text.push_str("---\n\nLe corps du communiqué.\n");
        std::fs::write(self.path("content").join(format!("{}-{name}.md", date.format("%Y-%m-%d"))), text).unwrap();
    }

    /// Sends everything in a process of its own.
    pub(crate) fn send_all(&self, sink: &Sink, connections: usize, signing: Signing) -> Figures {
        let (host, port) = (sink.address.ip(), sink.address.port());
        let relay = format!("kind = \"smtp\"\nhost = \"{host}\"\nport = {port}\nconnections = {connections}");
        self.configure(&relay, signing.keys());
        let full = self.path("full.sqlite");
        if full.exists() {
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(self.path(&format!("outbox.sqlite{end}")));
            }
            std::fs::copy(full, self.path("outbox.sqlite")).unwrap();
        }
        let own = std::env::current_exe().unwrap();
        let output = Command::new("taskset")
            .args(["-c", "0"])
            .arg(own)
            .arg("send")
            .arg(self.folder.path())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut numbers = text.split_whitespace().map(|word| word.parse::<f64>().unwrap());
        let mut next = || numbers.next().unwrap_or_else(|| panic!("the sender says: {text}"));
        let (seconds, processor, memory, sent) = (next(), next(), next(), next());
        let letters = as_float(self.letters);
        assert!(sent >= letters, "{sent} letters were sent");
        Figures { rate: letters / seconds, processor: processor * 1e6 / letters, memory }
    }
}

/// As many threads as the daemon has on one core.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

async fn newsroom(folder: &Path) -> Arc<Newsroom> {
    let file = folder.join("config.toml");
    let (config, _) = read_config(Utf8Path::from_path(&file).unwrap()).unwrap();
    open_newsroom(config, Arc::new(SystemClock)).await.unwrap()
}

async fn subscribe(newsroom: &Newsroom, name: &str) -> EmailAddress {
    let address: EmailAddress = format!("{name}@journal.example").parse().unwrap();
    let new = NewSubscriber {
        address: address.clone(),
        name: Some(format!("Zoé {name}")),
        organisation: None,
        language: Language::French,
        frequency: Frequency::Immediate,
        topics: [Topic::All].into(),
        source: "bench".to_owned(),
    };
    newsroom.store.add_active(&new, newsroom.now()).await.unwrap();
    address
}

/// Private keys, made now.
fn keys(folder: &Path) {
    for (name, algorithm) in [("rsa", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..]), ("ed25519", &["ED25519"])] {
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm"])
            .args(algorithm)
            .arg("-out")
            .arg(folder.join(format!("{name}.pem")))
            .stderr(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "openssl makes no {name} key");
    }
}

/// What the sending process does: sends until nothing is left, and prints seconds, seconds of processor time, mebibytes over
/// rest, and how many letters left.
pub(crate) fn send(folder: &Path) {
    runtime().block_on(async {
        let newsroom = newsroom(folder).await;
        newsroom.store.void_leases(None, newsroom.now()).await.unwrap();
        let settings = newsroom.config.relays.first().unwrap();
        let sender = &newsroom.config.newsletter.from.address;
        let relays = vec![Relay::open(settings, sender, newsroom.clock.clone()).unwrap()];
        let dispatcher = Arc::new(Dispatcher::new(newsroom.clone(), relays, "bench".to_owned()));
        let (stop, stopped) = watch::channel(false);
        let (rest, processor) = (memory(RESIDENT), processor_time());
        let started = Instant::now();
        let running = tokio::spawn(dispatcher.run(stopped, Duration::from_secs(5)));
        loop {
            let mut told = std::pin::pin!(newsroom.look_wanted.notified());
            told.as_mut().enable();
            if newsroom.store.next_due().await.unwrap().is_none() && is_all_over(&newsroom).await {
                break;
            }
            let _ = tokio::time::timeout(LOOK, told).await;
        }
        let (seconds, spent) = (started.elapsed().as_secs_f64(), processor_time().saturating_sub(processor));
        let most = memory(PEAK) - rest;
        stop.send(true).unwrap();
        running.await.unwrap();
        let editions = newsroom.store.editions(&EditionFilter::default()).await.unwrap();
        let accepted = editions.iter().map(|edition| edition.tally.sent).max().unwrap_or(0);
        println!("{seconds} {} {most} {accepted}", spent.as_secs_f64());
    });
}

/// Whether nothing is on its way.
async fn is_all_over(newsroom: &Newsroom) -> bool {
    let editions = newsroom.store.editions(&EditionFilter::default()).await.unwrap();
    editions.iter().all(|edition| edition.tally.leased + edition.tally.in_flight == 0)
}

/// How long the processor has worked for this process.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = text.rsplit_once(") ").unwrap();
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    // A tick is a hundredth of a second everywhere that Linux runs.
    Duration::from_millis(ticks * 10)
}

/// A line of the system's account of this process, in mebibytes.
fn memory(line: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let found = text.lines().find_map(|own| own.strip_prefix(line)).unwrap();
    found.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
