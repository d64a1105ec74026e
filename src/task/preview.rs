//! Letters as they would leave, rendered without sending.

use super::announce::announcement_letter;
use super::newsroom::{Current, Newsroom, new_letter};
use super::office::OfficeError;
use crate::catalog::Published;
use crate::domain::{EditionId, EditionKind, EditionState, HoldReason, LetterKind, Mailbox, RenderedLetter, Topic};
use crate::language::Language;
use crate::mail::{Copied, PersonalLinks, Recipient, Sender, compose};
use crate::resource::Wording;

use crate::template::NoticeLetter;

/// What can be looked at before it is sent.
#[derive(Debug, Clone, Copy)]
pub enum Preview<'a> {
    /// The announcement of a release, for a subscriber.
    Announcement(&'a Published),
    /// The office's own copy of it.
    OfficeCopy(&'a Published),
    /// The letter that asks to confirm a subscription.
    Confirmation,
    /// A notice to the office.
    Notice,
}

/// The number of an edition that there is not.
const NONE: EditionId = EditionId::new(0);

/// The bytes of a letter as a mail program would receive it, addressed to the office. Its personal links lead to the
/// front page: nobody is unsubscribed by looking.
///
/// # Errors
/// When a template that replaces a built-in one cannot be rendered.
pub fn preview(
    newsroom: &Newsroom,
    current: &Current,
    wanted: &Preview<'_>,
    language: Language,
) -> Result<Vec<u8>, OfficeError> {
    let office = newsroom.office().first().unwrap_or(&newsroom.config.newsletter.from);
    preview_for(newsroom, current, wanted, language, office)
}

/// The same, addressed to `recipient`.
///
/// # Errors
/// When a template that replaces a built-in one cannot be rendered.
pub fn preview_for(
    newsroom: &Newsroom,
    current: &Current,
    wanted: &Preview<'_>,
    language: Language,
    recipient: &Mailbox,
) -> Result<Vec<u8>, OfficeError> {
    let now = newsroom.now();
    let site = current.resources.site();
    let words = Wording::of_letters(site, language);
    let home = words.own_address("/");
    let writer = newsroom.writer(site);
    let letter = match wanted {
        Preview::Announcement(published) => announcement_letter(newsroom, current, published, NONE, language, now)?,
        Preview::OfficeCopy(published) => {
            let state = EditionState::Waiting { due: published.release.date.max(now) };
            new_letter(
                LetterKind::Notice,
                language,
                writer.office_copy(&Copied::Announcement(published), &state, &home, now)?,
                now,
            )
        }
        Preview::Confirmation => {
            let topics = vec![words.topic(current.resources.live(), &Topic::All)];
            let expires = now + newsroom.config.keep.unconfirmed;
            new_letter(LetterKind::Confirmation, language, writer.confirmation(language, topics, &home, expires)?, now)
        }
        Preview::Notice => {
            let notice = NoticeLetter::edition_held(
                writer.frame(language),
                EditionKind::Announcement,
                &site.title,
                &HoldReason::Approval,
                &home,
            );
            new_letter(LetterKind::Notice, language, newsroom.templates.letter(&notice)?, now)
        }
    };
    Ok(composed(newsroom, &letter, &words, current, recipient))
}

fn composed(
    newsroom: &Newsroom,
    letter: &RenderedLetter,
    words: &Wording<'_>,
    current: &Current,
    to: &Mailbox,
) -> Vec<u8> {
    let home = words.own_address("/");
    let topics = words.topic(current.resources.live(), &Topic::All);
    let links = PersonalLinks { unsubscribe_url: &home, unsubscribe_token: "", preferences_url: &home };
    let recipient = Recipient {
        mailbox: to,
        topics_words: &topics,
        links: (letter.kind == LetterKind::Edition).then_some(links),
        contents: None,
        in_reply_to: None,
    };
    compose(letter, &recipient, &Sender::of(&newsroom.config, newsroom.key().clone()))
}
