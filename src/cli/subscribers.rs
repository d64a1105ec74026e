//! `subscribers`: who receives letters.

use anyhow::{Error, bail};
use camino::Utf8Path;

use super::arguments::{AddArguments, Format, SubscribersCommand};
use super::columns::{COLUMNS, cells, words_of};
use super::sheet::csv_line;
use super::terminal::Terminal;
use super::wording::called;
use super::{Exit, importing, opening, subscriber, topics};
use crate::domain::{EmailAddress, EndReason, NewSubscriber, Subscriber, SuppressionReason};
use crate::language::say;
use crate::store::{Added, Erasure, SubscriberFilter, Unblocked};
use crate::task::{Newsroom, SubscriberAccount};

/// What an export has besides: the end of the last pause.
const PAUSED_UNTIL: &str = "paused_until";

pub(super) async fn run(file: &Utf8Path, command: &SubscribersCommand, terminal: Terminal) -> anyhow::Result<Exit> {
    let newsroom = opening::newsroom(file, terminal).await?;
    let mut exit = Exit::Done;
    match command {
        SubscribersCommand::Add(arguments) => add(&newsroom, arguments, terminal).await?,
        SubscribersCommand::Remove { address } => remove(&newsroom, address, terminal).await?,
        SubscribersCommand::List { format } => list(&newsroom, *format, terminal).await?,
        SubscribersCommand::Show { address, format } => subscriber::show(&newsroom, address, *format, terminal).await?,
        SubscribersCommand::Export => export(&newsroom, terminal).await?,
        SubscribersCommand::Import(arguments) => exit = importing::import(&newsroom, arguments, terminal).await?,
        SubscribersCommand::Erase { address } => erase(&newsroom, address, terminal).await?,
        SubscribersCommand::Block { address } => block(&newsroom, address, terminal).await?,
        SubscribersCommand::Unblock { address } => unblock(&newsroom, address, terminal).await?,
    }
    newsroom.store.close().await;
    Ok(exit)
}

async fn add(newsroom: &Newsroom, arguments: &AddArguments, terminal: Terminal) -> anyhow::Result<()> {
    let AddArguments { address, topics, frequency, language, name, organisation, source } = arguments;
    let topics = topics::followed(newsroom, topics, terminal).await?;
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
            bail!(said_of(newsroom, &format!("refused-{reason}"), address, &why))
        }
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

/// Also of an address that nobody has here: no list brings it in afterwards.
async fn erase(newsroom: &Newsroom, address: &EmailAddress, terminal: Terminal) -> anyhow::Result<()> {
    let key = match newsroom.store.erase(address, newsroom.now()).await? {
        Erasure::Done => "erased",
        Erasure::NothingLeft => "nothing-to-erase",
        Erasure::Unknown => "erased-unknown",
    };
    terminal.line(said_of(newsroom, key, address, ""));
    Ok(())
}

async fn block(newsroom: &Newsroom, address: &EmailAddress, terminal: Terminal) -> anyhow::Result<()> {
    let before = newsroom.store.block(address, newsroom.now()).await?;
    let why = before.map(|reason| called(newsroom, "ended", reason.as_str())).unwrap_or_default();
    terminal.line(said_of(newsroom, if before.is_some() { "blocked-before" } else { "blocked" }, address, &why));
    Ok(())
}

async fn unblock(newsroom: &Newsroom, address: &EmailAddress, terminal: Terminal) -> anyhow::Result<()> {
    let called = |reason: SuppressionReason| called(newsroom, "ended", reason.as_str());
    match newsroom.store.unblock(address, newsroom.now()).await? {
        Unblocked::Lifted(reason) => terminal.line(said_of(newsroom, "unblocked", address, &called(reason))),
        Unblocked::Erased(reason) => terminal.line(said_of(newsroom, "unblocked-erased", address, &called(reason))),
        Unblocked::Kept(reason) => bail!(said_of(newsroom, &format!("refused-{reason}"), address, &called(reason))),
        Unblocked::WasFree => bail!(said_of(newsroom, "not-blocked", address, "")),
    }
    Ok(())
}

/// Gives what `told` makes of each subscriber to `terminal`, a page at a time.
async fn each(
    newsroom: &Newsroom,
    terminal: Terminal,
    mut told: impl FnMut(&Subscriber) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let filter = SubscriberFilter::default();
    let mut after = None;
    loop {
        let page = newsroom.store.page(&filter, after.as_deref()).await?;
        let texts = page.subscribers.iter().map(&mut told).collect::<anyhow::Result<Vec<String>>>()?;
        terminal.text(&texts.concat());
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn list(newsroom: &Newsroom, format: Format, terminal: Terminal) -> anyhow::Result<()> {
    if format == Format::Text {
        let line = |one: &Subscriber| {
            let [address, _, _, _, frequency, state, _, reason, topics, _] = words_of(newsroom, one);
            let state = if reason.is_empty() { state } else { format!("{state} ({reason})") };
            Ok(format!("{address:<40} {state:<22} {frequency:<10} {topics}\n"))
        };
        return each(newsroom, terminal, line).await;
    }
    let mut before = "[\n";
    let object = |one: &Subscriber| {
        let text = serde_json::to_string_pretty(&SubscriberAccount::from(one))?.replace('\n', "\n  ");
        Ok(format!("{}  {text}", std::mem::replace(&mut before, ",\n")))
    };
    each(newsroom, terminal, object).await?;
    terminal.text(if before == "[\n" { "[]\n" } else { "\n]\n" });
    Ok(())
}

async fn export(newsroom: &Newsroom, terminal: Terminal) -> anyhow::Result<()> {
    terminal.text(&csv_line(with(COLUMNS, PAUSED_UNTIL)));
    let line = |one: &Subscriber| {
        let until = one.pause.map(|pause| pause.until.to_rfc3339()).unwrap_or_default();
        Ok(csv_line(with(cells(one).each_ref().map(String::as_str), &until)))
    };
    each(newsroom, terminal, line).await
}

/// These cells, and one more.
fn with<'c>(cells: [&'c str; 10], last: &'c str) -> [&'c str; 11] {
    let mut all = [last; 11];
    all[..cells.len()].copy_from_slice(&cells);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Language, word};

    #[test]
    fn for_each_reason_it_is_said_what_can_be_done() {
        for (reason, language) in
            SuppressionReason::ALL.iter().flat_map(|reason| Language::ALL.map(|language| (reason, language)))
        {
            let words = word(language, &format!("cli.subscribers.refused-{reason}"));
            assert!(words.is_some_and(|words| words.contains("{why}")), "{language:?} lacks refused-{reason}");
        }
    }
}
