//! The page of a request that could not be answered.

use serde::Serialize;

use super::super::engine::Page;
use super::{Layout, samples};
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

    /// The page for a link of a letter whose time is over, or whose owner left: 410.
    #[must_use]
    pub fn link_over(layout: Layout) -> Self {
        let language = layout.language;
        Self::with_words(layout, 410, &|part| say(language, &format!("problem.link.{part}"), &[]))
    }

    fn with_words(layout: Layout, status: u16, words: &dyn Fn(&str) -> String) -> Self {
        let (heading, explanation, advice) = (words("title"), words("why"), words("advice"));
        let layout = Layout { title: heading.clone(), canonical: None, noindex: true, ..layout };
        Self { layout, status, heading, explanation, advice }
    }
}

impl Page for ProblemPage {
    const TEMPLATE: &'static str = "page/problem.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let layout = || samples::layout(language, "");
        let by_status = KNOWN.into_iter().chain([418, 507]).map(|status| Self::new(layout(), status));
        by_status.chain([Self::link_over(layout())]).collect()
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
