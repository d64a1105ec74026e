//! The uploads folder: what is known of a document or an image, and its bytes.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use imagesize::ImageType;
use unicode_normalization::UnicodeNormalization as _;

use super::stamp::Stamp;
use crate::clock::Clock;
use crate::config::ContentSettings;
use crate::domain::{Digesting, FileKind, UploadFacts, UploadPath, Uploads};

/// How much of a file is read at a time.
const CHUNK: usize = 64 * 1024;
/// How many first bytes tell an image's format.
const HEAD: usize = 32;
/// How many times a file that changes under our eyes is read before it counts as not there yet.
const TRIES: usize = 3;

/// The uploads folder. Paths are looked up composed or decomposed (NFC, NFD); dot files, anything but regular files, and
/// whatever a symbolic link puts outside the folder are not there.
pub struct UploadsFolder {
    root: Utf8PathBuf,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<UploadPath, (Stamp, UploadFacts)>>,
}

/// A file below uploads, opened to be served.
#[derive(Debug)]
pub struct OpenUpload {
    /// The file, at its start.
    pub file: File,
    /// Its size when it was opened.
    pub bytes: u64,
}

impl UploadsFolder {
    /// The uploads folder of `settings`; `clock` tells whether a file's times can be trusted yet.
    #[must_use]
    pub fn new(settings: &ContentSettings, clock: Arc<dyn Clock>) -> Self {
        Self { root: settings.uploads.clone(), clock, known: Mutex::default() }
    }

    /// What is known of files by their stamps.
    #[must_use]
    pub fn settled(&self) -> Vec<(UploadPath, Stamp, UploadFacts)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(path, (stamp, facts))| (path.clone(), *stamp, facts.clone())).collect()
    }

    /// Takes it that files with these stamps are what they were.
    pub fn take_up(&self, known: impl IntoIterator<Item = (UploadPath, Stamp, UploadFacts)>) {
        let known = known.into_iter().map(|(path, stamp, facts)| (path, (stamp, facts)));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).extend(known);
    }

    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The facts of the file at `path` when it was read before and has the same stamp.
    pub(super) fn known(&self, path: &UploadPath, stamp: Stamp) -> Option<UploadFacts> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(path).filter(|(known, _)| *known == stamp).map(|(_, facts)| facts.clone())
    }

    /// Opens the regular file at `path`.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is none that may be served; whatever the system says otherwise.
    pub fn open(&self, path: &UploadPath) -> io::Result<OpenUpload> {
        let file = File::open(self.find(path)?)?;
        let metadata = file.metadata()?;
        if metadata.is_file() { Ok(OpenUpload { file, bytes: metadata.len() }) } else { Err(not_found()) }
    }

    /// Where the regular file at `path` really is.
    fn find(&self, path: &UploadPath) -> io::Result<Utf8PathBuf> {
        if path.as_str().split('/').any(|part| part.starts_with('.')) {
            return Err(not_found());
        }
        let root = self.root.canonicalize_utf8()?;
        let place = match root.join(path.as_str()).canonicalize_utf8() {
            Ok(place) => place,
            Err(error) if error.kind() == io::ErrorKind::NotFound => spelled_otherwise(&root, path)?,
            Err(error) => return Err(error),
        };
        let inside = place.starts_with(&root) && fs::metadata(&place)?.is_file();
        if inside { Ok(place) } else { Err(not_found()) }
    }

    fn look_at(&self, path: &UploadPath) -> io::Result<UploadFacts> {
        let place = self.find(path)?;
        self.facts_at(path, &place)
    }

    /// The facts of the file at `path`, which really is at `place`.
    pub(super) fn facts_at(&self, path: &UploadPath, place: &Utf8Path) -> io::Result<UploadFacts> {
        for _ in 0..TRIES {
            let before = Stamp::of(&fs::metadata(place)?);
            if let Some(facts) = self.known(path, before) {
                return Ok(facts);
            }
            let facts = facts_of(File::open(place)?)?;
            let after = fs::metadata(place)?;
            if Stamp::of(&after) != before || after.len() != facts.bytes {
                continue;
            }
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if before.is_settled(self.clock.now()) {
                known.insert(path.clone(), (before, facts.clone()));
            } else {
                known.remove(path);
            }
            return Ok(facts);
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }
}

impl Uploads for UploadsFolder {
    /// A file that cannot be read, or is still being written, is none.
    fn facts(&self, path: &UploadPath) -> Option<UploadFacts> {
        self.look_at(path).ok()
    }
}

impl fmt::Debug for UploadsFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadsFolder").field("root", &self.root).finish_non_exhaustive()
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

/// The place whose composed spelling is `path`, part by part.
fn spelled_otherwise(root: &Utf8Path, path: &UploadPath) -> io::Result<Utf8PathBuf> {
    let mut place = root.to_owned();
    for part in path.as_str().split('/') {
        let direct = place.join(part);
        if fs::symlink_metadata(&direct).is_ok() {
            place = direct;
            continue;
        }
        let named =
            place.read_dir_utf8()?.filter_map(Result::ok).find(|entry| entry.file_name().nfc().eq(part.chars()));
        place = named.ok_or_else(not_found)?.into_path();
    }
    place.canonicalize_utf8()
}

fn facts_of(mut file: File) -> io::Result<UploadFacts> {
    let mut digesting = Digesting::new();
    let mut head = Vec::with_capacity(HEAD);
    let mut bytes = 0_u64;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => &chunk[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        head.extend(read.iter().take(HEAD - head.len()));
        digesting.add(read);
        bytes += read.len() as u64;
    }
    let kind = kind_of(&head, file)?;
    Ok(UploadFacts { bytes, digest: digesting.finish(), kind })
}

/// Only the formats that mail programs and feed readers show count as images.
fn kind_of(head: &[u8], mut file: File) -> io::Result<FileKind> {
    if head.starts_with(b"%PDF") {
        return Ok(FileKind::Pdf);
    }
    match imagesize::image_type(head) {
        Ok(ImageType::Png | ImageType::Jpeg | ImageType::Gif | ImageType::Webp) => {}
        _ => return Ok(FileKind::Other),
    }
    file.seek(SeekFrom::Start(0))?;
    let pixels = |length: usize| u32::try_from(length).ok();
    let size = imagesize::reader_size(BufReader::new(file)).ok();
    let kind = size.and_then(|size| Some(FileKind::Image { width: pixels(size.width)?, height: pixels(size.height)? }));
    Ok(kind.unwrap_or(FileKind::Other))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use chrono::TimeDelta;

    use super::*;
    use crate::clock::FixedClock;
    use crate::domain::Digest;

    /// An image of 3 by 2 pixels: the signature and header of a PNG.
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x02\0\0\0\0\0\0\0";

    struct Shelf {
        folder: tempfile::TempDir,
        uploads: UploadsFolder,
    }

    impl Shelf {
        /// A folder looked at long after everything in it was written.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(folder.path().join("uploads")).unwrap();
            fs::create_dir(&root).unwrap();
            let later = DateTime::<Utc>::MAX_UTC - TimeDelta::days(1);
            let uploads = UploadsFolder { root, clock: Arc::new(FixedClock::at(later)), known: Mutex::default() };
            Self { folder, uploads }
        }

        fn put(&self, name: &str, bytes: &[u8]) {
            let path = self.uploads.root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }

        /// What the folder says, and a listing as well.
        #[track_caller]
        fn facts(&self, path: &str) -> Option<UploadFacts> {
            let path = UploadPath::from_decoded(path).unwrap();
            let facts = self.uploads.facts(&path);
            assert_eq!(self.uploads.listed().facts(&path), facts, "{path}");
            facts
        }
    }

    #[test]
    fn a_file_is_known_by_its_first_bytes() {
        let shelf = Shelf::new();
        shelf.put("dossier/pont.pdf", b"%PDF-1.7 pont");
        shelf.put("pont.png", PNG);
        shelf.put("cut.png", &PNG[..12]);
        shelf.put("faux.pdf", b"<html>");
        shelf.put("vide.pdf", b"");
        let pdf = shelf.facts("dossier/pont.pdf").unwrap();
        assert_eq!(pdf, UploadFacts { bytes: 13, digest: Digest::of(b"%PDF-1.7 pont"), kind: FileKind::Pdf });
        assert_eq!(shelf.facts("pont.png").unwrap().kind, FileKind::Image { width: 3, height: 2 });
        assert_eq!(shelf.facts("cut.png").unwrap().kind, FileKind::Other);
        assert_eq!(shelf.facts("faux.pdf").unwrap().kind, FileKind::Other);
        assert_eq!(shelf.facts("vide.pdf").unwrap().bytes, 0);
        assert_eq!(shelf.facts("dossier"), None);
        assert_eq!(shelf.facts("absent.pdf"), None);
        assert_eq!(shelf.facts("pont.png/x"), None);
    }

    #[test]
    fn a_long_file_is_digested_whole() {
        let shelf = Shelf::new();
        let bytes: Vec<u8> = (0..3 * CHUNK + 17).map(|i| u8::try_from(i % 251).unwrap()).collect();
        shelf.put("long.bin", &bytes);
        assert_eq!(shelf.facts("long.bin").unwrap().digest, Digest::of(&bytes));
    }

    #[test]
    fn decomposed_names_are_found() {
        let shelf = Shelf::new();
        shelf.put("e\u{301}te\u{301}/de\u{301}bat.pdf", b"%PDF");
        assert!(shelf.facts("été/débat.pdf").is_some());
        assert!(shelf.uploads.open(&UploadPath::from_decoded("été/débat.pdf").unwrap()).is_ok());
        assert_eq!(shelf.facts("été/debat.pdf"), None);
    }

    #[test]
    fn nothing_outside_is_reached() {
        let shelf = Shelf::new();
        fs::write(shelf.folder.path().join("secret.pdf"), "%PDF").unwrap();
        symlink("../secret.pdf", shelf.uploads.root.join("a.pdf")).unwrap();
        symlink("..", shelf.uploads.root.join("up")).unwrap();
        shelf.put(".hidden.pdf", b"%PDF");
        shelf.put("true.pdf", b"%PDF");
        symlink("true.pdf", shelf.uploads.root.join("linked.pdf")).unwrap();
        for path in ["a.pdf", "up/secret.pdf", ".hidden.pdf"] {
            assert_eq!(shelf.facts(path), None, "{path}");
            let error = shelf.uploads.open(&UploadPath::from_decoded(path).unwrap()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
        assert!(shelf.facts("linked.pdf").is_some());
    }

    #[test]
    fn a_changed_file_has_new_facts_and_a_removed_one_none() {
        let shelf = Shelf::new();
        shelf.put("pont.pdf", b"%PDF one");
        let first = shelf.facts("pont.pdf").unwrap();
        assert_eq!(shelf.facts("pont.pdf").unwrap(), first);
        assert_eq!(shelf.uploads.known.lock().unwrap().len(), 1);
        shelf.put("pont.pdf", b"%PDF second");
        assert_eq!(shelf.facts("pont.pdf").unwrap().digest, Digest::of(b"%PDF second"));
        fs::remove_file(shelf.uploads.root.join("pont.pdf")).unwrap();
        assert_eq!(shelf.facts("pont.pdf"), None);
    }

    #[test]
    fn a_fresh_file_is_not_trusted_to_its_times() {
        let mut shelf = Shelf::new();
        shelf.uploads.clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
        shelf.put("pont.pdf", b"%PDF one");
        assert!(shelf.facts("pont.pdf").is_some());
        assert!(shelf.uploads.known.lock().unwrap().is_empty());
    }

    #[test]
    fn an_opened_file_has_its_bytes() {
        let shelf = Shelf::new();
        shelf.put("pont.pdf", b"%PDF pont");
        let mut open = shelf.uploads.open(&UploadPath::from_decoded("pont.pdf").unwrap()).unwrap();
        let mut text = String::new();
        open.file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), open.bytes), ("%PDF pont", 9));
    }

    #[test]
    fn a_listing_tells_what_the_folder_would() {
        let shelf = Shelf::new();
        shelf.put("a/b/c.pdf", b"%PDF c");
        shelf.put("e\u{301}/d.pdf", b"%PDF decomposed");
        shelf.put("\u{e9}/d.pdf", b"%PDF composed");
        shelf.put("e\u{301}/only.pdf", b"%PDF hidden by the composed name");
        for round in ["without a link to a folder", "with one"] {
            assert_eq!(shelf.facts("a/b/c.pdf").unwrap().bytes, 6, "{round}");
            assert_eq!(shelf.facts("\u{e9}/d.pdf").unwrap().bytes, 13);
            for absent in ["\u{e9}/only.pdf", "a/b", "a/b/c.pdf/d", "a/b/x.pdf"] {
                assert_eq!(shelf.facts(absent), None, "{absent} {round}");
            }
            let _ = symlink("..", shelf.uploads.root.join("a/up"));
        }
        assert!(shelf.facts("a/up/a/up/a/b/c.pdf").is_some());
        assert_eq!(shelf.uploads.listed().mark(), None, "where links lead to folders");
    }

    #[test]
    fn a_listing_stands_for_one_moment() {
        let shelf = Shelf::new();
        shelf.put("pont.pdf", b"%PDF one");
        let path = UploadPath::from_decoded("pont.pdf").unwrap();
        let listing = shelf.uploads.listed();
        let facts = listing.facts(&path).unwrap();
        fs::remove_file(shelf.uploads.root.join("pont.pdf")).unwrap();
        assert_eq!(listing.facts(&path), Some(facts));
        assert_eq!(shelf.uploads.listed().facts(&path), None);
    }

    #[test]
    fn a_mark_changes_with_any_file() {
        let mut shelf = Shelf::new();
        let mark = |shelf: &Shelf| shelf.uploads.listed().mark().unwrap();
        let mut marks = vec![mark(&shelf)];
        shelf.put("a/pont.pdf", b"%PDF one");
        marks.push(mark(&shelf));
        assert_eq!(mark(&shelf), marks[1]);
        shelf.put("a/pont.pdf", b"%PDF more");
        marks.push(mark(&shelf));
        fs::rename(shelf.uploads.root.join("a"), shelf.uploads.root.join("b")).unwrap();
        marks.push(mark(&shelf));
        fs::remove_dir_all(shelf.uploads.root.join("b")).unwrap();
        assert_eq!(mark(&shelf), marks[0]);
        let mut different = marks.clone();
        different.dedup();
        assert_eq!(different, marks);
        shelf.put("a.pdf", b"%PDF");
        shelf.uploads.clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
        assert_eq!(shelf.uploads.listed().mark(), None, "written just now");
    }
}
