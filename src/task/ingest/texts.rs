//! The texts that a look compares and saves.

use std::sync::Arc;

use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSlice as _;

use super::super::last_good::LastGood;
use super::super::reading::Reader;
use crate::content::reads_otherwise;
use crate::domain::{Digest, Release, ReleaseId, SafeHtml, SourcePath};
use crate::register::{Record, Seen, Texts};

/// How many last good texts are fetched together, and compared before the next.
const TOGETHER: usize = 64;

/// What a look may compare and save.
pub(super) struct LookTexts<'a> {
    pub(super) reader: &'a Arc<Reader>,
    pub(super) last_good: &'a LastGood,
    /// Where many texts are compared.
    pub(super) threads: &'a ThreadPool,
}

impl Texts for LookTexts<'_> {
    fn of_file(&self, path: &SourcePath, digest: Digest) -> Option<Arc<str>> {
        let bytes = self.reader.bytes(path, digest)?;
        Some(String::from_utf8_lossy(&bytes).into())
    }

    fn of_record(&self, record: &Record) -> Option<Arc<str>> {
        self.last_good.text(&record.id)
    }

    fn of_each_record(&self, records: &[&Record], work: &(dyn Fn(usize, Option<Arc<str>>) + Sync)) {
        let work_on = |(chunk, records): (usize, &[&Record])| {
            let ids: Vec<&ReleaseId> = records.iter().map(|record| &record.id).collect();
            let mut texts = self.last_good.texts(&ids);
            for (place, record) in records.iter().enumerate() {
                work(chunk * TOGETHER + place, texts.remove(&record.id));
            }
        };
        if records.len() <= TOGETHER {
            records.chunks(TOGETHER).enumerate().for_each(work_on);
        } else {
            self.threads.install(|| records.par_chunks(TOGETHER).enumerate().for_each(work_on));
        }
    }

    fn reads_as(&self, record: &Record, was: &str, seen: &Seen<'_>, is: Option<&str>) -> bool {
        // Most texts that are written otherwise need not be rendered to see that they read otherwise, too.
        if is.is_some_and(|is| reads_otherwise(was, is)) {
            return false;
        }
        let Some(before) = self.reader.read_from(&record.path, was).release else { return false };
        // Read again it must be what it was: else an image or an upload changed with the text.
        if before.significant_digest_with(record.documents) != record.significant {
            return false;
        }
        let (Ok(was), Ok(is)) = (before.body(), seen.release.body()) else { return false };
        let nothing = Digest::of(&[]);
        let shown = |release: &Release, body: &SafeHtml| {
            Release { body: body.clone().into(), ..release.clone() }.significant_digest_with(nothing)
        };
        shown(&before, &was) == shown(seen.release, &is)
    }
}
