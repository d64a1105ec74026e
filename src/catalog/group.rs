//! Labels that fold together, in the order they were first seen.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::snapshot::Published;
use crate::domain::{Label, Taxonomy};

/// The spellings of one topic.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) taxonomy: Taxonomy,
    pub(super) folded: String,
    /// The spelling of the oldest release.
    pub(super) first: &'a Label,
    /// In the order of first sight, each with the positions of the releases that use it.
    pub(super) spellings: Vec<(&'a Label, Vec<usize>)>,
}

impl<'a> Group<'a> {
    /// The spelling most releases use; of equals, the one seen first.
    pub(super) fn commonest(&self) -> &'a Label {
        let mut best = (self.first, 0);
        for (label, uses) in &self.spellings {
            if uses.len() > best.1 {
                best = (label, uses.len());
            }
        }
        best.0
    }

    /// The positions of its releases, ascending.
    pub(super) fn members(&self) -> Vec<usize> {
        let mut members: Vec<_> = self.spellings.iter().flat_map(|(_, uses)| uses.iter().copied()).collect();
        members.sort_unstable();
        members.dedup();
        members
    }
}

/// Labels by topic.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    /// In the order of first sight: by the release's date, then its id, then its own order.
    pub(super) all: Vec<Group<'a>>,
    /// For each release, by position, its groups in its own order, categories first.
    pub(super) of_release: Vec<Vec<usize>>,
    /// The positions of the releases, oldest first, then by id.
    pub(super) oldest_first: Vec<usize>,
}

/// Groups the labels of `releases`.
pub(super) fn group(releases: &[Arc<Published>]) -> Groups<'_> {
    let mut oldest_first: Vec<_> = (0..releases.len()).collect();
    oldest_first.sort_by_key(|&position| (releases[position].release.date, &releases[position].id));
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut of_release = vec![Vec::new(); releases.len()];
    let mut by_label: HashMap<(Taxonomy, &Label), usize> = HashMap::new();
    let mut by_folded: HashMap<(Taxonomy, String), usize> = HashMap::new();
    for &position in &oldest_first {
        let release = &releases[position].release;
        let categories = release.categories.iter().map(|label| (Taxonomy::Category, label));
        for (taxonomy, label) in categories.chain(release.tags.iter().map(|label| (Taxonomy::Tag, label))) {
            let index = match by_label.entry((taxonomy, label)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(spelling) => {
                    let folded = label.folded();
                    let index = *by_folded.entry((taxonomy, folded.clone())).or_insert(groups.len());
                    if index == groups.len() {
                        groups.push(Group { taxonomy, folded, first: label, spellings: Vec::new() });
                    }
                    *spelling.insert(index)
                }
            };
            let own: &mut Vec<usize> = &mut of_release[position];
            if !own.contains(&index) {
                own.push(index);
                let spellings = &mut groups[index].spellings;
                match spellings.iter_mut().find(|(known, _)| *known == label) {
                    Some((_, uses)) => uses.push(position),
                    None => spellings.push((label, vec![position])),
                }
            }
        }
    }
    Groups { all: groups, of_release, oldest_first }
}
