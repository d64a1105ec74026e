//! What is handed on from one run to the next: how files were read, and that it all came to nothing new.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashSet};

use super::super::last_good::LastGood;
use super::super::reading::ReadFile;
use super::edits::Last;
use super::{Found, Ingest, Ingested, LookTexts};
use crate::cache::{Kept, KeptReading, KeptState, KeptUpload, OpenCache, Settled};
use crate::domain::{Bodies, ReleaseId, SourcePath, UploadPath};
use crate::register::{KeptRegister, PlainEdits, Reconciled, Register};
use crate::store::Revision;

/// What the last look came to, as far as it tells whether the same again would come to nothing.
#[derive(Debug)]
struct LastLook {
    register: Register,
    shown: Arc<HashMap<SourcePath, ReleaseId>>,
    next_change: Option<DateTime<Utc>>,
}

/// What is to be kept, gathered and not yet put together.
#[derive(Debug)]
pub struct Gathered {
    readings: Vec<KeptReading>,
    uploads: Vec<KeptUpload>,
    /// How many files are releases, those included whose readings cannot be kept.
    releases: usize,
    last: Option<LastLook>,
    /// Where the texts are read that wait.
    pub bodies: Arc<dyn Bodies>,
}

impl Ingest {
    /// What decides, beside the files' bytes and what lies below uploads, how they are read; as text.
    #[must_use]
    pub fn deciding(&self) -> [String; 3] {
        let content = &self.config.content;
        [content.folder.to_string(), content.uploads.to_string(), format!("{:?}", self.reader.settings())]
    }

    /// Takes up how the last run read files, before the first look: what is as it was need not be read again. `false` when
    /// that is not to be believed.
    pub fn take_up(&mut self, cache: &OpenCache) -> bool {
        let bodies: Arc<dyn Bodies> = self.reader.clone();
        let (folder, threads) = (&self.folder, &self.threads);
        let (listed, kept) = threads.install(|| rayon::join(|| folder.list(), || cache.readings(threads, &bodies)));
        self.listed = Some(listed);
        let Some(kept) = kept else { return false };
        let known = |kept: &KeptReading| (kept.release.path.clone(), kept.stamp, kept.digest);
        self.folder.take_up(kept.readings.iter().map(known));
        self.uploads.take_up(kept.uploads.into_iter().map(|kept| (kept.path, kept.stamp, kept.facts)));
        let file = |kept: KeptReading| (kept.release.path.clone(), ReadFile::from_kept(kept));
        self.files = kept.readings.into_iter().map(file).collect();
        true
    }

    /// Takes note that the register is the one that was kept with the readings, and both came to nothing else than
    /// `settled` says; `true` when that is what the first look `found`, too.
    pub fn resume(&mut self, found: &Found, settled: Option<Settled>) -> bool {
        // Files that are no releases, and were none, are read again by each run.
        let is_nothing = |path| self.files.get(path).is_some_and(|file| file.release.is_none() && !file.is_broken());
        let is_as_kept = || found.changed.iter().all(|(path, before)| before.is_none() && is_nothing(path));
        self.settled = settled.filter(|_| found.is_files_alone && is_as_kept());
        self.settled.is_some()
    }

    /// What the first look of a run comes to that found all as the last run left it; `None` when anything may differ.
    pub(super) fn take_in_as_kept(
        &mut self,
        found: &Found,
        kept: &KeptRegister,
        last_good: &LastGood,
        now: DateTime<Utc>,
    ) -> Option<Ingested> {
        let Settled { next_change } = self.settled.take()?;
        let texts = LookTexts { reader: &self.reader, last_good, threads: &self.threads };
        let PlainEdits { register, changes } = kept.plain_edits(&[], &texts, now, next_change)?;
        let files = files_of(&register);
        let (kept, clashes) = (BTreeSet::new(), Vec::new());
        let reconciled = Reconciled { register, changes, files, kept, clashes, settled: true };
        Some(Ingested { unsettled: found.unsettled, ..self.finish(reconciled, last_good, now) })
    }

    /// What the next run may take up.
    #[must_use]
    pub fn gather(&self) -> Gathered {
        let reading = |(path, stamp, digest)| self.files.get(path).and_then(|file| file.to_keep(stamp, digest));
        let mut uploads: Vec<KeptUpload> = Vec::new();
        let known = self.uploads.settled();
        if !known.is_empty() {
            // What nobody asks for any more is not handed on for ever.
            let asked: HashSet<&UploadPath> = self.files.values().flat_map(ReadFile::uploads).collect();
            let known = known.into_iter().filter(|(path, ..)| asked.contains(path));
            uploads.extend(known.map(|(path, stamp, facts)| KeptUpload { path, stamp, facts }));
        }
        Gathered {
            readings: self.folder.settled().filter_map(reading).collect(),
            uploads,
            releases: self.files.values().filter(|file| file.release.is_some()).count(),
            last: self.last.as_ref().filter(|last| last.settled).map(LastLook::of),
            bodies: self.reader.clone(),
        }
    }
}

impl LastLook {
    fn of(last: &Last) -> Self {
        let current = &last.current;
        Self {
            register: current.register.clone(),
            shown: Arc::clone(&last.shown),
            next_change: current.catalog.next_change(current.looked),
        }
    }

    /// Whether each of so many `releases` is shown from its file, as `register` has it, and nothing else is remembered to
    /// be there.
    fn agrees_with(&self, register: &Register, releases: usize) -> bool {
        let files = files_of(register);
        self.register.agrees_with(register)
            && (files.len(), self.shown.len()) == (releases, releases)
            && files.iter().all(|(id, path)| self.shown.get(path) == Some(id))
    }
}

impl Gathered {
    /// How many readings are left out that a later look may settle.
    #[must_use]
    pub const fn missing(&self) -> usize {
        self.releases.saturating_sub(self.readings.len())
    }

    /// All of it, beside `register` as the database has it at `revision`; and whether anything is missing in it.
    #[must_use]
    pub fn beside(self, register: Register, revision: Revision) -> (Kept, Arc<dyn Bodies>) {
        let Self { readings, uploads, releases, last, bodies } = self;
        // Were a release's reading missing, nobody would notice at the next start that its file is gone by then.
        let is_whole = readings.len() == releases;
        let last = last.filter(|last| is_whole && last.agrees_with(&register, releases));
        let settled = last.map(|last| Settled { next_change: last.next_change });
        (Kept { readings, uploads, state: Some(KeptState { revision, register, settled }) }, bodies)
    }
}

/// Which file each release is remembered to have.
fn files_of(register: &Register) -> BTreeMap<ReleaseId, SourcePath> {
    let there = register.records.values().filter(|record| record.missing_since.is_none());
    there.map(|record| (record.id.clone(), record.path.clone())).collect()
}

#[cfg(test)]
mod tests;
