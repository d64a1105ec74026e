//! The `depeche` program: reads its arguments, runs the command, exits with its code.

use std::process::ExitCode;

/// Of many small texts, most made and dropped at once: the system's allocator takes an eighth longer over them and no
/// less room.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    depeche::cli::run()
}
