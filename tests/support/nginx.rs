//! A private nginx for one test: a folder and a port of its own, no rights, stopped when dropped.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long nginx may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Where Debian has it.
const PROGRAM: &str = "/usr/sbin/nginx";
/// What takes `.br` files, where it is installed.
const BROTLI: &str = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so";

/// A running nginx.
pub(crate) struct Nginx {
    folder: tempfile::TempDir,
    server: Child,
    /// Where it listens.
    pub(crate) port: u16,
    /// Whether it takes `.br` files.
    pub(crate) has_brotli: bool,
}

impl Nginx {
    /// Whether there is one; `false`, with a line that says so, when it is not installed. `DEPECHE_REQUIRE=all` forbids
    /// that.
    pub(crate) fn is_usable() -> bool {
        let is_there = Path::new(PROGRAM).exists();
        if !is_there {
            assert_ne!(std::env::var("DEPECHE_REQUIRE").as_deref(), Ok("all"), "nginx is required here");
            eprintln!("skipped: nginx is not installed");
        }
        is_there
    }

    /// Starts one with `packaging/nginx/static.conf`, for a site in the folder `public` whose forms are at `forms`.
    pub(crate) fn start(public: &str, forms: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let has_brotli = Path::new(BROTLI).exists();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/nginx/static.conf");
        let mut site = fs::read_to_string(shipped).unwrap();
        for (shipped, ours) in [
            ("/srv/www/presse", public),
            ("listen 80;", &format!("listen 127.0.0.1:{port};")),
            ("127.0.0.1:8080", &format!("127.0.0.1:{forms}")),
            if has_brotli { ("# brotli_static", "brotli_static") } else { ("# brotli_static", "#") },
        ] {
            assert!(site.contains(shipped), "the configuration says nothing of {shipped}");
            site = site.replace(shipped, ours);
        }
        fs::write(folder.path().join("site.conf"), site).unwrap();
        let root = folder.path().display();
        let module = if has_brotli { format!("load_module {BROTLI};\n") } else { String::new() };
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {root}/temporary;\n"))
            .concat();
        let main = format!(
            "{module}daemon off;\npid {root}/pid;\nerror_log {root}/log notice;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}include {root}/site.conf;\n}}\n"
        );
        fs::write(folder.path().join("nginx.conf"), main).unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("nobody").arg(folder.path()).status().unwrap().success());
        }
        let mut nginx = without_rights();
        nginx.arg("-c").arg(folder.path().join("nginx.conf")).arg("-p").arg(folder.path());
        let server = nginx.arg("-e").arg(folder.path().join("log")).stderr(Stdio::inherit()).spawn().unwrap();
        let mut started = Self { folder, server, port, has_brotli };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert_eq!(started.server.try_wait().unwrap(), None, "nginx stopped: {}", started.log());
            assert!(begun.elapsed() < PATIENCE, "nginx does not start: {}", started.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        started
    }

    /// Tells it to read its configuration and its lists anew, and waits until it did.
    pub(crate) fn reload(&self) {
        let workers = || self.log().matches("start worker process ").count();
        let before = workers();
        let sent = Command::new("kill").args(["-HUP", &self.server.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        while workers() == before || !self.log().contains("exited with code 0") {
            assert!(begun.elapsed() < PATIENCE, "nginx does not reload: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(Command::new("kill").arg("-TERM").arg(self.server.id().to_string()).status());
        drop(self.server.wait());
    }
}

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output().unwrap();
    answer.stdout.trim_ascii() == b"0"
}

/// nginx, as somebody who may do nothing.
fn without_rights() -> Command {
    if !is_root() {
        return Command::new(PROGRAM);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM]);
    command
}
