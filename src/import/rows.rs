//! The cells of one line become what it says of a person.

use chrono::{DateTime, Utc};

use super::answers;
use super::headings::{Column, folded};
use super::lists::{self, Lists};
use super::noes;
use super::statuses;
use super::{Entry, Fault, KnownTopics, Standing, unguarded};
use crate::domain::{EmailAddress, EndReason, Mailbox, SuppressionReason, composed, squeezed};
use crate::language::Language;

/// The longest name or organisation that is taken over, in characters.
const LONGEST_NAME: usize = 200;
/// How much is kept of what a line says of consent, in characters.
const LONGEST_CONSENT: usize = 300;

/// The cells of a line by what they hold; of several of a kind the first that is not empty.
#[derive(Debug, Default)]
pub(super) struct Row {
    cells: Vec<(Column, String)>,
    /// What else there is in the line, that may be a "no".
    doubt: Option<Fault>,
}

impl Row {
    /// Adds a cell; an empty one says nothing, but in a column that asks for a "yes".
    pub(super) fn add(&mut self, column: Column, cell: &str) {
        let cell = unguarded(cell);
        if !cell.trim().is_empty() || matches!(column, Column::Subscribed | Column::Agreement) {
            self.cells.push((column, cell.into_owned()));
        }
    }

    /// Notes what else there is, of which the first counts: unless the line says "no" by itself, it says nothing.
    pub(super) fn doubt(&mut self, fault: impl FnOnce(String) -> Fault, cell: &str) {
        if self.doubt.is_none() {
            self.doubt = Some(fault(shortened(cell)));
        }
    }

    fn get(&self, column: Column) -> Option<&str> {
        self.cells.iter().find(|(own, _)| *own == column).map(|(_, cell)| cell.trim())
    }

    /// Words on one line, of a length that a name may have.
    fn words(&self, column: Column) -> Option<String> {
        self.get(column).and_then(name)
    }

    /// What it says; `base` is how everybody in the file stands.
    pub(super) fn entry(&self, base: Standing, known: &KnownTopics) -> Result<Entry, Fault> {
        let cell = self.get(Column::Address).ok_or(Fault::NoAddress)?;
        let mailbox = mailbox(cell).ok_or_else(|| Fault::BadAddress(shortened(cell)))?;
        let (further_organisation, further_language) =
            self.get(Column::Attributes).map(lists::attributes).unwrap_or_default();
        let lists = self.get(Column::Topics).map(Lists::of).unwrap_or_default();
        let standing = self.standing(&lists, known).map(|own| own.max(base))?;
        if let Some(name) = mailbox.name.as_deref().filter(|name| noes::tells_who_left(name))
            && standing <= Standing::Unconfirmed
        {
            return Err(Fault::MayBeANo(shortened(name)));
        }
        let (topics, foreign) = lists.sorted(known);
        let language = self.get(Column::Language).map(str::to_owned).or(further_language);
        Ok(Entry {
            name: self.name().or_else(|| mailbox.name.as_deref().and_then(name)),
            organisation: self.words(Column::Organisation).or_else(|| further_organisation.as_deref().and_then(name)),
            language: language.and_then(|word| language_of(&word)),
            frequency: self
                .get(Column::Frequency)
                .and_then(statuses::frequency)
                .or_else(|| self.get(Column::Digest).and_then(statuses::digest))
                .or_else(|| self.get(Column::Reception).and_then(statuses::frequency)),
            topics: topics.into_iter().collect(),
            foreign,
            standing,
            consent: self.consent(),
            paused_until: self.get(Column::PausedUntil).and_then(instant),
            ..Entry::new(mailbox.address)
        })
    }

    fn name(&self) -> Option<String> {
        let parts = [self.words(Column::FirstName), self.words(Column::LastName)];
        self.words(Column::Name).or_else(|| {
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        })
    }

    /// How they stand by all that is said: a "no" anywhere is one, and what is not understood is no "yes".
    fn standing(&self, lists: &Lists, known: &KnownTopics) -> Result<Standing, Fault> {
        let mut status = Standing::Subscribed;
        let mut worst = lists.standing(known).unwrap_or(Standing::Subscribed);
        let mut unknown = None;
        for (column, cell) in &self.cells {
            match (said(*column, cell.trim()), column) {
                (Some(standing), Column::Status | Column::Subscribed) => status = status.max(standing),
                (Some(standing), _) => worst = worst.max(standing),
                (None, _) => unknown = unknown.or_else(|| Some(not_known(*column, shortened(cell)))),
            }
        }
        // The reason says more than that it ended.
        if matches!(status, Standing::Left(_)) {
            status = self.get(Column::Reason).and_then(statuses::standing).unwrap_or(status);
        }
        let standing = status.max(worst);
        match unknown.or_else(|| self.doubt.clone()) {
            Some(fault) if standing <= Standing::Unconfirmed => Err(fault),
            _ => Ok(standing),
        }
    }

    fn consent(&self) -> String {
        let said = self.cells.iter().filter(|(column, _)| matches!(column, Column::Consent | Column::Agreement));
        let said: Vec<String> = said.map(|(_, cell)| squeezed(cell)).collect();
        said.join("; ").chars().take(LONGEST_CONSENT).collect()
    }
}

/// What a cell says of how they stand: `Subscribed` when it says no "no"; `None`: that is not known.
fn said(column: Column, cell: &str) -> Option<Standing> {
    let gone = Standing::Left(EndReason::Unsubscribed);
    match column {
        Column::Subscribed | Column::Agreement => answers::answer(cell),
        Column::Status => answers::status(cell),
        Column::Frequency | Column::Reception => answers::rhythm(cell),
        Column::Digest => answers::digested(cell),
        Column::Left | Column::Suspended => answers::no(cell, gone),
        Column::Bounced => answers::no(cell, Standing::Barred(SuppressionReason::Bounced)),
        Column::Blocked => answers::no(cell, Standing::Barred(SuppressionReason::Blocked)),
        Column::Complained => answers::no(cell, Standing::Barred(SuppressionReason::Complained)),
        Column::NoMail => answers::nomail(cell),
        Column::PausedUntil => (cell.is_empty() || instant(cell).is_some()).then_some(Standing::Subscribed),
        Column::LeftWhy if statuses::is_complaint(cell) => Some(Standing::Barred(SuppressionReason::Complained)),
        Column::LeftWhy => Some(gone),
        // Nothing else says that it ended.
        Column::Reason => statuses::standing(cell).filter(|standing| *standing > Standing::Unconfirmed),
        Column::Topics if statuses::is_none(cell) => None,
        Column::Attributes if lists::may_hold_a_no(cell) => None,
        Column::Consent if statuses::is_bare_no(cell) => None,
        // A note in the place of something else.
        Column::Name
        | Column::FirstName
        | Column::LastName
        | Column::Organisation
        | Column::Language
        | Column::Consent => (!noes::tells_who_left(cell)).then_some(Standing::Subscribed),
        Column::Address | Column::PerhapsAddress | Column::PerhapsSubscribed | Column::Topics | Column::Attributes => {
            Some(Standing::Subscribed)
        }
    }
}

/// What is wrong with a cell of this column that is not understood.
const fn not_known(column: Column, cell: String) -> Fault {
    match column {
        Column::Frequency | Column::Digest | Column::Reception => Fault::UnknownFrequency(cell),
        Column::Name
        | Column::FirstName
        | Column::LastName
        | Column::Organisation
        | Column::Language
        | Column::Reason
        | Column::Topics
        | Column::Attributes
        | Column::Consent => Fault::MayBeANo(cell),
        Column::Address
        | Column::PerhapsAddress
        | Column::Status
        | Column::Subscribed
        | Column::PerhapsSubscribed
        | Column::NoMail
        | Column::Left
        | Column::LeftWhy
        | Column::Bounced
        | Column::Blocked
        | Column::Complained
        | Column::Suspended
        | Column::PausedUntil
        | Column::Agreement => Fault::UnknownStatus(cell),
    }
}

/// A cell that is an instant (RFC 3339).
fn instant(cell: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(cell.trim()).ok().map(|instant| instant.to_utc())
}

/// A cell that is an address, or a name and one; spreadsheets and web pages leave `mailto:` and odd spaces about.
pub(super) fn mailbox(cell: &str) -> Option<Mailbox> {
    let cell = unguarded(cell);
    let cell =
        cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}' | '"'));
    let bare = cell.strip_prefix("mailto:").unwrap_or(cell);
    let bare = bare.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(bare);
    match bare.parse::<EmailAddress>() {
        Ok(address) => Some(Mailbox::new(None, address)),
        Err(_) => cell.parse().ok(),
    }
}

/// Words on one line, without control characters; `None` when nothing is left.
fn name(text: &str) -> Option<String> {
    let plain: String = composed(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = squeezed(&plain);
    let words = match words.strip_prefix('"') {
        // It was never closed.
        Some(rest) if !rest.contains('"') => rest,
        Some(rest) => rest.strip_suffix('"').filter(|inner| !inner.contains('"')).unwrap_or(&words),
        None => &words,
    };
    let words: String = words.trim().chars().take(LONGEST_NAME).collect();
    (!words.is_empty()).then_some(words)
}

/// Enough of a cell to find it again.
fn shortened(cell: &str) -> String {
    name(cell).unwrap_or_default().chars().take(80).collect()
}

fn language_of(word: &str) -> Option<Language> {
    match folded(word).as_str() {
        "francais" | "french" => Some(Language::French),
        "anglais" | "english" => Some(Language::English),
        _ => word.trim().parse().ok(),
    }
}
