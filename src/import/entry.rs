//! What a line of a list says of a person, or why it says nothing.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::{EmailAddress, EndReason, Frequency, NewSubscriber, SuppressionReason, Topic};
use crate::language::Language;

/// How somebody stands in the list they come from; where a line says several things, the last of them counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// They receive letters.
    Subscribed,
    /// They never confirmed, or never asked for letters.
    Unconfirmed,
    /// They receive none any more: they left, or were taken off.
    Left(EndReason),
    /// Nothing may be sent to them.
    Barred(SuppressionReason),
}

/// A person as a line has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where to write to.
    pub address: EmailAddress,
    /// Shown beside the address.
    pub name: Option<String>,
    /// The paper, agency or office.
    pub organisation: Option<String>,
    /// The language of letters, where it is said.
    pub language: Option<Language>,
    /// When letters are sent, where it is said.
    pub frequency: Option<Frequency>,
    /// What is followed, as far as it is ours.
    pub topics: BTreeSet<Topic>,
    /// Lists and topics named that are none of ours.
    pub foreign: Vec<String>,
    /// How they stand there.
    pub standing: Standing,
    /// What the line says of their consent: when they asked, when they confirmed, where.
    pub consent: String,
    /// Until when they want no letters, be it in the past.
    pub paused_until: Option<DateTime<Utc>>,
}

/// What holds where a line says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The language of letters.
    pub language: Language,
    /// When letters are sent.
    pub frequency: Frequency,
    /// What is followed; never empty.
    pub topics: BTreeSet<Topic>,
    /// How the office came by the list.
    pub source: String,
}

impl Entry {
    /// Somebody of whom nothing but the address is known.
    #[must_use]
    pub fn new(address: EmailAddress) -> Self {
        Self {
            address,
            name: None,
            organisation: None,
            language: None,
            frequency: None,
            topics: BTreeSet::new(),
            foreign: Vec::new(),
            standing: Standing::Subscribed,
            consent: String::new(),
            paused_until: None,
        }
    }

    /// The subscriber that they become here.
    #[must_use]
    pub fn subscriber(&self, defaults: &Defaults) -> NewSubscriber {
        NewSubscriber {
            address: self.address.clone(),
            name: self.name.clone(),
            organisation: self.organisation.clone(),
            language: self.language.unwrap_or(defaults.language),
            frequency: self.frequency.unwrap_or(defaults.frequency),
            topics: if self.topics.is_empty() { defaults.topics.clone() } else { self.topics.clone() },
            source: defaults.source.clone(),
        }
    }
}

/// Why a line says nothing of anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no address in it.
    NoAddress,
    /// What stands in the place of the address is none.
    BadAddress(String),
    /// The status is a word that is not known: it may mean that they left.
    UnknownStatus(String),
    /// How often letters are wanted is a word that is not known: it may mean never.
    UnknownFrequency(String),
    /// There are more cells than headings, so that what one says may stand below another.
    TooManyCells(String),
    /// What stands in a column that is not read may say that they want no letters.
    MayBeANo(String),
    /// The line is longer than any such line can be.
    TooLong,
}

impl Fault {
    /// The fault's name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoAddress => "no-address",
            Self::BadAddress(_) => "bad-address",
            Self::UnknownStatus(_) => "unknown-status",
            Self::UnknownFrequency(_) => "unknown-frequency",
            Self::TooManyCells(_) => "too-many-cells",
            Self::MayBeANo(_) => "may-be-a-no",
            Self::TooLong => "too-long",
        }
    }

    /// What stands there.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::BadAddress(text)
            | Self::UnknownStatus(text)
            | Self::UnknownFrequency(text)
            | Self::TooManyCells(text)
            | Self::MayBeANo(text) => text,
            Self::NoAddress | Self::TooLong => "",
        }
    }
}
