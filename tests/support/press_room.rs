//! A press room of its own for one test: the real program, a temporary folder, free ports, no network but loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take before a test gives up: far longer than it does on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A folder with a configuration, a content folder, and the program working on them.
pub(crate) struct PressRoom {
    folder: TempDir,
}

impl PressRoom {
    /// A room with an empty content folder; `settings` are sections of the configuration besides `[site]`, `[content]`
    /// and `[http]`.
    pub(crate) fn new(settings: &str) -> Self {
        // A name with a space, an accent and a percent sign: paths are never pasted into addresses.
        let folder = tempfile::Builder::new().prefix("salle de presse à 100%-").tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("content/uploads")).unwrap();
        let text = format!(
            "[site]\nurl = \"http://127.0.0.1:8080\"\n[content]\nquiet = \"50ms\"\n\
             [http]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n{settings}"
        );
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        Self { folder }
    }

    /// A path below the room.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Saves a file below the room as editors do: whole or not at all.
    pub(crate) fn save(&self, below: &str, text: &str) {
        let (draft, path) = (self.path(".draft"), self.path(below));
        std::fs::write(&draft, text).unwrap();
        std::fs::rename(&draft, path).unwrap();
    }

    /// The program with these arguments, ready to start; nothing of the caller's environment changes a key.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_depeche"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DEPECHE_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and gives its standard output.
    #[track_caller]
    pub(crate) fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// The editions as `editions list --format json` gives them.
    #[track_caller]
    pub(crate) fn editions(&self) -> Vec<serde_json::Value> {
        serde_json::from_str(&self.say(&["editions", "list", "--format", "json"])).unwrap()
    }

    /// Waits until the newest edition is in `state`, and gives it.
    #[track_caller]
    pub(crate) fn edition_in(&self, state: &str) -> serde_json::Value {
        let mut seen = Vec::new();
        until(&format!("an edition that is {state}"), || {
            seen = self.editions();
            seen.iter().find(|edition| edition["state"] == state).cloned()
        })
    }

    /// Starts the daemon and waits until it is at work.
    #[track_caller]
    pub(crate) fn serve(&self) -> Daemon {
        start(self.command(&["serve"]))
    }

    /// The same, with so many files and sockets open at most.
    #[track_caller]
    pub(crate) fn serve_within(&self, descriptors: u32) -> Daemon {
        self.serve_through(Command::new("sh"), &format!("ulimit -n {descriptors}"))
    }

    /// The same in place of `shell`, once that has done what it is told.
    #[track_caller]
    pub(crate) fn serve_through(&self, mut shell: Command, told: &str) -> Daemon {
        let program = self.command(&["serve"]);
        shell.args(["-c", &format!("{told} && exec \"$0\" \"$@\"")]);
        shell.arg(program.get_program()).args(program.get_args()).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in program.get_envs() {
            shell.env_remove(name);
        }
        start(shell)
    }

    /// The letters that a directory relay wrote to `var/mail`, oldest first.
    pub(crate) fn letters(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("var/mail")) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
        paths.sort();
        paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

/// The daemon at work; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    log: Arc<Mutex<String>>,
    /// Where the public side listens.
    pub(crate) public: SocketAddr,
}

impl Daemon {
    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and gives how it ended and how long that took.
    #[track_caller]
    pub(crate) fn stop(mut self) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        self.signal("TERM");
        let status = until("the daemon's end", || self.child.try_wait().unwrap());
        (status, asked.elapsed())
    }

    /// Sends it a signal, such as `HUP`.
    #[track_caller]
    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().unwrap().success());
    }

    /// What the public side answers to a GET: status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.public).unwrap();
        let host = self.public;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = text(&answer[..end]);
        assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{path}: {head}");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer[end + 4..].to_vec())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until there is an answer.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Starts the daemon and waits until it is at work.
#[track_caller]
pub(crate) fn start(mut command: Command) -> Daemon {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let log = Arc::new(Mutex::new(String::new()));
    collect(child.stdout.take().unwrap(), Arc::clone(&log));
    collect(child.stderr.take().unwrap(), Arc::clone(&log));
    let mut daemon = Daemon { child, log, public: ([127, 0, 0, 1], 0).into() };
    let said = until("a daemon at work", || {
        let log = daemon.log();
        if let Some(status) = daemon.child.try_wait().unwrap() {
            panic!("the daemon ended with {status}: {log}");
        }
        let line = log.lines().find(|line| line.contains("depeche is at work"))?;
        serde_json::from_str::<serde_json::Value>(line).ok()
    });
    daemon.public = said["public"].as_str().unwrap().parse().unwrap();
    daemon
}

fn collect(from: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}
