//! The letter that brings the releases of a day or a week, and what it says of each of them.

use chrono::NaiveDate;

use super::writer::{Writer, subscribers};
use crate::catalog::Published;
use crate::domain::{Fragment, Frequency, Piece, SpliceMarks};
use crate::language::Language;
use crate::template::{
    Audience, DigestContents, DigestEntry, DigestLetter, EntryPieces, LetterParts, TemplateError, digest_title,
};

impl Writer<'_> {
    /// The digest that leaves on `day`, a day in the site's zone, with the marks of `boundary` in it: one of them where
    /// the releases go, which in the HTML are rows of a table.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn digest(
        &self,
        frequency: Frequency,
        day: NaiveDate,
        language: Language,
        boundary: &str,
    ) -> Result<LetterParts, TemplateError> {
        let mark = SpliceMarks::of(boundary).contents;
        let contents = Piece { text: mark.clone(), html: mark };
        self.templates.letter(&self.digest_for(frequency, day, &contents, language, subscribers(boundary)))
    }

    /// What a digest in `language` says of one release; `category` are the words of the category under which it stands,
    /// `ordinal` is its place.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn fragment(
        &self,
        published: &Published,
        category: Option<&str>,
        ordinal: u32,
        language: Language,
    ) -> Result<Fragment, TemplateError> {
        let release = self.release(published, language);
        let entry = DigestEntry { language, category: category.map(str::to_owned), release };
        let EntryPieces { heading, full, short } = self.templates.entry(&entry)?;
        Ok(Fragment { release: published.id.clone(), language, ordinal, heading, full, short })
    }

    pub(super) fn digest_for(
        &self,
        frequency: Frequency,
        day: NaiveDate,
        contents: &Piece,
        language: Language,
        audience: Audience,
    ) -> DigestLetter {
        let Piece { text, html } = contents.clone();
        DigestLetter {
            frame: self.frame(language),
            title: digest_title(language, frequency, day),
            contents: DigestContents { text, html },
            audience,
        }
    }
}
