//! Which label has which slug: what is settled stays, a newcomer gets the next free number.

use foldhash::{HashMap, HashSet};

use super::group::Group;
use crate::domain::{Label, Slug, Taxonomy};
use crate::register::TopicSlug;

/// The number of the second label that would share a slug.
const FIRST_NUMBER: u32 = 2;

/// Slugs by folded label.
#[derive(Debug)]
pub(super) struct SlugBook {
    settled: HashMap<(Taxonomy, String), Slug>,
    taken: HashSet<(Taxonomy, Slug)>,
}

impl SlugBook {
    /// A book with the slugs the register has settled.
    pub(super) fn new(settled: &[TopicSlug]) -> Self {
        Self {
            settled: settled.iter().map(|s| ((s.taxonomy, s.folded.clone()), s.slug.clone())).collect(),
            taken: settled.iter().map(|s| (s.taxonomy, s.slug.clone())).collect(),
        }
    }

    /// The slug that a label has, or would get if it became live now.
    pub(super) fn slug_of_label(&self, taxonomy: Taxonomy, label: &Label) -> Slug {
        match self.settled.get(&(taxonomy, label.folded())) {
            Some(slug) => slug.clone(),
            None => self.free_slug(taxonomy, Slug::of_label(label.as_str())),
        }
    }

    /// The slug of `group`, and whether it was settled before.
    pub(super) fn slug_of(&mut self, group: &Group<'_>) -> (Slug, bool) {
        let key = (group.taxonomy, group.folded.clone());
        if let Some(slug) = self.settled.get(&key) {
            return (slug.clone(), true);
        }
        let slug = self.free_slug(group.taxonomy, Slug::of_label(group.first.as_str()));
        self.taken.insert((group.taxonomy, slug.clone()));
        self.settled.insert(key, slug.clone());
        (slug, false)
    }

    fn free_slug(&self, taxonomy: Taxonomy, base: Slug) -> Slug {
        if !self.taken.contains(&(taxonomy, base.clone())) {
            return base;
        }
        let mut numbered = (FIRST_NUMBER..=u32::MAX).map(|number| base.numbered(number));
        numbered
            .find(|slug| !self.taken.contains(&(taxonomy, slug.clone())))
            .expect("there are fewer labels in memory than numbers")
    }
}
