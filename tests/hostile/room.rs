//! A daemon at work with things that nobody may see: what is under embargo or not published, files outside uploads, hidden
//! ones, links that lead out, and keys.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use camino::Utf8Path;
use chrono::TimeDelta;
use depeche::app::{Daemon, RunningDaemon, Sockets, open_newsroom};
use depeche::clock::SystemClock;
use depeche::config::Config;
use depeche::domain::{EditionId, FormStamp, Frequency, NewSubscriber, SubscriberId, Token, Topic};
use depeche::language::Language;
use depeche::store::{Added, SubscriberFilter};
use depeche::task::Newsroom;
use tempfile::TempDir;

use super::exchange;

/// Where the site says it stands.
pub(crate) const SITE: &str = "https://presse.example.org";
/// Words that stand only in what nobody may see.
pub(crate) const CANARIES: [&str; 5] =
    ["serin-sous-embargo", "serin-non-publie", "serin-du-voisin", "serin-cache", "serin-orphelin"];
/// What is public.
const PDF: &[u8] = b"%PDF-1.7 le plan du pont";

pub(crate) struct Room {
    pub(crate) folder: TempDir,
    pub(crate) public: u16,
    pub(crate) admin: u16,
    pub(crate) ann: SubscriberId,
    pub(crate) bob: SubscriberId,
    running: RunningDaemon,
}

fn config(folder: &Utf8Path) -> Config {
    let text = format!(
        "[site]\nurl = \"{SITE}\"\n[http]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [signup]\nper_source = 1000\nper_domain = 1000\n[newsletter]\nfrom = \"presse@presse.example.org\"\n\
         [[relay]]\nkind = \"directory\"\nfolder = \"mail\"\n"
    );
    Config::from_toml(&text, "config.toml", folder, std::iter::empty()).unwrap().0
}

fn release(title: &str, date: &str, more: &str) -> String {
    format!("---\ntitle: {title}\ndate: {date}\n{more}---\n\nLe texte de {title}.\n")
}

fn fill(root: &Utf8Path) {
    let content = root.join("content");
    let uploads = content.join("uploads");
    fs::create_dir_all(uploads.join("dossier/.git")).unwrap();
    let put = |path: &Utf8Path, bytes: &[u8]| fs::write(path, bytes).unwrap();
    let coming = "2999-01-01 10:00:00";
    let document =
        |name: &str| format!("files:\n  - file: /uploads/{name}\n    nom: Le plan\ntags: [serin-sous-embargo]\n");
    let live = "files:\n  - file: /uploads/plan.pdf\n    nom: Le plan\n";
    put(&content.join("2026-11-20-pont.md"), release("Un pont", "2026-11-20 10:00:00", live).as_bytes());
    let secret = release("serin-sous-embargo", coming, &document("embargo.pdf"));
    put(&content.join("2026-11-21-serin-sous-embargo.md"), secret.as_bytes());
    let unpublished = release("serin-non-publie", "2026-11-20 10:00:00", "published: false\n");
    put(&content.join("2026-11-22-serin-non-publie.md"), unpublished.as_bytes());
    put(&uploads.join("plan.pdf"), PDF);
    put(&uploads.join("embargo.pdf"), b"%PDF-1.7 serin-sous-embargo");
    put(&uploads.join("orphelin.pdf"), b"%PDF-1.7 serin-orphelin");
    put(&uploads.join(".htpasswd"), b"serin-cache");
    put(&uploads.join("dossier/.git/config"), b"serin-cache");
    put(&root.join("voisin.pdf"), b"%PDF-1.7 serin-du-voisin");
    put(&content.join("voisin.pdf"), b"%PDF-1.7 serin-du-voisin");
    symlink("../../voisin.pdf", uploads.join("lien.pdf")).unwrap();
    symlink("..", uploads.join("haut")).unwrap();
    symlink("/etc", uploads.join("etc")).unwrap();
}

impl Room {
    pub(crate) async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        fill(&root);
        let newsroom = open_newsroom(config(&root), Arc::new(SystemClock)).await.unwrap();
        let ann = subscriber(&newsroom, "ann@example.org").await;
        let bob = subscriber(&newsroom, "bob@example.org").await;
        let listeners = Sockets::default().listeners(&newsroom.config).unwrap();
        let daemon = Daemon::prepare(newsroom, listeners).await.unwrap();
        let (public, admin) = (daemon.public_address().unwrap().port(), daemon.admin_address().unwrap().port());
        Self { folder, public, admin, ann, bob, running: daemon.start().await.unwrap() }
    }

    fn newsroom(&self) -> &Newsroom {
        self.running.newsroom()
    }

    /// What a form carries that was shown a minute ago.
    pub(crate) fn started(&self) -> String {
        FormStamp::at(self.newsroom().now() - TimeDelta::minutes(1)).signed(self.newsroom().key())
    }

    pub(crate) fn signed(&self, token: Token) -> String {
        token.signed(self.newsroom().key())
    }

    /// A token for an edition that is not there.
    pub(crate) fn office(&self) -> String {
        let expires = self.newsroom().now() + TimeDelta::hours(1);
        self.signed(Token::Office { edition: EditionId::new(77), expires })
    }

    /// A confirmation whose time is over.
    pub(crate) fn expired(&self) -> String {
        let expires = self.newsroom().now() - TimeDelta::hours(1);
        self.signed(Token::Confirm { subscriber: self.ann, expires })
    }

    /// What an honest visitor gets: the front page, a feed, a document, and how the daemon says it is.
    pub(crate) async fn seen(&self) -> Vec<String> {
        let mut seen = Vec::new();
        for path in ["/", "/feeds/all.atom", "/uploads/plan.pdf", "/subscribe"] {
            let asked = format!("GET {path} HTTP/1.1\r\nHost: presse.example.org\r\nConnection: close\r\n\r\n");
            let answer = String::from_utf8_lossy(&exchange(self.public, asked.as_bytes()).await).into_owned();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
            let (_, body) = answer.split_once("\r\n\r\n").unwrap();
            // The form says when it was shown.
            seen.push(body.lines().filter(|line| !line.contains("name=\"started\"")).collect());
        }
        for path in ["/health", "/ready"] {
            let asked = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
            let answer = exchange(self.admin, asked.as_bytes()).await;
            seen.push(String::from_utf8_lossy(&answer).split_once("\r\n\r\n").unwrap().1.to_owned());
        }
        assert!(seen[2].contains("le plan du pont"), "{}", seen[2]);
        seen
    }

    /// The addresses of active subscribers.
    pub(crate) async fn active(&self) -> Vec<String> {
        let filter = SubscriberFilter { state: Some("active"), topic: None };
        let found = self.newsroom().store.list(&filter).await.unwrap();
        found.into_iter().map(|subscriber| subscriber.address.to_string()).collect()
    }

    /// Every letter that was written, once nothing waits any more.
    pub(crate) async fn letters(&self) -> Vec<String> {
        loop {
            let figures = self.newsroom().readiness().await.figures;
            let waiting = ["queued", "leased", "in_flight"].map(|state| figures.deliveries.get(state).copied());
            if waiting.iter().flatten().sum::<u64>() == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        let files = fs::read_dir(self.folder.path().join("mail")).unwrap().map(|entry| entry.unwrap().path());
        let letters = files.filter(|path| path.extension().is_some_and(|end| end == "eml"));
        letters.map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    pub(crate) async fn close(self) {
        self.running.stop().await;
    }
}

async fn subscriber(newsroom: &Newsroom, address: &str) -> SubscriberId {
    let new = NewSubscriber {
        address: address.parse().unwrap(),
        name: None,
        organisation: None,
        language: Language::French,
        frequency: Frequency::Immediate,
        topics: [Topic::All].into(),
        source: "test".to_owned(),
    };
    match newsroom.store.add_active(&new, newsroom.now()).await.unwrap() {
        Added::New(id) | Added::Changed(id) => id,
        Added::Refused(reason) => panic!("{address} is suppressed: {reason}"),
    }
}
