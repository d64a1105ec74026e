//! Labels that fold together, in the order they were first seen.

use std::collections::hash_map::Entry;

use foldhash::HashMap;

use super::published::Published;
use crate::domain::{Label, Taxonomy};

/// The spellings of one topic.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) taxonomy: Taxonomy,
    pub(super) folded: String,
    /// The spelling of the oldest release.
    pub(super) first: &'a Label,
    /// In the order of first sight, each with the positions of the releases that use it.
    pub(super) spellings: Vec<(&'a Label, Vec<u32>)>,
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
    pub(super) fn members(&self) -> Vec<u32> {
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
    pub(super) of_release: Vec<Vec<u32>>,
}

/// A position or a place: there are fewer releases, and fewer labels, than 2³².
pub(super) fn number(position: usize) -> u32 {
    u32::try_from(position).expect("fewer than 2³² releases and labels fit into memory")
}

/// The positions of `releases`, oldest first, then by id.
pub(super) fn oldest_first(releases: &[&Published]) -> Vec<u32> {
    let mut positions: Vec<u32> = (0..number(releases.len())).collect();
    positions.sort_by_key(|position| (releases[*position as usize].release.date, &releases[*position as usize].id));
    positions
}

/// Groups the labels of `releases`, whose positions are `oldest_first`.
pub(super) fn group<'a>(releases: &[&'a Published], oldest_first: &[u32]) -> Groups<'a> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut of_release = vec![Vec::new(); releases.len()];
    // For each spelling its group, and its place among the group's spellings.
    let mut by_label: HashMap<(Taxonomy, &Label), (u32, usize)> = HashMap::default();
    let mut by_folded: HashMap<(Taxonomy, String), u32> = HashMap::default();
    for &position in oldest_first {
        let release = &releases[position as usize].release;
        let categories = release.categories.iter().map(|label| (Taxonomy::Category, label));
        for (taxonomy, label) in categories.chain(release.tags.iter().map(|label| (Taxonomy::Tag, label))) {
            let (index, spelling) = match by_label.entry((taxonomy, label)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(vacant) => {
                    let folded = label.folded();
                    let index = *by_folded.entry((taxonomy, folded.clone())).or_insert(number(groups.len()));
                    if index as usize == groups.len() {
                        groups.push(Group { taxonomy, folded, first: label, spellings: Vec::new() });
                    }
                    let spellings = &mut groups[index as usize].spellings;
                    spellings.push((label, Vec::new()));
                    *vacant.insert((index, spellings.len() - 1))
                }
            };
            let own: &mut Vec<u32> = &mut of_release[position as usize];
            if !own.contains(&index) {
                own.push(index);
                groups[index as usize].spellings[spelling].1.push(position);
            }
        }
    }
    for group in &mut groups {
        group.spellings.retain(|(_, uses)| !uses.is_empty());
    }
    Groups { all: groups, of_release }
}
