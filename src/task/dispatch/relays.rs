//! The relays, and how they are doing: which one takes the next session, and which is left alone for a while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tracing::{info, warn};

use super::pace::Pace;
use crate::clock::Clock as _;
use crate::domain::Attempt;
use crate::smtp::{Relay, Session};
use crate::store::{RestOf, StoreError};
use crate::task::newsroom::Newsroom;
use crate::task::office::log_untold;

/// How long a relay is left alone after it could not be reached or hung up; twice as long each further time, up to the
/// second figure.
const REST: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(1));
/// A relay that took no letter for so long is something the office is told.
const TELL_AFTER: TimeDelta = TimeDelta::minutes(5);

/// All relays, in order.
#[derive(Debug)]
pub(super) struct Relays {
    newsroom: Arc<Newsroom>,
    desks: Vec<RelayDesk>,
    /// What this instance is called.
    owner: String,
}

/// One relay and how it is doing.
#[derive(Debug)]
struct RelayDesk {
    relay: Relay,
    /// What people call it.
    name: String,
    pace: Option<Pace>,
    /// Room for as many sessions as it may have.
    room: Arc<Semaphore>,
    health: Mutex<Health>,
}

/// A session with one of the relays.
pub(super) struct Line {
    pub(super) session: Session,
    /// Which relay.
    pub(super) relay: usize,
    _room: OwnedSemaphorePermit,
}

#[derive(Debug, Default)]
struct Health {
    rests_until: Option<Instant>,
    /// Since when it has taken no letter although it was tried.
    failing_since: Option<DateTime<Utc>>,
    /// How often it was found failing since then.
    failures: u32,
    /// Until when it is left alone because another instance does so. Then we try ourselves: the fault may be the other's.
    heeded: Option<DateTime<Utc>>,
}

impl Health {
    fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| until > Instant::now())
    }

    /// Whether to leave it alone at `now` because others do until `until`.
    fn heeds(&mut self, until: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        *self.heeded.get_or_insert(until) > now
    }
}

impl Relays {
    pub(super) fn new(newsroom: Arc<Newsroom>, relays: Vec<Relay>, owner: String) -> Self {
        let desk = |relay: Relay| {
            let name = relay.name();
            newsroom.metrics.letters.begin(&name);
            let pace = relay.rate().filter(|rate| *rate > 0).map(Pace::new);
            let room = Arc::new(Semaphore::new(relay.connections().min(Semaphore::MAX_PERMITS)));
            RelayDesk { relay, name, pace, room, health: Mutex::default() }
        };
        let desks = relays.into_iter().map(desk).collect();
        Self { newsroom, desks, owner }
    }

    /// What people call the relay with this index.
    pub(super) fn name(&self, index: usize) -> &str {
        &self.desks[index].name
    }

    /// How many sessions there may be at once with the relay that has most.
    pub(super) fn connections(&self) -> usize {
        self.desks.iter().map(|desk| desk.relay.connections()).max().unwrap_or(1)
    }

    /// Whether letters to the relay with this index have a pace.
    pub(super) fn is_paced(&self, index: usize) -> bool {
        self.desks[index].pace.is_some()
    }

    /// When the next letter may go to the relay with this index; `None`: now.
    pub(super) async fn turn(&self, index: usize) -> Result<Option<Instant>, StoreError> {
        let desk = &self.desks[index];
        match &desk.pace {
            Some(pace) => Ok(Some(pace.turn(&self.newsroom, &desk.name).await?)),
            None => Ok(None),
        }
    }

    /// Whether the first relay that does not rest may have another session; also when all rest, as that ends by itself.
    pub(super) async fn have_room(&self) -> bool {
        for desk in &self.desks {
            if !desk.health.lock().await.rests() {
                return desk.room.available_permits() > 0;
            }
        }
        true
    }

    /// A session with the first relay that takes us; the others rest for a while. A relay that has as many sessions as it may
    /// sends nobody on to the next one.
    pub(super) async fn connect(&self) -> Option<Line> {
        let (others, now) = (self.rests_of_others().await, self.newsroom.now());
        for (relay, desk) in self.desks.iter().enumerate() {
            let name = desk.name.as_str();
            let elsewhere = others.get(name);
            {
                let mut health = desk.health.lock().await;
                if health.rests() || elsewhere.is_some_and(|until| health.heeds(*until, now)) {
                    continue;
                }
            }
            let room = Arc::clone(&desk.room).try_acquire_owned().ok()?;
            match desk.relay.connect().await {
                Ok(session) => {
                    if elsewhere.is_some() {
                        desk.health.lock().await.heeded = None;
                        self.end_rest(name).await;
                    }
                    let open = self.newsroom.metrics.letters.connection_to(name);
                    return Some(Line { session: session.counted(open), relay, _room: room });
                }
                Err(attempt) => self.rest(desk, &attempt).await,
            }
        }
        None
    }

    /// The relays that other instances leave alone now, and until when.
    async fn rests_of_others(&self) -> BTreeMap<String, DateTime<Utc>> {
        let (store, now) = (&self.newsroom.store, self.newsroom.now());
        if !store.is_shared() {
            return BTreeMap::new();
        }
        match store.rests().await {
            Ok(rests) => {
                let of_relays = rests.into_iter().filter(|rest| rest.of == RestOf::Relay);
                // One that ends later than any could was written by a clock that was ahead.
                let in_force = |until| until > now && until <= now + from_std(REST.1);
                let heard = of_relays.filter(|rest| in_force(rest.until) && rest.owner != self.owner);
                heard.map(|rest| (rest.name, rest.until)).collect()
            }
            // Whoever needs the database will see.
            Err(_) => BTreeMap::new(),
        }
    }

    /// Tells the other instances that a relay works.
    async fn end_rest(&self, name: &str) {
        let ended = self.newsroom.store.end_rest(RestOf::Relay, name).await;
        ended.unwrap_or_else(|error| {
            self.newsroom.log_failure(&error, &format!("other instances do not hear that relay {name} works"));
        });
    }

    /// Learns from what became of a letter with the relay of this index.
    pub(super) async fn learn(&self, index: usize, attempt: &Attempt) {
        let desk = &self.desks[index];
        if attempt.is_relay_fault() || attempt.may_have_been_accepted() {
            self.rest(desk, attempt).await;
        } else {
            // A connection that was refused beside one that works still rests: it may be one too many.
            let mut health = desk.health.lock().await;
            let failed_since = health.failing_since;
            *health = Health { rests_until: health.rests_until, ..Health::default() };
            drop(health);
            let (now, name) = (self.newsroom.now(), desk.name.as_str());
            if failed_since.is_some() && self.newsroom.store.is_shared() {
                self.end_rest(name).await;
            }
            self.newsroom.standing.relay_works(name, self.newsroom.clock.elapsed());
            if let Some(since) = failed_since {
                let lasted = (now - since).num_seconds();
                info!(relay = name, lasted_s = lasted, "relay {name} takes letters again after {lasted} s");
            }
            if let Some(since) = failed_since.filter(|since| now - *since >= TELL_AFTER) {
                log_untold(self.newsroom.tell_relay_works(name, since, now).await);
            }
        }
    }

    async fn rest(&self, desk: &RelayDesk, attempt: &Attempt) {
        let (now, name) = (self.newsroom.now(), desk.name.as_str());
        let mut health = desk.health.lock().await;
        let since = *health.failing_since.get_or_insert(now);
        // Connections that fail together are one failure.
        if health.rests() {
            return;
        }
        let pause = REST.0.saturating_mul(1 << health.failures.min(8)).min(REST.1);
        health.failures += 1;
        health.heeded = None;
        let rests_until = Instant::now() + pause;
        health.rests_until = Some(rests_until);
        drop(health);
        if self.newsroom.store.is_shared() {
            let pauses = (from_std(REST.0), from_std(REST.1));
            if let Err(error) = self.newsroom.store.rest(RestOf::Relay, name, pauses, &self.owner, now).await {
                self.newsroom.log_failure(&error, &format!("other instances do not hear that relay {name} rests"));
            }
        }
        self.newsroom.standing.relay_rests(name, since, rests_until.into_std());
        let (pause_s, since_when, why) = (pause.as_secs(), since.to_rfc3339(), attempt.without_words());
        warn!(relay = name, pause_s, since = since_when, "relay {name} takes no letters: {why}");
        if now - since >= TELL_AFTER {
            log_untold(self.newsroom.tell_relay_stopped(name, since, &attempt.to_string(), now).await);
        }
    }
}

fn from_std(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
