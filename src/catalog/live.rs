//! What exists publicly at one instant.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use super::group::{Group, group, number, oldest_first};
use super::listing::{Listing, Releases};
use super::published::Published;
use super::slug_book::SlugBook;
use crate::domain::{Permalink, ReleaseId, Taxonomy, Topic, TopicAliases, UploadPath};
use crate::register::TopicSlug;

/// A topic with at least one live release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicEntry {
    /// The category or tag.
    pub topic: Topic,
    /// Its words, in the commonest spelling; of equally common ones, the one seen first.
    pub label: String,
    /// How many live releases it has; never 0.
    pub count: usize,
}

/// The live releases, by topic and by address. Nothing of any other release is in here.
#[derive(Debug, Clone)]
pub struct Live {
    releases: Releases,
    index: Arc<Index>,
}

/// What does not depend on the words of a release: shared by all views whose releases stand alike.
#[derive(Debug, Default)]
struct Index {
    /// The positions of all releases.
    all: Vec<u32>,
    /// Categories, then tags, each in the order of their folded words.
    topics: Vec<TopicEntry>,
    categories: usize,
    /// For each topic its place in `topics` and the positions of its releases.
    members: HashMap<Topic, (usize, Vec<u32>)>,
    /// Places in `topics`, for each release by position.
    topics_of: Vec<Box<[u32]>>,
    places: Places,
    /// Topics once served, with the folded words that are left of them.
    settled: HashMap<Topic, String>,
    aliases: Arc<TopicAliases>,
    new_slugs: Vec<TopicSlug>,
}

/// Where releases are found other than by topic: their positions by id and by address, and the files they refer to.
#[derive(Debug, Default)]
struct Places {
    positions: HashMap<ReleaseId, u32>,
    permalinks: HashMap<Permalink, u32>,
    uploads: HashSet<UploadPath>,
}

impl Places {
    /// Those of `releases`, whose positions are `oldest_first`: of two with one address the older has it.
    fn of(releases: &[&Published], oldest_first: &[u32]) -> Self {
        let numbered = releases.iter().zip(0..);
        let mut permalinks = HashMap::with_capacity(releases.len());
        for &position in oldest_first {
            permalinks.entry(releases[position as usize].release.permalink.clone()).or_insert(position);
        }
        Self {
            positions: numbered.map(|(published, position)| (published.id.clone(), position)).collect(),
            permalinks,
            uploads: releases.iter().flat_map(|published| published.release.uploads().cloned()).collect(),
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self { releases: Releases::new_sync(), index: Arc::default() }
    }
}

/// A topic while its view is made.
struct Found<'g> {
    topic: Topic,
    /// The labels that name it; those of a topic merged into it only when there are no others.
    group: &'g Group<'g>,
    /// The positions of all groups of labels that belong to it.
    groups: Vec<usize>,
    /// The positions of its releases.
    members: Vec<u32>,
}

/// The places of a release's topics, each once, in the order of its labels.
fn places_of(groups: &[u32], place: &[u32]) -> Box<[u32]> {
    let mut places: Vec<u32> = Vec::with_capacity(groups.len());
    for &group in groups {
        if !places.contains(&place[group as usize]) {
            places.push(place[group as usize]);
        }
    }
    places.into()
}

impl Live {
    /// A view of `releases`, sorted newest first, all of them live.
    pub(super) fn new(releases: Releases, slugs: &[TopicSlug], aliases: Arc<TopicAliases>) -> Self {
        let listed: Vec<&Published> = releases.iter().map(AsRef::as_ref).collect();
        let oldest_first = oldest_first(&listed);
        let (grouped, places) = rayon::join(|| group(&listed, &oldest_first), || Places::of(&listed, &oldest_first));
        let mut book = SlugBook::new(slugs);
        let mut new_slugs = Vec::new();
        let mut found: Vec<Found<'_>> = Vec::new();
        let mut by_topic: HashMap<Topic, usize> = HashMap::default();
        for (index, group) in grouped.all.iter().enumerate() {
            let (slug, was_settled) = book.slug_of(group);
            if !was_settled {
                new_slugs.push(TopicSlug {
                    taxonomy: group.taxonomy,
                    folded: group.folded.clone(),
                    slug: slug.clone(),
                });
            }
            let own = Topic::new(group.taxonomy, slug);
            let topic = aliases.canonical(&own).clone();
            let is_merged = topic != own;
            let position = *by_topic.entry(topic.clone()).or_insert(found.len());
            match found.get_mut(position) {
                None => found.push(Found { topic, group, groups: vec![index], members: group.members() }),
                Some(known) => {
                    known.groups.push(index);
                    known.members.extend(group.members());
                    if !is_merged {
                        known.group = group;
                    }
                }
            }
        }
        found.sort_by(|a, b| (a.topic.taxonomy(), &a.group.folded).cmp(&(b.topic.taxonomy(), &b.group.folded)));

        let mut place = vec![0; grouped.all.len()];
        let mut topics = Vec::with_capacity(found.len());
        let mut members = HashMap::with_capacity(found.len());
        for (position, Found { topic, group, groups, members: mut positions }) in found.into_iter().enumerate() {
            for index in groups {
                place[index] = number(position);
            }
            positions.sort_unstable();
            positions.dedup();
            let (label, count) = (group.commonest().to_string(), positions.len());
            members.insert(topic.clone(), (position, positions));
            topics.push(TopicEntry { topic, label, count });
        }
        let topics_of = grouped.of_release.iter().map(|own| places_of(own, &place)).collect();
        let index = Index {
            all: (0..number(listed.len())).collect(),
            categories: topics.iter().filter(|entry| matches!(entry.topic, Topic::Category(_))).count(),
            topics,
            members,
            topics_of,
            places,
            settled: slugs.iter().map(|s| (Topic::new(s.taxonomy, s.slug.clone()), s.folded.clone())).collect(),
            aliases,
            new_slugs,
        };
        Self { releases, index: Arc::new(index) }
    }

    /// The same view where the slugs its labels got are settled.
    #[must_use]
    pub fn with_slugs_settled(mut self) -> Self {
        // Nobody else has a view that was just made.
        if let Some(index) = Arc::get_mut(&mut self.index) {
            let settled = std::mem::take(&mut index.new_slugs).into_iter();
            index.settled.extend(settled.map(|s| (Topic::new(s.taxonomy, s.slug), s.folded)));
        }
        self
    }

    /// The same view with `published` in the place of the release with its id, which stands as that one does
    /// ([`Published::stands_as`]); unchanged when that one is not live.
    #[must_use]
    pub fn with(&self, published: &Arc<Published>) -> Self {
        let position = self.index.places.positions.get(&published.id);
        let replaced = position.and_then(|position| self.releases.set(*position as usize, Arc::clone(published)));
        Self { releases: replaced.unwrap_or_else(|| self.releases.clone()), index: Arc::clone(&self.index) }
    }

    /// The topic that goes on for `topic`: itself unless it was merged into another.
    #[must_use]
    pub fn canonical<'t>(&'t self, topic: &'t Topic) -> &'t Topic {
        self.index.aliases.canonical(topic)
    }

    /// The topics that were merged into `topic`.
    pub fn merged_into<'t>(&'t self, topic: &'t Topic) -> impl Iterator<Item = &'t Topic> {
        self.index.aliases.old_names(topic)
    }

    /// Every live release, newest first, then by id.
    #[must_use]
    pub fn releases(&self) -> Listing<'_> {
        Listing::new(&self.releases, &self.index.all)
    }

    /// The live release with this id.
    #[must_use]
    pub fn get(&self, id: &ReleaseId) -> Option<&Arc<Published>> {
        self.index.places.positions.get(id).map(|position| &self.releases[*position as usize])
    }

    /// Every category and tag with a live release: categories first, each in the order of their folded words.
    #[must_use]
    pub fn topics(&self) -> &[TopicEntry] {
        &self.index.topics
    }

    /// The categories, or the tags, with a live release.
    #[must_use]
    pub fn topics_in(&self, taxonomy: Taxonomy) -> &[TopicEntry] {
        let (categories, tags) = self.index.topics.split_at(self.index.categories);
        match taxonomy {
            Taxonomy::Category => categories,
            Taxonomy::Tag => tags,
        }
    }

    /// Every topic that has a feed: [`Topic::All`], those with a live release, and those that were served once and are
    /// empty by now.
    #[must_use]
    pub fn followed(&self) -> Vec<Topic> {
        let mut empty: Vec<&Topic> =
            self.index.settled.keys().filter(|topic| !self.index.members.contains_key(*topic)).collect();
        empty.retain(|topic| self.canonical(topic) == *topic);
        empty.sort();
        let listed = self.index.topics.iter().map(|entry| &entry.topic);
        std::iter::once(&Topic::All).chain(listed).chain(empty).cloned().collect()
    }

    /// Whether the newest `count` releases of `topic` and their labels are the same in `other`.
    #[must_use]
    pub fn shows_as(&self, other: &Self, topic: &Topic, count: usize) -> bool {
        let newest = |live: &Self| live.of(topic).newest(count).iter().cloned().collect::<Vec<_>>();
        let words = |live: &Self, published: &Published| {
            live.topics_of(&published.id).map(|entry| (entry.topic.clone(), entry.label.clone())).collect::<Vec<_>>()
        };
        let (own, others) = (newest(self), newest(other));
        self.topic_label(topic) == other.topic_label(topic)
            && own == others
            && own.iter().all(|published| words(self, published) == words(other, published))
    }

    /// The live releases of `topic`, newest first, then by id; none for a topic that is empty or unknown.
    #[must_use]
    pub fn of(&self, topic: &Topic) -> Listing<'_> {
        let positions = match topic {
            Topic::All => self.index.all.as_slice(),
            Topic::Category(_) | Topic::Tag(_) => self.index.members.get(topic).map_or(&[][..], |(_, members)| members),
        };
        Listing::new(&self.releases, positions)
    }

    /// Whether `topic` has a feed: it has a live release, was served once, or goes on for another one.
    #[must_use]
    pub fn knows(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::All)
            || self.index.members.contains_key(topic)
            || self.index.settled.contains_key(topic)
            || self.index.aliases.leads_to(topic)
    }

    /// The words of a category or tag it knows; for one that is empty by now, the folded words that were kept.
    #[must_use]
    pub fn topic_label(&self, topic: &Topic) -> Option<&str> {
        let topic = self.canonical(topic);
        match self.index.members.get(topic) {
            Some((position, _)) => Some(&self.index.topics[*position].label),
            None => self.index.settled.get(topic).map(String::as_str),
        }
    }

    /// The topics of a live release, in its own order, categories first; none for any other id.
    pub fn topics_of(&self, id: &ReleaseId) -> impl Iterator<Item = &TopicEntry> {
        let own =
            self.index.places.positions.get(id).map_or(&[][..], |position| &self.index.topics_of[*position as usize]);
        own.iter().map(|topic| &self.index.topics[*topic as usize])
    }

    /// The live release at an address; of two with the same one, the older.
    #[must_use]
    pub fn by_permalink(&self, permalink: &Permalink) -> Option<&Arc<Published>> {
        self.index.places.permalinks.get(permalink).map(|position| &self.releases[*position as usize])
    }

    /// Whether a live release offers, shows or links to this file.
    #[must_use]
    pub fn refers_to(&self, upload: &UploadPath) -> bool {
        self.index.places.uploads.contains(upload)
    }

    /// The slugs its labels got that are not settled yet: to be remembered.
    #[must_use]
    pub fn new_slugs(&self) -> &[TopicSlug] {
        &self.index.new_slugs
    }
}
