//! What a relay is told of a letter, and what became of it there.

use crate::domain::{Attempt, EmailAddress};

/// Who a letter is from and to, as the relay is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where it comes back to.
    pub from: EmailAddress,
    /// Where it goes.
    pub to: EmailAddress,
    /// By what reports name it (RFC 3461 §4.4), where the relay makes any; letters, digits and marks of ASCII.
    pub id: Option<String>,
}

/// What became of a letter in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// It was tried.
    Over(Attempt),
    /// The session had come to its end since the letter before: of this one the relay heard nothing that counts, and it can
    /// go to another session at once.
    NotBegun,
    /// Leave to write it was not given.
    Withheld,
}
