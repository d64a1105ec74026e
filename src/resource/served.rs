//! What readers were given of feeds, as far as it is remembered: which entries stood behind an entity tag, and when a
//! feed's bytes last changed. Bounded, in memory alone: whoever comes with a tag that is forgotten gets the whole feed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

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
}

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
            Some((_, before)) => looked.max(modified).max(*before),
            None => modified,
        };
        memory.latest.insert(path.to_owned(), (tag.to_owned(), changed));
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
    }
}
