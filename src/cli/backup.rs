//! `backup`: the database and the key, in one file.

use camino::Utf8Path;

use super::terminal::Terminal;
use super::transferring::Bar;
use super::{Exit, opening};
use crate::app::{keys_to_back_up, read_key};
use crate::clock::{Clock as _, SystemClock};
use crate::language::{Language, file_size};
use crate::store::{Store, describe};

pub(super) async fn run(file: &Utf8Path, to: &Utf8Path, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    let (language, now) = (config.site.language, SystemClock.now());
    let keys = keys_to_back_up(&config.secrets)?;
    let store = Store::open(&config.database, now).await?;
    store.bind_key(&read_key(&config.secrets.key_file)?).await?;
    let bar = Bar::new(terminal, language);
    let source = describe(&config.database.url);
    let done = store.back_up(to, &source, &keys, now, &|progress| bar.show(progress)).await;
    drop(bar);
    store.close().await;
    let done = done?;
    let size = file_size(done.bytes, language);
    terminal.line(match language {
        Language::French => format!("{to} : {} lignes de {source} et la clé, {size}", done.rows),
        Language::English => format!("{to}: {} rows of {source} and the key, {size}", done.rows),
    });
    Ok(Exit::Done)
}
