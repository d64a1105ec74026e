//! `bounce`: takes in one message that came back, from standard input, as a mail server's pipe brings it.

use std::io::{Read as _, stdin};

use anyhow::Context as _;
use camino::Utf8Path;

use super::arguments::BounceArguments;
use super::terminal::Terminal;
use super::{Exit, opening};
use crate::mail::LARGEST_RETURN;
use crate::task::ReturnError;

/// Whatever fails but the message itself may be mended: the mail server is asked to bring it again.
pub(super) async fn run(file: &Utf8Path, arguments: &BounceArguments, terminal: Terminal) -> Exit {
    match taken_in(file, arguments, terminal).await {
        Ok(exit) => exit,
        Err(error) => {
            terminal.fail(&error);
            Exit::TryAgain
        }
    }
}

async fn taken_in(file: &Utf8Path, arguments: &BounceArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let mut message = Vec::new();
    let most = u64::try_from(LARGEST_RETURN)?.saturating_add(1);
    stdin().lock().take(most).read_to_end(&mut message).context("failed to read standard input")?;
    if message.len() > LARGEST_RETURN {
        let limit = LARGEST_RETURN / (1024 * 1024);
        terminal
            .tell(format!("depeche: the message has more than {limit} MiB: no report is that large, it is refused"));
        return Ok(Exit::NoMessage);
    }
    let newsroom = opening::newsroom(file, terminal).await?;
    let taken = newsroom.take_in(&message, arguments.recipient.as_deref()).await;
    newsroom.store.close().await;
    match taken {
        Ok(taken) => {
            terminal.line(taken.to_string());
            Ok(Exit::Done)
        }
        Err(error @ ReturnError::Unreadable(_)) => {
            terminal.tell(format!("depeche: standard input is no message: {error}"));
            Ok(Exit::NoMessage)
        }
        Err(error @ ReturnError::Store(_)) => Err(error.into()),
    }
}
