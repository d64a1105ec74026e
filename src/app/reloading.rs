//! The configuration read anew while the daemon works: it gives way to another one in the same process, which has its
//! sockets. What is wrong is found before, as far as it can be, and the old configuration stays.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::daemon::{Daemon, Means, RunningDaemon};
use super::logging::start_logging;
use super::opening::{Materials, open_with};
use super::secrets::read_key;
use super::sockets::{Listeners, Sockets};
use crate::clock::{SteadyClock, SystemClock};
use crate::config::Config;
use crate::store::Store;
use crate::task::Newsroom;

/// How long after the old configuration made no daemon either that is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What became of it.
#[derive(Debug)]
pub enum Reloaded {
    /// A daemon is at work, be it with the new configuration or with the old one.
    Works(RunningDaemon),
    /// It was told meanwhile that this is the end, and has ended.
    Ended,
}

/// Lets a daemon with the configuration that was `read` take the place of `running`. Where that configuration does not do,
/// the old one stays, which is logged and counted. `hasten` says that this is the end after all.
pub async fn reload(
    running: RunningDaemon,
    read: anyhow::Result<Config>,
    sockets: &mut Sockets,
    hasten: &watch::Receiver<bool>,
) -> Reloaded {
    let earlier = running.newsroom().clone();
    let next = match vetted(read, &earlier, sockets).await {
        Ok(next) => next,
        Err(error) => {
            sockets.close_others(&earlier.config);
            refused(&earlier, &error);
            return Reloaded::Works(running);
        }
    };
    let before = Next {
        config: earlier.config.clone(),
        materials: Materials::of(&earlier),
        means: running.means().clone(),
        listeners: None,
    };
    if next.config.log.format != earlier.config.log.format {
        warn!("`log.format` holds from the next start on");
    }
    start_logging(next.config.log);
    info!("the new configuration is good: it is taken over once letters that are on their way have left");
    let mut left = running.give_way(hasten).await;
    if *hasten.borrow() {
        while left.join_next().await.is_some() {}
        return Reloaded::Ended;
    }
    let error = match begun(next, sockets, &earlier).await {
        Ok(running) => {
            running.newsroom().metrics.reloaded(true, running.newsroom().now());
            info!("the configuration was taken over");
            return Reloaded::Works(accompanied(running, left));
        }
        Err(error) => error,
    };
    start_logging(earlier.config.log);
    Box::pin(go_back(before, sockets, &earlier, &error, hasten, left)).await
}

/// What the next daemon is made of.
#[derive(Debug)]
struct Next {
    config: Config,
    materials: Materials,
    means: Means,
    listeners: Option<Listeners>,
}

/// Looks at everything that can be looked at while the daemon works: every file that is read at a start, the ports, and
/// whether the database answers.
async fn vetted(read: anyhow::Result<Config>, earlier: &Newsroom, sockets: &mut Sockets) -> anyhow::Result<Next> {
    let config = read?;
    let mut materials = Materials::read(&config)?;
    let broken = materials.templates.render_samples();
    if !broken.is_empty() {
        let broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
        bail!("{}", broken.join("; "));
    }
    #[cfg(feature = "bucket")]
    config.publish.bucket.as_ref().map(crate::publish::Bucket::open).transpose()?;
    let means = Means::read(&config, &Arc::new(SteadyClock::new(Arc::new(SystemClock))))?;
    let file = &config.secrets.key_file;
    if config.database == earlier.config.database {
        let key = read_key(file)?;
        if key != *earlier.key() {
            bail!("`{file}` holds another key (fingerprint {}) than the database has", key.fingerprint());
        }
        materials.key = Some(key);
        if let Some(illness) = earlier.store.probe(earlier.now()).await {
            bail!("{} ({}): ask again once that is over", illness.ailment.words(), illness.why);
        }
    } else {
        if file.exists() {
            read_key(file)?;
        }
        Store::open(&config.database, earlier.now()).await?.close().await;
    }
    let listeners = Some(sockets.listeners(&config)?);
    Ok(Next { config, materials, means, listeners })
}

/// Sets a daemon to work that goes on where `earlier` was.
async fn begun(next: Next, sockets: &mut Sockets, earlier: &Newsroom) -> anyhow::Result<RunningDaemon> {
    let Next { config, materials, means, listeners } = next;
    let listeners = match listeners {
        Some(listeners) => listeners,
        None => sockets.listeners(&config)?,
    };
    let newsroom = open_with(config, materials, Arc::new(SystemClock)).await?;
    newsroom.metrics.go_on_from(&earlier.metrics);
    let running = async { Daemon::prepare_with(newsroom.clone(), listeners, means).await?.start().await };
    match running.await {
        Ok(running) => {
            sockets.close_others(&newsroom.config);
            Ok(running)
        }
        Err(error) => {
            newsroom.store.close().await;
            Err(error)
        }
    }
}

fn accompanied(mut running: RunningDaemon, left: JoinSet<()>) -> RunningDaemon {
    running.accompany(left);
    running
}

/// The new configuration is not used.
fn refused(newsroom: &Newsroom, error: &anyhow::Error) {
    error!(error = %format!("{error:#}"), "the configuration was refused, the old one stays: {error:#}");
    newsroom.metrics.reloaded(false, newsroom.now());
}

/// The new configuration made no daemon: one with the old configuration, and what was read for it of files, is set to work
/// again, as soon as it can be. Whoever connects meanwhile waits.
async fn go_back(
    before: Next,
    sockets: &mut Sockets,
    earlier: &Newsroom,
    error: &anyhow::Error,
    hasten: &watch::Receiver<bool>,
    mut left: JoinSet<()>,
) -> Reloaded {
    let (mut hasten, mut was_told) = (hasten.clone(), false);
    loop {
        let (config, materials, means) = (before.config.clone(), before.materials.clone(), before.means.clone());
        match begun(Next { config, materials, means, listeners: None }, sockets, earlier).await {
            Ok(running) => {
                refused(running.newsroom(), error);
                return Reloaded::Works(accompanied(running, left));
            }
            Err(second) if !was_told => {
                was_told = true;
                error!(
                    error = %format!("{second:#}"),
                    "neither the new configuration nor the old one can go on, the old one is tried again: {second:#}"
                );
            }
            Err(_) => {}
        }
        tokio::select! {
            _ = hasten.wait_for(|hasten| *hasten) => {
                while left.join_next().await.is_some() {}
                return Reloaded::Ended;
            }
            () = sleep(AGAIN) => {}
        }
    }
}
