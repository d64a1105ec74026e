//! `send-test`: the letter of a release, to the office, or to somebody else by force. Its unsubscribe link does nothing.

use std::time::Duration;

use anyhow::{anyhow, bail};
use camino::Utf8Path;
use tokio::time::Instant;

use super::arguments::SendTestArguments;
use super::terminal::Terminal;
use super::{Exit, opening, release};
use crate::domain::{Attempt, Mailbox, Message, Phase};
use crate::smtp::{Envelope, Handed, Relay};
use crate::task::{Newsroom, Preview, preview_for};

/// How long a relay may take before the letter is begun.
const PATIENCE: Duration = Duration::from_mins(5);

pub(super) async fn run(file: &Utf8Path, arguments: &SendTestArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let newsroom = opening::newsroom(file, terminal).await?;
    let (current, _) = opening::look(&newsroom.config).await?;
    let published = release::find(&current.catalog, &arguments.release)?;
    let mut failed = 0;
    for recipient in recipients(&newsroom, arguments)? {
        let message =
            preview_for(&newsroom, &current, &Preview::Announcement(published), newsroom.language(), &recipient)?;
        let envelope =
            Envelope { from: newsroom.config.newsletter.from.address.clone(), to: recipient.address.clone(), id: None };
        match send(&newsroom, &envelope, &message).await? {
            Attempt::Accepted(reply) => {
                terminal.line(format!("{}: accepted by the relay ({reply})", recipient.address));
            }
            refused @ (Attempt::Refused { .. } | Attempt::Lost { .. }) => {
                failed += 1;
                terminal.tell(format!("{}: not accepted: {refused}", recipient.address));
            }
        }
    }
    newsroom.store.close().await;
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// The office, the one of its addresses that was asked for, or any other address by force.
fn recipients(newsroom: &Newsroom, arguments: &SendTestArguments) -> anyhow::Result<Vec<Mailbox>> {
    let Some(to) = &arguments.to else { return Ok(newsroom.office().to_vec()) };
    match newsroom.office().iter().find(|mailbox| mailbox.address.folded() == to.folded()) {
        Some(mailbox) => Ok(vec![mailbox.clone()]),
        None if arguments.force => Ok(vec![Mailbox::new(None, to.clone())]),
        None => {
            bail!(
                "{to} is not one of the office's addresses: add it to `office.copies` in the configuration, or say --force"
            )
        }
    }
}

/// Hands the letter to the first relay that takes a connection.
async fn send(newsroom: &Newsroom, envelope: &Envelope, message: &Message) -> anyhow::Result<Attempt> {
    let mut last = None;
    for settings in &newsroom.config.relays {
        let relay = Relay::open(settings, &newsroom.config.newsletter.from.address, newsroom.clock.clone())?;
        match relay.connect().await {
            Ok(mut session) => {
                let handed = session.send(envelope, message, Instant::now() + PATIENCE).await;
                session.quit().await;
                return Ok(match handed {
                    Handed::Over(attempt) => attempt,
                    Handed::NotBegun | Handed::Withheld => {
                        Attempt::Lost { phase: Phase::Connect, error: "it hung up".to_owned() }
                    }
                });
            }
            Err(attempt) => last = Some(attempt),
        }
    }
    last.ok_or_else(|| anyhow!("no relay is configured"))
}
