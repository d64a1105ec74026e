//! What readers were given of feeds, as far as it is remembered: which entries stood behind an entity tag, and when a
//! feed's bytes last changed. The entries are bounded and in memory alone: whoever comes with a tag that is forgotten gets
//! the whole feed. When a feed last changed is also for whoever keeps it from one start to the next: a reader that asks by
//! date must not be told that nothing changed since, nor a date that goes back.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use crate::feed::HeldEntries;

/// How many states of feeds are remembered, those of all feeds together.
const MOST_STATES: usize = 4_096;

/// What readers were given.
#[derive(Debug, Default)]
pub struct ServedFeeds(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// By address, the last tag and since when it is the last.
    latest: HashMap<String, (String, DateTime<Utc>)>,
    held: HashMap<(String, String), Arc<HeldEntries>>,
    /// The keys of `held`, the oldest first.
    order: VecDeque<(String, String)>,
    /// The feeds of which something else is the latest than was kept.
    unkept: BTreeSet<String>,
}

/// A feed's address, the tag of its bytes, and since when it has that.
pub type ServedFeed = (String, String, DateTime<Utc>);

impl ServedFeeds {
    /// Notes that the feed at `path` now has this `tag` and, when it is the current document of a feed, these entries.
    /// Gives the instant of its last change: `modified`, or `looked` when other bytes stood there before.
    pub fn note(
        &self,
        (path, tag): (&str, &str),
        held: Option<HeldEntries>,
        modified: DateTime<Utc>,
        looked: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = match memory.latest.get(path) {
            Some((known, changed)) if known == tag => *changed,
            // Dates go by whole seconds: of two changes in one, the second would be none.
            Some((_, before)) => looked.max(modified).max(before.trunc_subsecs(0) + TimeDelta::seconds(1)),
            None => modified,
        };
        let latest = (tag.to_owned(), changed);
        if memory.latest.get(path) != Some(&latest) {
            memory.latest.insert(path.to_owned(), latest);
            memory.unkept.insert(path.to_owned());
        }
        if let Some(held) = held {
            let key = (path.to_owned(), tag.to_owned());
            if memory.held.insert(key.clone(), Arc::new(held)).is_none() {
                memory.order.push_back(key);
            }
            if memory.order.len() > MOST_STATES
                && let Some(oldest) = memory.order.pop_front()
            {
                memory.held.remove(&oldest);
            }
        }
        changed
    }

    /// Takes up what was kept of an earlier run.
    pub fn take_up(&self, kept: impl IntoIterator<Item = ServedFeed>) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, tag, changed) in kept {
            memory.latest.entry(path).or_insert((tag, changed));
        }
    }

    /// Gives again later what could not be kept.
    pub fn keep_later(&self, served: Vec<ServedFeed>) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.unkept.extend(served.into_iter().map(|(path, ..)| path));
    }

    /// What is to be kept for the next run: given once.
    #[must_use]
    pub fn to_keep(&self) -> Vec<ServedFeed> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = std::mem::take(&mut memory.unkept);
        let latest = |path: String| {
            let (tag, changed) = memory.latest.get(&path)?;
            Some((path, tag.clone(), *changed))
        };
        paths.into_iter().filter_map(latest).collect()
    }

    /// What the feed at `path` held when it had this `tag`.
    #[must_use]
    pub fn held(&self, path: &str, tag: &str) -> Option<Arc<HeldEntries>> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.held.get(&(path.to_owned(), tag.to_owned())).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::sample::at;

    #[test]
    fn other_bytes_at_an_address_are_a_change_and_the_same_are_none() {
        let (served, old) = (ServedFeeds::default(), at("2026-01-01T00:00:00Z"));
        let note = |tag: &str, looked: &str| served.note(("/feeds/all.rss", tag), None, old, at(looked));
        assert_eq!(note("a", "2026-02-01T00:00:00Z"), old);
        assert_eq!(note("a", "2026-03-01T00:00:00Z"), old);
        assert_eq!(note("b", "2026-04-01T00:00:00Z"), at("2026-04-01T00:00:00Z"));
        assert_eq!(note("b", "2026-05-01T00:00:00Z"), at("2026-04-01T00:00:00Z"));
        assert_eq!(served.note(("/feeds/x.rss", "b"), None, old, at("2026-05-01T00:00:00Z")), old);
        assert_eq!(note("c", "2026-04-01T00:00:00Z"), at("2026-04-01T00:00:01Z"), "two changes in one second are two");
    }

    #[test]
    fn what_is_kept_goes_on_after_a_restart() {
        let (served, old) = (ServedFeeds::default(), at("2026-01-01T00:00:00Z"));
        served.note(("/feeds/all.rss", "a"), None, old, at("2026-02-01T00:00:00Z"));
        let kept = served.to_keep();
        assert_eq!((kept.len(), served.to_keep().len()), (1, 0));
        served.keep_later(kept.clone());
        assert_eq!(served.to_keep(), kept);
        served.note(("/feeds/all.rss", "a"), None, old, at("2026-02-02T00:00:00Z"));
        assert_eq!(served.to_keep(), []);
        let again = ServedFeeds::default();
        again.take_up(kept);
        let looked = at("2026-03-01T00:00:00Z");
        assert_eq!(again.note(("/feeds/all.rss", "a"), None, old, looked), old);
        assert_eq!(again.note(("/feeds/all.rss", "older"), None, old, looked), looked);
    }
}
