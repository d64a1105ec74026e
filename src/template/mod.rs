//! Pages and letters: a typed context and a template for each, rendered by Tera.
//!
//! Templates are compiled in; an office may replace any of them by a text of the same name. Every page and letter takes
//! plain strings and numbers, ready to be shown: nothing here knows a release, a subscriber or a database row, and
//! nothing reads a file. Letters follow `MAIL.md` 15 and 16: inline styles, layout tables with `role="presentation"`, no
//! tracking. The pages aim at WCAG 2.2 AA.

mod builtin;
mod engine;
mod inline;
mod letter;
mod page;
mod parts;
mod samples;
mod trial;
mod wrap;

pub use builtin::{SCRIPT, SCRIPT_ADDRESS, STYLESHEET, STYLESHEET_ADDRESS, names};
pub use engine::{Letter, LetterParts, Page, TemplateError, Templates};
pub use inline::inline_styles;
pub use letter::{
    AnnouncementLetter, Audience, ConfirmationLetter, CorrectionLetter, DigestContents, DigestEntry, DigestLetter,
    EntryPieces, LetterFrame, LetterRelease, NoticeLetter, OfficeBanner, Recipient, Refuser, RequestKind,
    RequestLetter, WithdrawalLetter, digest_title,
};
pub use page::{
    AdminLayout, AlarmBanner, AskPage, CheckInboxPage, Choice, ClockBanner, ConfirmPage, ConfirmedPage, DigestTimes,
    DonePage, FeedPage, FeedRow, FeedsPage, FrontPage, Header, LanguageLink, Layout, LetterRow, LostLink,
    MailboxLetterPage, MailboxLettersPage, MailboxPreviewsPage, MailboxWaitingPage, OfficeDonePage, OfficePage,
    PreferencesPage, PreviewRow, ProblemPage, ReleaseCard, ReleasePage, SubscribePage, SubscriptionForm, TopicChoice,
    UnsubscribePage, UnsubscribedPage, WaitingEdition,
};
pub use parts::{Contact, DocumentLink, EditionActions, FeedAddresses, Link, Picture, PrivacyNotice, Stamp, Telephone};
