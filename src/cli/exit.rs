//! How a command ends.

use std::process::ExitCode;

/// What the shell is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Not done; or, for `check --strict`, warnings and no errors.
    Failed = 1,
    /// Errors in releases, for `check`; a problem, for `doctor`; arguments that cannot be read.
    Errors = 2,
    /// What was brought is no message (`EX_DATAERR` of `sysexits.h`).
    NoMessage = 65,
    /// Not done now: it is to be brought again (`EX_TEMPFAIL` of `sysexits.h`).
    TryAgain = 75,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
