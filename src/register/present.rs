//! The files of one look, found by their paths.

use foldhash::HashSet;

use super::seen::Seen;
use crate::domain::SourcePath;

/// Every file there is, readable or not.
pub(super) struct Present<'a> {
    /// Those that are releases, by path.
    good: &'a [Seen<'a>],
    broken: HashSet<&'a SourcePath>,
}

impl<'a> Present<'a> {
    /// `good` are by path.
    pub(super) fn new(good: &'a [Seen<'a>], broken: &[&'a SourcePath]) -> Self {
        Self { good, broken: broken.iter().copied().collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.good.is_empty() && self.broken.is_empty()
    }

    pub(super) fn contains(&self, path: &SourcePath) -> bool {
        self.broken.contains(path) || self.place_of(path).is_some()
    }

    /// Which of the releases' files stands at `path`.
    pub(super) fn place_of(&self, path: &SourcePath) -> Option<usize> {
        self.good.binary_search_by(|seen| seen.path.cmp(path)).ok()
    }
}
