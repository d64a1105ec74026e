//! One file read whole, and only when it stayed the same all the while.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;

use camino::Utf8Path;
use rustix::fs::OFlags;

use super::look::UnreadableReason;
use super::stamp::Stamp;

/// The largest file that is read; no press release comes near.
pub(super) const LARGEST: u64 = 4 * 1024 * 1024;
/// How many times a file that changes under our eyes is read before it is left for the next look.
const TRIES: usize = 3;

/// What came of reading a file.
pub(super) enum Reading {
    /// It has the stamp it is known by: it was not read.
    Same,
    Read {
        bytes: Vec<u8>,
        stamp: Stamp,
    },
    Gone,
    /// It is being written.
    Unsettled,
    Refused(UnreadableReason),
}

/// Reads a file that was the same before and after, unless its stamp is `known`: one being written is tried again, then
/// left.
pub(super) fn read(path: &Utf8Path, known: Option<Stamp>) -> Reading {
    for _ in 0..TRIES {
        match read_once(path, known) {
            Ok(Reading::Unsettled) => {}
            Ok(reading) => return reading,
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                return Reading::Refused(UnreadableReason::NotRegular);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Reading::Gone,
            Err(error) => return Reading::Refused(UnreadableReason::Io(error.kind())),
        }
    }
    Reading::Unsettled
}

fn read_once(path: &Utf8Path, known: Option<Stamp>) -> io::Result<Reading> {
    if known.is_some() && known == Some(Stamp::of(&fs::metadata(path)?)) {
        return Ok(Reading::Same);
    }
    // Opening a pipe would wait for its other end.
    let at_once = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = match File::options().read(true).custom_flags(at_once).open(path) {
        Err(_) if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) => {
            return Ok(Reading::Refused(UnreadableReason::NotRegular));
        }
        file => file?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Reading::Refused(UnreadableReason::NotRegular));
    }
    if metadata.len() > LARGEST {
        return Ok(Reading::Refused(UnreadableReason::TooLarge { bytes: metadata.len() }));
    }
    let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap_or_default()];
    match file.read_exact(&mut bytes) {
        Ok(()) => {}
        // It was cut short meanwhile.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Reading::Unsettled),
        Err(error) => return Err(error),
    }
    let (before, after) = (Stamp::of(&metadata), Stamp::of(&file.metadata()?));
    Ok(if before == after { Reading::Read { bytes, stamp: after } } else { Reading::Unsettled })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use camino::Utf8PathBuf;

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        let _socket = UnixListener::bind(place("socket.md")).unwrap();
        assert!(Command::new("mkfifo").arg(place("pipe.md")).status().unwrap().success());
        fs::create_dir(place("folder.md")).unwrap();
        for name in ["socket.md", "pipe.md", "folder.md"] {
            let reading = read(&place(name), None);
            assert!(matches!(reading, Reading::Refused(UnreadableReason::NotRegular)), "{name}");
        }
        assert!(matches!(read(&place("none.md"), None), Reading::Gone));
    }
}
