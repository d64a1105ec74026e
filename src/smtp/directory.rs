//! A relay that is a folder: each letter one `.eml` file, and the list of them.
//!
//! A file is called after the instant it was written and its letter's Message-ID, so names sort by time and the same
//! letter handed over again is a second file with the same ending: a repeat is seen, never overwritten, and
//! [`StoredLetter::copy`] counts it. A file appears whole or not at all: written beside, synchronised, renamed.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::domain::{Attempt, Digest, Phase, Reply};

/// How a file's instant is written: whole microseconds UTC, so that names sort by time.
const INSTANT: &str = "%Y%m%dT%H%M%S%.6f";

/// How many digits of the Message-ID's hash a file's name carries.
const ID_DIGITS: usize = 16;

/// The name of a letter in a folder: `20261123T090000.000000Z-0123456789abcdef.eml`. Nothing else can be read there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterName {
    written: DateTime<Utc>,
    id: String,
}

/// Why a text is not a letter's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a stored letter")]
pub struct LetterNameError(String);

impl LetterName {
    /// The name of a letter with these bytes, written at `now`.
    fn of(message: &[u8], now: DateTime<Utc>) -> Self {
        let written = DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now);
        let id = message_id(message).map_or_else(|| Digest::of(message), Digest::of);
        Self { written, id: id.short(ID_DIGITS) }
    }

    /// When the letter was written.
    #[must_use]
    pub const fn written(&self) -> DateTime<Utc> {
        self.written
    }

    /// What all copies of one letter share.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl FromStr for LetterName {
    type Err = LetterNameError;

    fn from_str(text: &str) -> Result<Self, LetterNameError> {
        let error = || LetterNameError(text.to_owned());
        let (instant, id) = text.strip_suffix(".eml").and_then(|stem| stem.split_once("Z-")).ok_or_else(error)?;
        let written = NaiveDateTime::parse_from_str(instant, INSTANT).map_err(|_| error())?.and_utc();
        let name = Self { written, id: id.to_owned() };
        let is_ours = id.len() == ID_DIGITS && id.bytes().all(|b| b.is_ascii_hexdigit()) && name.to_string() == text;
        if is_ours { Ok(name) } else { Err(error()) }
    }
}

impl fmt::Display for LetterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z-{}.eml", self.written.format(INSTANT), self.id)
    }
}

/// A letter in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLetter {
    /// Its name, which also tells when it was written.
    pub name: LetterName,
    /// Where it is.
    pub path: Utf8PathBuf,
    /// Which copy of one letter it is, from 1: a 2 is a repeat.
    pub copy: usize,
}

/// The newest letters in `folder`, newest first, at most `limit`; none when there is no such folder. Reads the folder
/// and none of its files; other files are passed over.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn list_letters(folder: &Utf8Path, limit: usize) -> io::Result<Vec<StoredLetter>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().to_str().and_then(|name| name.parse::<LetterName>().ok()));
    }
    names.sort_unstable();
    let mut copies = std::collections::HashMap::<String, usize>::new();
    let mut letters: Vec<_> = names
        .into_iter()
        .map(|name| {
            let copy = copies.entry(name.id.clone()).or_default();
            *copy += 1;
            StoredLetter { path: folder.join(name.to_string()), copy: *copy, name }
        })
        .collect();
    letters.reverse();
    letters.truncate(limit);
    Ok(letters)
}

/// The bytes of a letter in `folder`.
///
/// # Errors
/// When it is not there or cannot be read.
pub fn read_stored(folder: &Utf8Path, name: &LetterName) -> io::Result<Vec<u8>> {
    fs::read(folder.join(name.to_string()))
}

/// The folder side of a relay. Copies share one lock, so that two sessions never choose one name.
#[derive(Clone)]
pub(super) struct Directory {
    folder: Utf8PathBuf,
    clock: Arc<dyn Clock>,
    naming: Arc<Mutex<()>>,
}

impl Directory {
    /// A relay that writes into `folder`, which is made when the first session begins.
    pub(super) fn new(folder: Utf8PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { folder, clock, naming: Arc::default() }
    }

    /// Where it writes.
    pub(super) fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// Makes sure that there is a folder.
    pub(super) fn reach(&self) -> Result<(), Attempt> {
        make_folder(&self.folder)
            .map_err(|error| Attempt::Lost { phase: Phase::Connect, error: format!("`{}`: {error}", self.folder) })
    }

    /// Writes one letter. A folder that cannot be written to is the relay's fault, so it is reported as out of reach.
    pub(super) async fn take(&self, message: Vec<u8>) -> Attempt {
        let directory = self.clone();
        let written = tokio::task::spawn_blocking(move || directory.write(&message)).await;
        match written {
            Ok(Ok(name)) => Attempt::Accepted(Reply::new(250, &format!("2.0.0 written as {name}"))),
            Ok(Err(error)) => Attempt::Lost { phase: Phase::Connect, error: format!("`{}`: {error}", self.folder) },
            // The runtime is going down and the letter may have been written.
            Err(error) => Attempt::Lost { phase: Phase::Dot, error: error.to_string() },
        }
    }

    /// Writes one letter under a name no other has.
    fn write(&self, message: &[u8]) -> io::Result<LetterName> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        make_folder(&self.folder)?;
        let mut name = LetterName::of(message, self.clock.now());
        while self.folder.join(name.to_string()).try_exists()? {
            name.written += TimeDelta::microseconds(1);
        }
        let draft = self.folder.join(format!(".{name}.{}.draft", std::process::id()));
        let result = self.write_through(&draft, &self.folder.join(name.to_string()), message);
        if result.is_err() {
            let _ = fs::remove_file(&draft);
        }
        result.map(|()| name)
    }

    fn write_through(&self, draft: &Utf8Path, path: &Utf8Path, message: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(draft)?;
        file.write_all(message)?;
        file.sync_all()?;
        fs::rename(draft, path)?;
        // The letter is there. That its name outlives a power cut cannot be had on every file system, and saying "no"
        // now would make a repeat.
        let _ = File::open(&self.folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// The value of the Message-ID header, if there is one.
fn message_id(message: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"message-id:";
    let mut lines = message.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).take_while(|line| !line.is_empty());
    let line = lines.find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))?;
    Some(line[NAME.len()..].trim_ascii())
}

/// Letters hold links that act and releases under embargo: they are their owner's alone.
const OWNER_ONLY: u32 = 0o600;
/// The same for the folder.
const OWNERS_FOLDER: u32 = 0o700;

/// Makes the folder of letters when there is none; one that is there keeps its mode.
fn make_folder(folder: &Utf8Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(OWNERS_FOLDER).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;

    const LETTER: &[u8] = b"From: a@example.org\r\nMESSAGE-ID: <1@example.org>\r\n\r\nMessage-ID: <2@example.org>\r\n";

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let temporary = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(temporary.path().join("var/mail")).unwrap();
        (temporary, path)
    }

    fn directory(folder: &Utf8Path) -> (Directory, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at("2026-11-23T09:00:00Z".parse().unwrap()));
        (Directory::new(folder.to_owned(), Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    #[tokio::test]
    async fn letters_are_listed_newest_first_and_read_back() {
        let (_temporary, folder) = folder();
        assert_eq!(list_letters(&folder, 10).unwrap(), []);
        let (directory, clock) = directory(&folder);
        for number in 0..3 {
            let letter = format!("Message-ID: <{number}@example.org>\r\n\r\n");
            assert!(matches!(directory.take(letter.into_bytes()).await, Attempt::Accepted(_)));
            clock.advance(TimeDelta::seconds(1));
        }
        let letters = list_letters(&folder, 2).unwrap();
        assert_eq!(letters.len(), 2);
        assert_eq!(letters[0].name.written().to_rfc3339(), "2026-11-23T09:00:02+00:00");
        assert_eq!(read_stored(&folder, &letters[0].name).unwrap(), b"Message-ID: <2@example.org>\r\n\r\n");
        assert_eq!(letters[0].path, folder.join(letters[0].name.to_string()));
        assert_eq!(letters[1].copy, 1);
    }

    #[tokio::test]
    async fn a_letter_handed_over_again_is_seen_as_a_copy() {
        let (_temporary, folder) = folder();
        let (directory, _clock) = directory(&folder);
        // The clock stands, so all three would have one name.
        for letter in [LETTER, LETTER, b"Message-ID: <2@example.org>\r\n\r\n"] {
            assert!(matches!(directory.take(letter.to_vec()).await, Attempt::Accepted(_)));
        }
        let letters = list_letters(&folder, 10).unwrap();
        let repeated = Digest::of(b"<1@example.org>").short(ID_DIGITS);
        let copies = letters.iter().filter(|letter| letter.name.id() == repeated).map(|letter| letter.copy);
        assert_eq!(copies.collect::<Vec<_>>(), [2, 1]);
        assert_eq!(letters.iter().map(|letter| letter.copy).sum::<usize>(), 4);
    }

    #[tokio::test]
    async fn sessions_at_once_lose_nothing() {
        let (_temporary, folder) = folder();
        let (directory, _clock) = directory(&folder);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let directory = directory.clone();
            tasks.spawn(async move { directory.take(LETTER.to_vec()).await });
        }
        assert!(tasks.join_all().await.iter().all(|attempt| matches!(attempt, Attempt::Accepted(_))));
        assert_eq!(list_letters(&folder, 100).unwrap().len(), 20);
    }

    #[tokio::test]
    async fn letters_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let (_temporary, folder) = folder();
        let folder = folder.join("var/mail");
        let (directory, _clock) = directory(&folder);
        assert!(matches!(directory.take(LETTER.to_vec()).await, Attempt::Accepted(_)));
        let mode = |path: &Utf8Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&list_letters(&folder, 1).unwrap()[0].path), 0o600);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_the_relay_s_fault() {
        let (temporary, _) = folder();
        let file = Utf8PathBuf::from_path_buf(temporary.path().join("file")).unwrap();
        fs::write(&file, "in the way").unwrap();
        let (directory, _clock) = directory(&file);
        assert!(directory.take(LETTER.to_vec()).await.is_relay_fault());
        assert!(directory.reach().is_err_and(|attempt| attempt.is_relay_fault()));
    }

    #[test]
    fn other_files_are_passed_over_and_cannot_be_named() {
        let (_temporary, folder) = folder();
        fs::create_dir_all(&folder).unwrap();
        for name in ["notes.eml", ".20261123T090000.000000Z-0123456789abcdef.eml.7.draft"] {
            fs::write(folder.join(name), "x").unwrap();
        }
        assert_eq!(list_letters(&folder, 10).unwrap(), []);
        assert!("20261123T090000.000000Z-0123456789abcdef.eml".parse::<LetterName>().is_ok());
        for bad in [
            "",
            "notes.eml",
            "../20261123T090000.000000Z-0123456789abcdef.eml",
            "20261123T090000.000000Z-../../etc/passwd.eml",
            "20261123T090000.000000Z-0123456789ABCDE/.eml",
            "20261123T090000.0Z-0123456789abcdef.eml",
            "20261399T090000.000000Z-0123456789abcdef.eml",
            "20261123T090000.000000Z-é123456789abcde.eml",
        ] {
            assert!(bad.parse::<LetterName>().is_err(), "{bad}");
        }
    }
}
