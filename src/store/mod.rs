//! What must survive a kill: register, editions, letters, deliveries, subscribers, in SQLite or PostgreSQL.
//!
//! One set of statements serves both databases through sqlx `Any`. Domain types go in and come out; rows are converted
//! here and nowhere else. Nothing here decides: who receives what, and what follows a failure, are `policy`'s.

// What can go wrong, and what the two databases differ in.
mod error;
mod engine;
mod ailment;
mod values;
mod row;
mod ids;

// The database itself: opened, closed, well or ill, and who has it.
mod meta;
mod key;
mod migrations;
mod sqlite_file;
mod closed;
mod health;
mod stillness;
mod database;
mod connection;
mod daemon;
mod reach;
mod probing;
mod closing;
mod leads;
mod gap;
mod standing;

// The register, what was decided, and what readers were given.
mod revision;
mod register;
mod decisions;
mod served_feeds;
mod pings;
mod fragments;

// Editions, and what becomes of them.
mod letters;
mod editions;
mod audience;
mod opening;
mod steering;
mod supersede;
mod tallies;
mod outcomes;
mod figures;

// Deliveries: claimed, begun, recorded.
mod exchanged;
mod deliveries;
mod claims;
mod marks;
mod waiting_room;
mod exchange;
mod rests;
mod sweep;
mod notices;

// Subscribers: who agreed, who left, who is forgotten.
mod subscribers;
mod consents;
mod optin;
mod requests;
mod pauses;
mod endings;
mod suppressions;
mod blocking;
mod former;
mod address_rows;
mod addresses;
mod forgetting;
mod erasure;
mod unconfirmed;
mod roll;

// What comes from outside, and what is carried elsewhere.
mod bounces;
mod imports;
mod transfer;

pub use address_rows::AddressChange;
pub use addresses::{AddressAnswer, AddressSide, AskedAddress};
pub use ailment::Ailment;
pub use blocking::Unblocked;
pub use bounces::Kept;
pub use closed::Closed;
pub use consents::{ConsentAction, ConsentKept, Proof};
pub use daemon::DaemonLock;
pub use database::Store;
pub use decisions::{Cause, DecisionMade};
pub use editions::EditionFilter;
pub use engine::describe;
pub use erasure::Erasure;
pub use error::{DriverError, StoreError};
pub use exchanged::{AttemptMade, Begin, Exchanged, Fence, Finished, Hold, Outcome};
pub use figures::OutboxFigures;
pub use former::FormerAddress;
pub use fragments::{Announced, DigestContents, DigestText};
pub use gap::{Gap, GapKind};
pub use health::Illness;
pub use notices::SingleLetter;
pub use opening::{Chunk, OpeningEnd};
pub use optin::{Asked, Wished};
pub use outcomes::DeliveryOutcome;
pub use register::ADOPTED;
pub use requests::Question;
pub use rests::{Rest, RestOf};
pub use revision::Revision;
pub use roll::SubscriberPage;
pub use standing::Standing;
pub use subscribers::{Added, Names, Preferences, SubscriberFilter};
pub use supersede::OutdatedFragment;
pub use sweep::Swept;
pub use transfer::{BACKUP, BackedUp, Backup, BackupKey, Copied, Progress, Restored, Step, TransferError};
