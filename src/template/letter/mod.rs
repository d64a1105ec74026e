//! The letters' contexts, one file per kind.

mod announcement;
mod audience;
mod confirmation;
mod correction;
mod digest;
mod frame;
mod notice;
mod release;
mod request;
mod withdrawal;

pub use announcement::AnnouncementLetter;
pub use audience::{Audience, OfficeBanner, Recipient};
pub use confirmation::ConfirmationLetter;
pub use correction::CorrectionLetter;
pub use digest::{DigestContents, DigestEntry, DigestLetter, EntryPieces, digest_title};
pub use frame::LetterFrame;
pub use notice::{NoticeLetter, Refuser};
pub use release::LetterRelease;
pub use request::{RequestKind, RequestLetter};
pub use withdrawal::WithdrawalLetter;
