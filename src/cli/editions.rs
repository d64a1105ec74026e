//! `editions`: what was sent, what is about to be, and the office's word about it.

use anyhow::anyhow;
use camino::Utf8Path;
use serde::Serialize;

use super::arguments::{EditionsCommand, Format};
use super::terminal::Terminal;
use super::{Exit, opening, outcomes};
use crate::domain::{DeliveryTally, Edition, EditionId, EditionKind, EditionState, EmailAddress};
use crate::language::{edition_kind, edition_state, hold_reason};
use crate::store::{DecisionMade, EditionFilter};
use crate::task::{self, Newsroom, OfficeDecision, crowd_with, decide, decide_for_crowd, resend};

pub(super) async fn run(file: &Utf8Path, command: &EditionsCommand, terminal: Terminal) -> anyhow::Result<Exit> {
    let newsroom = opening::newsroom(file, terminal).await?;
    let exit = match command {
        EditionsCommand::List { format } => list(&newsroom, *format, terminal).await?,
        EditionsCommand::Show { edition, deliveries, format } => {
            let shown = Shown { edition: *edition, with_deliveries: *deliveries };
            show(&newsroom, &shown, *format, terminal).await?
        }
        EditionsCommand::Hold { edition } => act(&newsroom, *edition, OfficeDecision::Hold, terminal).await?,
        EditionsCommand::Approve { edition, crowd: false } => {
            act(&newsroom, *edition, OfficeDecision::Approve, terminal).await?
        }
        EditionsCommand::Cancel { edition, crowd: false } => {
            act(&newsroom, *edition, OfficeDecision::Cancel, terminal).await?
        }
        EditionsCommand::Approve { edition, crowd: true } => {
            act_on_crowd(&newsroom, *edition, OfficeDecision::Approve, terminal).await?
        }
        EditionsCommand::Cancel { edition, crowd: true } => {
            act_on_crowd(&newsroom, *edition, OfficeDecision::Cancel, terminal).await?
        }
        EditionsCommand::Pause { edition } => act(&newsroom, *edition, OfficeDecision::Pause, terminal).await?,
        EditionsCommand::Resume { edition } => act(&newsroom, *edition, OfficeDecision::Resume, terminal).await?,
        EditionsCommand::Retry { edition } => retry(&newsroom, *edition, terminal).await?,
        EditionsCommand::Resend { edition, to, .. } => again(&newsroom, *edition, to, terminal).await?,
    };
    newsroom.store.close().await;
    Ok(exit)
}

/// An edition for programs.
#[derive(Serialize)]
struct JsonEdition {
    id: i64,
    kind: &'static str,
    release: Option<String>,
    title: String,
    state: &'static str,
    due: Option<String>,
    hold: Option<String>,
    deliveries: JsonTally,
}

/// Deliveries by state; the states there are none in are there too.
#[derive(Serialize)]
struct JsonTally {
    queued: u64,
    leased: u64,
    in_flight: u64,
    sent: u64,
    failed: u64,
    skipped: u64,
    unknown: u64,
}

impl From<DeliveryTally> for JsonTally {
    fn from(tally: DeliveryTally) -> Self {
        let DeliveryTally { queued, leased, in_flight, sent, failed, skipped, unknown } = tally;
        Self { queued, leased, in_flight, sent, failed, skipped, unknown }
    }
}

impl From<&Edition> for JsonEdition {
    fn from(edition: &Edition) -> Self {
        let (due, hold) = match &edition.state {
            EditionState::Waiting { due } => (Some(due.to_rfc3339()), None),
            EditionState::Held(reason) => (None, Some(reason.as_str().to_owned())),
            EditionState::Opening { .. }
            | EditionState::Sending
            | EditionState::Paused
            | EditionState::Done
            | EditionState::Cancelled => (None, None),
        };
        Self {
            id: edition.id.number(),
            kind: edition.kind.as_str(),
            release: edition.release.as_ref().map(ToString::to_string),
            title: edition.title.clone(),
            state: edition.state.as_str(),
            due,
            hold,
            deliveries: edition.tally.into(),
        }
    }
}

async fn list(newsroom: &Newsroom, format: Format, terminal: Terminal) -> anyhow::Result<Exit> {
    let editions = newsroom.store.editions(&EditionFilter::default()).await?;
    match format {
        Format::Json => {
            let editions: Vec<JsonEdition> = editions.iter().map(JsonEdition::from).collect();
            terminal.line(serde_json::to_string_pretty(&editions)?);
        }
        Format::Text => editions.iter().for_each(|edition| terminal.line(row(newsroom, edition))),
    }
    Ok(Exit::Done)
}

fn row(newsroom: &Newsroom, edition: &Edition) -> String {
    let language = newsroom.language();
    let state = edition_state(language, edition.state.as_str());
    let zone = newsroom.config.site.timezone;
    let more = match &edition.state {
        EditionState::Waiting { due } => format!(" → {}", due.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S")),
        EditionState::Held(reason) => format!(": {}", hold_reason(language, reason.as_str(), &reason.detail())),
        EditionState::Opening { .. }
        | EditionState::Sending
        | EditionState::Paused
        | EditionState::Done
        | EditionState::Cancelled => {
            let DeliveryTally { sent, failed, skipped, .. } = edition.tally;
            format!(" ({sent} sent, {failed} failed, {skipped} skipped, {} open)", edition.tally.open())
        }
    };
    let kind = match edition.kind {
        EditionKind::Announcement => String::new(),
        EditionKind::Digest | EditionKind::Correction | EditionKind::Withdrawal => {
            format!("{}: ", edition_kind(language, edition.kind.as_str()))
        }
    };
    format!("{:>6}  {kind}{}  {state}{more}", edition.id, edition.title)
}

/// What `show` is asked for.
struct Shown {
    edition: EditionId,
    with_deliveries: bool,
}

async fn show(newsroom: &Newsroom, shown: &Shown, format: Format, terminal: Terminal) -> anyhow::Result<Exit> {
    let &Shown { edition: id, with_deliveries } = shown;
    let edition = newsroom.store.edition(id).await?.ok_or_else(|| no_edition(id))?;
    if format == Format::Json {
        let shown = serde_json::to_string_pretty(&JsonEdition::from(&edition))?;
        match shown.strip_suffix("\n}").filter(|_| with_deliveries) {
            Some(open) => {
                terminal.text(&format!("{open},\n  \"each\": ["));
                outcomes::print(newsroom, id, format, terminal).await?;
                terminal.text("\n  ]\n}\n");
            }
            None => terminal.line(shown),
        }
        return Ok(Exit::Done);
    }
    terminal.line(row(newsroom, &edition));
    for (name, instant) in [("created", Some(edition.created)), ("opened", edition.opened), ("ended", edition.ended)] {
        if let Some(instant) = instant {
            terminal.line(format!("  {name:<9} {}", instant.to_rfc3339()));
        }
    }
    for decision in newsroom.store.decisions_about(id).await? {
        terminal.line(decided(&decision));
    }
    if let Some(release) = &edition.release {
        terminal.line(format!("  {:<9} {release}", "release"));
        for decision in newsroom.store.decisions_of(release).await? {
            terminal.line(decided(&decision));
        }
    }
    if with_deliveries {
        outcomes::print(newsroom, id, format, terminal).await?;
    }
    Ok(Exit::Done)
}

/// A decision on one line: when, what, why, and who where somebody did.
fn decided(decision: &DecisionMade) -> String {
    let DecisionMade { at, what, why, who } = decision;
    let who = if who.is_empty() { String::new() } else { format!(" [{who}]") };
    format!("  {} {what}: {why}{who}", at.to_rfc3339())
}

/// Who decides at this terminal.
fn who() -> String {
    let user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    user.filter(|user| !user.is_empty()).map_or_else(|| "terminal".to_owned(), |user| format!("terminal ({user})"))
}

async fn act(newsroom: &Newsroom, id: EditionId, decision: OfficeDecision, terminal: Terminal) -> anyhow::Result<Exit> {
    let decided = decide(&newsroom.store, id, decision, &who(), newsroom.now()).await?;
    let (edition, in_time) = decided.ok_or_else(|| no_edition(id))?;
    terminal.line(row(newsroom, &edition));
    if !in_time {
        terminal.tell("too late: the edition had moved on before");
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

async fn act_on_crowd(
    newsroom: &Newsroom,
    id: EditionId,
    decision: OfficeDecision,
    terminal: Terminal,
) -> anyhow::Result<Exit> {
    let edition = newsroom.store.edition(id).await?.ok_or_else(|| no_edition(id))?;
    let (current, _) = opening::look(&newsroom.config).await?;
    let together = crowd_with(newsroom, &current, &edition).await?;
    let decided = decide_for_crowd(newsroom, &current, &edition, decision, &who()).await?;
    for id in &together {
        if let Some(edition) = newsroom.store.edition(*id).await? {
            terminal.line(row(newsroom, &edition));
        }
    }
    if decided == 0 {
        terminal
            .tell(format!("edition {id} is not held with others because many appeared at once: nothing was changed"));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

async fn retry(newsroom: &Newsroom, id: EditionId, terminal: Terminal) -> anyhow::Result<Exit> {
    let (current, _) = opening::look(&newsroom.config).await?;
    let retried = task::retry(newsroom, &current, id, &who()).await?;
    terminal.line(format!("{retried} letters are tried again"));
    Ok(if retried == 0 { Exit::Failed } else { Exit::Done })
}

async fn again(newsroom: &Newsroom, id: EditionId, to: &[EmailAddress], terminal: Terminal) -> anyhow::Result<Exit> {
    let mut only = Vec::new();
    for address in to {
        let subscriber = newsroom.store.find(address).await?;
        only.push(subscriber.ok_or_else(|| anyhow!("{address} is not subscribed"))?.id);
    }
    let (current, _) = opening::look(&newsroom.config).await?;
    let repeat = resend(newsroom, &current, id, &only, &who()).await?;
    terminal.line(row(newsroom, &repeat));
    if repeat.tally.total() == 0 {
        terminal.tell("nobody among those named was a recipient of it and may still be written to");
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

fn no_edition(id: EditionId) -> anyhow::Error {
    anyhow!("there is no edition {id}: `editions list` shows their numbers")
}
