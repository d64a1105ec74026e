//! Who receives letters, and what they asked for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{EmailAddress, SubscriberId, Topic};
use crate::language::Language;

/// A person who follows topics by e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// The row's number, random so that a link from another database leads to nobody.
    pub id: SubscriberId,
    /// Where to write to.
    pub address: EmailAddress,
    /// Shown beside the address.
    pub name: Option<String>,
    /// The paper, agency or office.
    pub organisation: Option<String>,
    /// The language of letters and pages.
    pub language: Language,
    /// When letters are sent.
    pub frequency: Frequency,
    /// Whether letters are sent at all.
    pub state: SubscriberState,
    /// The last time in which they wanted no letters.
    pub pause: Option<Pause>,
    /// What is followed.
    pub topics: BTreeSet<Topic>,
    /// How the subscription came about: `web`, or what the officer gave.
    pub source: String,
    /// When the row was made.
    pub created: DateTime<Utc>,
}

/// A time in which somebody wants no letters; what is announced meanwhile is not sent later either. It ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// From when on.
    pub since: DateTime<Utc>,
    /// The instant from which letters are sent again.
    pub until: DateTime<Utc>,
}

impl Pause {
    /// Whether `instant` lies in it.
    #[must_use]
    pub fn covers(&self, instant: DateTime<Utc>) -> bool {
        self.since <= instant && instant < self.until
    }
}

/// What is known of a subscriber before there is a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscriber {
    /// Where to write to.
    pub address: EmailAddress,
    /// Shown beside the address.
    pub name: Option<String>,
    /// The paper, agency or office.
    pub organisation: Option<String>,
    /// The language of letters and pages.
    pub language: Language,
    /// When letters are sent.
    pub frequency: Frequency,
    /// What is followed; never empty.
    pub topics: BTreeSet<Topic>,
    /// How the subscription came about.
    pub source: String,
}

/// Where a subscriber stands: `Pending → Active → Ended(reason)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriberState {
    /// A confirmation was asked for and has not come.
    Pending {
        /// Since when.
        since: DateTime<Utc>,
        /// Why nothing was sent to them before they were asked, when they had been here or a list says no.
        left: Option<EndReason>,
    },
    /// Receives letters.
    Active {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Receives none any more.
    Ended {
        /// Since when.
        at: DateTime<Utc>,
        /// Why.
        reason: EndReason,
    },
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word on the command line and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            /// # Errors
            /// Names the words there are.
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|value| format!("`{value}`")).collect();
                    format!("`{text}` is not one of {}", words.join(", "))
                })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// When a subscriber's letters are sent.
    Frequency {
        /// Each release at once.
        Immediate = "immediate",
        /// Once a day.
        Daily = "daily",
        /// Once a week.
        Weekly = "weekly",
    }
}

words! {
    /// Why a subscription ended.
    EndReason {
        /// The subscriber pressed the button or wrote to the list.
        Unsubscribed = "unsubscribed",
        /// The officer removed them.
        Removed = "removed",
        /// The address does not exist any more.
        Bounced = "bounced",
        /// A letter was reported as unwanted.
        Complained = "complained",
        /// The subscriber asked to be forgotten.
        Erased = "erased",
    }
}

/// A subscriber for unit tests, who follows these topics since long.
#[cfg(test)]
pub(crate) fn sample_subscriber(state: SubscriberState, frequency: Frequency, topics: &[&str]) -> Subscriber {
    Subscriber {
        id: SubscriberId::new(1),
        address: "ann@example.org".parse().unwrap(),
        name: None,
        organisation: None,
        language: Language::French,
        frequency,
        state,
        pause: None,
        topics: topics.iter().map(|text| text.parse().unwrap()).collect(),
        source: "web".to_owned(),
        created: DateTime::UNIX_EPOCH,
    }
}
