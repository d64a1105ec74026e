//! What must survive a kill: register, editions, letters, deliveries, subscribers, in SQLite or PostgreSQL.
//!
//! One set of statements serves both databases through sqlx `Any`. Domain types go in and come out; rows are converted
//! here and nowhere else. Nothing here decides: who receives what, and what follows a failure, are `policy`'s.

mod audience;
mod bounces;
mod claims;
mod connection;
mod decisions;
mod deliveries;
mod editions;
mod error;
mod exchange;
mod figures;
mod fragments;
mod gap;
mod health;
mod ids;
mod leads;
mod letters;
mod marks;
mod meta;
mod migrations;
mod notices;
mod opening;
mod optin;
mod pings;
mod reach;
mod register;
mod rests;
mod revision;
mod row;
mod served_feeds;
mod standing;
mod steering;
mod stillness;
mod subscribers;
mod supersede;
mod suppressions;
mod sweep;
mod tallies;
mod transfer;
mod values;

pub use bounces::Kept;
pub use connection::{DaemonLock, Store};
pub use decisions::{Cause, DecisionMade};
pub use deliveries::AttemptMade;
pub use editions::EditionFilter;
pub use error::StoreError;
pub use exchange::{Begin, Exchanged, Fence, Finished, Hold, Outcome};
pub use figures::OutboxFigures;
pub use fragments::{Announced, DigestContents, DigestText};
pub use gap::{Gap, GapKind};
pub use health::{Ailment, Illness};
pub use notices::SingleLetter;
pub use opening::Chunk;
pub use optin::{Asked, ConsentAction, ConsentKept, Proof};
pub use reach::DriverError;
pub use register::ADOPTED;
pub use rests::{Rest, RestOf};
pub use revision::Revision;
pub use standing::Standing;
pub use subscribers::{Added, Preferences, SubscriberFilter};
pub use supersede::OutdatedFragment;
pub use sweep::Swept;
pub use transfer::{BackedUp, Backup, BackupKey, Closed, Copied, Progress, Restored, Step, TransferError, describe};
