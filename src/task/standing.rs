//! How the running parts are doing: what each of them says of itself, for whoever asks. Instants are those of the clock
//! that nobody can set ([`crate::clock::Clock::elapsed`]).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::PublishPlace;
use crate::store::{Illness, OutboxFigures};

/// What the parts say. Each notes its own; nothing waits for anything.
#[derive(Debug, Default)]
pub struct Standing(Mutex<Notes>);

/// What was noted.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// By relay, how it is doing.
    pub relays: BTreeMap<String, RelayNote>,
    /// The last look at the folder that went well.
    pub look: Option<LookNote>,
    /// Whether this instance leads; `None` while nobody has asked.
    pub leads: Option<bool>,
    /// When a relay last took a letter or refused it for what it is.
    pub letter_ended: Option<TimeDelta>,
    /// How writing what is public went last, by where.
    pub published: BTreeMap<PublishPlace, PublishNote>,
    /// What ails the database, and since when.
    pub illness: Option<(Illness, DateTime<Utc>)>,
    /// The outbox in numbers, when that was counted, and how long it took.
    pub outbox: Option<(OutboxFigures, Instant, Duration)>,
}

/// A relay as the dispatcher sees it.
#[derive(Debug, Clone, Default)]
pub struct RelayNote {
    /// Since when it takes no letter although it is tried.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when it is left alone.
    pub rests_until: Option<Instant>,
    /// How many letters it refused for good since it took one last, for what they are or whom they come from.
    pub refused_in_a_row: u32,
    /// The code of the latest of these refusals.
    pub refused_with: String,
}

impl RelayNote {
    /// Whether it is left alone now.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| until > Instant::now())
    }
}

/// A place that what is public is written to.
#[derive(Debug, Clone, Default)]
pub struct PublishNote {
    /// Since when it cannot be written, and why.
    pub failing: Option<(DateTime<Utc>, String)>,
}

/// A look at the folder.
#[derive(Debug, Clone, Copy)]
pub struct LookNote {
    /// When it was over.
    pub over: TimeDelta,
    /// How long it took.
    pub took: Duration,
}

impl Standing {
    /// What was noted so far.
    #[must_use]
    pub fn notes(&self) -> Notes {
        self.lock().clone()
    }

    /// The relay fails since `since`, and is left alone until `rests_until`.
    pub(super) fn relay_rests(&self, relay: &str, since: DateTime<Utc>, rests_until: Instant) {
        let mut notes = self.lock();
        let note = notes.relays.entry(relay.to_owned()).or_default();
        (note.failing_since, note.rests_until) = (Some(since), Some(rests_until));
    }

    /// The relay took a letter, or refused it for what it is.
    pub(super) fn relay_works(&self, relay: &str, at: TimeDelta) {
        let mut notes = self.lock();
        if let Some(note) = notes.relays.get_mut(relay) {
            note.failing_since = None;
        } else {
            notes.relays.insert(relay.to_owned(), RelayNote::default());
        }
        notes.letter_ended = Some(at);
    }

    /// The relay took a letter.
    pub(super) fn relay_accepts(&self, relay: &str) {
        if let Some(note) = self.lock().relays.get_mut(relay) {
            note.refused_in_a_row = 0;
        }
    }

    /// The relay refused a letter for good, and not for its recipient.
    pub(super) fn relay_refuses(&self, relay: &str, code: &str) {
        let mut notes = self.lock();
        let note = notes.relays.entry(relay.to_owned()).or_default();
        note.refused_in_a_row = note.refused_in_a_row.saturating_add(1);
        code.clone_into(&mut note.refused_with);
    }

    /// What is public was written there, or could not be, and why, at `now`.
    pub(super) fn publishing_ended(&self, place: PublishPlace, done: Result<(), String>, now: DateTime<Utc>) {
        let mut notes = self.lock();
        let note = notes.published.entry(place).or_default();
        let since = note.failing.take().map_or(now, |(since, _)| since);
        note.failing = done.err().map(|why| (since, why));
    }

    /// Another instance writes there.
    #[cfg(feature = "bucket")]
    pub(super) fn publishes_no_more(&self, place: PublishPlace) {
        self.lock().published.remove(&place);
    }

    pub(super) fn looked(&self, look: LookNote) {
        self.lock().look = Some(look);
    }

    /// Whether this instance leads; gives whether that is news.
    pub(super) fn leads(&self, leads: bool) -> bool {
        self.lock().leads.replace(leads) != Some(leads)
    }

    pub(super) fn ill(&self, illness: Option<(Illness, DateTime<Utc>)>) {
        self.lock().illness = illness;
    }

    pub(super) fn counted(&self, outbox: OutboxFigures, took: Duration) {
        self.lock().outbox = Some((outbox, Instant::now(), took));
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
