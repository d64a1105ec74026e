//! The form that says what a subscriber follows, how often, in which language.

use chrono::{NaiveTime, Weekday};
use serde::Serialize;

use super::super::samples;
use crate::language::{Language, days_words, hour_words, weekday_words};

/// One topic as a box to tick. Its field is `topic`, once per ticked box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicChoice {
    /// What the form sends: `category:discours`.
    pub value: String,
    /// The topic's words.
    pub words: String,
    /// Whether it is ticked.
    pub chosen: bool,
}

/// When digests leave, in words of the page's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DigestTimes {
    /// The hour of both.
    pub hour: String,
    /// The days of the daily one: `du lundi au vendredi`; `None`: every day.
    pub days: Option<String>,
    /// The day of the weekly one.
    pub weekly_on: String,
}

impl DigestTimes {
    /// Digests that leave on `days`, and once a week on `weekly_on`, at `hour`.
    #[must_use]
    pub fn new(language: Language, hour: NaiveTime, days: &[Weekday], weekly_on: Weekday) -> Self {
        Self {
            hour: hour_words(hour, language),
            days: days_words(days, language),
            weekly_on: weekday_words(weekly_on, language).to_owned(),
        }
    }
}

/// The form's present values. Fields: `email`, `name`, `organisation`, `language` (`fr`, `en`), `frequency`
/// (`immediate`, `daily`, `weekly`), `topic` (`all`, `category:…`, `tag:…`), `started`, and `website`, which people do
/// not see and programs fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionForm {
    /// Where the form posts to.
    pub action: String,
    /// As typed; empty at first and on the preferences page.
    pub email: String,
    /// As typed.
    pub name: String,
    /// As typed.
    pub organisation: String,
    /// `fr` or `en`.
    pub language: String,
    /// `immediate`, `daily` or `weekly`.
    pub frequency: String,
    /// When digests leave.
    pub digests: DigestTimes,
    /// Whether every release is followed.
    pub all: bool,
    /// One per category.
    pub categories: Vec<TopicChoice>,
    /// One per tag.
    pub tags: Vec<TopicChoice>,
    /// Sent back as it is in the field `started`: when the form was shown, signed. May be empty.
    pub started: String,
    /// What is wrong with the address, in words.
    pub email_error: Option<String>,
    /// What is wrong with the topics, in words.
    pub topics_error: Option<String>,
    /// What else stands in the way, in words.
    pub error: Option<String>,
}

/// The days of a sample.
const WORKING_DAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

/// The hour of a sample.
fn half_past_eight() -> NaiveTime {
    NaiveTime::from_hms_opt(8, 30, 0).unwrap_or_default()
}

impl SubscriptionForm {
    /// A form that was filled in and has nothing wrong.
    pub(super) fn sample(language: Language, action: &str) -> Self {
        let choice =
            |value: &str, words: &str, chosen| TopicChoice { value: value.to_owned(), words: words.to_owned(), chosen };
        Self {
            action: action.to_owned(),
            email: "camille@example.org".to_owned(),
            name: "Camille Roy".to_owned(),
            organisation: samples::pick(language, "La Gazette du fleuve", "The River Gazette"),
            language: language.code().to_owned(),
            frequency: "immediate".to_owned(),
            digests: DigestTimes::new(language, half_past_eight(), &WORKING_DAYS, Weekday::Mon),
            all: false,
            categories: vec![
                choice("category:communiques", "Communiqués", true),
                choice("category:discours", "Discours", false),
            ],
            tags: vec![
                choice("tag:ponts-routes", "ponts & routes", true),
                choice("tag:formation", "formation", false),
                choice("tag:ete", "été", false),
            ],
            started: "1795428000.c2lnbmVk".to_owned(),
            email_error: None,
            topics_error: None,
            error: None,
        }
    }

    /// The form as it comes at first.
    pub(super) fn empty_sample(language: Language, action: &str) -> Self {
        Self {
            email: String::new(),
            name: String::new(),
            organisation: String::new(),
            all: true,
            categories: Vec::new(),
            tags: Vec::new(),
            digests: DigestTimes::new(language, half_past_eight(), &[], Weekday::Sat),
            started: String::new(),
            ..Self::sample(language, action)
        }
    }
}
