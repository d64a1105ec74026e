//! The page of a request that could not be answered.

use serde::Serialize;

use super::super::engine::Page;
use super::Layout;
use crate::language::{Language, say};

/// What went wrong and what to do: its words are chosen by `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemPage {
    /// The frame.
    pub layout: Layout,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub heading: String,
    /// Why.
    pub explanation: String,
    /// What the reader can do.
    pub advice: String,
    /// Whether the way to the subscription form is shown.
    pub subscribe: bool,
}

/// A link of a letter that leads nowhere any more, or never did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostLink {
    /// An edition's, made for the office: its time is over.
    Office,
    /// A subscription's: that has ended.
    Subscription,
    /// A confirmation's: its time is over.
    Confirmation,
    /// That of a letter which asks whether it was really the owner who asked: its time is over, or it was refused.
    Request,
    /// One that made more changes in a day than anybody wants.
    Busy,
    /// Not one of ours, or for another page.
    Wrong,
}

impl LostLink {
    const ALL: [Self; 6] =
        [Self::Office, Self::Subscription, Self::Confirmation, Self::Request, Self::Busy, Self::Wrong];

    /// Its words, below `problem`.
    const fn key(self) -> &'static str {
        match self {
            Self::Office => "link",
            Self::Subscription => "subscription-over",
            Self::Confirmation => "confirmation-over",
            Self::Request => "request-over",
            Self::Busy => "link-busy",
            Self::Wrong => "wrong-link",
        }
    }

    /// The HTTP status of its page.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Office | Self::Subscription | Self::Confirmation | Self::Request => 410,
            Self::Busy => 429,
            Self::Wrong => 404,
        }
    }
}

/// The statuses with words of their own.
const KNOWN: [u16; 8] = [400, 404, 405, 410, 413, 429, 500, 503];

impl ProblemPage {
    /// The page for `status`, in the layout's language. A status without words of its own gets those of its class.
    #[must_use]
    pub fn new(layout: Layout, status: u16) -> Self {
        let known = match status {
            _ if KNOWN.contains(&status) => status,
            0..500 => 400,
            500.. => 500,
        };
        let language = layout.language;
        let words = |part: &str| say(language, &format!("problem.{known}.{part}"), &[]);
        Self::with_words(layout, status, &words)
    }

    /// The page for a link of a letter that leads nowhere.
    #[must_use]
    pub fn lost_link(layout: Layout, link: LostLink) -> Self {
        let language = layout.language;
        let words = |part: &str| say(language, &format!("problem.{}.{part}", link.key()), &[]);
        let subscribe = matches!(link, LostLink::Subscription | LostLink::Confirmation);
        Self { subscribe, ..Self::with_words(layout, link.status(), &words) }
    }

    fn with_words(layout: Layout, status: u16, words: &dyn Fn(&str) -> String) -> Self {
        let (heading, explanation, advice) = (words("title"), words("why"), words("advice"));
        let layout = Layout { title: heading.clone(), canonical: None, noindex: true, ..layout };
        Self { layout, status, heading, explanation, advice, subscribe: false }
    }
}

impl Page for ProblemPage {
    const TEMPLATE: &'static str = "page/problem.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let layout = || Layout::sample(language, "");
        let by_status = KNOWN.into_iter().chain([418, 507]).map(|status| Self::new(layout(), status));
        by_status.chain(LostLink::ALL.map(|link| Self::lost_link(layout(), link))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_words() {
        for language in Language::ALL {
            for page in ProblemPage::samples(language) {
                for words in [&page.heading, &page.explanation, &page.advice] {
                    assert!(!words.starts_with("problem."), "{words}");
                }
            }
        }
    }
}
