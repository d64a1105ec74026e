//! What a delivery carries, rendered once for all who receive it in one language.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::subscriber::words;
use super::{EditionId, Mailbox, Topic};
use crate::language::Language;

words! {
    /// What a letter is.
    LetterKind {
        /// An edition for its subscribers.
        Edition = "edition",
        /// Asks a new subscriber to confirm (double opt-in).
        Confirmation = "confirmation",
        /// Asks a subscriber to confirm what was asked for in their name: another address, their data, to be forgotten.
        Request = "request",
        /// Tells the office something, or shows it an edition first.
        Notice = "notice",
    }
}

/// A letter's rendered parts. Where a subscriber's own links and words belong stand [`SpliceMarks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedLetter {
    /// What it is.
    pub kind: LetterKind,
    /// The edition it belongs to, or tells the office of.
    pub edition: Option<EditionId>,
    /// The language it is written in.
    pub language: Language,
    /// The subject, one line.
    pub subject: String,
    /// The plain-text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The `Date` of every copy, so that a repeat has the same bytes.
    pub date: DateTime<Utc>,
    /// The MIME boundary of every copy: 32 random hexadecimal digits.
    pub boundary: String,
    /// The release's press contact, when it has one.
    pub reply_to: Option<Mailbox>,
    /// The web page the letter is about, for `List-Archive`.
    pub archive: Option<String>,
    /// The words of each topic the edition goes to, as they were when it was rendered: a repeat has the same bytes
    /// whatever labels are changed meanwhile.
    pub topic_words: BTreeMap<Topic, String>,
    /// The revision of the correction that its text has taken in; empty when there is none.
    pub carries: String,
}

impl RenderedLetter {
    /// The words of the topics that matched for one recipient; everything is named only when nothing else is.
    #[must_use]
    pub fn words_of(&self, topics: &[Topic]) -> String {
        let words = |topic: &Topic| self.topic_words.get(topic).cloned().unwrap_or_else(|| topic.to_string());
        let mut named: Vec<String> = Vec::new();
        for topic in topics.iter().filter(|topic| **topic != Topic::All) {
            // The old and the new name of a merged topic have the same words.
            let words = words(topic);
            if !named.contains(&words) {
                named.push(words);
            }
        }
        if named.is_empty() { words(&Topic::All) } else { named.join(", ") }
    }
}

/// The words in a rendered letter's parts that are replaced for each recipient. They are made from the boundary, which
/// nobody can guess, so no release's text can hold them by chance or by malice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpliceMarks {
    /// Stands where the address that unsubscribes belongs.
    pub unsubscribe: String,
    /// Stands where the address of the preferences belongs.
    pub preferences: String,
    /// Stands where the names of the topics that matched belong.
    pub topics: String,
    /// Stands where the releases of a digest belong.
    pub contents: String,
}

impl SpliceMarks {
    /// The marks of the letter with this boundary.
    #[must_use]
    pub fn of(boundary: &str) -> Self {
        Self {
            unsubscribe: format!("mark-{boundary}-unsubscribe"),
            preferences: format!("mark-{boundary}-preferences"),
            topics: format!("mark-{boundary}-topics"),
            contents: format!("mark-{boundary}-contents"),
        }
    }
}
