//! Who wrote the file, and by which settings: another program, or other settings, may read the same texts otherwise.

use std::fs;

use super::words::DigestRow;
use crate::domain::Digest;
use crate::watch::Stamp;

/// The running program on Linux, whatever has taken its place in the file system since it was started.
const RUNNING: &str = "/proc/self/exe";

/// What decides, beside a file's bytes, how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// That of the running program with these settings; `None` when the system does not tell which program runs.
    #[must_use]
    pub fn of_running(settings: &[&str]) -> Option<Self> {
        let program = fs::metadata(RUNNING).or_else(|_| std::env::current_exe().and_then(fs::metadata)).ok()?;
        let program = format!("{} {:?}", env!("CARGO_PKG_VERSION"), Stamp::of(&program).to_numbers());
        Some(Self::new(&program, settings))
    }

    /// That of `program` with these settings.
    #[must_use]
    pub fn new(program: &str, settings: &[&str]) -> Self {
        let fields = std::iter::once(program).chain(settings.iter().copied());
        Self(Digest::of_fields(fields.map(str::as_bytes)))
    }

    pub(super) fn row(self) -> DigestRow {
        DigestRow(self.0)
    }
}
