//! Who writes letters, what all of them share, and the one that asks to confirm.

use chrono::{DateTime, Utc};

use crate::catalog::Published;
use crate::content::plain_text;
use crate::domain::SpliceMarks;
use crate::feed::FeedSite;
use crate::language::Language;
use crate::resource::Wording;
use crate::template::{
    Audience, ConfirmationLetter, LetterFrame, LetterParts, LetterRelease, PrivacyNotice, Recipient, RequestKind,
    RequestLetter, TemplateError, Templates,
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
            privacy: PrivacyNotice::from(&self.site.privacy),
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

    /// The letter that asks a subscriber to confirm what was asked for in their name; `address` is the new one, where there is
    /// one.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn request(
        &self,
        language: Language,
        kind: RequestKind,
        address: &str,
        url: &str,
        expires: Option<DateTime<Utc>>,
    ) -> Result<LetterParts, TemplateError> {
        let expires = expires.map(|instant| Wording::of_letters(self.site, language).stamp(instant).words);
        self.templates.letter(&RequestLetter::new(self.frame(language), kind, address, url, expires))
    }

    /// A release as a letter in `language` shows it.
    pub(super) fn release(&self, published: &Published, language: Language) -> LetterRelease {
        let (release, words) = (&published.release, Wording::of_letters(self.site, language));
        let chapeau_html = words.html(&release.chapeau);
        LetterRelease {
            own_lang: own_lang(published, language),
            title: release.title.to_string(),
            date_words: words.stamp(release.date).words,
            chapeau_text: plain_text(&chapeau_html),
            chapeau_html,
            image: release.images.iter().find(|image| image.is_there()).map(|image| words.picture(image)),
            documents: release.documents.iter().map(|document| words.document(document)).collect(),
            page_url: words.address(release.permalink.as_str()),
            contact: release.contact.as_ref().map(|contact| words.contact(contact)),
        }
    }
}

/// The tag of a release's own language, where it is not the letter's.
pub(super) fn own_lang(published: &Published, language: Language) -> Option<String> {
    let own = published.release.language;
    (own != language).then(|| own.code().to_owned())
}

/// Every subscriber at once: the marks of `boundary` stand for what differs between them.
pub(super) fn subscribers(boundary: &str) -> Audience {
    let SpliceMarks { unsubscribe, preferences, topics, contents: _ } = SpliceMarks::of(boundary);
    Audience::Subscriber(Recipient { unsubscribe_url: unsubscribe, preferences_url: preferences, topics })
}
