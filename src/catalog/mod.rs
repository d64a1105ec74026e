//! The snapshot: every valid release, and the view of those that are live at an instant, by topic.
//!
//! A [`Catalog`] is made whole from what the register knows and never edited. Only a [`Live`] view has topics, counts,
//! addresses and uploads, and it is built from live releases alone: nothing of a coming release can be asked of it.
//! It does not read files, decide identities or ask the time.

mod published;
mod departed;
mod group;
mod links;
mod listing;
mod live;
mod note;
#[cfg(test)]
pub(crate) mod sample;
mod slug_book;
mod snapshot;
#[cfg(test)]
mod tests;

pub use departed::{Departed, GONE_AFTER, departed};
pub use listing::Listing;
pub use live::{Live, TopicEntry};
pub use note::{LabelNote, LabelUse};
pub use published::Published;
pub use snapshot::Catalog;
