//! nginx and Caddy as a site has them, each on a port and in a folder of its own.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::spawn;

use tempfile::TempDir;

use crate::HOST;
use crate::authority::{Authority, Validity};
use crate::press_room::until;

/// A port that nobody listens on.
pub(crate) fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// nginx at work; ended when dropped.
pub(crate) struct Nginx {
    _server: Server,
}

impl Nginx {
    /// nginx at `front` with TLS, and `behind` it whatever listens there; `None` when it is not installed.
    pub(crate) fn before(front: SocketAddr, behind: SocketAddr, authority: &Authority) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = certificate(folder.path(), authority);
        let example = include_str!("../../packaging/nginx/proxy.conf");
        let site = replaced(
            example,
            &[
                ("listen 443 ssl http2", format!("listen {front} ssl http2")),
                ("www.example.org;", format!("{HOST};")),
                ("/etc/ssl/certs/www.example.org.pem", certificate),
                ("/etc/ssl/private/www.example.org.key", key),
                ("127.0.0.1:8080", behind.to_string()),
            ],
        );
        let own = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let own = own.map(|name| format!("{name}_temp_path {name};\n")).concat();
        let config = format!(
            "daemon off;\nuser root;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{own}{site}}}\n"
        );
        std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).args(["-e", "stderr", "-c", "nginx.conf"]);
        Server::start(command, folder, front).map(|server| Self { _server: server })
    }
}

/// Caddy at work; ended when dropped.
pub(crate) struct Caddy {
    _server: Server,
}

impl Caddy {
    /// Caddy at `front` with TLS, and `behind` it whatever listens there; `None` when it is not installed.
    pub(crate) fn before(front: SocketAddr, behind: SocketAddr, authority: &Authority) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = certificate(folder.path(), authority);
        let example = include_str!("../../packaging/caddy/Caddyfile");
        let site = replaced(
            example,
            &[
                (
                    "www.example.org {",
                    format!("https://{HOST}:{} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}", front.port()),
                ),
                ("127.0.0.1:8080", behind.to_string()),
            ],
        );
        Self::start(folder, front, &site)
    }

    /// Caddy at `front` without TLS, asked by another proxy on this machine.
    pub(crate) fn between(front: SocketAddr, behind: SocketAddr) -> Option<Self> {
        let site = format!(
            "http://:{} {{\n\tbind 127.0.0.1\n\treverse_proxy {behind} {{\n\t\ttrusted_proxies 127.0.0.1/32\n\t}}\n}}\n",
            front.port()
        );
        Self::start(tempfile::tempdir().unwrap(), front, &site)
    }

    fn start(folder: TempDir, front: SocketAddr, site: &str) -> Option<Self> {
        let config = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}");
        std::fs::write(folder.path().join("Caddyfile"), config).unwrap();
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.path().join("Caddyfile"));
        command.envs(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| (name, folder.path())));
        Server::start(command, folder, front).map(|server| Self { _server: server })
    }
}

struct Server {
    child: Child,
    _folder: TempDir,
}

impl Server {
    fn start(mut command: Command, folder: TempDir, front: SocketAddr) -> Option<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let Ok(mut child) = command.spawn() else {
            assert_ne!(std::env::var("DEPECHE_REQUIRE").as_deref(), Ok("all"), "{name} is required here");
            eprintln!("skipped: {name} is not installed");
            return None;
        };
        until(&name, || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(folder.path().join("log")).unwrap());
            TcpStream::connect(front).ok()
        });
        Some(Self { child, _folder: folder })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A master that is killed leaves its workers behind.
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// The example with the test's words; each must stand in it.
fn replaced(example: &str, words: &[(&str, String)]) -> String {
    let mut text = example.to_owned();
    for (from, to) in words {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// The files of a certificate for [`HOST`], and of its key.
fn certificate(folder: &Path, authority: &Authority) -> (String, String) {
    let (certificate, key) = authority.sign(HOST, Validity::Long);
    let (certificate_at, key_at) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate_at, certificate.pem()).unwrap();
    std::fs::write(&key_at, key.serialize_pem()).unwrap();
    (certificate_at.to_str().unwrap().to_owned(), key_at.to_str().unwrap().to_owned())
}

/// Passes connections on to the daemon, and counts them.
pub(crate) struct Turnstile {
    pub(crate) address: SocketAddr,
    passed: Arc<AtomicUsize>,
}

impl Turnstile {
    pub(crate) fn before(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, passed) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let counted = passed.clone();
        // It ends with the test's process.
        spawn(move || {
            for from in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::Relaxed);
                let Ok(to) = TcpStream::connect(behind) else { continue };
                pass(from.try_clone().unwrap(), to.try_clone().unwrap());
                pass(to, from);
            }
        });
        Self { address, passed }
    }

    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
