//! A disk without room, and a file that may not grow.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::press_room::Daemon;
use crate::room::Troubled;
use crate::small_disk::{fill, serve_on_small_disk};

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

/// Lets the daemon write files up to this size; `None`: any.
fn limit(daemon: &Daemon, size: Option<u64>) {
    let pid = Pid::from_raw(daemon.pid().try_into().unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: size, maximum: None }).unwrap();
}
