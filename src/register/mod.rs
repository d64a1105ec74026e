//! Who is who: (known releases, a look at the folder) → what is new, edited, renamed, gone, and why.
//!
//! The register is what the database remembers of each release. It is pure: the store loads and saves it, the watch
//! module brings the look. It decides identity and what is live, never whether a letter leaves: that is policy's.

mod shared_map;
mod record;
mod seen;
mod texts;
mod likeness;
mod comparing;
mod present;
mod matching;
mod alarm;
mod instants;
mod pool;
mod draft;
mod outcome;
mod step;
mod settling;
mod reconcile;
mod adoption;
mod index;
mod kept;
mod plain;
#[cfg(test)]
mod tests;

pub use adoption::{Adoption, Circumstances, KnownEntry, Recognised, Refusal};
pub use alarm::ALARM_PATIENCE;
pub use kept::KeptRegister;
pub use outcome::{Clash, Minting, Reconciled};
pub use plain::{Edit, PlainEdits};
pub use reconcile::FolderLook;
pub use record::{Announcement, Decision, FolderAlarm, NeverReason, Record, Register, RegisterChanges, TopicSlug};
pub use seen::Seen;
pub use shared_map::SharedMap;
pub use texts::{NoTexts, Texts};
