//! On which kind of file system a folder lies: over a network, changes made elsewhere raise no events.
//!
//! Reads the table of mounts that Linux gives each process (`proc_pid_mountinfo(5)`); elsewhere nothing is known and
//! events are relied on.

use std::fs;

use camino::Utf8Path;

/// Kinds of file systems whose events tell only of what this machine does.
const WITHOUT_EVENTS: [&str; 11] =
    ["9p", "afs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "nfs", "smb", "vboxsf", "virtiofs"];

/// Whether changes made below `folder` by others may raise no events.
pub(super) fn is_silent(folder: &Utf8Path) -> bool {
    let Ok(folder) = folder.canonicalize_utf8() else { return false };
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return false };
    kind_of(&mounts, &folder).is_some_and(is_silent_kind)
}

fn is_silent_kind(kind: &str) -> bool {
    kind.starts_with("fuse") || WITHOUT_EVENTS.iter().any(|silent| kind.starts_with(silent))
}

/// The file system of the innermost mount that holds `folder`; of two on one point, the later hides the earlier.
fn kind_of<'m>(mounts: &'m str, folder: &Utf8Path) -> Option<&'m str> {
    let mut innermost: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else { continue };
        let point = unescaped(point);
        if folder.starts_with(&point) && innermost.is_none_or(|(length, _)| point.len() >= length) {
            innermost = Some((point.len(), kind));
        }
    }
    innermost.map(|(_, kind)| kind)
}

/// Spaces, tabs, line ends and back slashes stand as three octal digits in the table.
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv rw - tmpfs tmpfs rw
31 30 0:41 / /srv/press\\040room rw,noatime shared:2 master:3 - nfs4 files:/press rw
32 22 0:42 / /home/ann/drive rw - fuse.sshfs ann@files rw
33 22 8:2 / /data rw - ext4 /dev/sdb1 rw
34 22 0:43 / /data rw - cifs //files/data rw
nonsense
";

    #[track_caller]
    fn check(folder: &str, kind: &str, silent: bool) {
        assert_eq!(kind_of(MOUNTS, Utf8Path::new(folder)), Some(kind));
        assert_eq!(is_silent_kind(kind), silent);
    }

    #[test]
    fn the_innermost_mount_counts() {
        check("/home/ann/site", "ext4", false);
        check("/srv/x", "tmpfs", false);
        check("/srv/press room/content", "nfs4", true);
        check("/srv/press rooms", "tmpfs", false);
        check("/home/ann/drive", "fuse.sshfs", true);
        check("/data/content", "cifs", true);
        assert_eq!(kind_of("", Utf8Path::new("/")), None);
    }
}
