//! What answers "gone" and from when: the addresses of releases that were public and are so no more.
//!
//! A withdrawn release is gone at once, a deleted one after a week: until then its file may only have been mislaid. One
//! that was never public, or whose embargo still runs, is never said to be gone: that would tell that it exists.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use foldhash::{HashMap, HashSet};

use super::published::Published;
use crate::domain::{Permalink, ReleaseId};
use crate::register::{Record, Register};

/// How long a deleted release is merely not found.
pub const GONE_AFTER: TimeDelta = TimeDelta::days(7);

/// A release that was public and is so no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departed {
    /// Where it stood last, and before.
    pub addresses: Vec<Permalink>,
    /// From when on it is gone.
    pub from: DateTime<Utc>,
}

/// The releases of `register` that are gone, or will be; `published` are those whose words are known: they have a valid
/// file, or had one when they vanished.
#[must_use]
pub fn departed(register: &Register, published: &[Published]) -> Vec<Departed> {
    let missing = register.records.values().filter(|record| record.missing_since.is_some());
    let missing: HashSet<&ReleaseId> = missing.map(|record| &record.id).collect();
    let may_be_gone = |one: &&Published| one.release.withdrawn.is_some() || missing.contains(&one.id);
    let files: HashMap<&ReleaseId, &Published> =
        published.iter().filter(may_be_gone).map(|one| (&one.id, one)).collect();
    let mut gone: BTreeMap<&ReleaseId, Departed> = BTreeMap::new();
    for record in register.records.values().filter(|record| record.first_live.is_some()) {
        let file = files.get(&record.id).copied();
        if let Some(from) = gone_from(record, file) {
            let named = file.into_iter().flat_map(|published| published.release.redirect_from.iter().cloned());
            let addresses = std::iter::once(record.permalink.clone()).chain(named).collect();
            gone.insert(&record.id, Departed { addresses, from });
        }
    }
    for (old, id) in register.aliases.iter() {
        if let Some(departed) = gone.get_mut(id) {
            departed.addresses.push(old.clone());
        }
    }
    gone.into_values().collect()
}

fn gone_from(record: &Record, file: Option<&Published>) -> Option<DateTime<Utc>> {
    let is_withdrawn = |file: &&Published| file.release.withdrawn.is_some() && file.release.published;
    let withdrawn = file.filter(is_withdrawn).map(|file| file.release.date);
    let deleted = || record.missing_since.map(|since| (since + GONE_AFTER).max(record.date));
    withdrawn.or_else(deleted)
}
