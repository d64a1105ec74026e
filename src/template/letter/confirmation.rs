//! The letter that asks a new subscriber to confirm (double opt-in).

use serde::Serialize;

use super::super::engine::Letter;
use super::super::samples;
use super::LetterFrame;
use crate::language::Language;

/// A confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmationLetter {
    /// The frame.
    pub frame: LetterFrame,
    /// The page with the button that confirms.
    pub confirm_url: String,
    /// The words of the topics asked for.
    pub topics: Vec<String>,
    /// Until when the link works, in words.
    pub expires_words: String,
}

impl Letter for ConfirmationLetter {
    const FOLDER: &'static str = "confirmation";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        vec![Self {
            frame: LetterFrame::sample(language),
            confirm_url: "https://example.org/presse/confirm/a.b".to_owned(),
            topics: vec!["Communiqués".to_owned(), "ponts & routes".to_owned()],
            expires_words: samples::stamp(language, 30).words,
        }]
    }
}
