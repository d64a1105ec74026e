//! Every valid release at once, whether it is live or still coming.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::departed::Departed;
use super::live::Live;
use super::note::{self, LabelNote};
use super::slug_book::SlugBook;
use crate::domain::{Permalink, Release, ReleaseId, Taxonomy, Topic, TopicAliases};
use crate::register::TopicSlug;

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
    /// Whether it exists publicly at `now`: it is meant to be seen, and its embargo is over or was over once.
    #[must_use]
    pub fn is_live_at(&self, now: DateTime<Utc>) -> bool {
        self.release.is_publishable() && (self.live_since.is_some() || self.release.date <= now)
    }
}

/// An immutable snapshot of every valid release, those under embargo included.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Newest first, then by id.
    releases: Vec<Arc<Published>>,
    positions: HashMap<ReleaseId, usize>,
    slugs: Vec<TopicSlug>,
    aliases: Arc<TopicAliases>,
    departed: Vec<Departed>,
}

impl Catalog {
    /// A snapshot of `releases`; `slugs` are those the register has settled.
    #[must_use]
    pub fn new(releases: Vec<Published>, slugs: &[TopicSlug]) -> Self {
        let mut releases: Vec<_> = releases.into_iter().map(Arc::new).collect();
        releases.sort_by(|a, b| b.release.date.cmp(&a.release.date).then_with(|| a.id.cmp(&b.id)));
        let positions = releases.iter().enumerate().map(|(at, published)| (published.id.clone(), at)).collect();
        Self { releases, positions, slugs: slugs.to_vec(), ..Self::default() }
    }

    /// The same releases with other settled slugs.
    #[must_use]
    pub fn with_slugs(self, slugs: &[TopicSlug]) -> Self {
        Self { slugs: slugs.to_vec(), ..self }
    }

    /// The same releases with topics that were merged.
    #[must_use]
    pub fn with_topic_aliases(self, aliases: Arc<TopicAliases>) -> Self {
        Self { aliases, ..self }
    }

    /// The same snapshot with `releases`, which are the same ones in the same order.
    pub(super) fn with_releases(self, releases: Vec<Arc<Published>>) -> Self {
        Self { releases, ..self }
    }

    /// The same releases beside those that were public and are so no more.
    #[must_use]
    pub fn with_departed(self, departed: Vec<Departed>) -> Self {
        Self { departed, ..self }
    }

    /// The addresses at which a release stood that is gone at `now`; a live one may stand there again.
    #[must_use]
    pub fn gone(&self, now: DateTime<Utc>) -> BTreeSet<Permalink> {
        let gone = self.departed.iter().filter(|departed| departed.from <= now);
        gone.flat_map(|departed| departed.addresses.iter().cloned()).collect()
    }

    /// Every valid release, newest first, then by id: for the office and for checks, never for the public.
    #[must_use]
    pub fn all(&self) -> &[Arc<Published>] {
        &self.releases
    }

    /// The valid release with this id, whether it is live or not: for the office and for checks, never for the public.
    #[must_use]
    pub fn get(&self, id: &ReleaseId) -> Option<&Arc<Published>> {
        self.positions.get(id).map(|&position| &self.releases[position])
    }

    /// The releases whose file says that they were corrected or withdrawn.
    pub fn revised(&self) -> impl Iterator<Item = &Arc<Published>> {
        let is_revised = |release: &Release| release.correction.is_some() || release.withdrawn.is_some();
        self.releases.iter().filter(move |published| is_revised(&published.release))
    }

    /// What exists publicly at `now`.
    #[must_use]
    pub fn live(&self, now: DateTime<Utc>) -> Live {
        let live = self.releases.iter().filter(|published| published.is_live_at(now)).cloned().collect();
        Live::new(live, &self.slugs, self.aliases.clone())
    }

    /// The next instant at which [`Catalog::live`] or [`Catalog::gone`] changes by itself; `None` when it never will.
    #[must_use]
    pub fn next_change(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let coming = self.releases.iter().filter(|published| published.release.is_publishable());
        let going = self.departed.iter().map(|departed| departed.from).filter(|from| *from > now);
        coming.filter(|published| !published.is_live_at(now)).map(|published| published.release.date).chain(going).min()
    }

    /// The valid releases that are not live at `now`, newest first: under embargo, unpublished or withdrawn.
    pub fn coming(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Arc<Published>> {
        self.releases.iter().filter(move |published| !published.is_live_at(now))
    }

    /// The slugs that labels live at `now` get and that are not settled yet: to be remembered.
    #[must_use]
    pub fn new_slugs(&self, now: DateTime<Utc>) -> Vec<TopicSlug> {
        self.live(now).new_slugs().to_vec()
    }

    /// The topics a release has, or will have once it is live: whom its announcement concerns. [`Topic::All`] is one, and
    /// so are the old names of a merged topic, which subscriptions may still have.
    #[must_use]
    pub fn topics_of(&self, release: &Release) -> BTreeSet<Topic> {
        let book = SlugBook::new(&self.slugs);
        let categories = release.categories.iter().map(|label| (Taxonomy::Category, label));
        let tags = release.tags.iter().map(|label| (Taxonomy::Tag, label));
        let named =
            categories.chain(tags).map(|(taxonomy, label)| Topic::new(taxonomy, book.slug_of_label(taxonomy, label)));
        let merged = named.flat_map(|topic| {
            let topic = self.aliases.canonical(&topic).clone();
            self.aliases.old_names(&topic).cloned().chain([topic.clone()]).collect::<Vec<_>>()
        });
        merged.chain([Topic::All]).collect()
    }

    /// Labels an editor should look at, of every valid release: for `check`, never for the public.
    #[must_use]
    pub fn label_notes(&self) -> Vec<LabelNote> {
        note::label_notes(&self.releases)
    }
}
