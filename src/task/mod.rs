//! What runs: the folder is read, editions are announced, letters are dispatched.
//!
//! Tasks carry out what the core decided; they decide nothing themselves.

mod standing;
mod link_desk;
mod newsroom;
mod reading;
mod last_good;
mod ingest;
mod readying;
mod links;
mod office;
mod proving;
mod returning;
mod intake;
mod edition;
mod keeping;
mod editor;
mod site_files;
mod trying;
#[cfg(feature = "bucket")]
mod bucket_writer;
mod subscription;
mod account;
mod preview;
mod alarm;
mod gap;
mod dispatch;
mod pinging;
mod readiness;
mod watchman;

pub use account::{ConsentAccount, DeliveryAccount, SubscriberAccount, SuppressionAccount};
pub use alarm::{confirm_alarm, confirm_clock};
#[cfg(feature = "bucket")]
pub use bucket_writer::BucketWriter;
pub use dispatch::Dispatcher;
pub use edition::{
    MissedEdition, OfficeDecision, ResendError, Scope, crowd_with, decide, decide_for_crowd, missed_by, recipients,
    resend, retry, see_to_editions,
};
pub use editor::Editor;
pub use gap::longest_silence;
pub use ingest::{Found, Gathered, Ingest, Ingested, feed_site};
pub use intake::{MaildirIntake, take_in_lmtp};
pub use last_good::LastGood;
pub use link_desk::LinkDesk;
pub use newsroom::{Current, Doubts, Newsroom, random_boundary};
pub use office::{BrokenFile, OFFICE_LINK_LASTS, OfficeError};
pub use pinging::Pinger;
pub use preview::{Preview, PreviewError, preview, preview_for};
pub use readiness::Readiness;
pub use returning::{ReturnError, TakenIn};
pub use site_files::{
    FileNames, FilesWanted, SiteBytes, SiteFile, SiteFilesError, count_site_files, site_files, stage_of,
};
pub use standing::{LookNote, Notes, PublishNote, RelayNote, Standing};
pub use watchman::Watchman;
