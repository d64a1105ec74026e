//! How a command ends.

use std::process::ExitCode;

/// What the shell is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Not done; or, for `check --strict`, warnings and no errors.
    Failed = 1,
    /// Errors in releases; the arguments parser uses it too for what it cannot read.
    Errors = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
