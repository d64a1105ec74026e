//! Every valid release at once, whether it is live or still coming.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use foldhash::HashMap;
use rayon::slice::ParallelSliceMut as _;

use super::departed::Departed;
use super::listing::Releases;
use super::live::Live;
use super::note::{self, LabelNote};
use super::published::Published;
use super::slug_book::SlugBook;
use crate::domain::{Permalink, Release, ReleaseId, Taxonomy, Topic, TopicAliases};
use crate::register::TopicSlug;

/// An immutable snapshot of every valid release, those under embargo included.
#[derive(Debug, Clone)]
pub struct Catalog {
    releases: Releases,
    index: Arc<Index>,
    slugs: Arc<[TopicSlug]>,
    aliases: Arc<TopicAliases>,
    departed: Arc<[Departed]>,
}

/// What does not depend on the words of a release: shared by all snapshots whose releases stand alike.
#[derive(Debug, Default)]
struct Index {
    positions: HashMap<ReleaseId, u32>,
    /// The positions of those that were not seen live.
    unseen: Vec<u32>,
    /// The positions of those whose file says that they were corrected or withdrawn.
    revised: Vec<u32>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::new(Vec::new(), &[])
    }
}

impl Catalog {
    /// A snapshot of `releases`; `slugs` are those the register has settled.
    #[must_use]
    pub fn new(releases: Vec<Published>, slugs: &[TopicSlug]) -> Self {
        let mut releases: Vec<_> = releases.into_iter().map(Arc::new).collect();
        releases.par_sort_by(|a, b| b.release.date.cmp(&a.release.date).then_with(|| a.id.cmp(&b.id)));
        let numbered = || releases.iter().zip(0..);
        let positions_of = |wanted: &dyn Fn(&Published) -> bool| {
            numbered().filter(|(published, _)| wanted(published)).map(|(_, position)| position).collect()
        };
        let is_seen = |published: &Published| published.release.is_publishable() && published.live_since.is_some();
        let is_revised = |release: &Release| release.correction.is_some() || release.withdrawn.is_some();
        let index = Index {
            positions: numbered().map(|(published, position)| (published.id.clone(), position)).collect(),
            unseen: positions_of(&|published| !is_seen(published)),
            revised: positions_of(&|published| is_revised(&published.release)),
        };
        Self {
            releases: releases.into_iter().collect(),
            index: Arc::new(index),
            slugs: slugs.into(),
            aliases: Arc::default(),
            departed: Arc::default(),
        }
    }

    /// The same releases with other settled slugs.
    #[must_use]
    pub fn with_slugs(self, slugs: &[TopicSlug]) -> Self {
        Self { slugs: slugs.into(), ..self }
    }

    /// The same releases with topics that were merged.
    #[must_use]
    pub fn with_topic_aliases(self, aliases: Arc<TopicAliases>) -> Self {
        Self { aliases, ..self }
    }

    /// The same snapshot with `releases`, which are the same ones in the same order.
    pub(super) fn with_releases(self, releases: Releases) -> Self {
        Self { releases, ..self }
    }

    /// The same releases beside those that were public and are so no more.
    #[must_use]
    pub fn with_departed(self, departed: Vec<Departed>) -> Self {
        Self { departed: departed.into(), ..self }
    }

    /// The same snapshot with `published` in the place of the release with its id; `None` when that one is not there, or
    /// stands otherwise ([`Published::stands_as`]).
    #[must_use]
    pub fn with(&self, published: &Arc<Published>) -> Option<Self> {
        let position = *self.index.positions.get(&published.id)? as usize;
        if !self.releases.get(position)?.stands_as(published) {
            return None;
        }
        Some(Self { releases: self.releases.set(position, Arc::clone(published))?, ..self.clone() })
    }

    /// The addresses at which a release stood that is gone at `now`; a live one may stand there again.
    #[must_use]
    pub fn gone(&self, now: DateTime<Utc>) -> BTreeSet<Permalink> {
        let gone = self.departed.iter().filter(|departed| departed.from <= now);
        gone.flat_map(|departed| departed.addresses.iter().cloned()).collect()
    }

    /// Every valid release, newest first, then by id: for the office and for checks, never for the public.
    #[must_use]
    pub fn all(&self) -> impl ExactSizeIterator<Item = &Arc<Published>> {
        self.releases.iter()
    }

    /// The valid release with this id, whether it is live or not: for the office and for checks, never for the public.
    #[must_use]
    pub fn get(&self, id: &ReleaseId) -> Option<&Arc<Published>> {
        self.index.positions.get(id).and_then(|position| self.releases.get(*position as usize))
    }

    /// The releases whose file says that they were corrected or withdrawn.
    pub fn revised(&self) -> impl Iterator<Item = &Arc<Published>> {
        self.at(&self.index.revised)
    }

    fn at<'c>(&'c self, positions: &'c [u32]) -> impl Iterator<Item = &'c Arc<Published>> {
        positions.iter().map(|position| &self.releases[*position as usize])
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
        let coming = self.coming(now).filter(|published| published.release.is_publishable());
        let going = self.departed.iter().map(|departed| departed.from).filter(|from| *from > now);
        coming.map(|published| published.release.date).chain(going).min()
    }

    /// The valid releases that are not live at `now`, newest first: under embargo, unpublished or withdrawn.
    pub fn coming(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Arc<Published>> {
        self.at(&self.index.unseen).filter(move |published| !published.is_live_at(now))
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
        let releases: Vec<&Published> = self.releases.iter().map(AsRef::as_ref).collect();
        note::label_notes(&releases)
    }
}
