//! `preview`: the letter of a release, without sending it.

use anyhow::Context as _;
use camino::Utf8Path;

use super::arguments::PreviewArguments;
use super::terminal::Terminal;
use super::{Exit, opening, release};
use crate::mail::read_letter;
use crate::task::{Preview, preview};

pub(super) async fn run(file: &Utf8Path, arguments: &PreviewArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let newsroom = opening::newsroom(file, terminal).await?;
    let (current, _) = opening::look(&newsroom.config).await?;
    let published = release::find(&current.catalog, &arguments.release)?;
    let message = preview(&newsroom, &current, &Preview::Announcement(published), newsroom.language())?.to_vec();
    if let Some(path) = &arguments.eml {
        std::fs::write(path, &message).with_context(|| format!("failed to write `{path}`"))?;
        terminal.line(path.as_str());
    } else {
        let letter = read_letter(&message)?;
        for (name, value) in &letter.headers {
            terminal.line(format!("{name}: {value}"));
        }
        terminal.line("");
        terminal.text(&letter.text);
    }
    newsroom.store.close().await;
    Ok(Exit::Done)
}
