//! What is new or changed in a feed since a reader last had it (RFC 3229 with the instance manipulation `feed`).
//!
//! Kept of each entry is what tells that it changed: its last significant change, its title, address and labels. A
//! reader who is told the changes alone never learns that an entry is gone, so then there are no changes to tell.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::compose::{FeedSite, excerpt_of};
use super::model::Feed;
use crate::catalog::{Listing, Live, Published};
use crate::domain::Topic;

/// What the current document of a feed held at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldEntries(HashMap<u64, Mark>);

/// What is kept of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    state: u64,
    published: DateTime<Utc>,
}

impl HeldEntries {
    /// What the feed of `topic` holds now.
    #[must_use]
    pub fn of(live: &Live, topic: &Topic, site: &FeedSite) -> Self {
        Self(newest(live, topic, site).iter().map(|one| (id_of(one), mark_of(one, live))).collect())
    }
}

/// The feed of `topic` with only those entries that are new or changed since it held `known`; `None` when there are
/// none, or when a reader must have the whole feed because an entry is gone from it that did not grow too old for it.
#[must_use]
pub fn feed_since(live: &Live, topic: &Topic, site: &FeedSite, known: &HeldEntries) -> Option<Feed> {
    let newest = newest(live, topic, site);
    let now: HashMap<u64, Mark> = newest.iter().map(|one| (id_of(one), mark_of(one, live))).collect();
    let oldest = newest.last().filter(|_| newest.len() == site.entries).map(|one| one.release.date);
    let is_gone =
        |(id, mark): (&u64, &Mark)| !now.contains_key(id) && oldest.is_none_or(|oldest| mark.published > oldest);
    if known.0.iter().any(is_gone) {
        return None;
    }
    let differs = |one: &Arc<Published>| {
        let id = id_of(one);
        known.0.get(&id) != now.get(&id)
    };
    let changed: Vec<Arc<Published>> = newest.iter().filter(|one| differs(one)).cloned().collect();
    (!changed.is_empty()).then(|| excerpt_of(live, topic, site, changed))
}

fn newest<'l>(live: &'l Live, topic: &Topic, site: &FeedSite) -> Listing<'l> {
    live.of(topic).newest(site.entries)
}

fn id_of(published: &Published) -> u64 {
    let mut hasher = DefaultHasher::new();
    published.id.hash(&mut hasher);
    hasher.finish()
}

fn mark_of(published: &Published, live: &Live) -> Mark {
    let mut hasher = DefaultHasher::new();
    (published.updated, published.release.date, &published.release.title, &published.release.permalink)
        .hash(&mut hasher);
    for entry in live.topics_of(&published.id) {
        (&entry.topic, &entry.label).hash(&mut hasher);
    }
    Mark { state: hasher.finish(), published: published.release.date }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::catalog::sample::{at, known, labels, release};
    use crate::feed::tests::site;

    fn live(releases: &[Published]) -> Live {
        Catalog::new(releases.to_vec(), &[]).live(at("2026-06-01T00:00:00Z"))
    }

    fn three() -> Vec<Published> {
        ["a", "b", "c"]
            .iter()
            .zip(1..)
            .map(|(name, day)| known(release(name, &format!("2026-03-0{day}T09:00:00Z"))))
            .collect()
    }

    #[track_caller]
    fn check(before: &[Published], after: &[Published], entries: usize, expected: Option<&[&str]>) {
        let site = FeedSite { entries, ..site() };
        let held = HeldEntries::of(&live(before), &Topic::All, &site);
        let feed = feed_since(&live(after), &Topic::All, &site, &held);
        let title = |published: &Arc<Published>| published.release.title.to_string();
        let ids = feed.map(|feed| feed.releases.iter().map(title).collect::<Vec<_>>());
        let expected = expected.map(|titles| titles.iter().map(|name| format!("Titre de {name}")).collect::<Vec<_>>());
        assert_eq!(ids, expected);
    }

    #[test]
    fn only_what_is_new_or_changed_is_told() {
        let (before, mut after) = (three(), three());
        check(&before, &after, 20, None);
        after.push(known(release("d", "2026-03-09T09:00:00Z")));
        check(&before, &after, 20, Some(&["d"]));
        after[0].updated = at("2026-04-01T09:00:00Z");
        check(&before, &after, 20, Some(&["d", "a"]));
        let mut labelled = three();
        labelled[1] = known(crate::domain::Release { tags: labels(&["x"]), ..(*labelled[1].release).clone() });
        check(&before, &labelled, 20, Some(&["b"]));
    }

    #[test]
    fn a_reader_learns_that_an_entry_is_gone_unless_it_only_grew_old() {
        let before = three();
        let mut after = three();
        after.push(known(release("d", "2026-03-09T09:00:00Z")));
        check(&before, &after, 3, Some(&["d"]));
        after.remove(1);
        check(&before, &after, 20, None);
        check(&before, &after, 3, None);
    }
}
