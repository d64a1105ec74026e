//! The configuration read anew while the daemon works: it gives way to another one in the same process, which has its
//! sockets. What is wrong is found before, as far as it can be, and the old configuration stays.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use tracing::{error, info};

use super::daemon::{Daemon, RunningDaemon, open_relays, read_admin_token};
use super::opening::{open_newsroom, read_templates};
use super::own_folders::refuse_own_folders;
use super::secrets::{read_key, read_signer};
use super::sockets::Sockets;
use crate::clock::{SteadyClock, SystemClock};
use crate::config::Config;
use crate::task::Newsroom;

/// Lets a daemon with the configuration that was `read` take the place of `running`. Where that configuration does not do,
/// the old one stays, which is logged and counted.
///
/// # Errors
/// When neither the new configuration nor, after it, the old one makes a daemon: none is at work then.
pub async fn reload(
    running: RunningDaemon,
    read: anyhow::Result<Config>,
    sockets: &mut Sockets,
) -> anyhow::Result<RunningDaemon> {
    let vetted = read.and_then(|config| {
        vet(&config)?;
        Ok((sockets.listeners(&config)?, config))
    });
    let (listeners, config) = match vetted {
        Ok(vetted) => vetted,
        Err(error) => {
            sockets.close_others(&running.newsroom().config);
            return Ok(refused(running, &error));
        }
    };
    let earlier = running.newsroom().clone();
    running.give_way().await;
    let newsroom = match open_newsroom(config, Arc::new(SystemClock)).await {
        Ok(newsroom) => newsroom,
        Err(error) => return go_back(&earlier, sockets, &error).await,
    };
    let begun = async { Daemon::prepare(newsroom.clone(), listeners).await?.start().await };
    match begun.await {
        Ok(running) => {
            newsroom.metrics.go_on_from(&earlier.metrics);
            newsroom.metrics.reloaded(true, newsroom.now());
            sockets.close_others(&newsroom.config);
            info!("the configuration was taken over");
            Ok(running)
        }
        Err(error) => {
            newsroom.store.close().await;
            go_back(&earlier, sockets, &error).await
        }
    }
}

/// Looks at every file that a daemon reads at its start, and at nothing else: no database, no relay.
fn vet(config: &Config) -> anyhow::Result<()> {
    let broken = read_templates(&config.templates_folder)?.render_samples();
    if !broken.is_empty() {
        let broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
        bail!("{}", broken.join("; "));
    }
    for file in &config.secrets.previous_key_files {
        read_key(file)?;
    }
    config.dkim.as_ref().map(read_signer).transpose()?;
    read_admin_token(config)?;
    open_relays(config, &Arc::new(SteadyClock::new(Arc::new(SystemClock))))?;
    #[cfg(feature = "bucket")]
    config.publish.bucket.as_ref().map(crate::publish::Bucket::open).transpose()?;
    if let Some(folder) = &config.publish.folder {
        refuse_own_folders(config, folder)?;
    }
    Ok(())
}

/// The new configuration is not used: nothing was changed yet.
fn refused(running: RunningDaemon, error: &anyhow::Error) -> RunningDaemon {
    let newsroom = running.newsroom();
    error!(error = %format!("{error:#}"), "the configuration was refused, the old one stays: {error:#}");
    newsroom.metrics.reloaded(false, newsroom.now());
    running
}

/// The new configuration made no daemon: one with the old configuration is set to work again.
async fn go_back(earlier: &Newsroom, sockets: &mut Sockets, error: &anyhow::Error) -> anyhow::Result<RunningDaemon> {
    let begin = async {
        let listeners = sockets.listeners(&earlier.config)?;
        let newsroom = open_newsroom(earlier.config.clone(), Arc::new(SystemClock)).await?;
        newsroom.metrics.go_on_from(&earlier.metrics);
        Daemon::prepare(newsroom, listeners).await?.start().await
    };
    let running = begin.await.with_context(|| {
        format!("failed to go back to the old configuration, after the new one was refused ({error:#})")
    })?;
    sockets.close_others(&earlier.config);
    Ok(refused(running, error))
}
