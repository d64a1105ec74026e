//! The register as it is kept in memory from look to look, brought up to date by what the database says changed.

use chrono::{DateTime, Utc};

use super::index::Index;
use super::record::{FolderAlarm, Record, Register, TopicSlug};
use crate::domain::{Permalink, ReleaseId};

/// The register in memory: always what the database said, never what a look made of it.
#[derive(Debug, Default)]
pub struct KeptRegister {
    register: Register,
    index: Index,
    /// What was taken in since [`KeptRegister::agrees_with`] was last asked.
    taken_in: TakenIn,
}

/// What was taken in.
#[derive(Debug, Default)]
struct TakenIn {
    records: Vec<ReleaseId>,
    aliases: Vec<Permalink>,
    slugs: bool,
}

impl KeptRegister {
    /// Keeps `register` from now on.
    #[must_use]
    pub fn new(register: Register) -> Self {
        let index = Index::of(&register.records);
        Self { register, index, taken_in: TakenIn::default() }
    }

    /// The register.
    #[must_use]
    pub const fn register(&self) -> &Register {
        &self.register
    }

    /// What is looked up of all records at once.
    pub(super) const fn index(&self) -> &Index {
        &self.index
    }

    /// The register, kept no longer.
    #[must_use]
    pub fn into_register(self) -> Register {
        self.register
    }

    /// Whether `register` says what this one does, what was decided about announcing apart, provided that they were alike
    /// when this was last asked: only what was taken in since is looked at.
    pub fn agrees_with(&mut self, register: Option<&Register>) -> bool {
        let taken_in = std::mem::take(&mut self.taken_in);
        let Some(other) = register else { return false };
        let own = &self.register;
        let same_record = |id: &ReleaseId| match (own.records.get(id), other.records.get(id)) {
            (Some(own), Some(other)) => own.agrees_with(other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        own.records.len() == other.records.len()
            && own.aliases.len() == other.aliases.len()
            && (&own.authority, own.started, own.alarm) == (&other.authority, other.started, other.alarm)
            && (!taken_in.slugs || own.topic_slugs == other.topic_slugs)
            && taken_in.records.iter().all(same_record)
            && taken_in.aliases.iter().all(|old| own.aliases.get(old) == other.aliases.get(old))
    }

    /// Takes in a record that is new or changed.
    pub fn put(&mut self, record: Record) {
        let before = self.register.records.get(&record.id);
        if before != Some(&record) {
            self.index.replace(before, &record);
            self.taken_in.records.push(record.id.clone());
            self.register.records.insert(record.id.clone(), record);
        }
    }

    /// Takes in where an old address leads.
    pub fn put_alias(&mut self, old: Permalink, id: ReleaseId) {
        if self.register.aliases.get(&old) != Some(&id) {
            self.taken_in.aliases.push(old.clone());
            self.register.aliases.insert(old, id);
        }
    }

    /// Takes in slugs that are settled now.
    pub fn learn_slugs(&mut self, slugs: &[TopicSlug]) {
        self.taken_in.slugs |= !slugs.is_empty();
        self.register.learn_slugs(slugs);
    }

    /// Takes in what is known of the register as a whole.
    pub fn settle(&mut self, authority: Option<String>, started: Option<DateTime<Utc>>, alarm: Option<FolderAlarm>) {
        self.register.authority = authority;
        self.register.started = started;
        self.register.alarm = alarm;
    }
}
