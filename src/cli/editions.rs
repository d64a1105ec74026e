//! `editions`: what was sent, what is about to be, and the office's word about it.

use anyhow::Error;
use camino::Utf8Path;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::arguments::{EditionsCommand, Format};
use super::terminal::Terminal;
use super::wording::{labelled, stamp};
use super::{Exit, opening, outcomes};
use crate::domain::{DeliveryTally, Edition, EditionId, EditionKind, EmailAddress};
use crate::language::{
    Language, because_words, decided_words, due_words, edition_kind, edition_state, grouped, hold_reason, say,
    say_count,
};
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
    hold: Option<&'static str>,
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
        Self {
            id: edition.id.number(),
            kind: edition.kind.as_str(),
            release: edition.release.as_ref().map(ToString::to_string),
            title: edition.title.clone(),
            state: edition.state.as_str(),
            due: edition.state.due().map(|due| due.to_rfc3339()),
            hold: edition.state.stopped_by().map(|(code, _)| code),
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
    let due = edition.state.due().map(|due| format!(" → {}", stamp(newsroom, due)));
    let stopped = edition.state.stopped_by();
    let reason = stopped.map(|(code, detail)| hold_reason(language, code, &detail));
    let tally = (!edition.state.is_before_opening()).then(|| format!(" ({})", tally(language, &edition.tally)));
    let stands: String = [Some(state), due, tally].into_iter().flatten().collect();
    let stands = match reason {
        Some(reason) => labelled(language, &stands, &reason),
        None => stands,
    };
    let title = match edition.kind {
        EditionKind::Announcement => edition.title.clone(),
        EditionKind::Digest | EditionKind::Correction | EditionKind::Withdrawal => {
            labelled(language, &edition_kind(language, edition.kind.as_str()), &edition.title)
        }
    };
    format!("{:>6}  {title}  {stands}", edition.id)
}

/// How many letters stand where. Those whose reply was lost may have arrived: they are on their way no more.
fn tally(language: Language, tally: &DeliveryTally) -> String {
    let key = if tally.unknown == 0 { "cli.editions.tally" } else { "cli.editions.tally-unknown" };
    let DeliveryTally { queued, leased, in_flight, sent, failed, skipped, unknown } = *tally;
    let open = queued + leased + in_flight;
    let counts = [("sent", sent), ("failed", failed), ("skipped", skipped), ("open", open), ("unknown", unknown)];
    let counts = counts.map(|(name, count)| (name, grouped(count, language)));
    say(language, key, &counts.each_ref().map(|(name, count)| (*name, count.as_str())))
}

/// A text below `cli.editions`.
fn word(newsroom: &Newsroom, key: &str, arguments: &[(&str, &str)]) -> String {
    say(newsroom.language(), &format!("cli.editions.{key}"), arguments)
}

/// What `show` is asked for.
struct Shown {
    edition: EditionId,
    with_deliveries: bool,
}

async fn show(newsroom: &Newsroom, shown: &Shown, format: Format, terminal: Terminal) -> anyhow::Result<Exit> {
    let &Shown { edition: id, with_deliveries } = shown;
    let edition = newsroom.store.edition(id).await?.ok_or_else(|| no_edition(newsroom, id))?;
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
            terminal.line(format!("  {:<10} {}", word(newsroom, name, &[]), stamp(newsroom, instant)));
        }
    }
    for decision in newsroom.store.decisions_about(id).await? {
        terminal.line(decided(newsroom, &decision));
    }
    if let Some(release) = &edition.release {
        terminal.line(format!("  {:<10} {release}", word(newsroom, "release", &[])));
        for decision in newsroom.store.decisions_of(release).await? {
            terminal.line(decided(newsroom, &decision));
        }
    }
    if with_deliveries {
        outcomes::print(newsroom, id, format, terminal).await?;
    }
    Ok(Exit::Done)
}

/// A decision on one line: when, what, why, and who where somebody did.
fn decided(newsroom: &Newsroom, decision: &DecisionMade) -> String {
    let DecisionMade { at, what, why, who } = decision;
    let who = if who.is_empty() { String::new() } else { format!(" [{who}]") };
    let language = newsroom.language();
    let due = why.strip_prefix("due ").and_then(|at| at.parse::<DateTime<Utc>>().ok());
    let why = match due {
        Some(due) => due_words(language, &stamp(newsroom, due)),
        None => because_words(language, why),
    };
    let decision = format!("{} {}", stamp(newsroom, *at), decided_words(language, what));
    format!("  {}{who}", labelled(language, &decision, &why))
}

/// Who decides at this terminal.
fn who() -> String {
    let user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    user.filter(|user| !user.is_empty()).map_or_else(|| "terminal".to_owned(), |user| format!("terminal ({user})"))
}

async fn act(newsroom: &Newsroom, id: EditionId, decision: OfficeDecision, terminal: Terminal) -> anyhow::Result<Exit> {
    let decided = decide(&newsroom.store, id, decision, &who(), newsroom.now()).await?;
    let (edition, in_time) = decided.ok_or_else(|| no_edition(newsroom, id))?;
    terminal.line(row(newsroom, &edition));
    if !in_time {
        terminal.tell(refused(newsroom, decision.refusal(&edition.state), id));
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
    let edition = newsroom.store.edition(id).await?.ok_or_else(|| no_edition(newsroom, id))?;
    let (current, _) = opening::look(&newsroom.config).await?;
    let together = crowd_with(newsroom, &current, &edition).await?;
    let decided = decide_for_crowd(newsroom, &current, &edition, decision, &who()).await?;
    for id in &together {
        if let Some(edition) = newsroom.store.edition(*id).await? {
            terminal.line(row(newsroom, &edition));
        }
    }
    if decided == 0 {
        terminal.tell(refused(newsroom, "no-crowd", id));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

async fn retry(newsroom: &Newsroom, id: EditionId, terminal: Terminal) -> anyhow::Result<Exit> {
    let (current, _) = opening::look(&newsroom.config).await?;
    let retried = task::retry(newsroom, &current, id, &who()).await?;
    terminal.line(say_count(newsroom.language(), "cli.editions.tried", retried));
    Ok(if retried == 0 { Exit::Failed } else { Exit::Done })
}

async fn again(newsroom: &Newsroom, id: EditionId, to: &[EmailAddress], terminal: Terminal) -> anyhow::Result<Exit> {
    let mut only = Vec::new();
    for address in to {
        let subscriber = newsroom.store.find(address).await?;
        only.push(subscriber.ok_or_else(|| not_subscribed(newsroom, address))?.id);
    }
    let (current, _) = opening::look(&newsroom.config).await?;
    let repeat = resend(newsroom, &current, id, &only, &who()).await?;
    terminal.line(row(newsroom, &repeat));
    if repeat.tally.total() == 0 {
        terminal.tell(word(newsroom, "nobody", &[]));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

/// Why a decision changed nothing, and what would.
fn refused(newsroom: &Newsroom, why: &str, id: EditionId) -> String {
    say(newsroom.language(), &format!("refused.{why}"), &[("id", &id.to_string())])
}

fn no_edition(newsroom: &Newsroom, id: EditionId) -> anyhow::Error {
    Error::msg(word(newsroom, "none", &[("id", &id.to_string())]))
}

fn not_subscribed(newsroom: &Newsroom, address: &EmailAddress) -> anyhow::Error {
    Error::msg(word(newsroom, "not-subscribed", &[("address", &address.to_string())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_reply_is_not_counted_as_on_its_way() {
        let mut letters = DeliveryTally { sent: 9, in_flight: 1, ..DeliveryTally::default() };
        assert_eq!(tally(Language::English, &letters), "9 accepted, 0 failed, 0 not sent, 1 on their way");
        letters = DeliveryTally { sent: 9, unknown: 7, ..DeliveryTally::default() };
        assert_eq!(
            tally(Language::French, &letters),
            "9 acceptés, 0 échoués, 0 non envoyés, 0 en route, 7 peut-être acceptés"
        );
    }
}
