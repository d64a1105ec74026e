//! Releases in an order, and parts of it.

use std::ops::Range;
use std::sync::Arc;

use rpds::VectorSync;

use super::published::Published;

/// Releases, newest first, then by id. One may be replaced without a copy of the others.
pub(super) type Releases = VectorSync<Arc<Published>>;

/// Some of the live releases, newest first, then by id.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'l> {
    releases: &'l Releases,
    positions: &'l [u32],
}

impl<'l> Listing<'l> {
    /// Those of `releases` at `positions`, all of which there are.
    pub(super) fn new(releases: &'l Releases, positions: &'l [u32]) -> Self {
        Self { releases, positions }
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The newest.
    #[must_use]
    pub fn first(&self) -> Option<&'l Arc<Published>> {
        self.iter().next()
    }

    /// The oldest.
    #[must_use]
    pub fn last(&self) -> Option<&'l Arc<Published>> {
        self.iter().next_back()
    }

    /// From the newest to the oldest.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'l Arc<Published>> + ExactSizeIterator + use<'l> {
        let releases = self.releases;
        self.positions.iter().map(move |position| &releases[*position as usize])
    }

    /// The newest `count`, or all when they are fewer.
    #[must_use]
    pub fn newest(&self, count: usize) -> Self {
        self.part(0..count.min(self.len()))
    }

    /// Those in `range`.
    ///
    /// # Panics
    /// When the range ends behind the last.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        Self { positions: &self.positions[range], ..*self }
    }

    /// How many come before the first that does not hold `wanted`, which holds for none behind it.
    #[must_use]
    pub fn partition_point(&self, wanted: impl Fn(&Published) -> bool) -> usize {
        self.positions.partition_point(|position| wanted(&self.releases[*position as usize]))
    }

    /// In parts of `size`, the oldest `size` first and the newest few last.
    pub fn from_the_oldest(&self, size: usize) -> impl Iterator<Item = Self> + use<'l> {
        let releases = self.releases;
        self.positions.rchunks(size).map(move |positions| Self { releases, positions })
    }
}
