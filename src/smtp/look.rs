//! A look at a relay: everything that comes before a letter, and no letter.

use chrono::{DateTime, Utc};

use super::offer::{Extensions, Size};
use super::session::SmtpSession;
use crate::domain::Attempt;

/// What a relay offers, seen from here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelayLook {
    /// The extensions of SMTP that it offers, of those we use.
    pub extensions: Vec<&'static str>,
    /// The largest letter that it takes, where it says so.
    pub largest: Option<u64>,
    /// The version of TLS that was agreed on; `None`: in clear.
    pub tls: Option<&'static str>,
    /// Until when its certificate counts.
    pub certificate_until: Option<DateTime<Utc>>,
    /// It believed who we are.
    pub logged_in: bool,
}

impl SmtpSession {
    /// What is known of the relay, and goodbye.
    pub(super) async fn look(self) -> Result<RelayLook, Attempt> {
        let offer = self.offer();
        let names = [
            (Extensions::PIPELINING, "PIPELINING"),
            (Extensions::EIGHT_BIT, "8BITMIME"),
            (Extensions::UTF8, "SMTPUTF8"),
            (Extensions::DSN, "DSN"),
        ];
        let mut extensions: Vec<&str> =
            names.into_iter().filter(|(extension, _)| offer.has(*extension)).map(|(_, name)| name).collect();
        let largest = match offer.size {
            Size::NotOffered => None,
            Size::Unlimited => {
                extensions.push("SIZE");
                None
            }
            Size::UpTo(largest) => {
                extensions.push("SIZE");
                Some(largest)
            }
        };
        let (tls, certificate_until) = self.protection().unwrap_or_default();
        let look = RelayLook { extensions, largest, tls, certificate_until, logged_in: self.is_logged_in() };
        self.quit().await;
        Ok(look)
    }
}
