//! `register`: what is remembered of each release and why, and ids written into files.

use std::collections::BTreeMap;

use camino::Utf8Path;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::arguments::{Format, RegisterCommand};
use super::terminal::Terminal;
use super::{Exit, adopting, opening, pinning};
use crate::domain::{HoldReason, ReleaseId};
use crate::language::hold_reason;
use crate::register::{Announcement, Record, Register};
use crate::store::DecisionMade;
use crate::task::Newsroom;

pub(super) async fn run(file: &Utf8Path, command: &RegisterCommand, terminal: Terminal) -> anyhow::Result<Exit> {
    match command {
        RegisterCommand::List { why, format } => {
            let newsroom = opening::newsroom(file, terminal).await?;
            list(&newsroom, *why, *format, terminal).await?;
            newsroom.store.close().await;
            Ok(Exit::Done)
        }
        RegisterCommand::Adopt { feed, write, force } => {
            let how = adopting::How { write: *write, force: *force };
            adopting::run(file, feed, how, terminal).await
        }
        RegisterCommand::Pin { releases } => pinning::run(file, releases, terminal).await,
    }
}

/// A release for programs.
#[derive(Serialize)]
struct JsonRecord<'a> {
    id: &'a str,
    file: &'a str,
    title: &'a str,
    date: String,
    address: &'a str,
    old_addresses: Vec<&'a str>,
    first_seen: String,
    first_live: Option<String>,
    live_since: Option<String>,
    missing_since: Option<String>,
    announcement: &'static str,
    hold: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<Vec<JsonDecision<'a>>>,
}

/// A decision for programs.
#[derive(Serialize)]
struct JsonDecision<'a> {
    at: String,
    what: &'a str,
    why: &'a str,
    who: Option<&'a str>,
}

async fn list(newsroom: &Newsroom, why: bool, format: Format, terminal: Terminal) -> anyhow::Result<()> {
    let register = newsroom.store.load_register().await?;
    let decisions = if why { newsroom.store.all_decisions().await? } else { BTreeMap::new() };
    let mut records: Vec<&Record> = register.records.values().collect();
    records.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.id.cmp(&b.id)));
    let of = |record: &Record| decisions.get(&record.id).map_or(&[][..], Vec::as_slice);
    match format {
        Format::Json => {
            let old = old_addresses(&register);
            let rows: Vec<_> =
                records.into_iter().map(|record| as_json(record, &old, why.then(|| of(record)))).collect();
            terminal.line(serde_json::to_string_pretty(&rows)?);
        }
        Format::Text => {
            for record in records {
                terminal.line(as_text(newsroom, record));
                for decision in of(record) {
                    let at = local(newsroom, decision.at, "%Y-%m-%d %H:%M:%S");
                    let who = if decision.who.is_empty() { String::new() } else { format!(" [{}]", decision.who) };
                    terminal.line(format!("    {at}  {}: {}{who}", decision.what, decision.why));
                }
            }
        }
    }
    Ok(())
}

fn old_addresses(register: &Register) -> BTreeMap<&ReleaseId, Vec<&str>> {
    let mut old: BTreeMap<&ReleaseId, Vec<&str>> = BTreeMap::new();
    for (permalink, id) in register.aliases.iter() {
        old.entry(id).or_default().push(permalink.as_str());
    }
    old
}

fn as_json<'a>(
    record: &'a Record,
    old: &BTreeMap<&ReleaseId, Vec<&'a str>>,
    decisions: Option<&'a [DecisionMade]>,
) -> JsonRecord<'a> {
    let instant = |instant: DateTime<Utc>| instant.to_rfc3339();
    let decision = |made: &'a DecisionMade| JsonDecision {
        at: instant(made.at),
        what: &made.what,
        why: &made.why,
        who: Some(made.who.as_str()).filter(|who| !who.is_empty()),
    };
    JsonRecord {
        id: record.id.as_str(),
        file: record.path.as_str(),
        title: &record.title,
        date: instant(record.date),
        address: record.permalink.as_str(),
        old_addresses: old.get(&record.id).cloned().unwrap_or_default(),
        first_seen: instant(record.first_seen),
        first_live: record.first_live.map(instant),
        live_since: record.live_since.filter(|_| record.missing_since.is_none()).map(instant),
        missing_since: record.missing_since.map(instant),
        announcement: record.announcement.as_str(),
        hold: record.hold.as_deref().map(HoldReason::as_str),
        decisions: decisions.map(|decisions| decisions.iter().map(decision).collect()),
    }
}

fn local(newsroom: &Newsroom, instant: DateTime<Utc>, pattern: &str) -> String {
    instant.with_timezone(&newsroom.config.site.timezone).format(pattern).to_string()
}

/// Two lines: when and what, then who and how it stands.
fn as_text(newsroom: &Newsroom, record: &Record) -> String {
    let minute = |instant| local(newsroom, instant, "%Y-%m-%d %H:%M");
    let stands = match (record.missing_since, record.live_since, record.first_live) {
        (Some(since), ..) => format!("file missing since {}", minute(since)),
        (None, Some(since), _) => format!("live since {}", minute(since)),
        (None, None, Some(first)) => format!("not public now, first public {}", minute(first)),
        (None, None, None) => "never public yet".to_owned(),
    };
    let announced = match record.announcement {
        Announcement::Undecided => "announcement open".to_owned(),
        Announcement::Opened => "announced".to_owned(),
        Announcement::Never(reason) => format!("never announced: {}", reason.as_str()),
    };
    let hold = record.hold.as_ref().map_or_else(String::new, |hold| {
        format!("; held: {}", hold_reason(newsroom.language(), hold.as_str(), &hold.detail()))
    });
    let (date, title, id, path) = (minute(record.date), &record.title, &record.id, &record.path);
    format!("{date}  {title}\n    {id}  {path}\n    {stands}; {announced}{hold}")
}
