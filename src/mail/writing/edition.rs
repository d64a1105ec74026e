//! The letters about one release: its announcement, its correction, its withdrawal.

use super::writer::{Writer, own_lang, subscribers};
use crate::catalog::Published;
use crate::language::Language;
use crate::resource::Wording;
use crate::template::{AnnouncementLetter, Audience, CorrectionLetter, LetterParts, TemplateError, WithdrawalLetter};

impl Writer<'_> {
    /// The announcement of a release for its subscribers, with the marks of `boundary` in it.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn announcement(
        &self,
        published: &Published,
        language: Language,
        boundary: &str,
    ) -> Result<LetterParts, TemplateError> {
        self.templates.letter(&self.announcement_for(published, language, subscribers(boundary)))
    }

    /// What was wrong in a release, and the release as it is now, with the marks of `boundary` in it.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn correction(
        &self,
        published: &Published,
        language: Language,
        boundary: &str,
    ) -> Result<LetterParts, TemplateError> {
        self.templates.letter(&self.correction_for(published, language, subscribers(boundary)))
    }

    /// That a release is withdrawn, and why, with the marks of `boundary` in it.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn withdrawal(
        &self,
        published: &Published,
        language: Language,
        boundary: &str,
    ) -> Result<LetterParts, TemplateError> {
        self.templates.letter(&self.withdrawal_for(published, language, subscribers(boundary)))
    }

    pub(super) fn announcement_for(
        &self,
        published: &Published,
        language: Language,
        audience: Audience,
    ) -> AnnouncementLetter {
        AnnouncementLetter { frame: self.frame(language), release: self.release(published, language), audience }
    }

    pub(super) fn correction_for(
        &self,
        published: &Published,
        language: Language,
        audience: Audience,
    ) -> CorrectionLetter {
        CorrectionLetter {
            frame: self.frame(language),
            correction: published.release.correction.clone().unwrap_or_default(),
            release: self.release(published, language),
            audience,
        }
    }

    pub(super) fn withdrawal_for(
        &self,
        published: &Published,
        language: Language,
        audience: Audience,
    ) -> WithdrawalLetter {
        let (release, words) = (&published.release, Wording::of_letters(self.site, language));
        WithdrawalLetter {
            frame: self.frame(language),
            own_lang: own_lang(published, language),
            title: release.title.to_string(),
            date_words: words.stamp(release.date).words,
            reason: release.withdrawn.clone().filter(|reason| !reason.is_empty()),
            contact: release.contact.as_ref().map(|contact| words.contact(contact)),
            audience,
        }
    }
}
