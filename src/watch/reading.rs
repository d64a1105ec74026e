//! One file read whole, and only when it stayed the same all the while.

use std::fs::{self, File};
use std::io::{self, Read as _};

use camino::Utf8Path;

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
    // Asked before it is opened: opening a pipe waits for its other end.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(Reading::Refused(UnreadableReason::NotRegular));
    }
    let before = Stamp::of(&metadata);
    if known == Some(before) {
        return Ok(Reading::Same);
    }
    if metadata.len() > LARGEST {
        return Ok(Reading::Refused(UnreadableReason::TooLarge { bytes: metadata.len() }));
    }
    let mut file = File::open(path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    (&mut file).take(LARGEST + 1).read_to_end(&mut bytes)?;
    let after = Stamp::of(&file.metadata()?);
    let whole = u64::try_from(bytes.len()).is_ok_and(|length| length == metadata.len());
    Ok(if whole && before == after { Reading::Read { bytes, stamp: after } } else { Reading::Unsettled })
}
