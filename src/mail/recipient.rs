//! What a letter says to one recipient alone.

use std::fmt;

use super::Contents;
use crate::domain::Mailbox;

/// What differs from recipient to recipient.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// To whom.
    pub mailbox: &'a Mailbox,
    /// The Message-ID of this copy, with its angle brackets ([`super::Plate::message_id`]).
    pub message_id: &'a str,
    /// The names of the topics that matched, as a reader should see them; empty for office and confirmation.
    pub topics_words: &'a str,
    /// The recipient's own addresses; `None` for office and confirmation.
    pub links: Option<PersonalLinks<'a>>,
    /// The releases of a digest that concern this recipient; `None` for any other letter.
    pub contents: Option<&'a Contents>,
    /// The Message-ID, with its angle brackets, of the letter that this one follows up (RFC 5322 §3.6.4).
    pub in_reply_to: Option<&'a str>,
}

/// The only personal addresses in a letter. Shows nothing of itself: whoever has them can unsubscribe its reader.
#[derive(Clone, Copy)]
pub struct PersonalLinks<'a> {
    /// Where one unsubscribes.
    pub unsubscribe_url: &'a str,
    /// The token of the same, for the letter that unsubscribes.
    pub unsubscribe_token: &'a str,
    /// Where one's preferences are.
    pub preferences_url: &'a str,
}

impl fmt::Debug for PersonalLinks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalLinks(…)")
    }
}
