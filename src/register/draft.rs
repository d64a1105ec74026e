//! The records as one look leaves them: those of before, and beside them what it changes.

use std::sync::Arc;

use foldhash::HashMap;

use super::pool::sort_by;
use super::record::Record;
use super::shared_map::SharedMap;
use crate::domain::ReleaseId;

/// Records to be read and changed; those of before stay as they are until it is finished.
pub(super) struct Draft<'a> {
    before: &'a SharedMap<ReleaseId, Record>,
    changed: HashMap<ReleaseId, Arc<Record>>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(before: &'a SharedMap<ReleaseId, Record>) -> Self {
        Self { before, changed: HashMap::default() }
    }

    /// Makes room for so many new records.
    pub(super) fn reserve(&mut self, records: usize) {
        self.changed.reserve(records);
    }

    pub(super) fn get(&self, id: &ReleaseId) -> Option<&Record> {
        self.changed.get(id).map(AsRef::as_ref).or_else(|| self.before.get(id))
    }

    pub(super) fn contains(&self, id: &ReleaseId) -> bool {
        self.get(id).is_some()
    }

    /// Whether the look made it, or took it up to change it.
    pub(super) fn is_touched(&self, id: &ReleaseId) -> bool {
        self.changed.contains_key(id)
    }

    /// The ids of those, in no order.
    pub(super) fn touched(&self) -> impl Iterator<Item = &ReleaseId> {
        self.changed.keys()
    }

    /// The record with this id, to be changed.
    pub(super) fn change(&mut self, id: &ReleaseId) -> Option<&mut Record> {
        if !self.changed.contains_key(id) {
            let record = self.before.shared(id)?;
            self.changed.insert(id.clone(), record);
        }
        self.changed.get_mut(id).map(Arc::make_mut)
    }

    /// Puts `record` in the place of the one with its id.
    pub(super) fn put(&mut self, record: Record) {
        self.changed.insert(record.id.clone(), Arc::new(record));
    }

    /// Those that were there before, as they are now, by id.
    pub(super) fn known(&self) -> impl Iterator<Item = &Record> {
        self.before.values().map(|record| self.changed.get(&record.id).map_or(record, AsRef::as_ref))
    }

    /// All records after the look, and those of them that were touched, by id.
    pub(super) fn finish(self) -> (SharedMap<ReleaseId, Record>, Vec<Arc<Record>>) {
        let mut changed: Vec<Arc<Record>> = self.changed.into_values().collect();
        sort_by(&mut changed, |a, b| a.id.cmp(&b.id));
        let mut records = self.before.clone();
        for record in &changed {
            records.insert_shared(record.id.clone(), Arc::clone(record));
        }
        (records, changed)
    }
}
