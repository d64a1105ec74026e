//! A private Postfix for one test: its own folders and ports on this machine alone, stopped when dropped.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long Postfix may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running Postfix.
pub(crate) struct Postfix {
    folder: tempfile::TempDir,
}

/// The services it needs; the first takes letters in.
const SERVICES: &str = "\
    {address} inet n - n - - smtpd\n\
    cleanup unix n - n - 0 cleanup\n\
    qmgr unix n - n 1 1 qmgr\n\
    rewrite unix - - n - - trivial-rewrite\n\
    bounce unix - - n - 0 bounce\n\
    defer unix - - n - 0 bounce\n\
    trace unix - - n - 0 bounce\n\
    verify unix - - n - 1 verify\n\
    proxymap unix - - n - - proxymap\n\
    smtp unix - - n - - smtp\n\
    lmtp unix - - n - - lmtp\n\
    error unix - - n - - error\n\
    retry unix - - n - - error\n\
    discard unix - - n - - discard\n\
    anvil unix - - n - 1 anvil\n\
    scache unix - - n - 1 scache\n\
    postlog unix-dgram n - n - 1 postlogd\n";

/// Nothing is looked up, nothing leaves the machine, and what cannot be delivered is given up after seconds.
const SETTINGS: &str = "\
    compatibility_level = 3.6\n\
    myhostname = mx.presse.test\n\
    mydestination =\n\
    mynetworks = 127.0.0.0/8\n\
    inet_interfaces = 127.0.0.1\n\
    inet_protocols = ipv4\n\
    alias_maps =\n\
    local_recipient_maps =\n\
    smtp_host_lookup = native\n\
    smtp_dns_support_level = disabled\n\
    smtputf8_enable = yes\n\
    default_transport = error:5.4.4 nothing leaves this machine\n\
    queue_run_delay = 1s\n\
    minimal_backoff_time = 1s\n\
    maximal_backoff_time = 1s\n\
    maximal_queue_lifetime = 6s\n\
    bounce_queue_lifetime = 1h\n\
    delay_warning_time = 1s\n\
    confirm_delay_cleared = no\n";

impl Postfix {
    /// Starts one that listens on `address` and takes mail for each domain the way the second word says; `None`, with a
    /// line that says so, when it is not installed, or we are not root, which it needs. `DEPECHE_REQUIRE=all` forbids that.
    pub(crate) fn start(address: SocketAddr, ways: &[(&str, String)]) -> Option<Self> {
        if !Self::is_usable() {
            assert_ne!(
                std::env::var("DEPECHE_REQUIRE").as_deref(),
                Ok("all"),
                "Postfix, and root for it, are required here"
            );
            eprintln!("skipped: Postfix is not installed, or this is not root");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for part in ["etc", "queue", "data"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        run(Command::new("chown").arg("postfix").arg(folder.path().join("data")));
        let started = Self { folder };
        let root = started.folder.path().display();
        let ways: String = ways.iter().fold(String::new(), |text, (domain, way)| text + &format!("{domain} {way}\n"));
        let settings = format!(
            "{SETTINGS}queue_directory = {root}/queue\ndata_directory = {root}/data\n\
             maillog_file_prefixes = {root}\nmaillog_file = {root}/log\n\
             transport_maps = texthash:{root}/etc/transport\n"
        );
        fs::write(started.path("etc/transport"), ways).unwrap();
        fs::write(started.path("etc/main.cf"), settings).unwrap();
        fs::write(started.path("etc/master.cf"), SERVICES.replace("{address}", &address.to_string())).unwrap();
        run(&mut started.postfix("start"));
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < PATIENCE, "Postfix does not start: {}", started.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(started)
    }

    fn is_usable() -> bool {
        let root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
        root && Path::new("/usr/sbin/postfix").exists()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn postfix(&self, command: &str) -> Command {
        let mut postfix = Command::new("/usr/sbin/postfix");
        postfix.arg("-c").arg(self.path("etc")).arg(command);
        postfix
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        drop(self.postfix("abort").output());
    }
}

fn run(command: &mut Command) {
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}
