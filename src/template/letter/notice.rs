//! The letter that tells the office something: an edition held, a file broken, a relay stopped, an edition done.

use serde::Serialize;

use super::super::engine::Letter;
use super::super::parts::Link;
use super::super::samples;
use super::{LetterFrame, digest_title};
use crate::domain::{DeliveryTally, EditionKind, Frequency, HoldReason, mask_addresses};
use crate::language::{Language, hold_reason, say, say_count};

/// How many titles of a crowd are named; the others are counted.
const TITLES_SHOWN: usize = 20;

/// Who refused a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuser<'a> {
    /// A mail server of the recipient's domain, later.
    Domain(&'a str),
    /// Our relay, at once.
    Relay(&'a str),
}

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
    /// An edition is held: why, and the page that lets it go. `title` is what it is called in lists.
    #[must_use]
    pub fn edition_held(
        frame: LetterFrame,
        kind: EditionKind,
        title: &str,
        reason: &HoldReason,
        office_url: &str,
    ) -> Self {
        let language = frame.language;
        let which = say(language, &format!("mail.notice.held-which.{kind}"), &[]);
        Self {
            title: say(language, &format!("mail.notice.held-subject.{kind}"), &[("title", title)]),
            paragraphs: vec![
                format!("{which} {}", say(language, "mail.notice.held-what", &[])),
                hold_reason(language, reason.as_str(), &reason.detail()),
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

    /// A relay takes no letters: since when, and what it said, without the addresses in it.
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
            details: vec![mask_addresses(reply)],
            links: Vec::new(),
            frame,
        }
    }

    /// A letter was refused for what it is or for who sends it: by whom, with which code, and what was said, without
    /// the addresses in it.
    #[must_use]
    pub fn letter_refused(frame: LetterFrame, by: Refuser<'_>, code: &str, reply: &str) -> Self {
        let language = frame.language;
        let (what, name) = match by {
            Refuser::Domain(domain) => ("mail.notice.refused-what.domain", domain),
            Refuser::Relay(relay) => ("mail.notice.refused-what.relay", relay),
        };
        let arguments = [("name", name), ("code", code)];
        Self {
            title: say(language, "mail.notice.refused-subject", &arguments),
            paragraphs: vec![say(language, what, &arguments), say(language, "mail.notice.refused-advice", &[])],
            details: if reply.is_empty() { Vec::new() } else { vec![mask_addresses(reply)] },
            links: Vec::new(),
            frame,
        }
    }

    /// A relay that took no letters takes them again: since when and until when it did not.
    #[must_use]
    pub fn relay_works(frame: LetterFrame, relay: &str, since_words: &str, until_words: &str) -> Self {
        let arguments = [("relay", relay), ("since", since_words), ("until", until_words)];
        Self::of_words(frame, "relay-again", "", &arguments)
    }

    /// The database could not be used for a while, and can be again. `ailment` is the word of what ailed it.
    #[must_use]
    pub fn database_trouble(frame: LetterFrame, ailment: &str, since_words: &str, until_words: &str) -> Self {
        let arguments = [("since", since_words), ("until", until_words)];
        Self::of_words(frame, "database", &format!(".{ailment}"), &arguments)
    }

    /// A notice of a subject, a sentence and an advice.
    fn of_words(frame: LetterFrame, about: &str, which: &str, arguments: &[(&str, &str)]) -> Self {
        let language = frame.language;
        let words = |part: &str| say(language, &format!("mail.notice.{about}-{part}"), arguments);
        Self {
            title: words(&format!("subject{which}")),
            paragraphs: vec![words(&format!("what{which}")), words("advice")],
            details: Vec::new(),
            links: Vec::new(),
            frame,
        }
    }

    /// Many releases appeared at once: their titles, and the page on which one decision counts for all of them.
    #[must_use]
    pub fn crowd_held(frame: LetterFrame, titles: &[String], office_url: &str) -> Self {
        let language = frame.language;
        let count = titles.len().to_string();
        let count = [("count", count.as_str())];
        Self {
            title: say(language, "mail.notice.crowd-subject", &count),
            paragraphs: vec![
                say(language, "mail.notice.crowd-what", &count),
                say(language, "mail.notice.crowd-advice", &[]),
            ],
            details: some_of(titles, language),
            links: vec![Link::new(say(language, "mail.notice.crowd-link", &count), office_url)],
            frame,
        }
    }

    /// A document of a release that was mailed has changed: its editor may owe a correction.
    #[must_use]
    pub fn documents_changed(frame: LetterFrame, release: &str, page_url: &str) -> Self {
        let language = frame.language;
        Self {
            title: say(language, "mail.notice.documents-subject", &[("title", release)]),
            paragraphs: vec![
                say(language, "mail.notice.documents-what", &[]),
                say(language, "mail.notice.documents-advice", &[]),
            ],
            details: vec![say(language, "mail.notice.documents-line", &[])],
            links: vec![Link::new(say(language, "mail.notice.documents-link", &[]), page_url)],
            frame,
        }
    }

    /// A release's page on the site that shows the releases does not answer, so its edition waits.
    #[must_use]
    pub fn page_missing(
        frame: LetterFrame,
        release: &str,
        page_url: &str,
        since_words: &str,
        office_url: &str,
    ) -> Self {
        let language = frame.language;
        Self {
            title: say(language, "mail.notice.page-subject", &[("title", release)]),
            paragraphs: vec![
                say(language, "mail.notice.page-what", &[("since", since_words)]),
                say(language, "mail.notice.page-advice", &[]),
            ],
            details: vec![page_url.to_owned()],
            links: vec![Link::new(say(language, "mail.notice.page-link", &[]), office_url)],
            frame,
        }
    }

    /// The machine's clock jumped forwards and is not believed: what it shows, and what is reckoned instead.
    #[must_use]
    pub fn clock_step(frame: LetterFrame, machine_words: &str, believed_words: &str) -> Self {
        let language = frame.language;
        let arguments = [("machine", machine_words), ("believed", believed_words)];
        Self {
            title: say(language, "mail.notice.clock-subject", &[]),
            paragraphs: vec![
                say(language, "mail.notice.clock-what", &arguments),
                say(language, "mail.notice.clock-advice", &[]),
            ],
            details: Vec::new(),
            links: Vec::new(),
            frame,
        }
    }

    /// Editions are held because the database knows nothing of the time since `since_words`: for `reason`, a backup was
    /// restored or nobody worked. `titles` are what they are called in lists.
    #[must_use]
    pub fn gap(frame: LetterFrame, reason: &HoldReason, since_words: &str, titles: &[String]) -> Self {
        let language = frame.language;
        let kind = reason.as_str();
        let held = say_count(language, "mail.notice.gap-held", titles.len() as u64);
        Self {
            title: say(language, &format!("mail.notice.{kind}-subject"), &[]),
            paragraphs: vec![
                say(language, &format!("mail.notice.{kind}-what"), &[("since", since_words)]),
                held,
                say(language, &format!("mail.notice.{kind}-advice"), &[]),
            ],
            details: some_of(titles, language),
            links: Vec::new(),
            frame,
        }
    }

    /// An edition has left: how many letters were accepted, failed, are still waiting. `title` is what it is called in
    /// lists, `page_url` where its release can be read; a digest leads to the front page, a withdrawal nowhere.
    #[must_use]
    pub fn edition_summary(
        frame: LetterFrame,
        kind: EditionKind,
        title: &str,
        tally: &DeliveryTally,
        page_url: Option<&str>,
    ) -> Self {
        let language = frame.language;
        let (key, address) = match kind {
            EditionKind::Announcement | EditionKind::Correction => ("mail.notice.summary-link", page_url),
            EditionKind::Digest => ("mail.notice.summary-front", Some(frame.site_url.as_str())),
            EditionKind::Withdrawal => ("mail.notice.summary-link", None),
        };
        let links = address.map(|address| Link::new(say(language, key, &[]), address));
        let mut details = vec![
            say_count(language, "mail.notice.accepted", tally.sent),
            say_count(language, "mail.notice.failed", tally.failed),
            say_count(language, "mail.notice.open", tally.open()),
        ];
        if tally.skipped > 0 {
            details.push(say_count(language, "mail.notice.skipped", tally.skipped));
        }
        Self {
            title: say(language, &format!("mail.notice.summary-subject.{kind}"), &[("title", title)]),
            paragraphs: vec![
                say(language, &format!("mail.notice.summary-what.{kind}"), &[]),
                say(language, "mail.notice.summary-meaning", &[]),
            ],
            details,
            links: links.into_iter().collect(),
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

/// The first titles of a list, and how many more there are.
fn some_of(titles: &[String], language: Language) -> Vec<String> {
    let mut shown: Vec<String> = titles.iter().take(TITLES_SHOWN).cloned().collect();
    let more = titles.len().saturating_sub(TITLES_SHOWN);
    if more > 0 {
        shown.push(say_count(language, "mail.notice.crowd-more", more as u64));
    }
    shown
}

impl Letter for NoticeLetter {
    const FOLDER: &'static str = "notice";

    fn language(&self) -> Language {
        self.frame.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let frame = || LetterFrame::sample(language);
        let title = samples::title(language);
        let since = samples::stamp(language, 23).words;
        let until = samples::stamp(language, 24).words;
        let tally = DeliveryTally { sent: 1_204, failed: 1, queued: 3, skipped: 2, ..DeliveryTally::default() };
        let digest = digest_title(language, Frequency::Daily, samples::day(24));
        let page = "https://example.org/presse/communiques/pont/";
        let office = "https://example.org/presse/office/a.b";
        let missing = HoldReason::DocumentMissing { documents: vec!["Dossier & annexes".to_owned()] };
        let problems = vec!["3:8: <title> & nothing".to_owned(), "9:1: …".to_owned()];
        vec![
            Self::edition_held(frame(), EditionKind::Announcement, &title, &missing, office),
            Self::edition_held(frame(), EditionKind::Digest, &digest, &HoldReason::Approval, office),
            Self::crowd_held(frame(), &vec![title.clone(); 24], office),
            Self::documents_changed(frame(), &title, page),
            Self::page_missing(frame(), &title, page, &since, office),
            Self::clock_step(frame(), &samples::stamp(language, 30).words, &since),
            Self::gap(frame(), &HoldReason::Restored, &since, &vec![title.clone(); 24]),
            Self::gap(frame(), &HoldReason::Silence, &since, std::slice::from_ref(&title)),
            Self::file_broken(frame(), "2026-11-23-pont.md", true, problems.clone()),
            Self::file_broken(frame(), "2026-11-23-pont.md", false, problems),
            Self::relay_stopped(frame(), "smtp.example.org:25", &since, "421 4.3.2 <later>"),
            Self::letter_refused(
                frame(),
                Refuser::Domain("journal.example"),
                "5.7.1",
                "smtp; 550 5.7.1 <ann@journal.example>: no",
            ),
            Self::letter_refused(frame(), Refuser::Relay("smtp.example.org:25"), "554", "554 access denied"),
            Self::relay_works(frame(), "smtp.example.org:25", &since, &until),
            Self::database_trouble(frame(), "full", &since, &until),
            Self::database_trouble(frame(), "locked", &since, &until),
            Self::database_trouble(frame(), "silent", &since, &until),
            Self::database_trouble(frame(), "failing", &since, &until),
            Self::edition_summary(frame(), EditionKind::Announcement, &title, &tally, Some(page)),
            Self::edition_summary(frame(), EditionKind::Digest, &digest, &tally, None),
            Self::edition_summary(frame(), EditionKind::Correction, &title, &tally, Some(page)),
            Self::edition_summary(frame(), EditionKind::Withdrawal, &title, &tally, None),
            Self::folder_alarm(frame(), 8, 12, &since),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EditionState;
    use crate::language::{edition_kind, edition_state};

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
            HoldReason::Unpublished,
            HoldReason::PageMissing,
            HoldReason::Restored,
            HoldReason::Silence,
        ];
        let states = [
            EditionState::Held(HoldReason::Office),
            EditionState::Waiting { due: chrono::DateTime::UNIX_EPOCH },
            EditionState::Opening { cursor: None },
            EditionState::Sending,
            EditionState::Paused(None),
            EditionState::Done,
            EditionState::Cancelled,
        ];
        for language in Language::ALL {
            for reason in &reasons {
                for kind in EditionKind::ALL {
                    let frame = LetterFrame::sample(language);
                    let notice = NoticeLetter::edition_held(frame, *kind, "Un pont", reason, "https://x.org/o");
                    assert!(notice.title.ends_with("Un pont"), "{}", notice.title);
                    for said in &notice.paragraphs {
                        let code = said.starts_with("hold-reason.") || said.starts_with("mail.");
                        assert!(!code && !said.contains('{'), "{said}");
                    }
                }
            }
            for state in &states {
                let said = edition_state(language, state.as_str());
                assert!(!said.starts_with("edition-state."), "{said}");
            }
        }
    }

    #[test]
    fn every_kind_of_edition_has_words() {
        for language in Language::ALL {
            for kind in EditionKind::ALL {
                assert!(!edition_kind(language, kind.as_str()).starts_with("edition-kind."), "{kind}");
                let (frame, tally) = (LetterFrame::sample(language), DeliveryTally::default());
                let notice = NoticeLetter::edition_summary(frame, *kind, "Un pont", &tally, Some("https://x.org/p"));
                assert!(notice.title.ends_with("Un pont"), "{}", notice.title);
                assert!(!notice.paragraphs[0].starts_with("mail."), "{}", notice.paragraphs[0]);
                let leads_to = notice.links.first().map(|link| link.address.as_str());
                let expected = match kind {
                    EditionKind::Announcement | EditionKind::Correction => Some("https://x.org/p"),
                    EditionKind::Digest => Some("https://example.org/presse/"),
                    EditionKind::Withdrawal => None,
                };
                assert_eq!(leads_to, expected, "{kind}");
            }
        }
    }

    #[test]
    fn a_large_crowd_names_its_first_titles_and_counts_the_rest() {
        let titles: Vec<String> = (1..=21).map(|number| format!("Titre {number}")).collect();
        let notice = NoticeLetter::crowd_held(LetterFrame::sample(Language::French), &titles, "https://x.org/o");
        assert_eq!((notice.details.len(), notice.details[20].as_str()), (21, "et 1 autre"));
        let notice = NoticeLetter::crowd_held(LetterFrame::sample(Language::English), &titles[..20], "https://x.org/o");
        assert_eq!((notice.details.len(), notice.details[19].as_str()), (20, "Titre 20"));
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
