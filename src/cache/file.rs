//! The file itself: parts with digests, and a head at its end that lists them and has a digest of its own, so that no byte
//! of it is believed that was not written so.
//!
//! ```text
//! parts …  head (postcard)  length of the head (8 bytes)  digest of the head (32 bytes)  mark of the form (8 bytes)
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::words::DigestRow;
use crate::domain::Digest;

/// The form of the file: another whenever a row changes.
const FORM: &[u8; 8] = b"depeche2";
/// What stands behind the head: its length, its digest and the form.
const TAIL: usize = 8 + 16 + FORM.len();

/// Why a file is not believed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CacheError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is cut, damaged or of another form")]
    Damaged,
    #[error("another program or other settings wrote it")]
    OtherWriter,
}

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Sort {
    Readings,
    Uploads,
    Records,
    Aliases,
    Slugs,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Part {
    sort: Sort,
    length: u64,
    digest: DigestRow,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head<'a> {
    writer: DigestRow,
    parts: Vec<Part>,
    #[serde(borrow)]
    notes: &'a [u8],
}

/// A file that is being written, beside the one whose place it takes.
pub(super) struct CacheWriter {
    path: Utf8PathBuf,
    beside: Beside,
    file: BufWriter<File>,
    parts: Vec<Part>,
}

/// Where a file is written; dropping it removes what was not finished.
struct Beside(Utf8PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // Once it is in its place there is nothing here.
        let _ = fs::remove_file(&self.0);
    }
}

/// A file whose head was believed.
#[derive(Debug)]
pub(super) struct CacheFile {
    file: File,
    /// Each part, and where it begins.
    parts: Vec<(u64, Part)>,
    /// What its writer noted.
    pub(super) notes: Vec<u8>,
}

impl CacheWriter {
    /// Begins a file that is to stand at `path`; its owner's alone.
    pub(super) fn begin(path: &Utf8Path) -> io::Result<Self> {
        let beside = Utf8PathBuf::from(format!("{path}.new"));
        // Left by a process that was killed; never written into as it stands: it might be open to others.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        Ok(Self { path: path.to_owned(), beside: Beside(beside), file: BufWriter::new(file), parts: Vec::new() })
    }

    pub(super) fn part(&mut self, sort: Sort, bytes: &[u8]) -> io::Result<()> {
        self.parts.push(Part { sort, length: bytes.len() as u64, digest: DigestRow(Digest::of(bytes)) });
        self.file.write_all(bytes)
    }

    /// Puts the file in its place. Nothing is waited for: after a crash of the machine it is not believed, or believed
    /// rightly.
    pub(super) fn finish(mut self, writer: Fingerprint, notes: &[u8]) -> io::Result<()> {
        let head = Head { writer: writer.row(), parts: std::mem::take(&mut self.parts), notes };
        let head = postcard::to_stdvec(&head).map_err(io::Error::other)?;
        self.file.write_all(&head)?;
        self.file.write_all(&(head.len() as u64).to_le_bytes())?;
        self.file.write_all(Digest::of(&head).as_bytes())?;
        self.file.write_all(FORM)?;
        self.file.flush()?;
        fs::rename(&self.beside.0, &self.path)
    }
}

impl CacheFile {
    /// Opens the file at `path` as one that `writer` wrote.
    pub(super) fn open(path: &Utf8Path, writer: Fingerprint) -> Result<Self, CacheError> {
        // Asked before it is opened: opening a pipe waits for its other end.
        if !fs::metadata(path)?.is_file() {
            return Err(CacheError::Damaged);
        }
        let file = File::open(path)?;
        let all = file.metadata()?.len();
        let end = all.checked_sub(TAIL as u64).ok_or(CacheError::Damaged)?;
        let mut tail = [0; TAIL];
        file.read_exact_at(&mut tail, end)?;
        let (length, proof) = tail.split_first_chunk::<8>().ok_or(CacheError::Damaged)?;
        let length = u64::from_le_bytes(*length);
        let begin = end.checked_sub(length).ok_or(CacheError::Damaged)?;
        let mut bytes = Vec::new();
        read_at(&file, begin, length, &mut bytes)?;
        if *proof != [Digest::of(&bytes).as_bytes().as_slice(), FORM].concat() {
            return Err(CacheError::Damaged);
        }
        let head: Head<'_> = postcard::from_bytes(&bytes).map_err(|_| CacheError::Damaged)?;
        if head.writer != writer.row() {
            return Err(CacheError::OtherWriter);
        }
        let mut next = 0_u64;
        let mut parts = Vec::with_capacity(head.parts.len());
        for part in head.parts {
            parts.push((next, part));
            next = next.checked_add(part.length).filter(|next| *next <= begin).ok_or(CacheError::Damaged)?;
        }
        let notes = head.notes.to_vec();
        if next == begin { Ok(Self { file, parts, notes }) } else { Err(CacheError::Damaged) }
    }

    /// Where the parts of a sort are among all parts.
    pub(super) fn parts(&self, sort: Sort) -> Vec<usize> {
        (0..self.parts.len()).filter(|place| self.parts[*place].1.sort == sort).collect()
    }

    /// The bytes of the part at `place`, as they were written; read into `buffer`.
    pub(super) fn bytes<'b>(&self, place: usize, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], CacheError> {
        let (begin, part) = self.parts.get(place).ok_or(CacheError::Damaged)?;
        read_at(&self.file, *begin, part.length, buffer)?;
        if Digest::of(buffer) == part.digest.0 { Ok(buffer) } else { Err(CacheError::Damaged) }
    }
}

/// Makes `buffer` so many bytes of `file` from `begin` on, which it is known to have.
fn read_at(file: &File, begin: u64, length: u64, buffer: &mut Vec<u8>) -> Result<(), CacheError> {
    buffer.resize(usize::try_from(length).map_err(|_| CacheError::Damaged)?, 0);
    file.read_exact_at(buffer, begin)?;
    Ok(())
}
