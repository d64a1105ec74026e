//! One letter to one recipient: a row of the outbox.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::subscriber::words;
use super::{DeliveryId, EditionId, LetterId, Mailbox, SubscriberId, Topic};

/// One letter on its way to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The row's number.
    pub id: DeliveryId,
    /// The rendered letter it carries.
    pub letter: LetterId,
    /// The edition it counts for; `None` for confirmations and notices.
    pub edition: Option<EditionId>,
    /// The subscriber; `None` for the office.
    pub subscriber: Option<SubscriberId>,
    /// Name and address as they were when the delivery was written.
    pub recipient: Mailbox,
    /// The topics of the recipient's that matched: why they receive it.
    pub topics: Vec<Topic>,
    /// The numbers of a digest's fragments that this one holds; empty for any other letter.
    pub contents: Vec<u32>,
    /// The delivery that this one follows up: a correction names the letter it corrects.
    pub follows: Option<DeliveryId>,
    /// Where it stands.
    pub state: DeliveryState,
    /// How many times it was handed to a relay, this time included.
    pub attempt: u32,
    /// The number of its latest claim: no two claims of it have the same.
    pub claim: u32,
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waits for its time.
    Queued {
        /// When it is due.
        due: DateTime<Utc>,
    },
    /// Claimed by a dispatcher; nothing was said to a relay that could make a copy.
    Leased {
        /// When the claim ends.
        until: DateTime<Utc>,
    },
    /// Being handed over: committed before the final dot is written.
    InFlight {
        /// When the claim ends.
        until: DateTime<Utc>,
    },
    /// Accepted by the relay.
    Sent {
        /// When.
        at: DateTime<Utc>,
    },
    /// Given up.
    Failed {
        /// When.
        at: DateTime<Utc>,
    },
    /// Not sent, on purpose.
    Skipped(SkipReason),
    /// The relay may or may not have it.
    Unknown {
        /// Since when.
        since: DateTime<Utc>,
    },
}

words! {
    /// Why a delivery was not sent, on purpose.
    SkipReason {
        /// The subscriber left after it was written.
        Unsubscribed = "unsubscribed",
        /// The address is suppressed.
        Suppressed = "suppressed",
        /// A corrected text took its place.
        Superseded = "superseded",
        /// The release was withdrawn or deleted.
        Withdrawn = "withdrawn",
        /// The edition was cancelled.
        Cancelled = "cancelled",
        /// The subscriber pauses.
        Paused = "paused",
    }
}

/// How many deliveries of an edition are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryTally {
    /// Waiting.
    pub queued: u64,
    /// Claimed.
    pub leased: u64,
    /// Being handed over.
    pub in_flight: u64,
    /// Accepted by the relay.
    pub sent: u64,
    /// Given up.
    pub failed: u64,
    /// Left out on purpose.
    pub skipped: u64,
    /// Perhaps accepted.
    pub unknown: u64,
}

impl DeliveryTally {
    /// All of them: the number of deliveries opened.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.queued + self.leased + self.in_flight + self.sent + self.failed + self.skipped + self.unknown
    }

    /// Those that still may leave by themselves.
    #[must_use]
    pub const fn open(&self) -> u64 {
        self.queued + self.leased + self.in_flight + self.unknown
    }
}
