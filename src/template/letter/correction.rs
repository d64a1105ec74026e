//! The letter that says what was wrong in a release that was sent, and shows it as it should have been.

use serde::Serialize;

use super::super::engine::Letter;
use super::super::samples;
use super::audience::{Audience, office_sample, subscriber_sample};
use super::{LetterFrame, LetterRelease};
use crate::language::Language;

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrectionLetter {
    /// The frame.
    pub frame: LetterFrame,
    /// What changed, as its editor wrote it: plain text in the release's language.
    pub correction: String,
    /// The release as it is now.
    pub release: LetterRelease,
    /// Who reads this copy.
    pub audience: Audience,
}

impl Letter for CorrectionLetter {
    const FOLDER: &'static str = "correction";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let corrected = |language| {
            samples::pick(
                language,
                "Le pont ouvre le 4\u{a0}mai, et non le 14 comme l’indiquait la première version ; il coûte < 2\u{a0}M€.",
                "The bridge opens on 4\u{a0}May, not on the 14th as the first version said; it costs < €2\u{a0}M.",
            )
        };
        let other = if language == Language::French { Language::English } else { Language::French };
        [
            (corrected(language), LetterRelease::sample(language), subscriber_sample()),
            (corrected(language), LetterRelease::sample(language), Audience::Office(office_sample(language))),
            (corrected(other), LetterRelease::bare_sample(language), subscriber_sample()),
        ]
        .map(|(correction, release, audience)| Self {
            frame: LetterFrame::sample(language),
            correction,
            release,
            audience,
        })
        .into()
    }
}
