//! The writer of each format.

use super::model::{Entry, EntryBytes, Feed, FeedFormat};

impl FeedFormat {
    /// The bytes of `entry` in this format: the same in every feed that carries it.
    #[must_use]
    pub(super) fn write_entry(self, entry: &Entry) -> EntryBytes {
        match self {
            Self::Rss => super::rss::write_entry(entry),
            Self::Atom => super::atom::write_entry(entry),
            Self::Json => super::json::write_entry(entry).into_boxed_slice().into(),
        }
    }

    /// The bytes of `feed` in this format, around its `entries` each written in it.
    #[must_use]
    pub fn write<B: AsRef<[u8]>>(self, feed: &Feed, entries: &[B]) -> Vec<u8> {
        match self {
            Self::Rss => super::rss::frame(feed).around(entries),
            Self::Atom => super::atom::frame(feed).around(entries),
            Self::Json => super::json::frame(feed).around(entries),
        }
    }
}
