//! What comes back of a delivery: what a report says of it, and which sort of news that is.
//!
//! A report's `Action` (RFC 3464 §2.3.3) and its status code (RFC 3463) are read, never its words. What follows for the
//! subscriber is policy's.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::subscriber::words;
use super::{DeliveryId, Digest};

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

/// An enhanced status code (RFC 3463): `5.1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode {
    /// 2, 4 or 5.
    pub class: u8,
    /// What it is about: 1 the address, 2 the mailbox, 7 policy.
    pub subject: u16,
    /// More closely.
    pub detail: u16,
}

/// Why a text is not an enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a status code such as `5.1.1`")]
pub struct StatusCodeError;

impl FromStr for StatusCode {
    type Err = StatusCodeError;

    fn from_str(text: &str) -> Result<Self, StatusCodeError> {
        let mut parts = text.split('.');
        let mut number = || {
            let digits = parts.next().filter(|part| (1..=3).contains(&part.len()));
            let digits = digits.filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|part| part.parse::<u16>().ok()).ok_or(StatusCodeError)
        };
        let (class, subject, detail) = (number()?, number()?, number()?);
        let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5)).ok_or(StatusCodeError)?;
        if parts.next().is_some() { Err(StatusCodeError) } else { Ok(Self { class, subject, detail }) }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_read_back() {
        for text in ["5.1.1", "4.4.7", "2.0.0", "5.7.509"] {
            assert_eq!(text.parse::<StatusCode>().unwrap().to_string(), text);
        }
        for bad in ["", "5", "5.1", "5.1.1.1", "3.1.1", "6.0.0", "5.1.x", "5.1.1000", "5..1", "+5.1.1", "5.1.1 "] {
            assert_eq!(bad.parse::<StatusCode>(), Err(StatusCodeError), "{bad}");
        }
    }
}
