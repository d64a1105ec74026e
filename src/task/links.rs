//! What a letter links to, asked for over HTTP before the letter leaves: documents, and the release's page on the site
//! that shows the releases.
//!
//! Answers come on threads of their own and wake the editor; what they mean for an edition is policy's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tracing::{debug, warn};

use super::newsroom::Newsroom;
use crate::catalog::Published;
use crate::clock::Clock;
use crate::config::DocumentsAt;
use crate::domain::{Document, PDF, Target};
use crate::fetch::Fetcher;
use crate::policy::Links;
use crate::resource::Wording;

/// How often something that is about to be needed, or that failed, is asked for again.
const ASKED_AGAIN: TimeDelta = TimeDelta::minutes(1);
/// How old an answer may be when an edition opens on it: long enough for the slowest server to answer once more.
const FRESH: TimeDelta = TimeDelta::minutes(3);

/// Something to be asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    /// Whether a document is there; a PDF must look like one.
    Document { address: String, is_pdf: bool },
    /// Whether a page answers 200.
    Page { address: String },
}

/// What is known of an answer.
#[derive(Debug, Clone, Copy, Default)]
struct Answer {
    /// When the last answer came, and whether it was a good one.
    last: Option<(DateTime<Utc>, bool)>,
    /// Since when it fails.
    failing_since: Option<DateTime<Utc>>,
    /// A question is on its way.
    asking: bool,
}

/// Asks, and keeps the answers.
#[derive(Debug, Clone)]
pub struct LinkDesk {
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    answers: Arc<Mutex<BTreeMap<Question, Answer>>>,
    /// Wakes the editor when an answer came.
    answered: Arc<Notify>,
}

impl LinkDesk {
    /// A desk that asks with `fetcher`.
    #[must_use]
    pub fn new(fetcher: Fetcher, clock: Arc<dyn Clock>) -> Self {
        Self { fetcher, clock, answers: Arc::default(), answered: Arc::default() }
    }

    /// Waits until every question on its way is answered: for tests and commands.
    pub async fn settle(&self) {
        loop {
            let answered = self.answered.notified();
            tokio::pin!(answered);
            answered.as_mut().enable();
            if !self.lock().values().any(|answer| answer.asking) {
                return;
            }
            answered.await;
        }
    }

    /// Waits for the next answer.
    pub(super) async fn answered(&self) {
        self.answered.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Question, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known by `now` of something that is needed at `due`; asks when that is not enough.
    fn know(&self, question: Question, due: DateTime<Utc>, now: DateTime<Utc>) -> Answer {
        let mut answers = self.lock();
        let answer = answers.entry(question.clone()).or_default();
        let wanted = match answer.last {
            None => true,
            Some((at, good)) => (!good || due <= now + ASKED_AGAIN) && at + ASKED_AGAIN <= now,
        };
        if wanted && !answer.asking {
            answer.asking = true;
            self.ask(question);
        }
        *answer
    }

    fn ask(&self, question: Question) {
        let desk = self.clone();
        tokio::task::spawn_blocking(move || {
            let (address, found) = match &question {
                Question::Document { address, is_pdf } => (address, desk.fetcher.document(address, *is_pdf).map(drop)),
                Question::Page { address } => (address, desk.fetcher.page(address)),
            };
            match &found {
                Ok(()) => debug!(%address, "{address} answers"),
                Err(error) => warn!(%address, %error, "{address} does not answer as it should: {error}"),
            }
            let now = desk.clock.now();
            if let Some(answer) = desk.lock().get_mut(&question) {
                answer.asking = false;
                answer.last = Some((now, found.is_ok()));
                answer.failing_since = if found.is_ok() { None } else { answer.failing_since.or(Some(now)) };
            }
            desk.answered.notify_waiters();
            desk.answered.notify_one();
        });
    }
}

/// What is known of a release's links, and since when its page fails.
pub(super) struct KnownLinks {
    pub(super) links: Links,
    pub(super) page_missing_since: Option<DateTime<Utc>>,
}

impl Newsroom {
    /// What is known by `now` of what the letter of a release links to, when it would leave at `due`.
    pub(super) fn known_links(&self, published: &Published, due: DateTime<Utc>, now: DateTime<Utc>) -> KnownLinks {
        let mut known = KnownLinks { links: Links::default(), page_missing_since: None };
        for document in &published.release.documents {
            let Some(address) = self.address_to_ask(document, published, now) else { continue };
            let is_pdf = document.target.media_type() == PDF;
            let answer = self.links.know(Question::Document { address, is_pdf }, due, now);
            match answer.last {
                Some((_, false)) => known.links.missing.push(document.title.clone()),
                Some((at, true)) if at + FRESH > now => {}
                Some((_, true)) | None => known.links.pending = true,
            }
        }
        // Before its time there is no page.
        if self.config.site.releases_url.is_some() && due <= now {
            let current = self.current();
            let words = Wording::of_letters(current.resources.site(), self.language());
            let address = words.address(published.release.permalink.as_str());
            let answer = self.links.know(Question::Page { address }, due, now);
            match answer.last {
                Some((_, false)) => {
                    known.links.page_missing = true;
                    known.page_missing_since = answer.failing_since;
                }
                Some((at, true)) if at + FRESH > now => {}
                Some((_, true)) | None => known.links.pending = true,
            }
        }
        known
    }

    /// Where a document is to be asked for, if at all: not one below uploads that is a file here, and not one of our own
    /// while its release is not public.
    fn address_to_ask(&self, document: &Document, published: &Published, now: DateTime<Utc>) -> Option<String> {
        let at = self.config.content.documents;
        match (&document.target, at) {
            (_, DocumentsAt::File) => None,
            (Target::External(address), DocumentsAt::Http | DocumentsAt::Any) => Some(address.clone()),
            (Target::Upload(path), DocumentsAt::Http | DocumentsAt::Any) => {
                let is_file = matches!(document.state, crate::domain::DocumentState::Present { .. });
                let asked = !(is_file && at == DocumentsAt::Any) && published.is_live_at(now);
                asked.then(|| self.config.site.url.join(&path.address()))
            }
        }
    }
}
