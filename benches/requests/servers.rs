//! The servers that are compared, each a process of its own on the first core.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::get;
use camino::Utf8Path;
use depeche::app::{open_newsroom, read_config};
use depeche::clock::FixedClock;
use depeche::http::{Limits, public_router, serve as serve_within};
use depeche::task::{Editor, Ingest};
use tempfile::TempDir;
use tokio::sync::watch;

use super::load::{Asked, Client, has};

/// The feed, as every server has it.
const FEED: &str = "/feeds/all.rss";
/// How large the feed is to be, in bytes.
const SIZE: usize = 60_000;
/// When it is, for all releases to be live.
const NOW: &str = "2026-11-23T09:00:00Z";

/// A server to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Depeche,
    Axum,
    Nginx,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Depeche, Self::Axum, Self::Nginx];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Depeche => "depeche",
            Self::Axum => "axum",
            Self::Nginx => "nginx",
        }
    }
}

/// A folder with what the servers serve.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// Writes releases until their feed is as large as it should be, and keeps its bytes for the other servers.
    pub(crate) fn new() -> Self {
        let workshop = Self { folder: tempfile::tempdir().unwrap() };
        let mut letters = SIZE / 20 / 2;
        let plain = loop {
            workshop.write_releases(letters);
            let server = workshop.start(Kind::Depeche).unwrap();
            let body = Client::new(server.address).ask(&plain()).2.to_vec();
            if body.len().abs_diff(SIZE) < SIZE / 50 {
                break body;
            }
            letters = letters * SIZE / body.len();
        };
        let server = workshop.start(Kind::Depeche).unwrap();
        let gzip = Client::new(server.address).ask(&gzip()).2.to_vec();
        let www = workshop.path("www/feeds");
        std::fs::create_dir_all(&www).unwrap();
        std::fs::write(www.join("all.rss"), &plain).unwrap();
        std::fs::write(www.join("all.rss.gz"), &gzip).unwrap();
        workshop
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write_releases(&self, letters: usize) {
        let content = self.path("content");
        std::fs::create_dir_all(content.join("uploads")).unwrap();
        std::fs::write(
            self.path("config.toml"),
            "[site]\nurl = \"https://presse.example.org\"\n[http]\nadmin = \"127.0.0.1:0\"\n\
             [feeds]\nhub = \"https://hub.example/\"\nrights = \"Licence ouverte\"\n\
             icon = \"https://presse.example.org/icon.png\"\n[newsletter]\nfrom = \"Presse <presse@presse.example.org>\"\n",
        )
        .unwrap();
        for number in 0..20 {
            let mut text = format!(
                "---\ntitle: Une étape de plus, la {number:02}\ndate: 2026-10-{:02} 10:00:00 +02:00\n\
                 chapeau-text: Les faits en une phrase.\ntags: [Ponts, Étapes]\ncategories: [Discours]\n---\n\n",
                number + 1
            );
            // Words that are not all the same, as in a text: compressing them is worth a third.
            let mut word: u64 = 7_919 * (number + 1);
            while text.len() < letters {
                word = (word * 1_103_515_245 + 12_345) % 2_147_483_648;
                let _ = write!(text, "pont{:x} ", word % 65_536);
                if word.is_multiple_of(13) {
                    text.push_str("\n\n");
                }
            }
            std::fs::write(content.join(format!("2026-10-{:02}-etape.md", number + 1)), text).unwrap();
        }
    }

    /// What is asked of each server.
    pub(crate) fn asked(&self) -> [Asked; 3] {
        let size = |name: &str| usize::try_from(std::fs::metadata(self.path(name)).unwrap().len()).unwrap();
        let (plain, gzip) = (plain(), gzip());
        [
            Asked { bytes: size("www/feeds/all.rss.gz"), ..gzip },
            // nginx makes tags of its own; everyone knows this one.
            Asked { name: "304", status: 304, headers: vec![("If-None-Match", "*".to_owned())], ..self::plain() },
            Asked { bytes: size("www/feeds/all.rss"), ..plain },
        ]
    }

    /// Starts a server, `None` when it is not installed.
    pub(crate) fn start(&self, kind: Kind) -> Option<Server> {
        let folder = self.folder.path();
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).stdin(Stdio::null()).stdout(Stdio::piped());
        if kind == Kind::Nginx {
            if !has("nginx") {
                return None;
            }
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            std::fs::write(folder.join("nginx.conf"), nginx_configuration(port)).unwrap();
            command.args(["nginx", "-p"]).arg(folder).arg("-c").arg(folder.join("nginx.conf"));
            let path = std::env::var("PATH").unwrap_or_default();
            command.env("PATH", format!("{path}:/usr/sbin"));
            let child = command.spawn().unwrap();
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            while std::net::TcpStream::connect(address).is_err() {
                std::thread::sleep(Duration::from_millis(10));
            }
            return Some(Server { kind, address, child });
        }
        let own = std::env::current_exe().unwrap();
        let mut child = command.arg(own).args(["serve", kind.name()]).arg(folder).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().parse().unwrap_or_else(|_| panic!("{} did not start: {line}", kind.name()));
        Some(Server { kind, address, child })
    }
}

fn plain() -> Asked {
    Asked { name: "plain 200", path: FEED, headers: Vec::new(), status: 200, bytes: 0 }
}

fn gzip() -> Asked {
    Asked { name: "gzip 200", headers: vec![("Accept-Encoding", "gzip".to_owned())], ..plain() }
}

/// The best nginx does with files: compressed beforehand, and kept open.
fn nginx_configuration(port: u16) -> String {
    format!(
        "worker_processes 1; master_process off; daemon off; error_log stderr error; pid nginx.pid;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;\n\
         types {{ application/rss+xml rss; }}\n\
         client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
         server {{ listen 127.0.0.1:{port}; root www; gzip_static on; gzip_vary on; open_file_cache max=100 inactive=60s; }} }}\n"
    )
}

/// A server at work; killed when dropped.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    /// Fails unless the server answers as it is asked to.
    pub(crate) fn check(&self, asked: &Asked) {
        let mut client = Client::new(self.address);
        let (status, head, body) = client.ask(asked);
        assert_eq!((status, body.len()), (asked.status, asked.bytes), "{}: {head}", self.kind.name());
    }

    /// How long the processor has worked for it.
    pub(crate) fn processor_time(&self) -> Duration {
        // `taskset` becomes the program it starts. Everything before the last bracket is its name.
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = text.rsplit_once(") ").unwrap();
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        // A tick is a hundredth of a second everywhere that Linux runs.
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the process of a server does: says where it listens, and serves for ever.
pub(crate) fn serve(kind: &str, folder: &Path) {
    // One thread at work, as the daemon has on a machine with one core.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        if kind == Kind::Axum.name() {
            let router = bare(folder);
            tokio::spawn(async move { axum::serve(listener, router).await }).await.unwrap().unwrap();
        } else {
            serve_depeche(listener, folder).await;
        }
    });
}

/// The real public side behind the real listener; nothing is done but answering.
async fn serve_depeche(listener: tokio::net::TcpListener, folder: &Path) {
    let file = folder.join("config.toml");
    let (config, _) = read_config(Utf8Path::from_path(&file).unwrap()).unwrap();
    let clock = Arc::new(FixedClock::at(NOW.parse().unwrap()));
    let newsroom = open_newsroom(config, clock).await.unwrap();
    let ingest =
        Ingest::new(&newsroom.config, newsroom.uploads.clone(), newsroom.templates.clone(), depeche::watch::Cores::All);
    let mut editor = Editor::new(newsroom.clone(), ingest, "bench".to_owned());
    editor.look().await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(serve_within(listener, public_router(newsroom), Limits::default(), stopped)).await.unwrap();
}

/// The least that answers the same: bytes in memory behind axum's router, their media type and a tag.
fn bare(folder: &Path) -> Router {
    let read = |name: &str| Bytes::from(std::fs::read(folder.join("www/feeds").join(name)).unwrap());
    let (plain, gzip) = (read("all.rss"), read("all.rss.gz"));
    let answer = move |headers: HeaderMap| {
        let media_type = (CONTENT_TYPE, "application/rss+xml; charset=utf-8");
        let response = if headers.contains_key(IF_NONE_MATCH) {
            (StatusCode::NOT_MODIFIED, [(ETAG, "\"x\"")]).into_response()
        } else if headers.contains_key(ACCEPT_ENCODING) {
            ([media_type, (CONTENT_ENCODING, "gzip"), (ETAG, "\"x-gz\"")], gzip.clone()).into_response()
        } else {
            ([media_type, (ETAG, "\"x\"")], plain.clone()).into_response()
        };
        std::future::ready(response)
    };
    Router::new().route(FEED, get(answer))
}
