//! The file of a backup: a line that says what it is, frames of bytes under gzip, and the SHA-256 of all of it.
//!
//! ```text
//! depeche backup 1\n             the format
//! gzip of frames                 a letter, a length of four bytes (little end first), so many bytes
//!   H  header, JSON              schema, when, of what, by what, the key's fingerprint
//!   K  key, JSON                 what it is, and the text of its file
//!   T  table, JSON               name and columns; its rows follow
//!   R  rows, postcard            one after the other, each a list of values
//!   E  end, JSON                 rows and sum of each table
//! 32 bytes                       SHA-256 of everything before them
//! ```

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, SeekFrom, Take, Write};

use camino::{Utf8Path, Utf8PathBuf};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::TransferError;
use super::draft::Draft;

/// The format written here.
pub(super) const FORMAT: u32 = 1;
/// How the first line begins.
const MAGIC: &str = "depeche backup ";
/// The first line is not longer.
const LONGEST_FIRST_LINE: u64 = 64;
/// No frame is longer: a file that says so is damaged.
const LONGEST_FRAME: u32 = 512 * 1024 * 1024;
/// How many bytes the checksum has.
const CHECKSUM: u64 = 32;
/// How much is read at once to check a file.
const CHUNK: usize = 64 * 1024;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    Header,
    Key,
    Table,
    Rows,
    End,
}

impl Frame {
    const ALL: [Self; 5] = [Self::Header, Self::Key, Self::Table, Self::Rows, Self::End];

    const fn letter(self) -> u8 {
        match self {
            Self::Header => b'H',
            Self::Key => b'K',
            Self::Table => b'T',
            Self::Rows => b'R',
            Self::End => b'E',
        }
    }
}

/// A backup being written, under another name until it is whole. Dropped before that, it is removed.
pub(super) struct Writer {
    path: Utf8PathBuf,
    draft: Draft,
    gzip: GzEncoder<Hashed<BufWriter<File>>>,
}

/// Passes bytes on and hashes them.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
    count: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Writer {
    /// Begins a file that only its owner may read, beside `path`.
    pub(super) fn begin(path: &Utf8Path) -> Result<Self, TransferError> {
        let failed = |source| TransferError::File { path: path.to_owned(), source };
        let path = camino::absolute_utf8(path).map_err(failed)?;
        if path.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if !may_be_replaced(&path).map_err(failed)? {
            return Err(TransferError::SomethingElse(path));
        }
        let name = path.file_name().unwrap_or_default();
        let (draft, file) = Draft::begin(path.with_file_name(format!(".{name}.part"))).map_err(|error| {
            let is_busy = error.kind() == io::ErrorKind::ResourceBusy;
            if is_busy { TransferError::BeingWritten(path.clone()) } else { failed(error) }
        })?;
        let mut out = Hashed { inner: BufWriter::new(file), hash: Sha256::new(), count: 0 };
        writeln!(out, "{MAGIC}{FORMAT}").map_err(failed)?;
        Ok(Self { path, draft, gzip: GzEncoder::new(out, Compression::fast()) })
    }

    /// Writes one frame.
    pub(super) fn frame(&mut self, frame: Frame, bytes: &[u8]) -> Result<(), TransferError> {
        let failed = |source| TransferError::File { path: self.path.clone(), source };
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST_FRAME);
        let length = length.ok_or_else(|| failed(io::ErrorKind::FileTooLarge.into()))?;
        self.gzip.write_all(&[frame.letter()]).map_err(failed)?;
        self.gzip.write_all(&length.to_le_bytes()).map_err(failed)?;
        self.gzip.write_all(bytes).map_err(failed)
    }

    /// Ends the file, makes sure that it is on the disk, and gives it its name. Returns how many bytes it has.
    pub(super) fn finish(self) -> Result<u64, TransferError> {
        let Self { path, draft, gzip } = self;
        let failed = |source| TransferError::File { path: path.clone(), source };
        let Hashed { mut inner, hash, count } = gzip.finish().map_err(failed)?;
        inner.write_all(&hash.finalize()).map_err(failed)?;
        let file = inner.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        draft.rename_to(&path).map_err(failed)?;
        let folder = File::open(path.parent().unwrap_or(Utf8Path::new("/"))).map_err(failed)?;
        folder.sync_all().map_err(failed)?;
        Ok(count + CHECKSUM)
    }
}

/// Whether nothing is there that a backup must not take the place of.
fn may_be_replaced(path: &Utf8Path) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    Ok(first_line(&mut file)?.is_some_and(|line| line.starts_with(MAGIC)))
}

/// A backup whose every byte was checked, being read.
pub(super) struct Reader {
    path: Utf8PathBuf,
    gzip: GzDecoder<BufReader<Take<File>>>,
}

impl Reader {
    /// Opens a file once all of it was compared with its checksum.
    pub(super) fn open(path: &Utf8Path) -> Result<Self, TransferError> {
        let failed = |source| TransferError::File { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let first = first_line(&mut file).map_err(failed)?;
        let format = first.as_deref().and_then(|line| line.strip_prefix(MAGIC)?.parse::<u32>().ok());
        let format = format.ok_or_else(|| TransferError::NotABackup(path.to_owned()))?;
        if format > FORMAT {
            return Err(TransferError::LaterFormat { path: path.to_owned(), found: format, known: FORMAT });
        }
        let damaged = |what| TransferError::Damaged { path: path.to_owned(), what };
        let start = first.map_or(0, |line| line.len() as u64 + 1);
        let end = length.checked_sub(CHECKSUM).filter(|end| *end > start).ok_or_else(|| damaged("it is cut off"))?;
        if !is_whole(&mut file, end).map_err(failed)? {
            return Err(damaged("its checksum is another: it is cut off or was altered"));
        }
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), gzip: GzDecoder::new(BufReader::new(file.take(end - start))) })
    }

    /// The next frame.
    pub(super) fn next(&mut self) -> Result<(Frame, Vec<u8>), TransferError> {
        let mut head = [0; 5];
        self.gzip.read_exact(&mut head).map_err(|_| self.damaged("a part of it is missing"))?;
        let [letter, length @ ..] = head;
        let frame = Frame::ALL.into_iter().find(|frame| frame.letter() == letter);
        let frame = frame.ok_or_else(|| self.damaged("it holds what this version does not know"))?;
        let length = u32::from_le_bytes(length);
        if length > LONGEST_FRAME {
            return Err(self.damaged("a part of it is too long"));
        }
        let mut bytes = Vec::new();
        let read = (&mut self.gzip).take(length.into()).read_to_end(&mut bytes);
        match read {
            Ok(read) if read as u64 == u64::from(length) => Ok((frame, bytes)),
            Ok(_) | Err(_) => Err(self.damaged("a part of it is missing")),
        }
    }

    pub(super) fn damaged(&self, what: &'static str) -> TransferError {
        TransferError::Damaged { path: self.path.clone(), what }
    }

    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }
}

/// The first line, unless it is too long or no text.
fn first_line(file: &mut File) -> io::Result<Option<String>> {
    let mut first = Vec::new();
    file.take(LONGEST_FIRST_LINE).read_to_end(&mut first)?;
    file.rewind()?;
    let line = first.split(|byte| *byte == b'\n').next().filter(|line| line.len() < first.len());
    Ok(line.and_then(|line| String::from_utf8(line.to_vec()).ok()))
}

/// Whether the bytes up to `end` have the checksum that follows them.
fn is_whole(file: &mut File, end: u64) -> io::Result<bool> {
    let (mut hash, mut chunk, mut left) = (Sha256::new(), vec![0; CHUNK], end);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let read = file.read(&mut chunk[..most])?;
        if read == 0 {
            return Ok(false);
        }
        hash.update(&chunk[..read]);
        left -= read as u64;
    }
    let mut sum = Vec::new();
    file.read_to_end(&mut sum)?;
    Ok(hash.finalize().as_slice() == sum)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn written(folder: &Utf8Path) -> Utf8PathBuf {
        let path = folder.join("of today.backup");
        let mut writer = Writer::begin(&path).unwrap();
        writer.frame(Frame::Header, b"{}").unwrap();
        writer.frame(Frame::Rows, &vec![7; 100_000]).unwrap();
        assert_eq!(writer.finish().unwrap(), std::fs::metadata(&path).unwrap().len());
        path
    }

    #[test]
    fn it_is_its_owners_alone_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let path = written(folder);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "nothing else is left");
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(reader.next().unwrap(), (Frame::Header, b"{}".to_vec()));
        assert_eq!(reader.next().unwrap(), (Frame::Rows, vec![7; 100_000]));
        assert!(matches!(reader.next(), Err(TransferError::Damaged { .. })));
    }

    #[test]
    fn cut_anywhere_or_with_any_byte_changed_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let bytes = std::fs::read(written(folder)).unwrap();
        let other = folder.join("other");
        for at in 0..bytes.len() {
            std::fs::write(&other, &bytes[..at]).unwrap();
            assert!(Reader::open(&other).is_err(), "cut at {at}");
            let mut altered = bytes.clone();
            altered[at] ^= 0x10;
            std::fs::write(&other, altered).unwrap();
            assert!(Reader::open(&other).is_err(), "changed at {at}");
        }
        let mut later = bytes.clone();
        later[MAGIC.len()] = b'2';
        std::fs::write(&other, later).unwrap();
        assert!(matches!(Reader::open(&other), Err(TransferError::LaterFormat { found: 2, known: 1, .. })));
        std::fs::write(&other, "SQLite format 3\0").unwrap();
        assert!(matches!(Reader::open(&other), Err(TransferError::NotABackup(_))));
    }

    #[test]
    fn one_that_is_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let path = folder.join("x");
        std::fs::write(&path, "depeche backup 1\nthe one before").unwrap();
        drop(Writer::begin(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "depeche backup 1\nthe one before");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
        assert!(matches!(Writer::begin(folder), Err(TransferError::File { .. })));
        assert!(matches!(Writer::begin(&folder.join("nowhere/x")), Err(TransferError::File { .. })));
    }
}
