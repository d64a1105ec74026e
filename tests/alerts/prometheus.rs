//! A private Prometheus for one test: its own folder and port on this machine, the project's rules, stopped when dropped.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::press_room::until;
use crate::skipped;

/// How long an alert must last here.
const LASTING: &str = "2s";
/// Daemons are asked, and rules looked at, once a second.
const SETTINGS: &str = "\
    global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }\n\
    rule_files: [alerts.yml]\n\
    scrape_configs:\n\
    - job_name: depeche\n  \
      authorization: { type: Bearer, credentials_file: depeche-token }\n  \
      file_sd_configs: [{ files: [daemons.json], refresh_interval: 1s }]\n";
/// What the admin side asks for, where it asks for anything.
pub(crate) const TOKEN: &str = "un mot long et tiré au sort";
/// So often must everything be found well before it counts as quiet.
const LOOKS: f64 = 4.0;

/// A daemon by the job that it belongs to, its name there, and where its admin side listens.
pub(crate) type Watched<'a> = (&'a str, &'a str, SocketAddr);

/// A running Prometheus.
pub(crate) struct Prometheus {
    folder: TempDir,
    server: Child,
    address: SocketAddr,
}

impl Prometheus {
    /// Starts one that asks these daemons; `None`, with a line that says so, when it is not
    /// installed. `DEPECHE_REQUIRE=all` forbids that.
    pub(crate) fn start(daemons: &[Watched<'_>]) -> Option<Self> {
        if !is_installed() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("prometheus.yml", SETTINGS);
        put("alerts.yml", &hurried(&crate::rules::text("monitoring/alerts.yml")));
        put("depeche-token", TOKEN);
        let (server, address) = serve(folder.path());
        let started = Self { folder, server, address };
        started.watch(daemons);
        until("a Prometheus that is ready", || started.get("/-/ready").starts_with("HTTP/1.0 200").then_some(()));
        Some(started)
    }

    /// Asks these daemons from now on.
    pub(crate) fn watch(&self, daemons: &[Watched<'_>]) {
        let group = |(job, name, address): &Watched<'_>| json!({ "targets": [address], "labels": { "job": job, "instance": name } });
        let draft = self.folder.path().join("daemons.draft");
        fs::write(&draft, daemons.iter().map(group).collect::<Value>().to_string()).unwrap();
        fs::rename(draft, self.folder.path().join("daemons.json")).unwrap();
    }

    /// Waits until so many daemons were found well several times, and sees that no rule fires or is about to but those.
    #[track_caller]
    pub(crate) fn is_quiet_but_for(&self, daemons: usize, expected: &[&str]) {
        let looks = format!("sum_over_time(up[1m]) >= {LOOKS}");
        until("daemons that were asked a few times", || (self.query(&looks).len() == daemons).then_some(()));
        let rules = self.api("/api/v1/rules");
        let rules = rules["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
        for rule in rules {
            assert_eq!(rule["health"], "ok", "{rule}");
        }
        let told: Vec<Value> = self.alerts();
        let unexpected: Vec<&Value> =
            told.iter().filter(|alert| !expected.contains(&alert["labels"]["alertname"].as_str().unwrap())).collect();
        assert!(unexpected.is_empty(), "before anything was done: {unexpected:#?}");
    }

    /// Waits until each of these fires, and says how long that took since `cause`.
    #[track_caller]
    pub(crate) fn fires(&self, cause: Instant, expected: &[&str]) {
        for name in expected {
            let alert = until(name, || {
                let told = self.alerts().into_iter().filter(|alert| alert["state"] == "firing");
                told.into_iter().find(|alert| alert["labels"]["alertname"] == **name)
            });
            let summary = alert["annotations"]["summary"].as_str().unwrap();
            let labels = ["severity", "summary", "description", "runbook"].map(|key| {
                let place = if key == "severity" { "labels" } else { "annotations" };
                alert[place][key].as_str().unwrap_or_default()
            });
            assert!(labels.iter().all(|text| !text.is_empty() && !text.contains('<')), "{alert}");
            println!("{name}: after {} s: {summary}", cause.elapsed().as_secs());
        }
    }

    /// What `expression` finds now.
    fn query(&self, expression: &str) -> Vec<Value> {
        let escaped: String = url::form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        self.api(&format!("/api/v1/query?query={escaped}"))["result"].as_array().unwrap().clone()
    }

    /// Whether an alert fires or is about to.
    pub(crate) fn tells(&self, name: &str) -> bool {
        self.alerts().iter().any(|alert| alert["labels"]["alertname"] == name)
    }

    fn alerts(&self) -> Vec<Value> {
        self.api("/api/v1/alerts")["alerts"].as_array().unwrap().clone()
    }

    fn api(&self, path: &str) -> Value {
        let answer = self.get(path);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut answer: Value = serde_json::from_str(body).unwrap();
        assert_eq!(answer["status"], "success", "{path}: {answer}");
        answer["data"].take()
    }

    /// What it answers, head and body; nothing while it does not listen.
    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        // In an older form of HTTP, in which the end of the answer is the end of the connection.
        if let Ok(mut stream) = TcpStream::connect(self.address) {
            write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
            stream.read_to_string(&mut answer).unwrap();
        }
        answer
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Whether Prometheus is there; a line says so when it is not.
pub(crate) fn is_installed() -> bool {
    let is_there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if is_there("prometheus") && is_there("promtool") {
        return true;
    }
    assert_ne!(std::env::var("DEPECHE_REQUIRE").as_deref(), Ok("all"), "Prometheus is required here");
    skipped("Prometheus is not installed");
    false
}

/// The rules, of which none waits long: nothing else of them is changed.
fn hurried(rules: &str) -> String {
    let hurried = |line: &str| match line.split_once("for: ") {
        Some((indent, _)) if indent.trim().is_empty() => format!("{indent}for: {LASTING}\n"),
        _ => format!("{line}\n"),
    };
    rules.lines().map(hurried).collect()
}

/// Sets the server in `folder` to work. Somebody else may take the port that was free a moment ago: then it takes another.
fn serve(folder: &Path) -> (Child, SocketAddr) {
    loop {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut server = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let listens = until("a Prometheus that listens", || match server.try_wait().unwrap() {
            Some(_) => Some(false),
            None => TcpStream::connect(address).is_ok().then_some(true),
        });
        if listens {
            return (server, address);
        }
    }
}
