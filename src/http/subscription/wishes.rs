//! The form that says what a subscriber follows.

use std::collections::BTreeSet;

use crate::catalog::Live;
use crate::config::DigestSettings;
use crate::domain::{EmailAddress, Frequency, Taxonomy, Topic, one_line};
use crate::http::fields::Fields;
use crate::language::Language;
use crate::task::Newsroom;
use crate::template::{DigestTimes, SubscriptionForm, TopicChoice};

/// What a form says beside the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wishes {
    pub(super) topics: BTreeSet<Topic>,
    pub(super) frequency: Frequency,
    pub(super) language: Language,
}

impl Wishes {
    /// Reads a posted form; topics that do not exist are left out, and everything includes the rest. What it does not
    /// say is as in `language` and `frequency`.
    pub(super) fn read(fields: &Fields, live: &Live, language: Language, frequency: Frequency) -> Self {
        let mut topics: BTreeSet<Topic> =
            known_topics(fields.topics(), live).filter(|topic| live.knows(topic)).collect();
        if topics.contains(&Topic::All) {
            topics = BTreeSet::from([Topic::All]);
        }
        Self {
            topics,
            frequency: fields.get("frequency").parse().unwrap_or(frequency),
            language: fields.get("language").parse().unwrap_or(language),
        }
    }

    /// The form that shows them on a page in `language`, posting to `action`.
    pub(super) fn form(
        &self,
        newsroom: &Newsroom,
        live: &Live,
        action: String,
        language: Language,
    ) -> SubscriptionForm {
        let DigestSettings { at, days, weekly_on } = &newsroom.config.newsletter.digest;
        let choices = |taxonomy| {
            let choice = |entry: &crate::catalog::TopicEntry| TopicChoice {
                value: entry.topic.to_string(),
                words: entry.label.clone(),
                chosen: self.topics.contains(&entry.topic),
            };
            live.topics_in(taxonomy).iter().map(choice).collect()
        };
        SubscriptionForm {
            action,
            email: String::new(),
            name: String::new(),
            organisation: String::new(),
            language: self.language.code().to_owned(),
            frequency: self.frequency.as_str().to_owned(),
            digests: DigestTimes::new(language, *at, days, *weekly_on),
            all: self.topics.contains(&Topic::All),
            categories: choices(Taxonomy::Category),
            tags: choices(Taxonomy::Tag),
            started: String::new(),
            email_error: None,
            topics_error: None,
            error: None,
        }
    }
}

/// `topics` under the names they have now.
pub(super) fn known_topics(topics: impl IntoIterator<Item = Topic>, live: &Live) -> impl Iterator<Item = Topic> {
    topics.into_iter().map(|topic| live.canonical(&topic).clone())
}

/// The address in a form: one that mail can reach from anywhere, which no name without a dot is.
pub(super) fn email(fields: &Fields) -> Option<EmailAddress> {
    fields.get("email").parse::<EmailAddress>().ok().filter(|address| address.domain().contains('.'))
}

/// The longest name or organisation that is kept, in characters.
const LONGEST_NAME: usize = 120;

/// What somebody calls themselves or their organisation; `None` when they did not say.
pub(super) fn called(fields: &Fields, name: &str) -> Option<String> {
    let text: String = one_line(fields.get(name)).chars().take(LONGEST_NAME).collect();
    Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, expected: Option<&str>) {
        let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("name", given).finish();
        assert_eq!(called(&Fields::parse(form.as_bytes()), "name").as_deref(), expected, "{given:?}");
    }

    #[test]
    fn a_name_is_one_line_of_words() {
        check("Ann\r\nBcc: eve@example.org", Some("Ann Bcc: eve@example.org"));
        check("Ann\u{202e}lleB", Some("AnnlleB"));
        check(" \u{200f}\t\u{2066} ", None);
        check("", None);
        check(&"é".repeat(200), Some(&"é".repeat(120)));
        check(&format!("{} b", "a".repeat(119)), Some(&"a".repeat(119)));
    }
}
