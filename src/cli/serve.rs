//! `serve`: the daemon, until it is told to stop; SIGHUP reads the configuration anew.

use std::pin::pin;
use std::sync::Arc;

use camino::Utf8Path;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::warn;

use super::arguments::ServeArguments;
use super::terminal::Terminal;
use super::{Exit, opening};
use crate::app::{
    Daemon, Reloaded, ServiceManager, Sockets, greeting, open_newsroom, read_config, reload, start_logging,
};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::language::Language;

/// How the program was called, for the line to try: through cargo, or by its name.
fn program() -> &'static str {
    if std::env::var_os("CARGO").is_some() { "cargo run --" } else { "depeche" }
}

pub(super) async fn run(file: &Utf8Path, arguments: &ServeArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = listening_as_told(opening::config(file, terminal)?, arguments);
    start_logging(config.log);
    // Signals are ours from here on, so that a start cut short stops in order too.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut manager = ServiceManager::of_process();
    let mut sockets = Sockets::handed_over()?;
    let listeners = sockets.listeners(&config)?;
    let newsroom = open_newsroom(config, Arc::new(SystemClock)).await?;
    let daemon = Daemon::prepare(newsroom.clone(), listeners).await?;
    if terminal.is_interactive() {
        for line in greeting(&newsroom, daemon.public_address()?, daemon.admin_address()?, program()) {
            terminal.line(line);
        }
    }
    let mut running = daemon.start().await?;
    sockets.close_others(&newsroom.config);
    drop(newsroom);
    manager.ready(running.newsroom());
    let exit = loop {
        tokio::select! {
            _ = interrupt.recv() => break Exit::Done,
            _ = terminate.recv() => break Exit::Done,
            _ = hang_up.recv() => {
                if terminal.is_interactive() {
                    // It means that the terminal is gone.
                    break Exit::Done;
                }
                manager.reloading();
                let (hasten, hastened) = watch::channel(false);
                let mut reloading = pin!(reload(running, read_anew(file, arguments), &mut sockets, &hastened));
                let reloaded = loop {
                    tokio::select! {
                        reloaded = reloading.as_mut() => break reloaded,
                        () = manager.turn() => {}
                        _ = interrupt.recv() => drop(hasten.send(true)),
                        _ = terminate.recv() => drop(hasten.send(true)),
                    }
                };
                running = match reloaded {
                    Reloaded::Works(running) => running,
                    Reloaded::Ended => return Ok(Exit::Done),
                };
                if *hastened.borrow() {
                    break Exit::Done;
                }
                manager.ready(running.newsroom());
            }
            () = manager.turn() => manager.status(running.newsroom()),
            // Half a daemon looks like a whole one from outside: better that whoever started it starts it again.
            () = running.broken() => break Exit::Failed,
        }
    };
    manager.stopping();
    running.stop().await;
    Ok(exit)
}

/// What the configuration says now; what is doubtful in it is logged.
fn read_anew(file: &Utf8Path, arguments: &ServeArguments) -> anyhow::Result<Config> {
    let (config, warnings) = read_config(file)?;
    for warning in warnings {
        warn!("{}", warning.words(Language::English));
    }
    Ok(listening_as_told(config, arguments))
}

fn listening_as_told(mut config: Config, arguments: &ServeArguments) -> Config {
    if let Some(listen) = arguments.listen {
        config.http.listen = listen;
    }
    config
}
