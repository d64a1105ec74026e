//! The letter that takes a release back: it names it, says why, and links neither to its page nor to its documents,
//! which answer no more.

use serde::Serialize;

use super::super::engine::Letter;
use super::super::parts::Contact;
use super::super::samples;
use super::LetterFrame;
use super::audience::{Audience, office_sample, subscriber_sample};
use crate::language::Language;

/// A withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithdrawalLetter {
    /// The frame.
    pub frame: LetterFrame,
    /// The release's own language, when it is not the letter's: its BCP 47 tag.
    pub own_lang: Option<String>,
    /// The release's title, plain text.
    pub title: String,
    /// Its date in words.
    pub date_words: String,
    /// Why it is withdrawn, as its editor wrote it: plain text in the release's language; `None`: no reason is given.
    pub reason: Option<String>,
    /// Whom journalists may call; without one they are asked to answer the letter.
    pub contact: Option<Contact>,
    /// Who reads this copy.
    pub audience: Audience,
}

impl Letter for WithdrawalLetter {
    const FOLDER: &'static str = "withdrawal";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let other = if language == Language::French { Language::English } else { Language::French };
        let reason = |language| {
            let french = "Les chiffres publiés étaient ceux d’un autre chantier & seront remplacés.";
            samples::pick(language, french, "The figures were those of another site & will be replaced.")
        };
        let full = Self {
            frame: LetterFrame::sample(language),
            own_lang: None,
            title: samples::title(language),
            date_words: samples::stamp(language, 23).words,
            reason: Some(reason(language)),
            contact: Some(samples::contact(language)),
            audience: subscriber_sample(),
        };
        let office = Self { audience: Audience::Office(office_sample(language)), ..full.clone() };
        let bare = Self {
            own_lang: Some(other.code().to_owned()),
            title: samples::title(other),
            reason: Some(reason(other)),
            contact: None,
            ..full.clone()
        };
        let silent = Self { reason: None, ..full.clone() };
        vec![full, office, bare, silent]
    }
}
