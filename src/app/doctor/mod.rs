//! The doctor: looks at everything the daemon needs and says what is well, what is doubtful, and what to do.
//!
//! Nothing is sent and nothing is changed, not even a schema brought up to date; only the relays and the database of the configuration are spoken to.

mod clocks;
mod database;
mod dns;
mod examination;
mod finding;
mod folders;
mod keys;
mod listening;
mod relays;

pub use examination::{examine, unreadable};
pub use finding::{Finding, Level};
