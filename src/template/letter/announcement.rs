//! The letter that announces one release: to its subscribers, and before them to the office.

use serde::Serialize;

use super::super::engine::Letter;
use super::super::samples;
use super::audience::{Audience, OfficeBanner, held_sample, office_sample, subscriber_sample};
use super::{LetterFrame, LetterRelease};
use crate::language::Language;

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnnouncementLetter {
    /// The frame.
    pub frame: LetterFrame,
    /// The release; its title is the subject.
    pub release: LetterRelease,
    /// Who reads this copy.
    pub audience: Audience,
}

impl Letter for AnnouncementLetter {
    const FOLDER: &'static str = "announcement";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let embargo_until = Some(samples::stamp(language, 23).words);
        let coming = OfficeBanner { embargo_until, ..office_sample(language) };
        [
            (LetterRelease::sample(language), subscriber_sample()),
            (LetterRelease::sample(language), Audience::Office(coming)),
            (LetterRelease::bare_sample(language), Audience::Office(held_sample(language))),
            (LetterRelease::unmeasured_sample(language), subscriber_sample()),
        ]
        .map(|(release, audience)| Self { frame: LetterFrame::sample(language), release, audience })
        .into()
    }
}
