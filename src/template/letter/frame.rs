//! What every letter shares.

use serde::Serialize;

use super::super::parts::{PrivacyNotice, tag};
use super::super::samples;
use crate::language::Language;

/// The frame of a letter. Every address in a letter is absolute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterFrame {
    /// The letter's language.
    #[serde(rename = "lang", serialize_with = "tag")]
    pub language: Language,
    /// The site's title.
    pub site_title: String,
    /// The front page.
    pub site_url: String,
    /// The page that lists all feeds.
    pub feeds_url: String,
    /// Who keeps the data of subscribers.
    pub privacy: PrivacyNotice,
}

impl LetterFrame {
    /// The frame of a sample.
    pub(super) fn sample(language: Language) -> Self {
        Self {
            language,
            site_title: samples::pick(language, "Espace presse", "Press room"),
            site_url: "https://example.org/presse/".to_owned(),
            feeds_url: "https://example.org/presse/feeds/".to_owned(),
            privacy: samples::privacy(language),
        }
    }
}
