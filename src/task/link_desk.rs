//! The desk that asks over HTTP whether a document or a page is there, and keeps the answers.
//!
//! Answers come on threads of their own and wake the editor.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tracing::{debug, warn};

use crate::clock::Clock;
use crate::fetch::Fetcher;

/// How often something that is about to be needed, or that failed, is asked for again.
const ASKED_AGAIN: TimeDelta = TimeDelta::minutes(1);

/// Something to be asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// Whether a document is there; a PDF must look like one.
    Document { address: String, is_pdf: bool },
    /// Whether a page answers 200.
    Page { address: String },
}

/// What is known of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answer {
    /// When the last answer came, and whether it was a good one.
    pub(super) last: Option<(DateTime<Utc>, bool)>,
    /// Since when it fails.
    pub(super) failing_since: Option<DateTime<Utc>>,
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
    pub(super) fn know(&self, question: Question, due: DateTime<Utc>, now: DateTime<Utc>) -> Answer {
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
