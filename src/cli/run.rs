//! From the typed line to a command's exit code: parses, starts the runtime, runs one command.

use std::process::ExitCode;

use clap::Parser as _;

use super::arguments::{Arguments, Command};
use super::exit::Exit;
use super::terminal::Terminal;
use super::{
    backup, bounce, build, check, completions, database, doctor, editions, man, new, preview, register, restore,
    send_test, serve, subscribers,
};

/// Reads the arguments, runs the command, and says what came of it.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return terminal.fail(&error.into()).into(),
    };
    let exit = runtime.block_on(command(&arguments, terminal)).unwrap_or_else(|error| terminal.fail(&error));
    // What still waits for another server has nobody any more who waits for it.
    runtime.shutdown_background();
    exit.into()
}

async fn command(arguments: &Arguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = arguments.config.as_path();
    match &arguments.command {
        Command::Serve(serve) => Box::pin(serve::run(config, serve, terminal)).await,
        Command::Build(build) => build::run(config, build, terminal).await,
        Command::Check(check) => check::run(config, check, terminal).await,
        Command::New(new) => new::run(config, new, terminal),
        Command::Preview(preview) => preview::run(config, preview, terminal).await,
        Command::SendTest(send_test) => send_test::run(config, send_test, terminal).await,
        Command::Subscribers(subscribers) => subscribers::run(config, subscribers, terminal).await,
        Command::Editions(editions) => editions::run(config, editions, terminal).await,
        Command::Bounce(bounce) => Ok(bounce::run(config, bounce, terminal).await),
        Command::Register(register) => register::run(config, register, terminal).await,
        Command::Doctor { format } => doctor::run(config, *format, terminal).await,
        Command::Backup(backup) => backup::run(config, &backup.file, terminal).await,
        Command::Restore(restore) => restore::run(config, &restore.file, terminal).await,
        Command::Database(database) => database::run(config, database, terminal).await,
        Command::Completions { shell } => Ok(completions::run(*shell, terminal)),
        Command::Man { folder } => man::run(folder, terminal),
    }
}
