//! `subscribers`: who receives letters.

use std::collections::BTreeSet;

use anyhow::{Error, bail};
use camino::Utf8Path;
use serde::Serialize;

use super::arguments::{AddArguments, Format, SubscribersCommand};
use super::terminal::Terminal;
use super::wording::{called, stamp};
use super::{Exit, opening, subscriber};
use crate::domain::{EmailAddress, EndReason, NewSubscriber, Subscriber, SubscriberState, Topic};
use crate::language::say;
use crate::store::{Added, SubscriberFilter};
use crate::task::Newsroom;

/// What is told of a subscriber, in this order.
pub(super) const COLUMNS: [&str; 10] =
    ["address", "name", "organisation", "language", "frequency", "state", "since", "reason", "topics", "source"];

pub(super) async fn run(file: &Utf8Path, command: &SubscribersCommand, terminal: Terminal) -> anyhow::Result<Exit> {
    let newsroom = opening::newsroom(file, terminal).await?;
    match command {
        SubscribersCommand::Add(arguments) => add(&newsroom, arguments, terminal).await?,
        SubscribersCommand::Remove { address } => remove(&newsroom, address, terminal).await?,
        SubscribersCommand::List { format } => list(&newsroom, *format, terminal).await?,
        SubscribersCommand::Show { address, format } => subscriber::show(&newsroom, address, *format, terminal).await?,
        SubscribersCommand::Export => export(&newsroom, terminal).await?,
    }
    newsroom.store.close().await;
    Ok(Exit::Done)
}

async fn add(newsroom: &Newsroom, arguments: &AddArguments, terminal: Terminal) -> anyhow::Result<()> {
    let AddArguments { address, topics, frequency, language, name, organisation, source } = arguments;
    let topics = if topics.is_empty() { BTreeSet::from([Topic::All]) } else { topics.iter().cloned().collect() };
    warn_of_unknown(newsroom, &topics, terminal).await?;
    let new = NewSubscriber {
        address: address.clone(),
        name: name.clone(),
        organisation: organisation.clone(),
        language: language.unwrap_or(newsroom.language()),
        frequency: *frequency,
        topics,
        source: source.clone(),
    };
    match newsroom.store.add_active(&new, newsroom.now()).await? {
        Added::New(_) => terminal.line(said_of(newsroom, "added", address, "")),
        Added::Changed(_) => terminal.line(said_of(newsroom, "changed", address, "")),
        Added::Refused(reason) => {
            let why = called(newsroom, "ended", reason.as_str());
            bail!(said_of(newsroom, "refused", address, &why))
        }
    }
    Ok(())
}

/// A topic nothing is filed under yet may come; more often it is a slip.
async fn warn_of_unknown(newsroom: &Newsroom, topics: &BTreeSet<Topic>, terminal: Terminal) -> anyhow::Result<()> {
    if topics.iter().all(|topic| *topic == Topic::All) {
        return Ok(());
    }
    let (current, _) = opening::look(&newsroom.config).await?;
    let live = current.resources.live();
    for topic in topics.iter().filter(|topic| !live.knows(topic)) {
        let near = live.topics().iter().map(|entry| entry.topic.to_string()).collect::<Vec<_>>().join(", ");
        let arguments = [("topic", topic.to_string()), ("near", near)];
        let arguments = arguments.each_ref().map(|(name, text)| (*name, text.as_str()));
        terminal.tell(say(newsroom.language(), "cli.subscribers.no-topic", &arguments));
    }
    Ok(())
}

/// A text about an address.
fn said_of(newsroom: &Newsroom, key: &str, address: &EmailAddress, why: &str) -> String {
    let address = address.to_string();
    say(newsroom.language(), &format!("cli.subscribers.{key}"), &[("address", &address), ("why", why)])
}

async fn known(newsroom: &Newsroom, address: &EmailAddress) -> anyhow::Result<Subscriber> {
    newsroom.store.find(address).await?.ok_or_else(|| Error::msg(said_of(newsroom, "unknown", address, "")))
}

async fn remove(newsroom: &Newsroom, address: &EmailAddress, terminal: Terminal) -> anyhow::Result<()> {
    let subscriber = known(newsroom, address).await?;
    if newsroom.store.end(subscriber.id, EndReason::Removed, newsroom.now()).await? {
        terminal.line(said_of(newsroom, "removed", address, ""));
    } else {
        terminal.line(said_of(newsroom, "ended-before", address, ""));
    }
    Ok(())
}

/// A subscriber for programs.
#[derive(Serialize)]
pub(super) struct JsonSubscriber {
    address: String,
    name: Option<String>,
    organisation: Option<String>,
    language: &'static str,
    frequency: &'static str,
    state: &'static str,
    since: String,
    reason: Option<&'static str>,
    topics: Vec<String>,
    source: String,
}

impl JsonSubscriber {
    pub(super) fn new(subscriber: &Subscriber) -> Self {
        let (state, since, reason) = match subscriber.state {
            SubscriberState::Pending { since } => ("pending", since, None),
            SubscriberState::Active { since } => ("active", since, None),
            SubscriberState::Ended { at, reason } => ("ended", at, Some(reason.as_str())),
        };
        Self {
            address: subscriber.address.to_string(),
            name: subscriber.name.clone(),
            organisation: subscriber.organisation.clone(),
            language: subscriber.language.code(),
            frequency: subscriber.frequency.as_str(),
            state,
            since: since.to_rfc3339(),
            reason,
            topics: subscriber.topics.iter().map(ToString::to_string).collect(),
            source: subscriber.source.clone(),
        }
    }

    pub(super) fn cells(&self) -> [String; 10] {
        [
            self.address.clone(),
            self.name.clone().unwrap_or_default(),
            self.organisation.clone().unwrap_or_default(),
            self.language.to_owned(),
            self.frequency.to_owned(),
            self.state.to_owned(),
            self.since.clone(),
            self.reason.unwrap_or_default().to_owned(),
            self.topics.join(" "),
            self.source.clone(),
        ]
    }
}

async fn all(newsroom: &Newsroom) -> anyhow::Result<Vec<JsonSubscriber>> {
    let subscribers = newsroom.store.list(&SubscriberFilter { state: None, topic: None }).await?;
    Ok(subscribers.iter().map(JsonSubscriber::new).collect())
}

async fn list(newsroom: &Newsroom, format: Format, terminal: Terminal) -> anyhow::Result<()> {
    let subscribers = newsroom.store.list(&SubscriberFilter { state: None, topic: None }).await?;
    match format {
        Format::Json => {
            let subscribers: Vec<JsonSubscriber> = subscribers.iter().map(JsonSubscriber::new).collect();
            terminal.line(serde_json::to_string_pretty(&subscribers)?);
        }
        Format::Text => {
            for one in &subscribers {
                let [address, _, _, _, frequency, state, _, reason, topics, _] = words_of(newsroom, one);
                let state = if reason.is_empty() { state } else { format!("{state} ({reason})") };
                terminal.line(format!("{address:<40} {state:<22} {frequency:<10} {topics}"));
            }
        }
    }
    Ok(())
}

/// What there is to tell of a subscriber, in the order of [`COLUMNS`], in words for people.
pub(super) fn words_of(newsroom: &Newsroom, subscriber: &Subscriber) -> [String; 10] {
    let one = JsonSubscriber::new(subscriber);
    let since = match subscriber.state {
        SubscriberState::Pending { since } | SubscriberState::Active { since } => since,
        SubscriberState::Ended { at, .. } => at,
    };
    let [address, name, organisation, language, frequency, state, _, reason, topics, source] = one.cells();
    let (frequency, state) = (called(newsroom, "frequency", &frequency), called(newsroom, "state", &state));
    let reason = called(newsroom, "ended", &reason);
    let since = stamp(newsroom, since);
    [address, name, organisation, language, frequency, state, since, reason, topics, source]
}

async fn export(newsroom: &Newsroom, terminal: Terminal) -> anyhow::Result<()> {
    terminal.text(&csv_line(COLUMNS.map(str::to_owned)));
    for one in all(newsroom).await? {
        terminal.text(&csv_line(one.cells()));
    }
    Ok(())
}

/// A line of CSV (RFC 4180). No cell begins a formula in a spreadsheet.
fn csv_line(cells: [String; 10]) -> String {
    let cells = cells.map(|cell| {
        let cell = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell };
        if cell.contains(['"', ',', '\n', '\r', ';']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    });
    cells.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::csv_line;

    #[test]
    fn cells_are_quoted_and_start_no_formula() {
        let mut cells: [String; 10] = Default::default();
        "=HYPERLINK(\"x\")".clone_into(&mut cells[1]);
        "a, b".clone_into(&mut cells[2]);
        assert_eq!(csv_line(cells), ",\"'=HYPERLINK(\"\"x\"\")\",\"a, b\",,,,,,,\r\n");
    }
}
