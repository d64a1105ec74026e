//! Who reads a copy of an edition: a subscriber, or before everyone the press office.

use serde::Serialize;

use super::super::samples;
use crate::language::{Language, edition_state, hold_reason};

/// Who reads a copy of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Those who follow one of its topics.
    Subscriber(Recipient),
    /// The press office, before everyone: there is no unsubscribe link in its copy.
    Office(OfficeBanner),
}

/// What differs from subscriber to subscriber: splice marks while a letter is rendered once for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recipient {
    /// The page that unsubscribes.
    pub unsubscribe_url: String,
    /// The page of the preferences.
    pub preferences_url: String,
    /// The words of the topics that matched: why they receive it.
    pub topics: String,
}

/// What the office is told above its copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficeBanner {
    /// Where the edition stands, in words.
    pub state_words: String,
    /// When it leaves by itself, in words.
    pub due_words: Option<String>,
    /// Why it is held, as a sentence.
    pub reason: Option<String>,
    /// The page with *hold*, *send now*, *cancel*.
    pub office_url: String,
    /// Until when the release is under embargo, in words; `None` once it is live.
    pub embargo_until: Option<String>,
}

/// A subscriber of a sample.
pub(super) fn subscriber_sample() -> Audience {
    Audience::Subscriber(Recipient {
        unsubscribe_url: "https://example.org/presse/u/a.b".to_owned(),
        preferences_url: "https://example.org/presse/preferences/a.b".to_owned(),
        topics: "Communiqués, ponts & routes".to_owned(),
    })
}

/// The office, for a sample that waits for its time.
pub(super) fn office_sample(language: Language) -> OfficeBanner {
    OfficeBanner {
        state_words: edition_state(language, "waiting"),
        due_words: Some(samples::stamp(language, 23).words),
        reason: None,
        office_url: "https://example.org/presse/office/a.b".to_owned(),
        embargo_until: None,
    }
}

/// The office, for a sample that is held.
pub(super) fn held_sample(language: Language) -> OfficeBanner {
    OfficeBanner {
        state_words: edition_state(language, "held"),
        due_words: None,
        reason: Some(hold_reason(language, "document-missing", "Dossier & annexes")),
        ..office_sample(language)
    }
}
