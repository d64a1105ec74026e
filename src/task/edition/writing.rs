//! What the letters about one release have in common.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::catalog::Published;
use crate::domain::{LetterKind, Mailbox, RenderedLetter, Topic};
use crate::language::Language;
use crate::resource::Wording;
use crate::task::newsroom::{Current, new_letter};
use crate::template::LetterParts;

/// A letter about a release: answered to its press contact, filed under its page, with the words of its topics.
pub(super) fn about_release(
    current: &Current,
    published: &Published,
    language: Language,
    now: DateTime<Utc>,
    (boundary, parts): (String, LetterParts),
) -> RenderedLetter {
    let contact = published.release.contact.as_ref();
    let words = Wording::of_letters(current.resources.site(), language);
    let topics = current.catalog.topics_of(&published.release);
    RenderedLetter {
        boundary,
        reply_to: contact.and_then(|contact| Some(Mailbox::new(contact.name.as_deref(), contact.email.clone()?))),
        archive: Some(words.address(published.release.permalink.as_str())),
        topic_words: topic_words(current, &words, topics),
        ..new_letter(LetterKind::Edition, language, parts, now)
    }
}

/// The words of each of `topics`.
pub(super) fn topic_words(
    current: &Current,
    words: &Wording<'_>,
    topics: BTreeSet<Topic>,
) -> std::collections::BTreeMap<Topic, String> {
    let live = current.resources.live();
    topics.into_iter().map(|topic| (topic.clone(), words.topic(live, &topic))).collect()
}
