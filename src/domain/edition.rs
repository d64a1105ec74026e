//! One number of the newsletter, from the moment it is seen coming to its last letter.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};

use super::subscriber::words;
use super::{DeliveryTally, EditionId, Frequency, ReleaseId, SubscriberId};

words! {
    /// What an edition is about.
    EditionKind {
        /// One new release.
        Announcement = "announcement",
        /// The releases of a period.
        Digest = "digest",
        /// What was wrong in a release that was sent.
        Correction = "correction",
        /// A release that was sent is no longer valid.
        Withdrawal = "withdrawal",
    }
}

/// An edition as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The row's number.
    pub id: EditionId,
    /// What it is about.
    pub kind: EditionKind,
    /// The release, for every kind but a digest.
    pub release: Option<ReleaseId>,
    /// What else it is about: see [`NewEdition::subject`].
    pub subject: String,
    /// The release's title when the edition was last looked at, for lists.
    pub title: String,
    /// Where it stands.
    pub state: EditionState,
    /// The words of the holds a person lifted; they do not hold it again.
    pub lifted: Vec<String>,
    /// When it was first seen coming.
    pub created: DateTime<Utc>,
    /// When its letters were rendered and its deliveries began.
    pub opened: Option<DateTime<Utc>>,
    /// When it was done or cancelled.
    pub ended: Option<DateTime<Utc>>,
    /// Its deliveries by state.
    pub tally: DeliveryTally,
}

/// What is known of an edition before there is a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEdition {
    /// What it is about.
    pub kind: EditionKind,
    /// The release, for every kind but a digest.
    pub release: Option<ReleaseId>,
    /// What else it is about: the round of a digest ([`DigestRound`]), the revision of a correction or withdrawal, the
    /// number of the edition that it repeats; empty for an announcement.
    pub subject: String,
    /// `announce:{release}` and the like: there is never a second edition with the same key.
    pub dedup_key: String,
    /// For lists.
    pub title: String,
    /// Where it begins: held or waiting.
    pub state: EditionState,
}

/// Which digest: how often it comes, and its civil day in the site's zone. Written `daily 2026-11-24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestRound {
    /// Daily or weekly.
    pub frequency: Frequency,
    /// The day on which it leaves.
    pub day: NaiveDate,
}

impl fmt::Display for DigestRound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.frequency, self.day)
    }
}

impl FromStr for DigestRound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a round such as `daily 2026-11-24`");
        let (frequency, day) = text.split_once(' ').ok_or_else(wrong)?;
        Ok(Self { frequency: frequency.parse()?, day: day.parse().map_err(|_| wrong())? })
    }
}

/// Where an edition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditionState {
    /// Stopped before it opened, for a reason a person or the next look may lift.
    Held(HoldReason),
    /// Opens by itself.
    Waiting {
        /// When.
        due: DateTime<Utc>,
    },
    /// Its letters are rendered; deliveries are being written, in the order of subscriber ids.
    Opening {
        /// The last subscriber written.
        cursor: Option<SubscriberId>,
    },
    /// All deliveries are written and some are still on their way.
    Sending,
    /// Stopped after it opened: by a person, or for a reason.
    Paused(Option<HoldReason>),
    /// Every delivery ended.
    Done,
    /// Will not be sent.
    Cancelled,
}

impl EditionState {
    /// Its word in the database, in lists and in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Held(_) => "held",
            Self::Waiting { .. } => "waiting",
            Self::Opening { .. } => "opening",
            Self::Sending => "sending",
            Self::Paused(_) => "paused",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether no letter of it can have left yet.
    #[must_use]
    pub const fn is_before_opening(&self) -> bool {
        matches!(self, Self::Held(_) | Self::Waiting { .. })
    }

    /// Whether nothing more becomes of it by itself or by a person's word.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }

    /// Why it does not go on by itself: the word and the detail of the reason, as they are stored; `paused` where a person
    /// stopped it on its way.
    #[must_use]
    pub fn stopped_by(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Held(reason) | Self::Paused(Some(reason)) => Some((reason.as_str(), reason.detail())),
            Self::Paused(None) => Some(("paused", String::new())),
            Self::Waiting { .. } | Self::Opening { .. } | Self::Sending | Self::Done | Self::Cancelled => None,
        }
    }

    /// When it opens by itself.
    #[must_use]
    pub const fn due(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Waiting { due } => Some(*due),
            Self::Held(_) | Self::Opening { .. } | Self::Sending | Self::Paused(_) | Self::Done | Self::Cancelled => {
                None
            }
        }
    }
}

/// Why an edition does not leave by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldReason {
    /// A person held it.
    Office,
    /// Its release was already live for longer than `newsletter.max_age` when it was seen.
    TooOld,
    /// More than `newsletter.hold_above` releases appeared within ten minutes.
    ManyAtOnce {
        /// How many.
        count: u32,
    },
    /// Documents that the release offers are not there; their titles.
    DocumentMissing {
        /// The words that offer each.
        documents: Vec<String>,
    },
    /// The configuration asks for approval of every edition.
    Approval,
    /// It may be a release that is known under another name.
    DoubtfulIdentity,
    /// The clock jumped forwards by more than an hour.
    ClockStep,
    /// Its file cannot be read any more.
    FileBroken,
    /// Its file is gone, or says `published: false`.
    Unpublished,
    /// Its page on the site that shows the releases does not answer.
    PageMissing,
    /// A backup was restored: it may have left since that was made.
    Restored,
    /// Nobody worked for longer than `newsletter.max_age`.
    Silence,
}

impl HoldReason {
    /// Its word in the database, in lists and in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::TooOld => "too-old",
            Self::ManyAtOnce { .. } => "many-at-once",
            Self::DocumentMissing { .. } => "document-missing",
            Self::Approval => "approval",
            Self::DoubtfulIdentity => "doubtful-identity",
            Self::ClockStep => "clock-step",
            Self::FileBroken => "file-broken",
            Self::Unpublished => "unpublished",
            Self::PageMissing => "page-missing",
            Self::Restored => "restored",
            Self::Silence => "silence",
        }
    }

    /// What is stored beside the word: a count, or titles a line each.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::ManyAtOnce { count } => count.to_string(),
            Self::DocumentMissing { documents } => documents.join("\n"),
            Self::Office
            | Self::TooOld
            | Self::Approval
            | Self::DoubtfulIdentity
            | Self::ClockStep
            | Self::FileBroken
            | Self::Unpublished
            | Self::PageMissing
            | Self::Restored
            | Self::Silence => String::new(),
        }
    }

    /// The reason that [`HoldReason::as_str`] and [`HoldReason::detail`] describe.
    #[must_use]
    pub fn from_parts(word: &str, detail: &str) -> Option<Self> {
        Some(match word {
            "office" => Self::Office,
            "too-old" => Self::TooOld,
            "many-at-once" => Self::ManyAtOnce { count: detail.parse().ok()? },
            "document-missing" => Self::DocumentMissing { documents: detail.lines().map(str::to_owned).collect() },
            "approval" => Self::Approval,
            "doubtful-identity" => Self::DoubtfulIdentity,
            "clock-step" => Self::ClockStep,
            "file-broken" => Self::FileBroken,
            "unpublished" => Self::Unpublished,
            "page-missing" => Self::PageMissing,
            "restored" => Self::Restored,
            "silence" => Self::Silence,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_back_from_their_parts() {
        let reasons = [
            HoldReason::Office,
            HoldReason::TooOld,
            HoldReason::ManyAtOnce { count: 12 },
            HoldReason::DocumentMissing { documents: vec!["Dossier".to_owned(), "Annexe".to_owned()] },
            HoldReason::Approval,
            HoldReason::DoubtfulIdentity,
            HoldReason::ClockStep,
            HoldReason::FileBroken,
            HoldReason::Unpublished,
            HoldReason::PageMissing,
            HoldReason::Restored,
            HoldReason::Silence,
        ];
        for reason in reasons {
            assert_eq!(HoldReason::from_parts(reason.as_str(), &reason.detail()), Some(reason));
        }
        assert_eq!(HoldReason::from_parts("mood", ""), None);
    }
}
