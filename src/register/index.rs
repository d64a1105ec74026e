//! What is looked up of all records at once, kept beside them and changed with each, so that an edit need not go through
//! them all.

use std::hash::Hash;

use chrono::{DateTime, Utc};
use foldhash::HashMap;

use super::record::Record;
use super::shared_map::SharedMap;
use crate::domain::{Digest, ReleaseId};

/// How many records share something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// The `updated` instants in use.
    pub(super) instants: HashMap<DateTime<Utc>, usize>,
    /// The words of all releases ([`Record::significant`]).
    pub(super) words: HashMap<Digest, usize>,
    /// The bytes of the files that are gone.
    pub(super) gone: HashMap<Digest, usize>,
}

impl Index {
    pub(super) fn of(records: &SharedMap<ReleaseId, Record>) -> Self {
        let mut index = Self::default();
        index.instants.reserve(records.len());
        index.words.reserve(records.len());
        records.values().for_each(|record| index.replace(None, record));
        index
    }

    /// Takes in that `after` is there instead of `before`.
    pub(super) fn replace(&mut self, before: Option<&Record>, after: &Record) {
        add(&mut self.instants, after.updated);
        add(&mut self.words, after.significant);
        if after.missing_since.is_some() {
            add(&mut self.gone, after.file_digest);
        }
        let Some(before) = before else { return };
        remove(&mut self.instants, &before.updated);
        remove(&mut self.words, &before.significant);
        if before.missing_since.is_some() {
            remove(&mut self.gone, &before.file_digest);
        }
    }
}

fn add<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    *counts.entry(key).or_default() += 1;
}

fn remove<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
