//! What a start would find out again, kept over restarts: how unchanged files were read, and the register as of a
//! revision, in one file beside the database.
//!
//! The file is never needed and never believed further than it proves itself: its parts have digests, its head says which
//! program wrote it with which settings, each reading has the stamp its file must still have, and the register the
//! revision the database must still be at. Whatever does not hold is found out anew. It holds texts under embargo, as the
//! database does, and is its owner's alone. What is kept has its own form here: no type of the domain is written as it
//! stands.

mod file;
mod fingerprint;
mod kept;
mod reading;
mod record;
mod release;
#[cfg(test)]
mod tests;
mod words;

pub use fingerprint::Fingerprint;
pub use kept::{Cache, Kept, KeptState, OpenCache, Readings, Settled};
pub use reading::{KeptReading, KeptUpload};
