//! The texts of releases, fetched when two of them are to be compared or one is to be saved.
//!
//! The register keeps no text: at a hundred thousand releases they would be most of the memory, and a look compares a
//! few of them at most.

use std::sync::Arc;

use super::record::Record;
use super::seen::Seen;
use crate::domain::{Digest, SourcePath};

/// Where the texts of files and of known releases are had.
pub trait Texts: Sync {
    /// The text of the file at `path`, as the look found it: with this digest. `None` when it is not to be had any more.
    fn of_file(&self, path: &SourcePath, digest: Digest) -> Option<Arc<str>>;

    /// A known release's last good text. `None` when there is none; nothing is like it then but its title.
    fn of_record(&self, record: &Record) -> Option<Arc<str>>;

    /// Gives `work` the place in `records` and the last good text of each, once each, in any order and on any threads: where
    /// many texts are to be compared, they are better fetched together.
    fn of_each_record(&self, records: &[&Record], work: &(dyn Fn(usize, Option<Arc<str>>) + Sync)) {
        records.iter().enumerate().for_each(|(place, record)| work(place, self.of_record(record)));
    }

    /// Whether a file whose source differs from `was`, a known release's last good text, shows its readers the very same
    /// words, documents apart. `false` when that cannot be said. `is` is the file's own text, where it is at hand.
    fn reads_as(&self, _record: &Record, _was: &str, _seen: &Seen<'_>, _is: Option<&str>) -> bool {
        false
    }
}

/// No text at all: for changes that touch no release's words.
#[derive(Debug, Clone, Copy)]
pub struct NoTexts;

impl Texts for NoTexts {
    fn of_file(&self, _path: &SourcePath, _digest: Digest) -> Option<Arc<str>> {
        None
    }

    fn of_record(&self, _record: &Record) -> Option<Arc<str>> {
        None
    }
}
