//! The letter that brings the releases of a day or a week, and what it says of each.
//!
//! The letter is written once per language; the releases, written once each, are put into the copy of every subscriber
//! they concern.

use chrono::NaiveDate;
use serde::Serialize;

use super::super::engine::{Letter, TemplateError, Templates};
use super::super::parts::tag;
use super::super::samples;
use super::super::wrap;
use super::audience::{Audience, office_sample, subscriber_sample};
use super::{LetterFrame, LetterRelease};
use crate::domain::{Frequency, Piece};
use crate::language::{Language, date_words, say};

/// A digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DigestLetter {
    /// The frame.
    pub frame: LetterFrame,
    /// What [`digest_title`] calls it: also the subject.
    pub title: String,
    /// The releases, or the mark in their place.
    pub contents: DigestContents,
    /// Who reads this copy.
    pub audience: Audience,
}

/// The releases of a digest, rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DigestContents {
    /// For the plain-text part.
    pub text: String,
    /// For the HTML part: rows of a table.
    pub html: String,
}

/// What the digest that leaves on `day` is called: in its subject, above its text and in lists.
///
/// ```
/// use depeche::domain::Frequency;
/// use depeche::language::Language;
/// use depeche::template::digest_title;
///
/// let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day of the calendar");
/// assert_eq!(
///     digest_title(Language::French, Frequency::Daily, day),
///     "Les communiqués du mardi 24 novembre 2026"
/// );
/// ```
#[must_use]
pub fn digest_title(language: Language, frequency: Frequency, day: NaiveDate) -> String {
    let key = match frequency {
        Frequency::Immediate | Frequency::Daily => "mail.digest.daily",
        Frequency::Weekly => "mail.digest.weekly",
    };
    say(language, key, &[("day", &date_words(day, language))])
}

/// What a digest says of one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DigestEntry {
    /// The digest's language.
    #[serde(rename = "lang", serialize_with = "tag")]
    pub language: Language,
    /// The words of its category; `None`: it has none.
    pub category: Option<String>,
    /// The release.
    pub release: LetterRelease,
}

/// A digest's entry, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPieces {
    /// What stands above the first entry of its category.
    pub heading: Piece,
    /// Title, chapeau and documents.
    pub full: Piece,
    /// The title alone.
    pub short: Piece,
}

impl Templates {
    /// The pieces of `entry`: their HTML is rows of the letter's table.
    ///
    /// # Errors
    /// When one of its templates asks for something that its context does not have.
    pub fn entry(&self, entry: &DigestEntry) -> Result<EntryPieces, TemplateError> {
        let part = |name: &str| self.render(&format!("mail/digest/{name}"), entry.language, entry);
        let piece = |name: &str| {
            let text = wrap::tidy(&part(&format!("{name}.txt"))?);
            Ok(Piece { text, html: part(&format!("{name}.html"))? })
        };
        Ok(EntryPieces { heading: piece("heading")?, full: piece("full")?, short: piece("short")? })
    }
}

impl DigestEntry {
    /// Entries that between them show everything the templates can.
    #[must_use]
    pub fn samples(language: Language) -> Vec<Self> {
        let full =
            Self {
                language, category: Some("Ponts & chaussées".to_owned()), release: LetterRelease::sample(language)
            };
        vec![full, Self { language, category: None, release: LetterRelease::bare_sample(language) }]
    }
}

impl Letter for DigestLetter {
    const FOLDER: &'static str = "digest";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let contents = DigestContents {
            text: format!("== Ponts & chaussées ==\n\n{}\n", samples::title(Language::French)),
            html: "<tr><td style=\"padding:20px 28px 0\"><h2>Ponts &amp; chaussées</h2></td></tr>".to_owned(),
        };
        [
            (Frequency::Daily, subscriber_sample()),
            (Frequency::Weekly, subscriber_sample()),
            (Frequency::Weekly, Audience::Office(office_sample(language))),
        ]
        .map(|(frequency, audience)| Self {
            frame: LetterFrame::sample(language),
            title: digest_title(language, frequency, samples::day(24)),
            contents: contents.clone(),
            audience,
        })
        .into()
    }
}
