//! `database`: everything carried to another database, which takes the place of this one.

use anyhow::{Context as _, anyhow};
use camino::{Utf8Path, Utf8PathBuf};

use super::arguments::DatabaseCommand;
use super::terminal::Terminal;
use super::transferring::Bar;
use super::{Exit, opening};
use crate::app::read_key;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, DatabaseSettings, DatabaseUrl, database_url};
use crate::language::Language;
use crate::store::{Store, describe};

pub(super) async fn run(file: &Utf8Path, command: &DatabaseCommand, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    match command {
        DatabaseCommand::Copy { to } => copy(&config, to, terminal).await,
        DatabaseCommand::Reopen { force } => reopen(&config, *force, terminal).await,
    }
}

async fn copy(config: &Config, to: &str, terminal: Terminal) -> anyhow::Result<Exit> {
    let (language, now) = (config.site.language, SystemClock.now());
    let here = Utf8PathBuf::try_from(std::env::current_dir().context("failed to tell where we are")?)?;
    let url = database_url(to, &here)
        .ok_or_else(|| anyhow!("`--to` is no address of a database: write `postgres://…` or `sqlite://PATH`"))?;
    let names = (describe(&config.database.url), describe(&url));
    let source = open_source(config).await?;
    source.bind_key(&read_key(&config.secrets.key_file)?).await?;
    let settings = DatabaseSettings { url, sync: config.database.sync };
    let target = Store::open_closed(&settings, now).await.with_context(|| format!("failed to open {}", names.1))?;
    let bar = Bar::new(terminal, language);
    let copied = source.copy_to(&target, (&names.0, &names.1), now, &|progress| bar.show(progress)).await;
    drop(bar);
    source.close().await;
    target.close().await;
    let copied = copied?;
    let rows: u64 = copied.tables.iter().map(|(_, rows)| rows).sum();
    if !copied.was_done {
        for (table, rows) in &copied.tables {
            terminal.line(format!("{table:>20} {rows:>12}"));
        }
    }
    let (from, to) = names;
    terminal.line(match (language, copied.was_done) {
        (Language::French, true) => format!("tout était déjà dans {to}"),
        (Language::English, true) => format!("everything was in {to} already"),
        (Language::French, false) => format!("{rows} lignes copiées et comparées. {from} est fermée désormais."),
        (Language::English, false) => format!("{rows} rows copied and compared. {from} is closed from now on."),
    });
    terminal.line(match language {
        Language::French => "Écrivez la nouvelle adresse dans `database.url`, puis `depeche serve`.",
        Language::English => "Write the new address into `database.url`, then `depeche serve`.",
    });
    Ok(Exit::Done)
}

async fn reopen(config: &Config, force: bool, terminal: Terminal) -> anyhow::Result<Exit> {
    let store = open_source(config).await?;
    let name = describe(&config.database.url);
    let to = store.reopen(&name, force, SystemClock.now()).await;
    store.close().await;
    terminal.line(match (to?, config.site.language) {
        (Some(to), Language::French) => format!("{name} est rouverte ; ne servez jamais {to}"),
        (Some(to), Language::English) => format!("{name} is open again; never serve {to}"),
        (None, Language::French) => format!("{name} n’était pas fermée"),
        (None, Language::English) => format!("{name} was not closed"),
    });
    Ok(Exit::Done)
}

/// The database of the configuration, which must be there.
async fn open_source(config: &Config) -> anyhow::Result<Store> {
    match &config.database.url {
        DatabaseUrl::Sqlite(path) if !path.exists() => {
            Err(anyhow!("there is no database `{path}`: see `database.url` in the configuration"))
        }
        DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => {
            Ok(Store::open_closed(&config.database, SystemClock.now()).await?)
        }
    }
}
