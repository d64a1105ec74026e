//! What `check` tells an editor about labels: which were taken for one topic, and which nearly share an address.

use std::collections::BTreeMap;

use super::group::{Group, group, oldest_first};
use super::published::Published;
use crate::domain::{Slug, SourcePath, Taxonomy};

/// A label as it is written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelUse {
    /// The words.
    pub words: String,
    /// The files that use them, in order.
    pub paths: Vec<SourcePath>,
}

/// Something about labels that an editor may want to settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelNote {
    /// Several spellings were taken for one topic.
    Folded {
        /// Category or tag.
        taxonomy: Taxonomy,
        /// The spelling that is shown.
        shown: String,
        /// Every spelling, the first seen first.
        spellings: Vec<LabelUse>,
    },
    /// Different labels would share one slug, so that all but one get a number.
    SharedSlug {
        /// Category or tag.
        taxonomy: Taxonomy,
        /// The slug without number.
        slug: Slug,
        /// The labels in their commonest spellings, the first seen first.
        labels: Vec<LabelUse>,
    },
}

/// The notes on `releases`, by taxonomy, then in the order of first sight.
pub(super) fn label_notes(releases: &[&Published]) -> Vec<LabelNote> {
    let grouped = group(releases, &oldest_first(releases));
    let mut notes = Vec::new();
    let mut by_slug: BTreeMap<(Taxonomy, Slug), Vec<&Group<'_>>> = BTreeMap::new();
    for group in &grouped.all {
        if group.spellings.len() > 1 {
            let uses = group.spellings.iter().map(|(label, uses)| label_use(label.as_str(), uses, releases));
            notes.push(LabelNote::Folded {
                taxonomy: group.taxonomy,
                shown: group.commonest().to_string(),
                spellings: uses.collect(),
            });
        }
        by_slug.entry((group.taxonomy, Slug::of_label(group.first.as_str()))).or_default().push(group);
    }
    for ((taxonomy, slug), groups) in by_slug {
        if groups.len() > 1 {
            let uses = groups.iter().map(|group| label_use(group.commonest().as_str(), &group.members(), releases));
            notes.push(LabelNote::SharedSlug { taxonomy, slug, labels: uses.collect() });
        }
    }
    notes
}

fn label_use(words: &str, uses: &[u32], releases: &[&Published]) -> LabelUse {
    let mut paths: Vec<_> = uses.iter().map(|&position| releases[position as usize].release.path.clone()).collect();
    paths.sort();
    LabelUse { words: words.to_owned(), paths }
}
