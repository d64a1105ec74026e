//! What comes back of a delivery: what a report says of it, and which sort of news that is.
//!
//! A report's `Action` (RFC 3464 §2.3.3) and its status code (RFC 3463) are read, never its words. What follows for the
//! subscriber is policy's.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::subscriber::words;
use super::{DeliveryId, Digest, StatusCode};

words! {
    /// What a mail server says it did with a letter.
    ReportAction {
        /// Gave it up.
        Failed = "failed",
        /// Still tries.
        Delayed = "delayed",
        /// Put it into the mailbox.
        Delivered = "delivered",
        /// Passed it on to where no reports come from.
        Relayed = "relayed",
        /// Passed it on to several others.
        Expanded = "expanded",
    }
}

words! {
    /// Which sort of news came back of a delivery.
    BounceKind {
        /// It arrived, or was passed on: no bounce.
        Arrived = "arrived",
        /// It has not arrived yet: no bounce.
        Delayed = "delayed",
        /// It was refused for what it is or for who sends it: our own fault.
        Fault = "fault",
        /// It failed, and the next one may not.
        Soft = "soft",
        /// The mailbox is closed, perhaps for a time.
        Closed = "closed",
        /// There is no such mailbox.
        Hard = "hard",
        /// Its reader reported it as unwanted.
        Complaint = "complaint",
    }
}

/// What came back of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Of which.
    pub delivery: DeliveryId,
    /// When it was taken in.
    pub at: DateTime<Utc>,
    /// Which sort of news.
    pub kind: BounceKind,
    /// What the report says was done; `None` for a complaint.
    pub action: Option<ReportAction>,
    /// Its status code.
    pub status: Option<StatusCode>,
    /// What the other server said, on one line; for a complaint, its type. It may quote an address: not for logs.
    pub diagnostic: String,
    /// Tells one report from another, whichever way it came.
    pub digest: Digest,
}
