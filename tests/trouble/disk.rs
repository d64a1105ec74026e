//! A disk without room, and a file that may not grow.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::press_room::{Daemon, PressRoom};
use crate::room::Troubled;

/// How large the disk is: well above what the daemon calls scarce.
const MEGABYTES: u32 = 64;

/// Where the disk of the database is mounted, below the room.
const DISK: &str = "disque";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_letters_wait_for_room() {
    let room = Troubled::new("full disk", &format!("sqlite://{DISK}/depeche.sqlite")).await;
    let Some(daemon) = serve_on_small_disk(&room.press, DISK) else { return };
    room.send_a_quarter();
    // The daemon has a view of its own on the file system.
    let disk = PathBuf::from(format!("/proc/{}/root{}", daemon.pid(), room.press.path(DISK).display()));
    let ballast = disk.join("ballast");
    fill(&ballast);
    room.stands_still(&daemon, "full", "no room is left on its disk");
    fs::remove_file(&ballast).unwrap();
    room.goes_on(&daemon);
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_written_at_all_keeps_letters_waiting() {
    let room = Troubled::new("no byte can be written", "sqlite://var/depeche.sqlite").await;
    // A write beyond the limit fails only where the signal for it is ignored.
    let daemon = room.press.serve_through(Command::new("sh"), "trap '' XFSZ");
    room.send_a_quarter();
    limit(&daemon, Some(0));
    room.stands_still(&daemon, "failing", "the database fails");
    limit(&daemon, None);
    room.goes_on(&daemon);
    daemon.stop();
}

/// The daemon with a disk of its own at `disk`, below the room; `None`, with a line that says so, where none may be mounted.
/// That is a right and no program that could be installed: `DEPECHE_REQUIRE=all` asks for no more.
pub(crate) fn serve_on_small_disk(room: &PressRoom, disk: &str) -> Option<Daemon> {
    let unshare = || {
        let mut command = Command::new("unshare");
        // As root of this machine, or of a small world of one's own where the system lets people have one.
        command.args(if rustix::process::geteuid().is_root() { ["--mount"].as_slice() } else { &["-r", "--mount"] });
        command
    };
    let mount = format!("mount -t tmpfs -o size={MEGABYTES}m tmpfs {disk}");
    let may = unshare().args(["sh", "-c", &mount]).current_dir(room.path("")).output();
    if !may.as_ref().is_ok_and(|may| may.status.success()) {
        crate::skipped("no disk may be mounted");
        return None;
    }
    let mut shell = unshare();
    shell.arg("sh");
    Some(room.serve_through(shell, &format!("cp -a {disk} {disk}.kept && {mount} && cp -a {disk}.kept/. {disk}/")))
}

/// Writes until nothing more fits.
pub(crate) fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 20, 4096, 1] {
        let piece = vec![0; size];
        loop {
            match file.write_all(&piece) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Lets the daemon write files up to this size; `None`: any.
fn limit(daemon: &Daemon, size: Option<u64>) {
    let pid = Pid::from_raw(daemon.pid().try_into().unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: size, maximum: None }).unwrap();
}
