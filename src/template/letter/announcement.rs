//! The letter that announces one release: to its subscribers, and before them to the office.

use serde::Serialize;

use super::super::engine::Letter;
use super::super::page::samples as page_samples;
use super::super::parts::{Contact, DocumentLink, Picture};
use super::{LetterFrame, samples};
use crate::language::{Language, edition_state};

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnnouncementLetter {
    /// The frame.
    pub frame: LetterFrame,
    /// The release's own language, when it is not the letter's: its BCP 47 tag.
    pub own_lang: Option<String>,
    /// The release's title, plain text: also the subject.
    pub title: String,
    /// Its date in words.
    pub date_words: String,
    /// Its chapeau: sanitised HTML with absolute addresses and without styles; they are added here.
    pub chapeau_html: String,
    /// The same as text.
    pub chapeau_text: String,
    /// Its lead image, shown when its size is known.
    pub image: Option<Picture>,
    /// Its documents; one that is missing is named without a link.
    pub documents: Vec<DocumentLink>,
    /// The full release.
    pub page_url: String,
    /// Whom journalists may call.
    pub contact: Option<Contact>,
    /// Who reads this copy.
    pub audience: Audience,
}

/// Who reads a copy of an announcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Those who follow one of its topics.
    Subscriber(Recipient),
    /// The press office, before everyone: there is no unsubscribe link in its copy.
    Office(OfficeBanner),
}

/// What differs from subscriber to subscriber: splice marks while a letter is rendered once for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recipient {
    /// The page that unsubscribes.
    pub unsubscribe_url: String,
    /// The page of the preferences.
    pub preferences_url: String,
    /// The words of the topics that matched: why they receive it.
    pub topics: String,
}

/// What the office is told above its copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficeBanner {
    /// Where the edition stands, in words.
    pub state_words: String,
    /// When it leaves by itself, in words.
    pub due_words: Option<String>,
    /// Why it is held, as a sentence.
    pub reason: Option<String>,
    /// The page with *hold*, *send now*, *cancel*.
    pub office_url: String,
    /// Until when the release is under embargo, in words; `None` once it is live.
    pub embargo_until: Option<String>,
}

impl Letter for AnnouncementLetter {
    const FOLDER: &'static str = "announcement";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let subscriber = Self {
            frame: samples::frame(language),
            own_lang: None,
            title: page_samples::title(language),
            date_words: page_samples::stamp(language, 23).words,
            chapeau_html: page_samples::chapeau(language),
            chapeau_text: page_samples::pick(
                language,
                "Long de 84 mètres, il ouvre aux piétons et aux cyclistes le 4\u{a0}mai. Le plan d’accès est en ligne.",
                "Eighty-four metres long, it opens to walkers and cyclists on 4\u{a0}May. How to get there is online.",
            ),
            image: Some(page_samples::picture(language)),
            documents: page_samples::documents(language),
            page_url: "https://example.org/presse/communiques/pont/".to_owned(),
            contact: Some(page_samples::contact(language)),
            audience: Audience::Subscriber(Recipient {
                unsubscribe_url: "https://example.org/presse/u/a.b".to_owned(),
                preferences_url: "https://example.org/presse/preferences/a.b".to_owned(),
                topics: "Communiqués, ponts & routes".to_owned(),
            }),
        };
        let banner = OfficeBanner {
            state_words: edition_state(language, "waiting"),
            due_words: Some(page_samples::stamp(language, 23).words),
            reason: None,
            office_url: "https://example.org/presse/office/a.b".to_owned(),
            embargo_until: Some(page_samples::stamp(language, 23).words),
        };
        let office = Self { audience: Audience::Office(banner.clone()), ..subscriber.clone() };
        let held = OfficeBanner {
            state_words: edition_state(language, "held"),
            due_words: None,
            reason: Some(crate::language::hold_reason(language, "document-missing", "Dossier & annexes")),
            embargo_until: None,
            ..banner
        };
        let bare = Self {
            own_lang: Some("en".to_owned()),
            image: None,
            documents: Vec::new(),
            contact: None,
            audience: Audience::Office(held),
            ..subscriber.clone()
        };
        let unmeasured = Self { image: Some(page_samples::picture_without_size(language)), ..subscriber.clone() };
        vec![subscriber, office, bare, unmeasured]
    }
}
