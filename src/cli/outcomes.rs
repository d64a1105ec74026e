//! What became of deliveries, as lists show it: an edition's page by page, for it may have a million.

use std::fmt::Write as _;

use serde::Serialize;

use super::arguments::Format;
use super::terminal::Terminal;
use super::wording::{attempt_line, bounce_line, delivery_words};
use crate::domain::{Bounce, DeliveryState, EditionId, ReportAction};
use crate::store::{AttemptMade, DeliveryOutcome};
use crate::task::Newsroom;

/// How many deliveries are read and printed at once.
const PAGE: u32 = 500;

/// One try to hand a letter over, for programs.
#[derive(Debug, Serialize)]
pub(super) struct JsonAttempt {
    at: String,
    relay: String,
    phase: String,
    reply: String,
    message_id: String,
    verdict: String,
}

impl From<&AttemptMade> for JsonAttempt {
    fn from(made: &AttemptMade) -> Self {
        let AttemptMade { attempt: _, relay, at, phase, code: _, enhanced: _, reply, message_id, verdict } = made;
        Self {
            at: at.to_rfc3339(),
            relay: relay.clone(),
            phase: phase.clone(),
            reply: reply.clone(),
            message_id: message_id.clone(),
            verdict: verdict.clone(),
        }
    }
}

/// Something that came back, for programs.
#[derive(Debug, Serialize)]
pub(super) struct JsonBounce {
    at: String,
    kind: &'static str,
    action: Option<&'static str>,
    status: Option<String>,
    diagnostic: String,
}

impl From<&Bounce> for JsonBounce {
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

/// One delivery of an edition with what became of it, for programs.
#[derive(Debug, Serialize)]
struct JsonRecipient {
    address: String,
    state: String,
    attempts: Vec<JsonAttempt>,
    bounces: Vec<JsonBounce>,
}

impl From<&DeliveryOutcome> for JsonRecipient {
    fn from(outcome: &DeliveryOutcome) -> Self {
        let DeliveryOutcome { delivery, attempts, bounces } = outcome;
        Self {
            address: delivery.recipient.address.to_string(),
            state: delivery_state(&delivery.state),
            attempts: attempts.iter().map(JsonAttempt::from).collect(),
            bounces: bounces.iter().map(JsonBounce::from).collect(),
        }
    }
}

/// Where a delivery stands, for programs.
pub(super) fn delivery_state(state: &DeliveryState) -> String {
    match state {
        DeliveryState::Queued { due } => format!("waits until {}", due.to_rfc3339()),
        DeliveryState::Leased { .. } => "about to be handed over".to_owned(),
        DeliveryState::InFlight { .. } => "being handed over".to_owned(),
        DeliveryState::Sent { at } => format!("accepted by the relay {}", at.to_rfc3339()),
        DeliveryState::Failed { at } => format!("failed {}", at.to_rfc3339()),
        DeliveryState::Skipped(reason) => format!("not sent: {reason}"),
        DeliveryState::Unknown { since } => format!("perhaps accepted by the relay {}", since.to_rfc3339()),
    }
}

/// The tries and what came back of a delivery, for people.
pub(super) fn lines(newsroom: &Newsroom, outcome: &DeliveryOutcome) -> impl Iterator<Item = String> {
    let attempts = outcome.attempts.iter().map(|made| attempt_line(newsroom, made));
    attempts.chain(outcome.bounces.iter().map(|bounce| bounce_line(newsroom, bounce)))
}

/// Prints the deliveries of an edition: lines for people, for programs the elements of an array.
pub(super) async fn print(
    newsroom: &Newsroom,
    id: EditionId,
    format: Format,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let (mut after, mut is_first) = (None, true);
    loop {
        let page = newsroom.store.outcomes_of_edition(id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.delivery.subscriber;
        let mut printed = String::new();
        for outcome in &page {
            match format {
                Format::Text => {
                    let delivery = &outcome.delivery;
                    let stands = delivery_words(newsroom, &delivery.state);
                    let _ = writeln!(printed, "  {:<40} {stands}", delivery.recipient.address.to_string());
                    for line in lines(newsroom, outcome) {
                        let _ = writeln!(printed, "    {line}");
                    }
                }
                Format::Json => {
                    let one = JsonRecipient::from(outcome);
                    printed.push_str(if is_first { "\n    " } else { ",\n    " });
                    printed.push_str(&serde_json::to_string_pretty(&one)?.replace('\n', "\n    "));
                }
            }
            is_first = false;
        }
        terminal.text(&printed);
    }
}
