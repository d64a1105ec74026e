//! What comes back is taken in: its letter is found by proof, it is kept once, and what follows is done.
//!
//! A report without a proof that holds changes nothing, whatever it says. Nothing is ever answered.

use std::fmt;

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use super::newsroom::Newsroom;
use super::office::log_untold;
use crate::domain::{
    Attempt, Bounce, BounceKind, Delivery, DeliveryId, Digest, ReportAction, StatusCode, SubscriberId, Token,
};
use crate::mail::{
    DeliveryReport, FeedbackReport, FeedbackType, ReadingError, RecipientReport, Returned, Said, read_returned, settled,
};
use crate::policy::{Consequence, bounce_kind, of_others, refusal_kind};
use crate::store::{Kept, Proof, StoreError};
use crate::template::Refuser;

/// What came back, and what became of it. Shown without any address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenIn {
    /// News of a delivery.
    Bounce {
        /// Of which.
        delivery: DeliveryId,
        /// Which sort of news.
        kind: BounceKind,
        /// The status code.
        status: Option<StatusCode>,
        /// Whose letter it was; `None`: the office's.
        subscriber: Option<SubscriberId>,
        /// What followed.
        consequence: Consequence,
        /// Whether a subscription ended by it.
        ended: bool,
    },
    /// The same report again.
    Known {
        /// Of which delivery.
        delivery: DeliveryId,
    },
    /// Somebody wanted no more letters.
    Unsubscribed {
        /// Who.
        subscriber: SubscriberId,
        /// Whether a subscription ended by it; `false`: it had ended before.
        ended: bool,
    },
    /// It proves nothing: it is forged, or about a letter that is forgotten.
    Unproven,
    /// A report that says nothing of any recipient, or nothing that counts as a complaint.
    SaysNothing,
    /// It is not for us: an answer, a vacation note.
    NotOurs,
}

impl fmt::Display for TakenIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounce { delivery, kind, status, ended, .. } => {
                write!(f, "delivery {delivery}: {kind}")?;
                if let Some(status) = status {
                    write!(f, " ({status})")?;
                }
                f.write_str(if *ended { ", its subscription ended" } else { ", noted" })
            }
            Self::Known { delivery } => write!(f, "delivery {delivery}: this report was known"),
            Self::Unsubscribed { ended: true, .. } => f.write_str("unsubscribed"),
            Self::Unsubscribed { ended: false, .. } => f.write_str("was unsubscribed before"),
            Self::Unproven => f.write_str("it names no letter of ours by a proof: nothing was changed"),
            Self::SaysNothing => f.write_str("a report that nothing follows from"),
            Self::NotOurs => f.write_str("neither a report nor a request to unsubscribe: nothing was changed"),
        }
    }
}

impl TakenIn {
    /// Which delivery and which subscriber it is about.
    const fn about(&self) -> (Option<DeliveryId>, Option<SubscriberId>) {
        match self {
            Self::Bounce { delivery, subscriber, .. } => (Some(*delivery), *subscriber),
            Self::Known { delivery } => (Some(*delivery), None),
            Self::Unsubscribed { subscriber, .. } => (None, Some(*subscriber)),
            Self::Unproven | Self::SaysNothing | Self::NotOurs => (None, None),
        }
    }
}

/// Why something that came back could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ReturnError {
    /// It is no message.
    #[error("failed to {0}")]
    Unreadable(#[from] ReadingError),
    /// The database does not answer: it is to be brought again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Newsroom {
    /// Takes in a message that came back. `recipient` is whom it was for, where the way it came says so.
    ///
    /// # Errors
    /// When it is no message, or the database does not answer.
    pub async fn take_in(&self, message: &[u8], recipient: Option<&str>) -> Result<TakenIn, ReturnError> {
        let now = self.now();
        let taken = match read_returned(message, recipient)? {
            Returned::Report(report) => self.take_report(&report, now).await?,
            Returned::Feedback(report) => self.take_feedback(&report, now).await?,
            Returned::Unsubscribe(tokens) => self.unsubscribe_by(&tokens, now).await?,
            Returned::Other => TakenIn::NotOurs,
        };
        let (delivery, subscriber) = taken.about();
        info!(delivery.id = delivery.map(display), subscriber.id = subscriber.map(display), "came back: {taken}");
        Ok(taken)
    }

    async fn take_report(&self, report: &DeliveryReport, now: DateTime<Utc>) -> Result<TakenIn, StoreError> {
        let Some(delivery) = self.reported(report, now).await? else { return Ok(TakenIn::Unproven) };
        let ours = &delivery.recipient.address;
        let kind_of = |one: &RecipientReport| bounce_kind(one.action, one.status);
        let best = settled(&report.recipients, ours, kind_of);
        let (found, kind) = match best {
            None => return Ok(TakenIn::SaysNothing),
            Some(Said::OfOurs(found)) => (found, kind_of(found)),
            Some(Said::OfOthers(found)) => (found, of_others(kind_of(found))),
        };
        let bounce = Bounce {
            delivery: delivery.id,
            at: now,
            kind,
            action: Some(found.action),
            status: found.status,
            diagnostic: found.diagnostic.clone(),
            digest: report.digest,
        };
        let taken = self.keep(&bounce).await?;
        // Told again should it not have been told the first time: a cause is told once.
        if bounce.kind == BounceKind::Fault && delivery.subscriber.is_some() {
            let code = bounce.status.map(|status| status.to_string()).unwrap_or_default();
            let by = Refuser::Domain(ours.domain());
            log_untold(self.tell_refused(by, &code, &ours.masked_in(&bounce.diagnostic), now).await);
        } else if bounce.kind >= BounceKind::Fault && delivery.subscriber.is_none() {
            warn!(delivery.id = %delivery.id, "a letter to one of the office's own addresses came back: see `office.copies`");
        }
        Ok(taken)
    }

    /// Takes it in that a relay refused a letter for good in conversation: what a report of it would have said, nobody will
    /// report. The same attempt a second time does nothing.
    ///
    /// # Errors
    /// When the database does not answer: then nothing was kept.
    pub(super) async fn take_refusal(
        &self,
        delivery: &Delivery,
        relay: &str,
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        let Attempt::Refused { phase, reply } = attempt else { return Ok(()) };
        let Some(kind) = refusal_kind(*phase, reply) else { return Ok(()) };
        if delivery.subscriber.is_none() {
            warn!(delivery.id = %delivery.id, "a letter to one of the office's own addresses was refused: see `office.copies`");
            return Ok(());
        }
        let now = self.now();
        let bounce = Bounce {
            delivery: delivery.id,
            at: now,
            kind,
            action: Some(ReportAction::Failed),
            status: reply.enhanced,
            diagnostic: reply.to_string(),
            digest: Digest::of(format!("attempt {} of {}", delivery.attempt, delivery.id).as_bytes()),
        };
        let taken = self.keep(&bounce).await?;
        let (about, subscriber) = taken.about();
        info!(delivery.id = about.map(display), subscriber.id = subscriber.map(display), "refused at once: {taken}");
        if kind == BounceKind::Fault {
            let code = reply.enhanced.map_or_else(|| reply.code.to_string(), |status| status.to_string());
            let said = delivery.recipient.address.masked_in(&bounce.diagnostic);
            log_untold(self.tell_refused(Refuser::Relay(relay), &code, &said, now).await);
        }
        Ok(())
    }

    async fn take_feedback(&self, report: &FeedbackReport, now: DateTime<Utc>) -> Result<TakenIn, StoreError> {
        let Some(delivery) = self.complained_of(report, now).await? else { return Ok(TakenIn::Unproven) };
        match report.kind {
            FeedbackType::Other => Ok(TakenIn::SaysNothing),
            FeedbackType::Complaint => {
                let bounce = Bounce {
                    delivery: delivery.id,
                    at: now,
                    kind: BounceKind::Complaint,
                    action: None,
                    status: None,
                    diagnostic: report.word.clone(),
                    digest: report.digest,
                };
                self.keep(&bounce).await
            }
        }
    }

    async fn keep(&self, bounce: &Bounce) -> Result<TakenIn, StoreError> {
        let &Bounce { delivery, kind, status, .. } = bounce;
        Ok(match self.store.keep_bounce(bounce, self.config.site.timezone).await? {
            Kept::New { consequence, subscriber, ended } => {
                TakenIn::Bounce { delivery, kind, status, subscriber, consequence, ended }
            }
            Kept::Known => TakenIn::Known { delivery },
            Kept::NoDelivery => TakenIn::Unproven,
        })
    }

    async fn unsubscribe_by(&self, tokens: &[String], now: DateTime<Utc>) -> Result<TakenIn, StoreError> {
        let keys = self.all_keys();
        let whose = |text: &String| Token::read(text, &keys, now).ok()?.unsubscribes();
        let subscriber: Option<SubscriberId> = tokens.iter().find_map(whose);
        let Some(subscriber) = subscriber else { return Ok(TakenIn::Unproven) };
        let proof = Proof { words: String::new(), source: "mail".to_owned() };
        let ended = self.store.leave(subscriber, &proof, now).await?;
        Ok(TakenIn::Unsubscribed { subscriber, ended })
    }
}
