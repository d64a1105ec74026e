//! `backup`: the database and the key, in one file.

use anyhow::bail;
use camino::Utf8Path;

use super::terminal::Terminal;
use super::transferring::Bar;
use super::{Exit, opening};
use crate::app::{keys_to_back_up, read_key};
use crate::clock::{Clock as _, SystemClock};
use crate::config::DatabaseUrl;
use crate::language::{file_size, say};
use crate::store::{BACKUP, Store, describe};

pub(super) async fn run(file: &Utf8Path, to: &Utf8Path, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    let (language, now) = (config.site.language, SystemClock.now());
    let source = describe(&config.database.url);
    let is_there = !matches!(&config.database.url, DatabaseUrl::Sqlite(path) if !path.exists());
    let looked = if is_there { Store::open_to_look(&config.database).await? } else { None };
    let Some(looked) = looked else { bail!(say(language, "cli.backup.nothing", &[("database", &source)])) };
    looked.close().await;
    let keys = keys_to_back_up(&config.secrets)?;
    let store = Store::open(&config.database, now).await?;
    store.bind_key(&read_key(&config.secrets.key_file)?).await?;
    let bar = Bar::new(terminal, language);
    let done = store.back_up(to, &source, &keys, now, &|progress| bar.show(progress)).await;
    drop(bar);
    let noted = if done.is_ok() { store.record_run(BACKUP, now).await } else { Ok(()) };
    store.close().await;
    let done = done?;
    let (rows, size) = (done.rows.to_string(), file_size(done.bytes, language));
    let words = [("path", to.as_str()), ("rows", &rows), ("database", &source), ("size", &size)];
    terminal.line(say(language, "cli.backup.done", &words));
    if let Err(error) = noted {
        terminal.tell(say(language, "cli.backup.not-noted", &[("why", &error.to_string())]));
    }
    Ok(Exit::Done)
}
