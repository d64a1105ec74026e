//! Files compared with the releases that have always stood at their places, all of one look at once.
//!
//! Where everything was edited these comparisons are most of a look's work. Each needs two texts, and nothing is kept of
//! them but what they have in common.

use std::sync::{Arc, OnceLock};

use foldhash::HashMap;

use super::likeness::Likeness;
use super::record::Record;
use super::seen::Seen;
use super::texts::Texts;
use crate::domain::{ReleaseId, SourcePath};

/// What files have in common with the releases at their places.
#[derive(Debug, Default)]
pub(super) struct Comparisons<'a>(HashMap<&'a ReleaseId, (&'a SourcePath, Comparison)>);

/// What a file and the release at its place have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    /// How alike their texts are, from 0 to 1.
    pub(super) like: f64,
    /// Whether they show their readers the same words; only asked where that decides whether there was a change.
    pub(super) reads_same: bool,
}

impl<'a> Comparisons<'a> {
    /// Those of `pairs`, in each of which the file stands where the release stood.
    pub(super) fn of(pairs: &[(&'a Record, &Seen<'a>)], texts: &dyn Texts) -> Self {
        let records: Vec<&Record> = pairs.iter().map(|(record, _)| *record).collect();
        let results: Vec<OnceLock<Comparison>> = pairs.iter().map(|_| OnceLock::new()).collect();
        texts.of_each_record(&records, &|place, was| {
            if let (Some((record, seen)), Some(result)) = (pairs.get(place), results.get(place)) {
                result.get_or_init(|| compare(record, was.as_deref(), seen, texts));
            }
        });
        let compared = pairs.iter().zip(results);
        Self(
            compared
                .filter_map(|((record, seen), result)| Some((&record.id, (seen.path, result.into_inner()?))))
                .collect(),
        )
    }

    /// That of `record` and the file, if they were compared.
    pub(super) fn get(&self, record: &Record, seen: &Seen<'_>) -> Option<Comparison> {
        self.0.get(&record.id).filter(|(path, _)| *path == seen.path).map(|(_, comparison)| *comparison)
    }
}

fn compare(record: &Record, was: Option<&str>, seen: &Seen<'_>, texts: &dyn Texts) -> Comparison {
    let is: Option<Arc<str>> = texts.of_file(seen.path, seen.digest);
    let after = Likeness::of(&seen.release.title, is.as_deref().unwrap_or_default());
    let before = Likeness::of(&record.title, was.unwrap_or_default());
    let like = after.similarity(&before);
    let reads_same =
        may_read_the_same(record, seen) && was.is_some_and(|was| texts.reads_as(record, was, seen, is.as_deref()));
    Comparison { like, reads_same }
}

/// Whether only the rendered texts tell if the words changed: the source did.
fn may_read_the_same(record: &Record, seen: &Seen<'_>) -> bool {
    record.file_digest != seen.digest && record.significant != seen.release.significant_digest_with(record.documents)
}
