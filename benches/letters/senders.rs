//! The programs around ours: where letters go, and the sender that ours is compared with.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a run came to.
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

/// Sends the same text `letters` times, over connections that it keeps.
pub(crate) fn send_with_source(sink: &Sink, connections: usize, letters: usize, size: usize) -> Figures {
    let started = Instant::now();
    let status = Command::new("taskset")
        .args(["-c", "0", "/usr/sbin/smtp-source", "-d"])
        .args(["-s", &connections.to_string(), "-m", &letters.to_string(), "-l", &size.to_string()])
        .arg(sink.address.to_string())
        .status()
        .unwrap();
    assert!(status.success(), "smtp-source: {status}");
    Figures { rate: as_float(letters) / started.elapsed().as_secs_f64(), processor: 0.0, memory: 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "counts of letters are small")]
pub(crate) fn as_float(number: usize) -> f64 {
    number as f64
}
