//! A release as letters show it: whole in its announcement and its correction, among others in a digest.

use serde::Serialize;

use super::super::parts::{Contact, DocumentLink, Picture};
use super::super::samples;
use crate::language::Language;

/// A release in a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterRelease {
    /// Its own language, when it is not the letter's: its BCP 47 tag.
    pub own_lang: Option<String>,
    /// Its title, plain text.
    pub title: String,
    /// Its date in words.
    pub date_words: String,
    /// Its chapeau: sanitised HTML with absolute addresses and without styles; the templates add them.
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
}

impl LetterRelease {
    /// A release that has everything.
    pub(super) fn sample(language: Language) -> Self {
        Self {
            own_lang: None,
            title: samples::title(language),
            date_words: samples::stamp(language, 23).words,
            chapeau_html: samples::chapeau(language),
            chapeau_text: samples::pick(
                language,
                "Long de 84 mètres, il ouvre aux piétons et aux cyclistes le 4\u{a0}mai. Le plan d’accès est en ligne.",
                "Eighty-four metres long, it opens to walkers and cyclists on 4\u{a0}May. How to get there is online.",
            ),
            image: Some(samples::picture(language)),
            documents: samples::documents(language),
            page_url: "https://example.org/presse/communiques/pont/".to_owned(),
            contact: Some(samples::contact(language)),
        }
    }

    /// A release in another language that has nothing of what may be absent.
    pub(super) fn bare_sample(language: Language) -> Self {
        let other = match language {
            Language::French => Language::English,
            Language::English => Language::French,
        };
        Self {
            own_lang: Some(other.code().to_owned()),
            date_words: samples::stamp(language, 23).words,
            image: None,
            documents: Vec::new(),
            contact: None,
            page_url: "https://example.org/presse/communiques/autre-rive/".to_owned(),
            ..Self::sample(other)
        }
    }

    /// A release whose lead image has no known size.
    pub(super) fn unmeasured_sample(language: Language) -> Self {
        Self { image: Some(samples::picture_without_size(language)), ..Self::sample(language) }
    }
}
