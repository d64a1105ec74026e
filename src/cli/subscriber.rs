//! `subscribers show`: one subscriber, what was sent to them, what was not, and why.

use anyhow::Error;
use serde::Serialize;

use super::arguments::Format;
use super::columns::{COLUMNS, words_of};
use super::outcomes::lines;
use super::terminal::Terminal;
use super::wording::{called, consent_line, delivery_words, labelled, stamp};
use crate::domain::EmailAddress;
use crate::language::{Language, edition_kind, missed_edition, say};
use crate::policy::Missed;
use crate::store::DeliveryOutcome;
use crate::task::{
    ConsentAccount, DeliveryAccount, MissedEdition, Newsroom, SubscriberAccount, SuppressionAccount, missed_by,
};

/// How many deliveries are listed, and how many editions without one.
const SHOWN: u32 = 20;

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

/// What belongs to a reason, in words for people.
fn detail_words(newsroom: &Newsroom, why: Missed) -> String {
    match why {
        Missed::Ended(reason, at) => format!("{}, {}", called(newsroom, "ended", reason.as_str()), stamp(newsroom, at)),
        Missed::Later(at) | Missed::Changed(at) | Missed::Paused(at) => stamp(newsroom, at),
        Missed::Suppressed(reason) => called(newsroom, "ended", reason.as_str()),
        Missed::Frequency(frequency) => called(newsroom, "frequency", frequency.as_str()),
        Missed::NotOpened
        | Missed::Cancelled
        | Missed::Opening
        | Missed::Forgotten
        | Missed::NotConfirmed
        | Missed::Topics
        | Missed::NothingNew
        | Missed::NotReached
        | Missed::NotAmongThem
        | Missed::Unexplained => String::new(),
    }
}

impl JsonMissed {
    fn new(newsroom: &Newsroom, missed: &MissedEdition) -> Self {
        let MissedEdition { edition, why } = missed;
        let code = why.as_str();
        Self {
            edition: edition.id.number(),
            kind: edition.kind.as_str(),
            title: edition.title.clone(),
            opened: edition.opened.map(|at| at.to_rfc3339()),
            why: code,
            words: missed_edition(newsroom.language(), code, &detail_words(newsroom, *why)),
            detail: why.detail(),
        }
    }

    /// For people, on one line.
    fn line(&self, language: Language) -> String {
        let Self { edition, kind, title, words, .. } = self;
        let named = labelled(language, &edition_kind(language, kind), title);
        format!("{edition:>6}  {named} → {words}")
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
        let why = suppressed.map(|reason| called(newsroom, "ended", reason.as_str())).unwrap_or_default();
        let key = if suppressed.is_some() { "unknown-suppressed" } else { "unknown" };
        let said = say(
            newsroom.language(),
            &format!("cli.subscribers.{key}"),
            &[("address", address.to_string().as_str()), ("why", &why)],
        );
        return Err(Error::msg(said));
    };
    let mut outcomes = Vec::new();
    for outcome in newsroom.store.outcomes_of_subscriber(subscriber.id, SHOWN).await? {
        let letter = newsroom.store.letter(outcome.delivery.letter).await?;
        let subject = letter.map(|letter| letter.subject).unwrap_or_default();
        outcomes.push((outcome, subject));
    }
    let consents = newsroom.store.consents_of(subscriber.id).await?;
    let suppressed = newsroom.store.suppression_of(subscriber.id).await?;
    let language = newsroom.language();
    let missed = missed_by(newsroom, &subscriber, SHOWN).await?;
    let missed: Vec<JsonMissed> = missed.iter().map(|missed| JsonMissed::new(newsroom, missed)).collect();
    if format == Format::Json {
        let account = |(outcome, subject): (DeliveryOutcome, String)| DeliveryAccount::new(&outcome, Some(subject));
        let shown = serde_json::json!({
            "subscriber": SubscriberAccount::from(&subscriber), "suppressed": suppressed.map(SuppressionAccount::from),
            "consents": consents.iter().map(ConsentAccount::from).collect::<Vec<_>>(),
            "deliveries": outcomes.into_iter().map(account).collect::<Vec<_>>(), "missed": missed,
        });
        terminal.line(serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    for (name, cell) in COLUMNS.iter().zip(words_of(newsroom, &subscriber)).filter(|(_, cell)| !cell.is_empty()) {
        terminal.line(format!("{:<13} {cell}", called(newsroom, "column", name)));
    }
    if let Some((reason, at)) = suppressed {
        let (name, why) = (called(newsroom, "column", "suppressed"), called(newsroom, "ended", reason.as_str()));
        terminal.line(format!("{name:<13} {why}, {}", stamp(newsroom, at)));
    }
    if let Some(pause) = subscriber.pause.filter(|pause| pause.covers(newsroom.now())) {
        let (name, since) = (called(newsroom, "column", "paused"), stamp(newsroom, pause.since));
        terminal.line(format!("{name:<13} {since} → {}", stamp(newsroom, pause.until)));
    }
    if !consents.is_empty() {
        terminal.line(format!("\n{}", called(newsroom, "consent", "heading")));
        for kept in &consents {
            terminal.line(format!("  {}", consent_line(newsroom, kept)));
        }
    }
    for (outcome, subject) in &outcomes {
        let state = delivery_words(newsroom, &outcome.delivery.state);
        terminal.line(format!("\n{}", labelled(language, subject, &state)));
        lines(newsroom, outcome).for_each(|line| terminal.line(format!("  {line}")));
    }
    if !missed.is_empty() {
        terminal.line(format!("\n{}", missed_edition(language, "heading", "")));
    }
    for one in &missed {
        terminal.line(one.line(language));
    }
    Ok(())
}
