//! The letter that tells the office something: an edition held, a file broken, a relay stopped, an edition done.

use serde::Serialize;

use super::super::engine::Letter;
use super::super::page::samples as page_samples;
use super::super::parts::Link;
use super::{LetterFrame, samples};
use crate::domain::{DeliveryTally, HoldReason};
use crate::language::{Language, hold_reason, say, say_count};

/// A notice. Its functions choose the words of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeLetter {
    /// The frame.
    pub frame: LetterFrame,
    /// One line: also the subject.
    pub title: String,
    /// What happened, then what to do.
    pub paragraphs: Vec<String>,
    /// Lines shown as they are, below the paragraphs.
    pub details: Vec<String>,
    /// Where to go.
    pub links: Vec<Link>,
}

impl NoticeLetter {
    /// An edition is held: why, and the page that lets it go.
    #[must_use]
    pub fn edition_held(frame: LetterFrame, release: &str, reason: &HoldReason, office_url: &str) -> Self {
        let language = frame.language;
        let why = hold_reason(language, reason.as_str(), &reason.detail());
        Self {
            title: say(language, "mail.notice.held-subject", &[("title", release)]),
            paragraphs: vec![
                say(language, "mail.notice.held-what", &[]),
                why,
                say(language, "mail.notice.held-advice", &[]),
            ],
            details: Vec::new(),
            links: vec![Link::new(say(language, "mail.notice.held-link", &[]), office_url)],
            frame,
        }
    }

    /// A release's file has errors: `problems`, a line each, say which and where.
    #[must_use]
    pub fn file_broken(frame: LetterFrame, path: &str, still_shown: bool, problems: Vec<String>) -> Self {
        let language = frame.language;
        let fate = if still_shown { "mail.notice.broken-shown" } else { "mail.notice.broken-hidden" };
        Self {
            title: say(language, "mail.notice.broken-subject", &[("path", path)]),
            paragraphs: vec![
                say(language, "mail.notice.broken-what", &[("path", path)]),
                say(language, fate, &[]),
                say(language, "mail.notice.broken-advice", &[]),
            ],
            details: problems,
            links: Vec::new(),
            frame,
        }
    }

    /// A relay takes no letters: since when, and what it said.
    #[must_use]
    pub fn relay_stopped(frame: LetterFrame, relay: &str, since_words: &str, reply: &str) -> Self {
        let language = frame.language;
        let arguments = [("relay", relay), ("since", since_words)];
        Self {
            title: say(language, "mail.notice.relay-subject", &arguments),
            paragraphs: vec![
                say(language, "mail.notice.relay-what", &arguments),
                say(language, "mail.notice.relay-advice", &[]),
            ],
            details: vec![reply.to_owned()],
            links: Vec::new(),
            frame,
        }
    }

    /// An edition has left: how many letters were accepted, failed, are still waiting.
    #[must_use]
    pub fn edition_summary(frame: LetterFrame, release: &str, tally: &DeliveryTally, page_url: &str) -> Self {
        let language = frame.language;
        let mut details = vec![
            say_count(language, "mail.notice.accepted", tally.sent),
            say_count(language, "mail.notice.failed", tally.failed),
            say_count(language, "mail.notice.open", tally.open()),
        ];
        if tally.skipped > 0 {
            details.push(say_count(language, "mail.notice.skipped", tally.skipped));
        }
        Self {
            title: say(language, "mail.notice.summary-subject", &[("title", release)]),
            paragraphs: vec![
                say(language, "mail.notice.summary-what", &[]),
                say(language, "mail.notice.summary-meaning", &[]),
            ],
            details,
            links: vec![Link::new(say(language, "mail.notice.summary-link", &[]), page_url)],
            frame,
        }
    }

    /// Too many releases are gone at once: nothing changes until it lasts or a person confirms it.
    #[must_use]
    pub fn folder_alarm(frame: LetterFrame, missing: u32, of: u32, since_words: &str) -> Self {
        let language = frame.language;
        let (missing, of) = (missing.to_string(), of.to_string());
        let arguments = [("missing", missing.as_str()), ("of", &of), ("since", since_words)];
        Self {
            title: say(language, "mail.notice.alarm-subject", &arguments),
            paragraphs: vec![
                say(language, "mail.notice.alarm-what", &arguments),
                say(language, "mail.notice.alarm-advice", &[]),
            ],
            details: Vec::new(),
            links: Vec::new(),
            frame,
        }
    }
}

impl Letter for NoticeLetter {
    const FOLDER: &'static str = "notice";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let frame = || samples::frame(language);
        let title = page_samples::title(language);
        let since = page_samples::stamp(language, 23).words;
        let tally = DeliveryTally { sent: 1_204, failed: 1, queued: 3, skipped: 2, ..DeliveryTally::default() };
        let missing = HoldReason::DocumentMissing { documents: vec!["Dossier & annexes".to_owned()] };
        let problems = vec!["3:8: <title> & nothing".to_owned(), "9:1: …".to_owned()];
        vec![
            Self::edition_held(frame(), &title, &missing, "https://example.org/presse/office/a.b"),
            Self::edition_held(frame(), &title, &HoldReason::Approval, "https://example.org/presse/office/a.b"),
            Self::file_broken(frame(), "2026-11-23-pont.md", true, problems.clone()),
            Self::file_broken(frame(), "2026-11-23-pont.md", false, problems),
            Self::relay_stopped(frame(), "smtp.example.org:25", &since, "421 4.3.2 <later>"),
            Self::edition_summary(frame(), &title, &tally, "https://example.org/presse/communiques/pont/"),
            Self::folder_alarm(frame(), 8, 12, &since),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EditionState;
    use crate::language::edition_state;

    #[test]
    fn every_hold_and_every_state_has_words() {
        let reasons = [
            HoldReason::Office,
            HoldReason::TooOld,
            HoldReason::ManyAtOnce { count: 12 },
            HoldReason::DocumentMissing { documents: vec!["Dossier".to_owned(), "Annexe".to_owned()] },
            HoldReason::Approval,
            HoldReason::DoubtfulIdentity,
            HoldReason::ClockStep,
            HoldReason::FileBroken,
        ];
        let states = [
            EditionState::Held(HoldReason::Office),
            EditionState::Waiting { due: chrono::DateTime::UNIX_EPOCH },
            EditionState::Opening { cursor: None },
            EditionState::Sending,
            EditionState::Paused,
            EditionState::Done,
            EditionState::Cancelled,
        ];
        for language in Language::ALL {
            for reason in &reasons {
                let notice = NoticeLetter::edition_held(samples::frame(language), "Un pont", reason, "https://x.org/o");
                assert!(notice.title.ends_with("Un pont"), "{}", notice.title);
                let why = &notice.paragraphs[1];
                assert!(!why.starts_with("hold-reason.") && !why.contains('{'), "{why}");
            }
            for state in &states {
                let said = edition_state(language, state.as_str());
                assert!(!said.starts_with("edition-state."), "{said}");
            }
        }
    }

    #[test]
    fn no_notice_lacks_its_words() {
        for notice in Language::ALL.into_iter().flat_map(NoticeLetter::samples) {
            let links = notice.links.iter().map(|link| &link.words);
            for said in notice.paragraphs.iter().chain(&notice.details).chain(links).chain([&notice.title]) {
                assert!(!said.starts_with("mail.") && !said.contains('{'), "{said}");
            }
        }
    }
}
