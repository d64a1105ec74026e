//! Feeds: what a topic's live releases look like to a feed reader, in RSS 2.0, Atom 1.0 (RFC 4287) and JSON Feed 1.1.
//!
//! [`feed_of`] makes one format-neutral [`Feed`] of a [`crate::catalog::Live`] view, [`entry_of`] an [`Entry`] of each
//! release; a writer per format turns them into bytes and decides nothing. [`WrittenEntries`] keeps an entry's bytes for
//! all feeds that carry it. The same feed gives the same bytes. [`archive_of`] does so for the documents of its history
//! (RFC 5005), [`opml::opml_of`] lists all feeds. Who may ask for which address is not here.

mod address;
mod archive;
mod clean_text;
mod compose;
mod date;
mod frame;
mod full_text;
mod known;
mod model;
mod since;
mod writers;
mod written;
#[cfg(test)]
mod tests;

pub mod atom;
pub mod json;
pub mod opml;
pub mod rss;

pub use address::Addresses;
pub use archive::{Archive, Archives, LARGEST_ARCHIVE, Period};
pub use clean_text::CleanText;
pub use compose::{FeedSite, archive_of, entry_of, feed_of};
pub use full_text::{document_note, full_text};
pub use known::known_entries;
pub use model::{Attachment, Entry, EntryTopic, Feed, FeedFormat, FeedPart, FeedPlace, Picture, page_address};
pub use since::{HeldEntries, feed_since};
pub use written::WrittenEntries;
