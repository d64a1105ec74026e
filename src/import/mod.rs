//! A list of subscribers from elsewhere: bytes become lines, a line becomes what it says of a person, and that becomes
//! what is to happen here.
//!
//! Read are the files of listmonk, Mailchimp, Sympa, Mailman and of a spreadsheet, and our own export. Nothing here reads
//! a disk or knows the database: bytes come from a reader, how an address stands is given, and what is decided is carried
//! out by `store`. Whose will wins is told in record 27.

mod entry;
mod decision;
mod formula;
mod headings;
mod dates;
mod lines;
mod paragraphs;
mod seen;
mod split;
mod statuses;
mod noes;
mod answers;
mod doubt;
mod columns;
mod lists;
mod rows;
mod form;
mod listing;
#[cfg(test)]
mod tests;

pub use decision::{Here, Known, Outcome, Why, decide};
pub use entry::{Defaults, Entry, Fault, Standing};
pub use form::Kind;
pub use formula::{guarded, unguarded};
pub use listing::{ImportError, Line, Listing};
pub use lists::KnownTopics;
pub use seen::Seen;
