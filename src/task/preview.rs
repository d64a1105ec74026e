//! Letters as they would leave, rendered without sending.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::newsroom::{Current, Newsroom, new_letter, random_boundary};
use crate::catalog::{Live, Published};
use crate::domain::{
    DeliveryId, EditionKind, EditionState, Fragment, Frequency, HoldReason, LetterKind, Mailbox, Message, Piece,
    Release, RenderedLetter, Topic,
};
use crate::language::{Language, say};
use crate::mail::{Contents, Copied, PersonalLinks, Plate, Recipient, SigningError, Writer, contents_of};
use crate::resource::Wording;
use crate::template::{LetterParts, NoticeLetter, RequestKind, TemplateError};

/// How many live releases the preview of a digest shows.
const DIGEST_SHOWS: usize = 8;

/// What can be looked at before it is sent.
#[derive(Debug, Clone, Copy)]
pub enum Preview<'a> {
    /// The announcement of a release, for a subscriber.
    Announcement(&'a Published),
    /// The office's own copy of it.
    OfficeCopy(&'a Published),
    /// The correction of a release; a sample sentence says what changed where its file does not.
    Correction(&'a Published),
    /// The withdrawal of a release; a sample sentence says why where its file does not.
    Withdrawal(&'a Published),
    /// A digest of the newest live releases.
    Digest(Frequency),
    /// The letter that asks to confirm a subscription.
    Confirmation,
    /// A letter that asks a subscriber whether it was really they who asked for something.
    Request(RequestKind),
    /// A notice to the office.
    Notice,
}

/// Why a letter cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// A template that replaces a built-in one cannot be rendered.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// It cannot be signed.
    #[error(transparent)]
    Unsigned(#[from] SigningError),
}

/// The bytes of a letter as a mail program would receive it, addressed to the office. Its personal links lead to the
/// front page: nobody is unsubscribed by looking.
///
/// # Errors
/// When a template that replaces a built-in one cannot be rendered, or the letter cannot be signed.
pub fn preview(
    newsroom: &Newsroom,
    current: &Current,
    wanted: &Preview<'_>,
    language: Language,
) -> Result<Message, PreviewError> {
    let office = newsroom.office().first().unwrap_or(&newsroom.config.newsletter.from);
    preview_for(newsroom, current, wanted, language, office)
}

/// The same, addressed to `recipient`.
///
/// # Errors
/// When a template that replaces a built-in one cannot be rendered, or the letter cannot be signed.
pub fn preview_for(
    newsroom: &Newsroom,
    current: &Current,
    wanted: &Preview<'_>,
    language: Language,
    recipient: &Mailbox,
) -> Result<Message, PreviewError> {
    let now = newsroom.now();
    let site = current.resources.site();
    let words = Wording::of_letters(site, language);
    let home = words.own_address("/");
    let writer = newsroom.writer(site);
    let boundary = random_boundary();
    let edition = |parts, published| edition_letter(&words, boundary.clone(), parts, published, language, now);
    let mut contents = None;
    let letter = match wanted {
        Preview::Announcement(published) => {
            edition(writer.announcement(published, language, &boundary)?, Some(*published))
        }
        Preview::Correction(published) => {
            let sample = || say(published.release.language, "admin.letter-sample-correction", &[]);
            let correction = published.release.correction.clone().unwrap_or_else(sample);
            let corrected = with(published, |release| Release { correction: Some(correction), ..release });
            edition(writer.correction(&corrected, language, &boundary)?, Some(*published))
        }
        Preview::Withdrawal(published) => {
            let sample = || say(published.release.language, "admin.letter-sample-withdrawal", &[]);
            let withdrawn = published.release.withdrawn.clone().unwrap_or_else(sample);
            let withdrawn = with(published, |release| Release { withdrawn: Some(withdrawn), ..release });
            let letter = edition(writer.withdrawal(&withdrawn, language, &boundary)?, Some(*published));
            RenderedLetter { archive: Some(home.clone()), ..letter }
        }
        Preview::Digest(frequency) => {
            contents = Some(Contents::of(&digest_contents(&writer, current.resources.live(), language)?));
            let day = now.with_timezone(&site.timezone).date_naive();
            edition(writer.digest(*frequency, day, language, &boundary)?, None)
        }
        Preview::OfficeCopy(published) => {
            let state = EditionState::Waiting { due: published.release.date.max(now) };
            let copy = writer.office_copy(&Copied::Announcement(published), &state, &home, now)?;
            new_letter(LetterKind::Notice, language, copy, now)
        }
        Preview::Confirmation => {
            let topics = vec![words.topic(current.resources.live(), &Topic::All)];
            let expires = now + newsroom.config.keep.unconfirmed;
            new_letter(LetterKind::Confirmation, language, writer.confirmation(language, topics, &home, expires)?, now)
        }
        Preview::Request(kind) => {
            let parts = writer.request(
                language,
                *kind,
                recipient.address.as_str(),
                &home,
                Some(now).filter(|_| kind.ends()),
            )?;
            new_letter(LetterKind::Request, language, parts, now)
        }
        Preview::Notice => {
            let frame = writer.frame(language);
            let kind = EditionKind::Announcement;
            let notice = NoticeLetter::edition_held(frame, kind, &site.title, &HoldReason::Approval, &home);
            new_letter(LetterKind::Notice, language, newsroom.templates.letter(&notice)?, now)
        }
    };
    let topics = words.topic(current.resources.live(), &Topic::All);
    let links = PersonalLinks { unsubscribe_url: &home, unsubscribe_token: "", preferences_url: &home };
    let plate = Plate::new(letter, newsroom.sender());
    let message_id = plate.message_id(recipient, DeliveryId::new(0));
    let reader = Recipient {
        message_id: &message_id,
        mailbox: recipient,
        topics_words: &topics,
        links: (plate.letter().kind == LetterKind::Edition).then_some(links),
        contents: contents.as_ref(),
        in_reply_to: None,
    };
    Ok(plate.print(&reader)?)
}

/// An edition's letter that belongs to no edition: about one release, or about several.
fn edition_letter(
    words: &Wording<'_>,
    boundary: String,
    parts: LetterParts,
    published: Option<&Published>,
    language: Language,
    now: DateTime<Utc>,
) -> RenderedLetter {
    let contact = published.and_then(|published| published.release.contact.as_ref());
    let path = published.map_or("/", |published| published.release.permalink.as_str());
    RenderedLetter {
        boundary,
        reply_to: contact.and_then(|contact| Some(Mailbox::new(contact.name.as_deref(), contact.email.clone()?))),
        archive: Some(words.address(path)),
        ..new_letter(LetterKind::Edition, language, parts, now)
    }
}

/// `published` with another release.
fn with(published: &Published, change: impl FnOnce(Release) -> Release) -> Published {
    Published { release: Arc::new(change(published.release.as_ref().clone())), ..published.clone() }
}

/// The newest live releases as a digest shows them: by category in the order of their newest releases, those of one
/// category the newest first.
fn digest_contents(writer: &Writer<'_>, live: &Live, language: Language) -> Result<Piece, TemplateError> {
    let category = |published: &Published| {
        let mut entries = live.topics_of(&published.id);
        entries.find(|entry| matches!(entry.topic, Topic::Category(_))).map(|entry| entry.label.as_str())
    };
    let newest = live.releases().iter().take(DIGEST_SHOWS);
    let mut by_category: Vec<(Option<&str>, Vec<&Published>)> = Vec::new();
    for published in newest {
        let own = category(published);
        match by_category.iter_mut().find(|(known, _)| *known == own) {
            Some((_, releases)) => releases.push(published),
            None => by_category.push((own, vec![published])),
        }
    }
    let mut fragments: Vec<Fragment> = Vec::new();
    for (category, releases) in by_category {
        for published in releases {
            let ordinal = u32::try_from(fragments.len()).unwrap_or(u32::MAX);
            fragments.push(writer.fragment(published, category, ordinal, language)?);
        }
    }
    Ok(contents_of(&fragments))
}
