//! Feeds: what a topic's live releases look like to a feed reader, in RSS 2.0, Atom 1.0 (RFC 4287) and JSON Feed 1.1.
//!
//! [`feed_of`] makes one format-neutral [`Feed`] of a [`crate::catalog::Live`] view; a writer per format turns it into
//! bytes and decides nothing. The same feed gives the same bytes. Archives (RFC 5005), OPML and who may ask for which
//! address are not here.

mod address;
mod clean_text;
mod compose;
mod date;
mod full_text;
mod model;
#[cfg(test)]
mod tests;

pub mod atom;
pub mod json;
pub mod rss;

pub use address::Addresses;
pub use clean_text::CleanText;
pub use compose::{FeedSite, feed_of};
pub use full_text::{document_note, full_text};
pub use model::{Attachment, Entry, EntryTopic, Feed, FeedFormat, Picture, page_address};
