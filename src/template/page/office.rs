//! The press office's pages for one edition, reached from its letters.

use serde::Serialize;

use super::super::engine::Page;
use super::super::parts::{EditionActions, Link, Stamp};
use super::super::samples;
use super::Layout;
use crate::language::{Language, edition_kind, edition_state, grouped, hold_reason, say};

/// An edition, and what the office may do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficePage {
    /// The frame.
    pub layout: Layout,
    /// The release's title.
    pub title: String,
    /// What kind of edition it is, in words.
    pub kind_words: String,
    /// Where it stands, in words.
    pub state: String,
    /// When it leaves by itself.
    pub due: Option<Stamp>,
    /// Why it is held, as a sentence.
    pub reason: Option<String>,
    /// How many would receive it now, or received it: a number in words of the language.
    pub recipients: String,
    /// Where the release can be read, when it is live.
    pub release: Option<Link>,
    /// What may be done.
    pub actions: EditionActions,
}

impl Page for OfficePage {
    const TEMPLATE: &'static str = "page/office.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let layout = Layout::sample(language, "");
        let layout = Layout { title: say(language, "office.title", &[]), canonical: None, noindex: true, ..layout };
        let waiting = Self {
            layout,
            title: samples::title(language),
            kind_words: edition_kind(language, "announcement"),
            state: edition_state(language, "waiting"),
            due: Some(samples::stamp(language, 23)),
            reason: None,
            recipients: grouped(1240, language),
            release: Some(Link::new(samples::title(language), "/presse/communiques/pont/")),
            actions: EditionActions { hold: true, send: true, cancel: true, ..samples::actions() },
        };
        let held = Self {
            state: edition_state(language, "held"),
            due: None,
            reason: Some(hold_reason(language, "many-at-once", "12")),
            release: None,
            actions: EditionActions { send: true, cancel: true, crowd: Some(12), ..samples::actions() },
            ..waiting.clone()
        };
        let done = Self {
            state: edition_state(language, "done"),
            due: None,
            actions: samples::actions(),
            recipients: grouped(1, language),
            ..waiting.clone()
        };
        let sending = Self {
            kind_words: edition_kind(language, "correction"),
            state: edition_state(language, "sending"),
            due: None,
            actions: EditionActions { pause: true, cancel: true, ..samples::actions() },
            ..waiting.clone()
        };
        let paused = Self {
            kind_words: edition_kind(language, "withdrawal"),
            state: edition_state(language, "paused"),
            release: None,
            actions: EditionActions { resume: true, cancel: true, ..samples::actions() },
            ..sending.clone()
        };
        vec![waiting, held, sending, paused, done]
    }
}

/// What the office asked for was done, or could not be any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficeDonePage {
    /// The frame.
    pub layout: Layout,
    /// The release's title.
    pub title: String,
    /// What was done: `held`, `sent`, `freed` (it leaves when its embargo ends), `paused`, `resumed`, `cancelled`,
    /// `sent-all` and `cancelled-all` for a crowd, or `late` when the edition had moved on before.
    pub outcome: String,
    /// Where the edition stands now, in words.
    pub state: String,
    /// The edition's page.
    pub back: String,
}

impl Page for OfficeDonePage {
    const TEMPLATE: &'static str = "page/office_done.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let layout = Layout::sample(language, "");
        let layout = Layout { title: say(language, "office.title", &[]), canonical: None, noindex: true, ..layout };
        let outcomes = [
            ("held", "held"),
            ("sent", "opening"),
            ("freed", "waiting"),
            ("paused", "paused"),
            ("resumed", "sending"),
            ("cancelled", "cancelled"),
            ("sent-all", "waiting"),
            ("cancelled-all", "cancelled"),
            ("late", "done"),
        ];
        outcomes
            .map(|(outcome, state)| Self {
                layout: layout.clone(),
                title: samples::title(language),
                outcome: outcome.to_owned(),
                state: edition_state(language, state),
                back: "/presse/office/a.b".to_owned(),
            })
            .into()
    }
}
