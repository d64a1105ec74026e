//! Releases, editions and subscribers → the words of letters, through the templates.
//!
//! A letter is written once per language. Where a recipient's own links and topics belong stand splice marks; the bytes
//! are made by [`super::compose`].

use chrono::{DateTime, Utc};

use crate::catalog::Published;
use crate::content::plain_text;
use crate::domain::{EditionState, SpliceMarks};
use crate::feed::FeedSite;
use crate::language::{Language, edition_state, hold_reason};
use crate::resource::Wording;
use crate::template::{
    AnnouncementLetter, Audience, ConfirmationLetter, LetterFrame, LetterParts, OfficeBanner, Recipient, TemplateError,
    Templates,
};

/// Writes letters for one site.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The site they speak for.
    pub site: &'a FeedSite,
    /// The templates they are written with.
    pub templates: &'a Templates,
}

impl Writer<'_> {
    /// The frame of any letter in `language`.
    #[must_use]
    pub fn frame(&self, language: Language) -> LetterFrame {
        let words = Wording::of_letters(self.site, language);
        LetterFrame {
            language,
            site_title: self.site.title.clone(),
            site_url: words.own_address("/"),
            feeds_url: words.own_address("/feeds/"),
        }
    }

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
        let marks = SpliceMarks::of(boundary);
        let recipient =
            Recipient { unsubscribe_url: marks.unsubscribe, preferences_url: marks.preferences, topics: marks.topics };
        self.templates.letter(&self.announcement_for(published, language, Audience::Subscriber(recipient)))
    }

    /// The office's copy of an announcement: where its edition stands, and the page that holds, sends or cancels it.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn office_copy(
        &self,
        published: &Published,
        state: &EditionState,
        office_url: &str,
        now: DateTime<Utc>,
    ) -> Result<LetterParts, TemplateError> {
        let language = self.site.language;
        let words = Wording::of_letters(self.site, language);
        let (due, reason) = match state {
            EditionState::Waiting { due } => (Some(*due), None),
            EditionState::Held(reason) => (None, Some(hold_reason(language, reason.as_str(), &reason.detail()))),
            EditionState::Opening { .. }
            | EditionState::Sending
            | EditionState::Paused
            | EditionState::Done
            | EditionState::Cancelled => (None, None),
        };
        let embargo = (published.release.date > now).then(|| words.stamp(published.release.date).words);
        let banner = OfficeBanner {
            state_words: edition_state(language, state.as_str()),
            due_words: due.map(|due| words.stamp(due).words),
            reason,
            office_url: office_url.to_owned(),
            embargo_until: embargo,
        };
        self.templates.letter(&self.announcement_for(published, language, Audience::Office(banner)))
    }

    fn announcement_for(&self, published: &Published, language: Language, audience: Audience) -> AnnouncementLetter {
        let (release, words) = (&published.release, Wording::of_letters(self.site, language));
        let chapeau_html = words.html(&release.chapeau);
        AnnouncementLetter {
            frame: self.frame(language),
            own_lang: (release.language != language).then(|| release.language.code().to_owned()),
            title: release.title.clone(),
            date_words: words.stamp(release.date).words,
            chapeau_text: plain_text(&chapeau_html),
            chapeau_html,
            image: release.images.iter().find(|image| image.is_there()).map(|image| words.picture(image)),
            documents: release.documents.iter().map(|document| words.document(document)).collect(),
            page_url: words.address(release.permalink.as_str()),
            contact: release.contact.as_ref().map(|contact| words.contact(contact)),
            audience,
        }
    }

    /// The letter that asks a new subscriber to confirm.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn confirmation(
        &self,
        language: Language,
        topics: Vec<String>,
        confirm_url: &str,
        expires: DateTime<Utc>,
    ) -> Result<LetterParts, TemplateError> {
        let words = Wording::of_letters(self.site, language);
        self.templates.letter(&ConfirmationLetter {
            frame: self.frame(language),
            confirm_url: confirm_url.to_owned(),
            topics,
            expires_words: words.stamp(expires).words,
        })
    }
}
