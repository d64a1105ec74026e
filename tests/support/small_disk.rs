//! A daemon whose database or letters lie on a small disk of their own.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

use crate::press_room::{Daemon, PressRoom};

/// How large the disk is: well above what the daemon calls scarce.
const MEGABYTES: u32 = 64;

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
