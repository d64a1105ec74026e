//! A private PostgreSQL for one test: its own folder, a Unix socket in it and no network, stopped when dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use depeche::config::DatabaseUrl;

/// How long PostgreSQL may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running PostgreSQL.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
    server: Child,
}

impl Postgres {
    /// Starts one; `None`, with a line that says so, when it is not installed. `DEPECHE_REQUIRE=all` forbids that.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert_ne!(std::env::var("DEPECHE_REQUIRE").as_deref(), Ok("all"), "PostgreSQL is required here");
            eprintln!("skipped: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        run(as_its_user(&programs.join("initdb"))
            .args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&data)
            .current_dir(folder.path()));
        let server = serve(&programs, folder.path());
        let mut started = Self { programs, folder, server };
        started.wait();
        Some(started)
    }

    /// Its Unix socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    /// Stops it as an administrator does: connections are ended, everything is written.
    pub(crate) fn stop(&mut self) {
        run(Command::new("kill").arg("-INT").arg(self.server.id().to_string()));
        self.server.wait().unwrap();
    }

    /// Starts it again after [`Postgres::stop`].
    pub(crate) fn start_again(&mut self) {
        self.server = serve(&self.programs, self.folder.path());
        self.wait();
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&self, name: &str) -> DatabaseUrl {
        run(Command::new(self.programs.join("createdb"))
            .args(["--username=postgres", "--host"])
            .arg(self.folder.path())
            .arg(name));
        DatabaseUrl::Postgres(format!("postgres://postgres@localhost/{name}?host={}", self.folder.path().display()))
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        loop {
            let asked = Command::new(self.programs.join("pg_isready"))
                .arg("--host")
                .arg(self.folder.path())
                .stdout(Stdio::null())
                .status();
            if asked.unwrap().success() {
                return;
            }
            assert_eq!(self.server.try_wait().unwrap(), None, "PostgreSQL stopped by itself");
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    /// An immediate shutdown by its process id, which also frees its shared memory.
    fn drop(&mut self) {
        drop(Command::new("kill").arg("-QUIT").arg(self.server.id().to_string()).status());
        drop(self.server.wait());
    }
}

/// Sets the server in `folder` to work.
fn serve(programs: &Path, folder: &Path) -> Child {
    as_its_user(&programs.join("postgres"))
        .args(["-c", "listen_addresses=", "-c", "fsync=off", "-D"])
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The folder with the newest PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output().unwrap();
    answer.stdout.trim_ascii() == b"0"
}

/// PostgreSQL refuses to run as root.
fn as_its_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

fn run(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}
