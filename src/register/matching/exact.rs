//! Evidence that needs no judgement: equal bytes.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};

use super::{Matching, Rule, is_lost_copy};
use crate::domain::Digest;
use crate::register::record::{Announcement, NeverReason, Record};

impl<'a> Matching<'a> {
    /// The same path with the same bytes.
    pub(super) fn by_path_and_bytes(&mut self) {
        for index in self.open() {
            let file = &self.seen[index];
            if let Some(record) = self.home_record(index).filter(|record| record.file_digest == file.digest) {
                self.take(index, record, Rule::SamePathAndBytes);
            }
        }
    }

    /// The same bytes elsewhere: renames, swaps and rotations of names. A release whose own file is still there with
    /// other words is left to the contest: what has its old bytes may be a mere copy. So is a silent copy that went: what
    /// has its bytes may be its original, which says again what it said before.
    pub(super) fn by_moved_bytes(&mut self) {
        if self.register.records.is_empty() {
            return;
        }
        let mut files: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
        for index in self.open() {
            files.entry(self.seen[index].digest).or_default().push(index);
        }
        if files.is_empty() {
            return;
        }
        let mut records: HashMap<Digest, Vec<&'a Record>> = HashMap::default();
        for record in self.register.records.values() {
            let may_move = self.is_free(record) && !self.is_broken(record) && !is_lost_copy(record);
            if may_move && files.contains_key(&record.file_digest) {
                records.entry(record.file_digest).or_default().push(record);
            }
        }
        let known: HashSet<Digest> = records.keys().copied().collect();
        for (digest, files) in files {
            let Some(mut records) = records.remove(&digest) else { continue };
            let moved =
                |record: &&Record| self.home_file(record).is_none_or(|home| known.contains(&self.seen[home].digest));
            records.retain(moved);
            self.pair(&files, records);
        }
    }

    /// Files and releases of equal bytes: any pairing is right, so names decide, then who came first; copies come last.
    fn pair(&mut self, files: &[usize], mut records: Vec<&'a Record>) {
        let is_copy = |record: &Record| record.announcement == Announcement::Never(NeverReason::Copy);
        records.sort_by_key(|record| (is_copy(record), record.first_seen, &record.id));
        let mut files = files.to_vec();
        for by_name in [true, false] {
            records.retain(|record| {
                let fits = |index: &usize| !by_name || self.seen[*index].path.file_name() == record.path.file_name();
                let Some(at) = files.iter().position(fits) else { return true };
                self.take(files.remove(at), record, Rule::SameBytes);
                false
            });
        }
    }
}
