//! The ways in for what comes back: a Maildir that is looked at, and a listener that speaks LMTP (RFC 2033).
//!
//! Messages are passed on whole, with whom they were for; what they are is not known here. Nothing is ever sent or
//! answered from here.

mod answers;
mod data;
mod incoming;
mod lines;
mod lmtp;
mod maildir;
mod session;
#[cfg(test)]
mod tests;

pub use incoming::{Answer, Incoming};
pub use lmtp::serve_lmtp;
pub use maildir::{Maildir, Mark, Waiting};
