//! What a command opens before it works.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::bail;
use camino::Utf8Path;
use rayon::ThreadPool;

use super::terminal::Terminal;
use crate::app::{open_newsroom, read_config, read_templates};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, DatabaseUrl};
use crate::domain::ReleaseId;
use crate::feed::FeedFormat;
use crate::register::Register;
use crate::store::{ADOPTED, Store};
use crate::task::{Current, Ingest, LastGood, Newsroom};
use crate::watch::{Cores, Hint, UploadsFolder};

/// The configuration; what is doubtful in it is told.
pub(super) fn config(file: &Utf8Path, terminal: Terminal) -> anyhow::Result<Config> {
    let (config, warnings) = read_config(file)?;
    for warning in warnings {
        if terminal.shows_progress() {
            terminal.tell(format!("depeche: {}", warning.words(config.site.language)));
        }
    }
    Ok(config)
}

/// Everything, for a command that works on the database.
pub(super) async fn newsroom(file: &Utf8Path, terminal: Terminal) -> anyhow::Result<Arc<Newsroom>> {
    open_newsroom(config(file, terminal)?, Arc::new(SystemClock)).await
}

/// The folder as it is now, compared with the database when there is one. Nothing is saved: this never counts as a
/// first start.
pub(super) async fn look(config: &Config) -> anyhow::Result<(Current, Arc<UploadsFolder>)> {
    let Looked { current, uploads, .. } = looked(config, |ingest| ingest).await?;
    Ok((current, uploads))
}

/// The same, with everything there is to say of every text.
pub(super) async fn look_at_all(config: &Config) -> anyhow::Result<Current> {
    Ok(looked(config, Ingest::whole).await?.current)
}

/// The same, for feeds in `formats` alone.
pub(super) async fn look_for(config: &Config, formats: &[FeedFormat]) -> anyhow::Result<Looked> {
    looked(config, |ingest| ingest.for_formats(formats)).await
}

/// The releases that took over the id of an earlier feed.
pub(super) async fn adopted_before(config: &Config) -> anyhow::Result<HashSet<ReleaseId>> {
    match &config.database.url {
        DatabaseUrl::Sqlite(path) if !path.exists() => Ok(HashSet::new()),
        DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => {
            let store = Store::open(&config.database, SystemClock.now()).await?;
            let adopted = adopted(&store).await;
            store.close().await;
            adopted
        }
    }
}

/// The releases that took an id over before.
pub(super) async fn adopted(store: &Store) -> anyhow::Result<HashSet<ReleaseId>> {
    let decisions = store.all_decisions().await?;
    let took = decisions.into_iter().filter(|(_, made)| made.iter().any(|decision| decision.what == ADOPTED));
    Ok(took.map(|(release, _)| release).collect())
}

/// The same, beside the register as the database has it.
pub(super) async fn look_beside(config: &Config) -> anyhow::Result<(Current, Register)> {
    let Looked { current, register, .. } = looked(config, |ingest| ingest).await?;
    Ok((current, register))
}

/// What a command saw of the folder.
pub(super) struct Looked {
    pub(super) current: Current,
    pub(super) uploads: Arc<UploadsFolder>,
    /// As the database has it.
    register: Register,
    /// Where it was read.
    pub(super) threads: Arc<ThreadPool>,
}

async fn looked(config: &Config, prepare: impl FnOnce(Ingest) -> Ingest) -> anyhow::Result<Looked> {
    let folder = &config.content.folder;
    if !folder.is_dir() {
        bail!("there is no content folder `{folder}`: set `content.folder` in the configuration, or make it");
    }
    let (clock, templates) = (Arc::new(SystemClock), Arc::new(read_templates(&config.templates_folder)?));
    let now = clock.now();
    let store = match &config.database.url {
        DatabaseUrl::Sqlite(path) if !path.exists() => None,
        DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => Some(Store::open(&config.database, now).await?),
    };
    let (register, last_good) = match &store {
        Some(store) => (store.load_register().await?, LastGood::of(store)),
        None => (Register::default(), LastGood::default()),
    };
    let uploads = Arc::new(UploadsFolder::new(&config.content, clock));
    let mut ingest = prepare(Ingest::new(config, uploads.clone(), templates, Cores::All).unsaved());
    let looking = tokio::task::spawn_blocking(move || {
        let current = ingest.look(&register, &last_good, now, &Hint::Everything).current;
        let threads = ingest.threads();
        // It is cleared away while the command goes on.
        threads.spawn(move || drop(ingest));
        (current, register, last_good, threads)
    });
    let (current, register, last_good, threads) = looking.await?;
    if let Some(store) = store {
        store.close().await;
    }
    last_good.check()?;
    Ok(Looked { current, uploads, register, threads })
}
