//! `serve`: the daemon.

use camino::Utf8Path;
use tokio::signal::unix::{SignalKind, signal};

use super::arguments::ServeArguments;
use super::terminal::Terminal;
use super::{Exit, opening};
use crate::app::{Daemon, greeting, open_newsroom, start_logging};
use crate::clock::SystemClock;

/// How the program was called, for the line to try: through cargo, or by its name.
fn program() -> &'static str {
    if std::env::var_os("CARGO").is_some() { "cargo run --" } else { "depeche" }
}

pub(super) async fn run(file: &Utf8Path, arguments: &ServeArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let mut config = opening::config(file, terminal)?;
    if let Some(listen) = arguments.listen {
        config.http.listen = listen;
    }
    start_logging(config.log);
    // Signals are ours from here on, so that a start cut short stops in order too.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let newsroom = open_newsroom(config, std::sync::Arc::new(SystemClock)).await?;
    let daemon = Daemon::prepare(newsroom.clone()).await?;
    if terminal.is_interactive() {
        for line in greeting(&newsroom, daemon.public_address()?, daemon.admin_address()?, program()) {
            terminal.line(line);
        }
    }
    let mut running = daemon.start().await?;
    let exit = tokio::select! {
        _ = interrupt.recv() => Exit::Done,
        _ = terminate.recv() => Exit::Done,
        // Half a daemon looks like a whole one from outside: better that whoever started it starts it again.
        () = running.broken() => Exit::Failed,
    };
    running.stop().await;
    Ok(exit)
}
