//! What is kept of subscribers and their deliveries, as programs are told: by the command line, and by the copy of their data
//! that people may ask for.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::{
    Bounce, DeliveryState, EditionId, EndReason, Pause, ReportAction, Subscriber, SubscriberState, SuppressionReason,
};
use crate::store::{AttemptMade, ConsentKept, DeliveryOutcome};

/// A subscriber.
#[derive(Debug, Serialize)]
pub struct SubscriberAccount {
    /// The address.
    pub address: String,
    /// The person's name.
    pub name: Option<String>,
    /// Whom they work for.
    pub organisation: Option<String>,
    /// The language of their letters: `fr`, `en`.
    pub language: &'static str,
    /// How often they are written to.
    pub frequency: &'static str,
    /// `pending`, `active` or `ended`.
    pub state: &'static str,
    /// Since when, by RFC 3339.
    pub since: String,
    /// Why it ended, or had ended before they were asked again.
    pub reason: Option<&'static str>,
    /// What they follow.
    pub topics: Vec<String>,
    /// Where the address came from.
    pub source: String,
    /// When it came, by RFC 3339.
    pub created: String,
    /// The last pause, over or not.
    pub last_pause: Option<PauseAccount>,
}

/// A pause.
#[derive(Debug, Serialize)]
pub struct PauseAccount {
    since: String,
    until: String,
}

/// Why nothing is sent to an address.
#[derive(Debug, Serialize)]
pub struct SuppressionAccount {
    reason: &'static str,
    at: String,
}

/// What somebody agreed to or asked for, or the office said for them.
#[derive(Debug, Serialize)]
pub struct ConsentAccount {
    at: String,
    action: &'static str,
    /// The words that were agreed to.
    words: String,
    /// Where from, or through whom.
    source: String,
}

/// A delivery, and what became of it.
#[derive(Debug, Serialize)]
pub struct DeliveryAccount {
    /// The letter's subject, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    edition: Option<i64>,
    name: Option<String>,
    address: String,
    topics: Vec<String>,
    state: &'static str,
    /// Since when, or until when it waits.
    at: Option<String>,
    /// Why it was skipped.
    why: Option<&'static str>,
    attempts: Vec<AttemptAccount>,
    bounces: Vec<BounceAccount>,
}

/// One try to hand a letter over.
#[derive(Debug, Serialize)]
struct AttemptAccount {
    at: String,
    relay: String,
    phase: String,
    code: Option<u16>,
    enhanced: Option<String>,
    reply: String,
    message_id: String,
    verdict: String,
}

/// Something that came back.
#[derive(Debug, Serialize)]
struct BounceAccount {
    at: String,
    kind: &'static str,
    action: Option<&'static str>,
    status: Option<String>,
    diagnostic: String,
}

impl From<&Subscriber> for SubscriberAccount {
    fn from(subscriber: &Subscriber) -> Self {
        let Subscriber {
            id: _,
            address,
            name,
            organisation,
            language,
            frequency,
            state,
            pause,
            topics,
            source,
            created,
        } = subscriber;
        let (state, since, reason) = match state {
            SubscriberState::Pending { since, left } => ("pending", since, left.map(EndReason::as_str)),
            SubscriberState::Active { since } => ("active", since, None),
            SubscriberState::Ended { at, reason } => ("ended", at, Some(reason.as_str())),
        };
        let paused =
            |Pause { since, until }: Pause| PauseAccount { since: since.to_rfc3339(), until: until.to_rfc3339() };
        Self {
            address: address.to_string(),
            name: name.clone(),
            organisation: organisation.clone(),
            language: language.code(),
            frequency: frequency.as_str(),
            state,
            since: since.to_rfc3339(),
            reason,
            topics: topics.iter().map(ToString::to_string).collect(),
            source: source.clone(),
            created: created.to_rfc3339(),
            last_pause: pause.map(paused),
        }
    }
}

impl From<(SuppressionReason, DateTime<Utc>)> for SuppressionAccount {
    fn from((reason, at): (SuppressionReason, DateTime<Utc>)) -> Self {
        Self { reason: reason.as_str(), at: at.to_rfc3339() }
    }
}

impl From<&ConsentKept> for ConsentAccount {
    fn from(kept: &ConsentKept) -> Self {
        let ConsentKept { at, action, proof } = kept;
        Self { at: at.to_rfc3339(), action: action.as_str(), words: proof.words.clone(), source: proof.source.clone() }
    }
}

impl DeliveryAccount {
    /// An account of this delivery, with its letter's subject where that is told.
    #[must_use]
    pub fn new(outcome: &DeliveryOutcome, subject: Option<String>) -> Self {
        let DeliveryOutcome { delivery, attempts, bounces } = outcome;
        let (state, at, why) = match &delivery.state {
            DeliveryState::Queued { due } => ("queued", Some(due), None),
            DeliveryState::Leased { until } => ("leased", Some(until), None),
            DeliveryState::InFlight { until } => ("in_flight", Some(until), None),
            DeliveryState::Sent { at } => ("sent", Some(at), None),
            DeliveryState::Failed { at } => ("failed", Some(at), None),
            DeliveryState::Skipped(reason) => ("skipped", None, Some(reason.as_str())),
            DeliveryState::Unknown { since } => ("unknown", Some(since), None),
        };
        Self {
            subject,
            edition: delivery.edition.map(EditionId::number),
            name: delivery.recipient.name.clone(),
            address: delivery.recipient.address.to_string(),
            topics: delivery.topics.iter().map(ToString::to_string).collect(),
            state,
            at: at.map(DateTime::to_rfc3339),
            why,
            attempts: attempts.iter().map(AttemptAccount::from).collect(),
            bounces: bounces.iter().map(BounceAccount::from).collect(),
        }
    }
}

impl From<&AttemptMade> for AttemptAccount {
    fn from(made: &AttemptMade) -> Self {
        let AttemptMade { attempt: _, relay, at, phase, code, enhanced, reply, message_id, verdict } = made.clone();
        Self { at: at.to_rfc3339(), relay, phase, code, enhanced, reply, message_id, verdict }
    }
}

impl From<&Bounce> for BounceAccount {
    fn from(bounce: &Bounce) -> Self {
        let Bounce { delivery: _, at, kind, action, status, diagnostic, digest: _ } = bounce;
        Self {
            at: at.to_rfc3339(),
            kind: kind.as_str(),
            action: action.map(ReportAction::as_str),
            status: status.map(|status| status.to_string()),
            diagnostic: diagnostic.clone(),
        }
    }
}
