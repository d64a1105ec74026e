//! Letters that ask a subscriber to confirm what was asked for in their name: whoever holds a forwarded link can ask, only
//! the owner of the address can confirm.

use serde::Serialize;

use super::super::engine::Letter;
use super::super::samples;
use super::LetterFrame;
use crate::language::{Language, say};

/// What is to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// To the present address: the subscription leaves it.
    AddressOld,
    /// To the new address: the subscription comes to it.
    AddressNew,
    /// A copy of what is kept is ready.
    Export,
    /// To be forgotten.
    Erasure,
    /// A subscription, by somebody who has one.
    Known,
    /// Nothing more: the subscription goes on after they left.
    Returned,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::AddressOld, Self::AddressNew, Self::Export, Self::Erasure, Self::Known, Self::Returned];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressOld => "address-old",
            Self::AddressNew => "address-new",
            Self::Export => "export",
            Self::Erasure => "erasure",
            Self::Known => "known",
            Self::Returned => "returned",
        }
    }

    /// Whether the link of its letter ends.
    #[must_use]
    pub const fn ends(self) -> bool {
        match self {
            Self::AddressOld | Self::AddressNew | Self::Export | Self::Erasure => true,
            Self::Known | Self::Returned => false,
        }
    }
}

/// A letter that asks to confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestLetter {
    /// The frame.
    pub frame: LetterFrame,
    /// The subject.
    pub subject: String,
    /// The heading.
    pub title: String,
    /// What was asked for.
    pub what: String,
    /// What follows from it.
    pub then: String,
    /// The words of the link.
    pub press: String,
    /// The page with the button.
    pub url: String,
    /// Until when the link works, in words; `None` for ever.
    pub expires_words: Option<String>,
    /// What to do when it was somebody else.
    pub not_you: String,
    /// Why this came.
    pub why: String,
}

impl RequestLetter {
    /// The letter of this kind; `address` is the new address, for those that name it.
    #[must_use]
    pub fn new(frame: LetterFrame, kind: RequestKind, address: &str, url: &str, expires_words: Option<String>) -> Self {
        let site = frame.site_title.clone();
        let words = |part: &str| {
            let key = format!("mail.request.{}.{part}", kind.as_str());
            say(frame.language, &key, &[("site", &site), ("address", address)])
        };
        Self {
            subject: words("subject"),
            title: words("title"),
            what: words("what"),
            then: words("then"),
            press: words("press"),
            url: url.to_owned(),
            expires_words,
            not_you: words("not-you"),
            why: words("why"),
            frame,
        }
    }
}

impl Letter for RequestLetter {
    const FOLDER: &'static str = "request";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let url = "https://example.org/presse/preferences/erase/a.b";
        let stamp = || samples::stamp(language, 30).words;
        let letter = |kind: RequestKind| {
            let expires = kind.ends().then(stamp);
            Self::new(LetterFrame::sample(language), kind, "camille.roy@example.net", url, expires)
        };
        RequestKind::ALL.map(letter).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_are_as_people_see_them() {
        let templates = crate::template::Templates::new([]).unwrap();
        let letters = Language::ALL.into_iter().flat_map(RequestLetter::samples);
        let seen: Vec<String> = letters
            .map(|letter| templates.letter(&letter).unwrap())
            .map(|parts| format!("Subject: {}\n\n{}", parts.subject, parts.text))
            .collect();
        insta::assert_snapshot!(seen.join("\n=====\n"));
    }

    #[test]
    fn no_letter_lacks_its_words() {
        for language in Language::ALL {
            for letter in RequestLetter::samples(language) {
                let RequestLetter { subject, title, what, then, press, not_you, why, .. } = letter;
                for words in [subject, title, what, then, press, not_you, why] {
                    assert!(!words.starts_with("mail.request."), "{words}");
                    assert!(!words.contains('{'), "{words}");
                }
            }
        }
    }
}
