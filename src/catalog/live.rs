//! What exists publicly at one instant.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::group::{Group, group};
use super::slug_book::SlugBook;
use super::snapshot::Published;
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
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Newest first, then by id.
    releases: Vec<Arc<Published>>,
    /// Categories, then tags, each in the order of their folded words.
    topics: Vec<TopicEntry>,
    categories: usize,
    members: HashMap<Topic, (usize, Vec<Arc<Published>>)>,
    /// Positions in `topics`, for each release by position.
    topics_of: Vec<Vec<usize>>,
    positions: HashMap<ReleaseId, usize>,
    permalinks: HashMap<Permalink, usize>,
    uploads: HashSet<UploadPath>,
    /// Topics once served, with the folded words that are left of them.
    settled: HashMap<Topic, String>,
    aliases: Arc<TopicAliases>,
    new_slugs: Vec<TopicSlug>,
}

/// A topic while its view is made.
struct Found<'g> {
    topic: Topic,
    /// The labels that name it; those of a topic merged into it only when there are no others.
    group: &'g Group<'g>,
    /// The positions of all groups of labels that belong to it.
    groups: Vec<usize>,
    /// The positions of its releases.
    members: Vec<usize>,
}

/// The places of a release's topics, each once, in the order of its labels.
fn places_of(groups: &[usize], place: &[usize]) -> Vec<usize> {
    let mut places: Vec<usize> = Vec::with_capacity(groups.len());
    for &group in groups {
        if !places.contains(&place[group]) {
            places.push(place[group]);
        }
    }
    places
}

impl Live {
    /// A view of `releases`, sorted newest first, all of them live.
    pub(super) fn new(releases: Vec<Arc<Published>>, slugs: &[TopicSlug], aliases: Arc<TopicAliases>) -> Self {
        let grouped = group(&releases);
        let mut book = SlugBook::new(slugs);
        let mut new_slugs = Vec::new();
        let mut found: Vec<Found<'_>> = Vec::new();
        let mut by_topic: HashMap<Topic, usize> = HashMap::new();
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
                place[index] = position;
            }
            positions.sort_unstable();
            positions.dedup();
            let listed: Vec<_> = positions.iter().map(|&release| Arc::clone(&releases[release])).collect();
            let (label, count) = (group.commonest().to_string(), listed.len());
            members.insert(topic.clone(), (position, listed));
            topics.push(TopicEntry { topic, label, count });
        }
        let topics_of = grouped.of_release.iter().map(|own| places_of(own, &place)).collect();
        let mut permalinks = HashMap::with_capacity(releases.len());
        for &position in &grouped.oldest_first {
            permalinks.entry(releases[position].release.permalink.clone()).or_insert(position);
        }
        Self {
            categories: topics.iter().filter(|entry| matches!(entry.topic, Topic::Category(_))).count(),
            topics,
            members,
            topics_of,
            positions: releases.iter().enumerate().map(|(at, published)| (published.id.clone(), at)).collect(),
            permalinks,
            uploads: releases.iter().flat_map(|published| published.release.uploads().cloned()).collect(),
            settled: slugs.iter().map(|s| (Topic::new(s.taxonomy, s.slug.clone()), s.folded.clone())).collect(),
            aliases,
            new_slugs,
            releases,
        }
    }

    /// The topic that goes on for `topic`: itself unless it was merged into another.
    #[must_use]
    pub fn canonical<'t>(&'t self, topic: &'t Topic) -> &'t Topic {
        self.aliases.canonical(topic)
    }

    /// Every live release, newest first, then by id.
    #[must_use]
    pub fn releases(&self) -> &[Arc<Published>] {
        &self.releases
    }

    /// The live release with this id.
    #[must_use]
    pub fn get(&self, id: &ReleaseId) -> Option<&Arc<Published>> {
        self.positions.get(id).map(|&position| &self.releases[position])
    }

    /// Every category and tag with a live release: categories first, each in the order of their folded words.
    #[must_use]
    pub fn topics(&self) -> &[TopicEntry] {
        &self.topics
    }

    /// The categories, or the tags, with a live release.
    #[must_use]
    pub fn topics_in(&self, taxonomy: Taxonomy) -> &[TopicEntry] {
        let (categories, tags) = self.topics.split_at(self.categories);
        match taxonomy {
            Taxonomy::Category => categories,
            Taxonomy::Tag => tags,
        }
    }

    /// Every topic that has a feed: [`Topic::All`], those with a live release, and those that were served once and are
    /// empty by now.
    #[must_use]
    pub fn followed(&self) -> Vec<Topic> {
        let mut empty: Vec<&Topic> = self.settled.keys().filter(|topic| !self.members.contains_key(*topic)).collect();
        empty.retain(|topic| self.canonical(topic) == *topic);
        empty.sort();
        let listed = self.topics.iter().map(|entry| &entry.topic);
        std::iter::once(&Topic::All).chain(listed).chain(empty).cloned().collect()
    }

    /// Whether the newest `count` releases of `topic` and their labels are the same in `other`.
    #[must_use]
    pub fn shows_as(&self, other: &Self, topic: &Topic, count: usize) -> bool {
        let newest = |live: &Self| live.of(topic).iter().take(count).cloned().collect::<Vec<_>>();
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
    pub fn of(&self, topic: &Topic) -> &[Arc<Published>] {
        match topic {
            Topic::All => &self.releases,
            Topic::Category(_) | Topic::Tag(_) => self.members.get(topic).map_or(&[], |(_, members)| members),
        }
    }

    /// Whether `topic` has a feed: it has a live release, was served once, or goes on for another one.
    #[must_use]
    pub fn knows(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::All)
            || self.members.contains_key(topic)
            || self.settled.contains_key(topic)
            || self.aliases.leads_to(topic)
    }

    /// The words of a category or tag it knows; for one that is empty by now, the folded words that were kept.
    #[must_use]
    pub fn topic_label(&self, topic: &Topic) -> Option<&str> {
        let topic = self.canonical(topic);
        match self.members.get(topic) {
            Some((position, _)) => Some(&self.topics[*position].label),
            None => self.settled.get(topic).map(String::as_str),
        }
    }

    /// The topics of a live release, in its own order, categories first; none for any other id.
    pub fn topics_of(&self, id: &ReleaseId) -> impl Iterator<Item = &TopicEntry> {
        let own = self.positions.get(id).map_or(&[][..], |&position| &self.topics_of[position]);
        own.iter().map(|&topic| &self.topics[topic])
    }

    /// The live release at an address; of two with the same one, the older.
    #[must_use]
    pub fn by_permalink(&self, permalink: &Permalink) -> Option<&Arc<Published>> {
        self.permalinks.get(permalink).map(|&position| &self.releases[position])
    }

    /// Whether a live release offers, shows or links to this file.
    #[must_use]
    pub fn refers_to(&self, upload: &UploadPath) -> bool {
        self.uploads.contains(upload)
    }

    /// The slugs its labels got that are not settled yet: to be remembered.
    #[must_use]
    pub fn new_slugs(&self) -> &[TopicSlug] {
        &self.new_slugs
    }
}
