//! The programs around ours: where letters go, and what ours is compared with.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a run of ours came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Letters a second.
    pub(crate) rate: f64,
    /// Microseconds of processor time a letter.
    pub(crate) processor: f64,
    /// Mebibytes at the most, over those before the first letter.
    pub(crate) memory: f64,
}

/// Whether Postfix's test programs are there.
pub(crate) fn are_installed() -> bool {
    ["smtp-sink", "smtp-source"].iter().all(|name| Path::new("/usr/sbin").join(name).exists())
}

/// Takes every letter and forgets it; killed when dropped.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Sink {
    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut command = Command::new("taskset");
        command.args(["-c", "1", "/usr/sbin/smtp-sink"]);
        // It gives its rights away when it has any.
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        command.args([&address.to_string(), "1000"]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        while TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { address, child }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Letters a second by `smtp-source`, which sends the same text over connections that it keeps.
pub(crate) fn send_with_source(sink: &Sink, connections: usize, letters: usize, size: usize) -> f64 {
    let started = Instant::now();
    let status = Command::new("taskset")
        .args(["-c", "0", "/usr/sbin/smtp-source", "-d"])
        .args(["-s", &connections.to_string(), "-m", &letters.to_string(), "-l", &size.to_string()])
        .arg(sink.address.to_string())
        .status()
        .unwrap();
    assert!(status.success(), "smtp-source: {status}");
    as_float(letters) / started.elapsed().as_secs_f64()
}

/// Signatures a second that the first core makes when it does nothing else, by OpenSSL.
pub(crate) fn signatures() -> f64 {
    let output = Command::new("taskset")
        .args(["-c", "0", "openssl", "speed", "-seconds", "3", "-mr", "rsa2048"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // `+F2:index:bits:signatures a second:checks a second`
    let line = text.lines().find(|line| line.starts_with("+F2:")).unwrap_or_else(|| panic!("openssl says: {text}"));
    line.split(':').nth(3).unwrap().parse().unwrap()
}

/// Signed letters a second by nodemailer, when `DEPECHE_BENCH_NODE_PATH` names a folder of modules that holds it. A tenth of
/// the letters is enough: it is that much slower.
pub(crate) fn send_with_nodemailer(
    sink: &Sink,
    connections: usize,
    letters: usize,
    size: usize,
    key: &Path,
) -> Option<f64> {
    let modules = std::env::var_os("DEPECHE_BENCH_NODE_PATH")?;
    let output = Command::new("taskset")
        .args(["-c", "0", "node", concat!(env!("CARGO_MANIFEST_DIR"), "/benches/letters/nodemailer.js")])
        .args([sink.address.port().to_string(), (letters / 10).to_string(), connections.to_string()])
        .arg(key)
        .arg(size.to_string())
        .env("NODE_PATH", modules)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.trim().parse().unwrap_or_else(|_| panic!("nodemailer says: {text}")))
}

#[expect(clippy::cast_precision_loss, reason = "counts of letters are small")]
pub(crate) fn as_float(number: usize) -> f64 {
    number as f64
}
