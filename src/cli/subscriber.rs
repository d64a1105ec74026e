//! `subscribers show`: one subscriber, what was sent to them, what was not, and why.

use anyhow::anyhow;
use serde::Serialize;

use super::arguments::Format;
use super::outcomes::{JsonAttempt, JsonBounce, delivery_state};
use super::subscribers::{COLUMNS, JsonSubscriber};
use super::terminal::Terminal;
use crate::domain::{EditionId, EmailAddress};
use crate::language::{Language, edition_kind, missed_edition};
use crate::store::DeliveryOutcome;
use crate::task::{MissedEdition, Newsroom, missed_by};

/// How many deliveries are listed, and how many editions without one.
const SHOWN: u32 = 20;

/// Why nothing is sent to an address, for programs.
#[derive(Serialize)]
struct JsonSuppression {
    reason: String,
    at: String,
}

/// A delivery with what became of it, for programs.
#[derive(Serialize)]
struct JsonDelivery {
    subject: String,
    edition: Option<i64>,
    state: String,
    attempts: Vec<JsonAttempt>,
    bounces: Vec<JsonBounce>,
}

impl JsonDelivery {
    fn new(outcome: &DeliveryOutcome, subject: String) -> Self {
        let DeliveryOutcome { delivery, attempts, bounces } = outcome;
        Self {
            subject,
            edition: delivery.edition.map(EditionId::number),
            state: delivery_state(&delivery.state),
            attempts: attempts.iter().map(JsonAttempt::from).collect(),
            bounces: bounces.iter().map(JsonBounce::from).collect(),
        }
    }

    /// For people.
    fn lines(&self) -> Vec<String> {
        let own = format!("\n{}: {}", self.subject, self.state);
        let attempts = self.attempts.iter().map(|attempt| format!("  {}", attempt.line()));
        let bounces = self.bounces.iter().map(|bounce| format!("  {}", bounce.line()));
        std::iter::once(own).chain(attempts).chain(bounces).collect()
    }
}

/// An edition that was not received, for programs.
#[derive(Serialize)]
struct JsonMissed {
    edition: i64,
    kind: &'static str,
    title: String,
    opened: Option<String>,
    why: &'static str,
    detail: String,
    words: String,
}

impl JsonMissed {
    fn new(missed: &MissedEdition, language: Language) -> Self {
        let MissedEdition { edition, why } = missed;
        let (code, detail) = (why.as_str(), why.detail());
        Self {
            edition: edition.id.number(),
            kind: edition.kind.as_str(),
            title: edition.title.clone(),
            opened: edition.opened.map(|at| at.to_rfc3339()),
            why: code,
            words: missed_edition(language, code, &detail),
            detail,
        }
    }

    /// For people, on one line.
    fn line(&self, language: Language) -> String {
        let Self { edition, kind, title, words, .. } = self;
        format!("{edition:>6}  {}: {title} → {words}", edition_kind(language, kind))
    }
}

pub(super) async fn show(
    newsroom: &Newsroom,
    address: &EmailAddress,
    format: Format,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let Some(subscriber) = newsroom.store.find(address).await? else {
        let suppressed = newsroom.store.is_suppressed(address).await?;
        let suppressed = suppressed.map(|reason| format!(", and not written to any more ({reason})"));
        return Err(anyhow!("{address} is not subscribed{}", suppressed.unwrap_or_default()));
    };
    let mut deliveries = Vec::new();
    for outcome in newsroom.store.outcomes_of_subscriber(subscriber.id, SHOWN).await? {
        let letter = newsroom.store.letter(outcome.delivery.letter).await?;
        let subject = letter.map(|letter| letter.subject).unwrap_or_default();
        deliveries.push(JsonDelivery::new(&outcome, subject));
    }
    let suppressed = newsroom.store.suppression_of(subscriber.id).await?;
    let language = newsroom.language();
    let missed = missed_by(newsroom, &subscriber, SHOWN).await?;
    let missed: Vec<JsonMissed> = missed.iter().map(|missed| JsonMissed::new(missed, language)).collect();
    let one = JsonSubscriber::new(&subscriber);
    let suppressed = suppressed.map(|(reason, at)| JsonSuppression { reason: reason.to_string(), at: at.to_rfc3339() });
    if format == Format::Json {
        let shown = serde_json::json!({
            "subscriber": one, "suppressed": suppressed, "deliveries": deliveries, "missed": missed,
        });
        terminal.line(serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    for (name, cell) in COLUMNS.iter().zip(one.cells()).filter(|(_, cell)| !cell.is_empty()) {
        terminal.line(format!("{name:<13} {cell}"));
    }
    if let Some(JsonSuppression { reason, at }) = suppressed {
        terminal.line(format!("{:<13} {reason}, {at}", "suppressed"));
    }
    deliveries.iter().flat_map(JsonDelivery::lines).for_each(|line| terminal.line(line));
    if !missed.is_empty() {
        terminal.line(format!("\n{}", missed_edition(language, "heading", "")));
    }
    for one in &missed {
        terminal.line(one.line(language));
    }
    Ok(())
}
