//! One attempt at a delivery as the store hears of it: who holds it, that it begins, what became of it; and what the store
//! answers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::StoreError;
use crate::domain::{DeliveryId, LetterId};

/// Who believes to hold a delivery, by which claim: what every later change of it must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Who claimed it.
    pub owner: String,
    /// The number of the claim.
    pub claim: u32,
}

/// Asks for a claimed delivery to be marked as in flight: the next thing said to the relay could make a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// Who holds it.
    pub fence: Fence,
    /// The letter that was composed: one that a correction has overtaken does not begin, whoever claimed it since.
    pub letter: LetterId,
    /// What was composed of a digest; empty otherwise.
    pub contents: Vec<u32>,
    /// When the claim ends from now on.
    pub until: DateTime<Utc>,
    /// The present instant.
    pub at: DateTime<Utc>,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Who holds it.
    pub fence: Fence,
    /// What follows.
    pub outcome: Outcome,
    /// What is kept of the try; `None` when nothing was said to a relay.
    pub attempt: Option<Arc<AttemptMade>>,
    /// The present instant.
    pub at: DateTime<Utc>,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The relay accepted it.
    Sent,
    /// Queued again; the attempt counts.
    Later {
        /// Until when it waits.
        due: DateTime<Utc>,
    },
    /// Queued again; the attempt does not count, for it was the relay's fault.
    LaterUncounted {
        /// Until when it waits.
        due: DateTime<Utc>,
    },
    /// Given up.
    Failed,
    /// The connection was lost after the final dot.
    Unknown,
}

/// One try to hand a delivery to a relay, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptMade {
    /// How many times the delivery had been tried by then, this time included.
    pub attempt: u32,
    /// Which relay.
    pub relay: String,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How far it got: `connect`, `rcpt`, `data` and the like.
    pub phase: String,
    /// The reply's code.
    pub code: Option<u16>,
    /// The reply's enhanced status code.
    pub enhanced: Option<String>,
    /// The reply's text, or what went wrong.
    pub reply: String,
    /// The letter's Message-ID.
    pub message_id: String,
    /// What policy said of it, one word.
    pub verdict: String,
}

/// Whether the caller held what it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It did, and the change is committed.
    Kept,
    /// It did not any more: nothing was changed, and nothing more may be said to a relay about it.
    Lost,
}

/// What became of an exchange, once it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchanged {
    /// For what was finished, when something was.
    pub finished: Option<Hold>,
    /// For what was to begin, when something was.
    pub begun: Option<Hold>,
}

/// An exchange on its way to the task that commits.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) finished: Option<Finished>,
    pub(super) next: Option<Begin>,
    pub(super) answer: oneshot::Sender<Result<Exchanged, StoreError>>,
}
