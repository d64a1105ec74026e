//! What is kept, written and read back.

use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use rayon::ThreadPool;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::{Deserialize, Serialize};
use tracing::debug;

use super::file::{CacheError, CacheFile, CacheWriter, Sort};
use super::fingerprint::Fingerprint;
use super::reading::{KeptReading, KeptUpload, ReadingRow, UploadRow};
use super::record::{AliasRow, RecordRow, SlugRow};
use super::release::{Glossary, Making};
use super::words::{InstantRow, maybe};
use crate::domain::{Bodies, Permalink, ReleaseId};
use crate::register::{Record, Register, TopicSlug};
use crate::store::Revision;

/// What the file is called.
const NAME: &str = "start.cache";
/// How many rows one part holds: enough to be worth a thread, few enough to share the work evenly.
const ROWS: usize = 512;

/// The file that keeps what a start would find out again.
#[derive(Debug, Clone)]
pub struct Cache {
    path: Utf8PathBuf,
    writer: Fingerprint,
}

/// What is kept.
#[derive(Debug)]
pub struct Kept {
    /// How files were read, by path.
    pub readings: Vec<KeptReading>,
    /// What is known of files below uploads.
    pub uploads: Vec<KeptUpload>,
    /// What is remembered of releases.
    pub state: Option<KeptState>,
}

/// The register as the database had it.
#[derive(Debug)]
pub struct KeptState {
    /// When it had it.
    pub revision: Revision,
    /// What it had.
    pub register: Register,
    /// Whether the readings that are kept with it came to nothing else.
    pub settled: Option<Settled>,
}

/// The same files and the same register come to no change until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// When the date of the next release comes; `None`: of no release.
    pub next_change: Option<DateTime<Utc>>,
}

/// A file that was opened, and is read part by part.
#[derive(Debug)]
pub struct OpenCache {
    file: CacheFile,
    state: Option<(Revision, Option<Settled>)>,
}

/// How files were read.
#[derive(Debug, Default)]
pub struct Readings {
    /// By path.
    pub readings: Vec<KeptReading>,
    /// What is known of files below uploads.
    pub uploads: Vec<KeptUpload>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Notes {
    state: Option<([i64; 3], Option<SettledRow>)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SettledRow {
    next_change: Option<InstantRow>,
}

impl Cache {
    /// The one in `folder`, written and believed by `writer` alone.
    #[must_use]
    pub fn new(folder: &Utf8Path, writer: Fingerprint) -> Self {
        Self { path: folder.join(NAME), writer }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Opens it; `None` when it is not there or not to be believed: then it is not needed either.
    #[must_use]
    pub fn open(&self) -> Option<OpenCache> {
        believed(CacheFile::open(&self.path, self.writer).and_then(OpenCache::new))
    }

    /// Writes it anew, all or nothing. What would not read back as it is is left out; `bodies` are those of the readings.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(&self, kept: &Kept, bodies: &Arc<dyn Bodies>) -> io::Result<()> {
        let Kept { readings, uploads, state } = kept;
        let mut writer = CacheWriter::begin(&self.path)?;
        for readings in readings.chunks(ROWS) {
            let mut glossary = Glossary::default();
            let lasting = readings.iter().filter(|reading| reading.is_lasting(bodies));
            let rows: Vec<_> = lasting.map(|reading| ReadingRow::of(reading, &mut glossary)).collect();
            write_rows(&mut writer, Sort::Readings, &glossary.into_words(), rows)?;
        }
        for uploads in uploads.chunks(ROWS) {
            write_plain(&mut writer, Sort::Uploads, uploads.iter().map(UploadRow::of))?;
        }
        let state = state.as_ref().filter(|state| is_lasting(&state.register));
        if let Some(state) = state {
            write_register(&mut writer, &state.register)?;
        }
        let settled = |settled: Settled| SettledRow { next_change: settled.next_change.map(InstantRow::of) };
        let state = state.map(|state| (state.revision.to_numbers(), state.settled.map(settled)));
        let notes = Notes { state };
        writer.finish(self.writer, &postcard::to_stdvec(&notes).map_err(io::Error::other)?)
    }
}

impl OpenCache {
    fn new(file: CacheFile) -> Result<Self, CacheError> {
        let notes: Notes = postcard::from_bytes(&file.notes).map_err(|_| CacheError::Damaged)?;
        let settled = |row: SettledRow| Some(Settled { next_change: maybe(row.next_change, InstantRow::instant)? });
        let state =
            maybe(notes.state, |(revision, row)| Some((Revision::from_numbers(revision), maybe(row, settled)?)));
        Ok(Self { state: state.ok_or(CacheError::Damaged)?, file })
    }

    /// When the register was as it is kept; `None` when none is.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.state.map(|(revision, _)| revision)
    }

    /// Whether the readings and the register that are kept came to nothing else.
    #[must_use]
    pub fn settled(&self) -> Option<Settled> {
        self.state.and_then(|(_, settled)| settled)
    }

    /// How files were read; texts that wait are read by `bodies`. `None` when it is not to be believed.
    #[must_use]
    pub fn readings(&self, threads: &ThreadPool, bodies: &Arc<dyn Bodies>) -> Option<Readings> {
        let reading = |bytes: &[u8]| readings_of(bytes, bodies);
        let upload = |bytes: &[u8]| plain_rows(bytes, |row: UploadRow<'_>| row.upload());
        threads.install(|| {
            let readings = self.rows(Sort::Readings, &reading)?;
            Some(Readings { readings, uploads: self.rows(Sort::Uploads, &upload)? })
        })
    }

    /// The records, aliases and slugs of the register that is kept, and nothing else of it. `None` when it is not to be
    /// believed.
    #[must_use]
    pub fn register(&self) -> Option<Register> {
        let record = |bytes: &[u8]| plain_rows(bytes, |row: RecordRow<'_>| row.record());
        let alias = |bytes: &[u8]| plain_rows(bytes, |row: AliasRow<'_>| row.alias());
        let slug = |bytes: &[u8]| plain_rows(bytes, |row: SlugRow<'_>| row.slug());
        let records: Vec<Record> = self.rows(Sort::Records, &record)?;
        let aliases: Vec<(Permalink, ReleaseId)> = self.rows(Sort::Aliases, &alias)?;
        let slugs: Vec<TopicSlug> = self.rows(Sort::Slugs, &slug)?;
        let records = records.into_iter().map(|record| (record.id.clone(), record));
        let mut register =
            Register { records: records.collect(), aliases: aliases.into_iter().collect(), ..Register::default() };
        register.learn_slugs(&slugs);
        Some(register)
    }

    /// The rows of all parts of a sort, in their order.
    fn rows<T: Send>(&self, sort: Sort, read: &(dyn Fn(&[u8]) -> Option<Vec<T>> + Sync)) -> Option<Vec<T>> {
        let part = |buffer: &mut Vec<u8>, place: &usize| {
            self.file.bytes(*place, buffer).and_then(|bytes| read(bytes).ok_or(CacheError::Damaged))
        };
        let parts: Result<Vec<Vec<T>>, CacheError> =
            self.file.parts(sort).par_iter().map_init(Vec::new, part).collect();
        Some(believed(parts)?.into_iter().flatten().collect())
    }
}

fn write_register(writer: &mut CacheWriter, register: &Register) -> io::Result<()> {
    let records: Vec<&Record> = register.records.values().collect();
    for records in records.chunks(ROWS) {
        write_plain(writer, Sort::Records, records.iter().map(|record| RecordRow::of(record)))?;
    }
    let aliases: Vec<_> = register.aliases.iter().collect();
    for aliases in aliases.chunks(ROWS) {
        write_plain(writer, Sort::Aliases, aliases.iter().map(|alias| AliasRow::of(*alias)))?;
    }
    write_plain(writer, Sort::Slugs, register.topic_slugs.iter().map(SlugRow::of))
}

/// Rows that share no words.
fn write_plain(writer: &mut CacheWriter, sort: Sort, rows: impl IntoIterator<Item = impl Serialize>) -> io::Result<()> {
    write_rows(writer, sort, &[], rows)
}

/// A part: the words its rows share, then one row after the other.
fn write_rows(
    writer: &mut CacheWriter,
    sort: Sort,
    words: &[&str],
    rows: impl IntoIterator<Item = impl Serialize>,
) -> io::Result<()> {
    let mut bytes = postcard::to_stdvec(words).map_err(io::Error::other)?;
    for row in rows {
        bytes = postcard::to_extend(&row, bytes).map_err(io::Error::other)?;
    }
    writer.part(sort, &bytes)
}

/// The readings of a part; texts that wait are read by `bodies`.
pub(super) fn readings_of(bytes: &[u8], bodies: &Arc<dyn Bodies>) -> Option<Vec<KeptReading>> {
    let (words, rows) = postcard::take_from_bytes(bytes).ok()?;
    let mut making = Making::new(bodies, words);
    each_row(rows, |row: ReadingRow<'_>| row.reading(&mut making))
}

/// What `read` makes of each row of a part whose rows share no words.
fn plain_rows<'a, R: Deserialize<'a>, T>(bytes: &'a [u8], read: impl FnMut(R) -> Option<T>) -> Option<Vec<T>> {
    let (_, rows): (Vec<&str>, _) = postcard::take_from_bytes(bytes).ok()?;
    each_row(rows, read)
}

/// What `read` makes of each row, one at a time.
fn each_row<'a, R: Deserialize<'a>, T>(mut bytes: &'a [u8], mut read: impl FnMut(R) -> Option<T>) -> Option<Vec<T>> {
    let mut made = Vec::with_capacity(ROWS);
    while !bytes.is_empty() {
        let (row, rest) = postcard::take_from_bytes(bytes).ok()?;
        made.push(read(row)?);
        bytes = rest;
    }
    Some(made)
}

/// Whether every row would read back as it is.
fn is_lasting(register: &Register) -> bool {
    let record = |record: &Record| RecordRow::of(record).record().is_some_and(|again| again == *record);
    let alias = |(old, id)| AliasRow::of((old, id)).alias().is_some_and(|again| (&again.0, &again.1) == (old, id));
    let slug = |slug: &TopicSlug| SlugRow::of(slug).slug().is_some_and(|again| again == *slug);
    register.records.values().all(record) && register.aliases.iter().all(alias) && register.topic_slugs.iter().all(slug)
}

/// What is believed; of anything else it is only noted why not.
fn believed<T>(read: Result<T, CacheError>) -> Option<T> {
    read.inspect_err(|error| debug!(%error, "what the last run kept is not used: {error}")).ok()
}
