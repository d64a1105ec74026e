//! What must survive a kill: register, editions, letters, deliveries, subscribers, in SQLite or PostgreSQL.
//!
//! One set of statements serves both databases through sqlx `Any`. Domain types go in and come out; rows are converted
//! here and nowhere else. Nothing here decides: who receives what, and what follows a failure, are `policy`'s.

mod addresses;
mod audience;
mod bounces;
mod claims;
mod connection;
mod decisions;
mod deliveries;
mod editions;
mod endings;
mod error;
mod exchange;
mod figures;
mod forgetting;
mod former;
mod fragments;
mod gap;
mod health;
mod ids;
mod imports;
mod leads;
mod letters;
mod marks;
mod meta;
mod migrations;
mod notices;
mod opening;
mod optin;
mod outcomes;
mod pauses;
mod pings;
mod reach;
mod register;
mod requests;
mod rests;
mod revision;
mod roll;
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

pub use addresses::{AddressAnswer, AddressChange, AddressSide, AskedAddress};
pub use bounces::Kept;
pub use connection::{DaemonLock, Store};
pub use decisions::{Cause, DecisionMade};
pub use deliveries::AttemptMade;
pub use editions::EditionFilter;
pub use error::StoreError;
pub use exchange::{Begin, Exchanged, Fence, Finished, Hold, Outcome};
pub use figures::OutboxFigures;
pub use forgetting::Erasure;
pub use former::FormerAddress;
pub use fragments::{Announced, DigestContents, DigestText};
pub use gap::{Gap, GapKind};
pub use health::{Ailment, Illness};
pub use notices::SingleLetter;
pub use opening::{Chunk, OpeningEnd};
pub use optin::{Asked, ConsentAction, ConsentKept, Proof, Wished};
pub use outcomes::DeliveryOutcome;
pub use reach::DriverError;
pub use register::ADOPTED;
pub use requests::Question;
pub use rests::{Rest, RestOf};
pub use revision::Revision;
pub use roll::SubscriberPage;
pub use standing::Standing;
pub use subscribers::{Added, Names, Preferences, SubscriberFilter};
pub use supersede::OutdatedFragment;
pub use suppressions::Unblocked;
pub use sweep::Swept;
pub use transfer::{
    BACKUP, BackedUp, Backup, BackupKey, Closed, Copied, Progress, Restored, Step, TransferError, describe,
};
