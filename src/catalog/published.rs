//! One valid release, and what the register knows of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::{Release, ReleaseId};

/// A valid release with what the register knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its id, for ever.
    pub id: ReleaseId,
    /// The release itself.
    pub release: Arc<Release>,
    /// Its last significant change.
    pub updated: DateTime<Utc>,
    /// Since when it is live; `None` when it was never seen live.
    pub live_since: Option<DateTime<Utc>>,
}

impl Published {
    /// Whether it stands in every list and at every address as `other` does, however its words differ.
    #[must_use]
    pub fn stands_as(&self, other: &Self) -> bool {
        let (own, release) = (&self.release, &other.release);
        let is_revised = |release: &Release| (release.correction.is_some(), release.withdrawn.is_some());
        self.id == other.id
            && self.live_since.is_some() == other.live_since.is_some()
            && own.path == release.path
            && own.permalink == release.permalink
            && own.date == release.date
            && own.published == release.published
            && is_revised(own) == is_revised(release)
            && own.categories == release.categories
            && own.tags == release.tags
            && own.redirect_from == release.redirect_from
            && own.release_links.is_empty()
            && release.release_links.is_empty()
            && own.uploads().eq(release.uploads())
    }

    /// Whether it exists publicly at `now`: it is meant to be seen, and its embargo is over or was over once.
    #[must_use]
    pub fn is_live_at(&self, now: DateTime<Utc>) -> bool {
        self.release.is_publishable() && (self.live_since.is_some() || self.release.date <= now)
    }
}
