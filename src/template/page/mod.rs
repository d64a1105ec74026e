//! The pages' contexts, one file per group.

mod admin;
mod feeds;
mod layout;
mod office;
mod problem;
mod releases;
mod subscription;
mod topics;
#[cfg(test)]
mod tests;

pub use admin::{
    AdminLayout, AlarmBanner, ClockBanner, Header, LetterRow, MailboxLetterPage, MailboxLettersPage,
    MailboxPreviewsPage, MailboxWaitingPage, PreviewRow, WaitingEdition,
};
pub use feeds::{FeedPage, FeedRow, FeedsPage};
pub use layout::Layout;
pub use office::{OfficeDonePage, OfficePage};
pub use problem::{LostLink, ProblemPage};
pub use releases::{FrontPage, ReleaseCard, ReleasePage};
pub use subscription::{
    AskPage, CheckInboxPage, Choice, ConfirmPage, ConfirmedPage, DonePage, LanguageLink, PreferencesPage,
    SubscribePage, UnsubscribePage, UnsubscribedPage,
};
pub use topics::{DigestTimes, SubscriptionForm, TopicChoice};
