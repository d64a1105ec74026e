//! The `depeche` program: reads its arguments, runs the command, exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    depeche::cli::run()
}
