//! The letters' contexts, one file per kind.

mod announcement;
mod confirmation;
mod frame;
mod notice;
mod samples;

pub use announcement::{AnnouncementLetter, Audience, OfficeBanner, Recipient};
pub use confirmation::ConfirmationLetter;
pub use frame::LetterFrame;
pub use notice::NoticeLetter;
pub(super) use samples::render_samples;
