//! Everything the database holds, carried elsewhere: into a backup and back, or into another database of either kind.
//!
//! Tables and columns are those that the migrations make, so that a table added later is carried without being named here.
//! Rows are read in one snapshot, in the order of their keys, a piece at a time: memory stays bounded whatever their
//! number. What arrives is counted and compared before anybody may work with it; until then, and once a database has been
//! moved away, it refuses to open ([`super::closing`]).

mod backup;
mod copy;
mod draft;
mod error;
mod file;
mod reading;
mod reopening;
mod restore;
mod tables;
#[cfg(test)]
mod tests;
mod value;
mod verifying;
mod writing;

pub use backup::{BACKUP, BackedUp, BackupKey};
pub use copy::Copied;
pub use error::TransferError;
pub use restore::{Backup, Restored};
pub use value::{Progress, Step};
