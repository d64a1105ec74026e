//! The relays, and how they are doing: which one takes the next session, and which is left alone for a while.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::warn;

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
    pace: Option<Pace>,
    health: Mutex<Health>,
}

#[derive(Debug, Default)]
struct Health {
    rests_until: Option<Instant>,
    /// Since when it has taken no letter although it was tried.
    failing_since: Option<DateTime<Utc>>,
    /// How often it was found failing since then.
    failures: u32,
}

impl Health {
    fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| until > Instant::now())
    }
}

impl Relays {
    pub(super) fn new(newsroom: Arc<Newsroom>, relays: Vec<Relay>, owner: String) -> Self {
        let desk = |relay: Relay| {
            let pace = relay.rate().filter(|rate| *rate > 0).map(Pace::new);
            RelayDesk { relay, pace, health: Mutex::default() }
        };
        let desks = relays.into_iter().map(desk).collect();
        Self { newsroom, desks, owner }
    }

    /// What people call the relay with this index.
    pub(super) fn name(&self, index: usize) -> String {
        self.desks[index].relay.name()
    }

    /// When the next letter may go to the relay with this index, or to the one that a session would be with; `None`: now.
    pub(super) async fn turn(&self, index: Option<usize>) -> Result<Option<Instant>, StoreError> {
        let desk = match index {
            Some(index) => &self.desks[index],
            None => match self.first_awake().await {
                Some(desk) => desk,
                None => return Ok(None),
            },
        };
        match &desk.pace {
            Some(pace) => Ok(Some(pace.turn(&self.newsroom, &desk.relay.name()).await?)),
            None => Ok(None),
        }
    }

    async fn first_awake(&self) -> Option<&RelayDesk> {
        for desk in &self.desks {
            if !desk.health.lock().await.rests() {
                return Some(desk);
            }
        }
        None
    }

    /// A session with the first relay that takes us; the others rest for a while.
    pub(super) async fn connect(&self) -> Option<(Session, usize)> {
        let resting = self.resting_for_others().await;
        for (index, desk) in self.desks.iter().enumerate() {
            if desk.health.lock().await.rests() || resting.contains(&desk.relay.name()) {
                continue;
            }
            match desk.relay.connect().await {
                Ok(session) => {
                    let open = self.newsroom.metrics.letters.connection_to(&desk.relay.name());
                    return Some((session.counted(open), index));
                }
                Err(attempt) => self.rest(desk, &attempt).await,
            }
        }
        None
    }

    /// The relays that other instances leave alone now.
    async fn resting_for_others(&self) -> BTreeSet<String> {
        let (store, now) = (&self.newsroom.store, self.newsroom.now());
        if !store.is_shared() {
            return BTreeSet::new();
        }
        match store.rests().await {
            Ok(rests) => {
                let of_relays = rests.into_iter().filter(|rest| rest.of == RestOf::Relay);
                let in_force = of_relays.filter(|rest| rest.until > now && rest.owner != self.owner);
                in_force.map(|rest| rest.name).collect()
            }
            // Whoever needs the database will see.
            Err(_) => BTreeSet::new(),
        }
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
            let (now, name) = (self.newsroom.now(), desk.relay.name());
            if failed_since.is_some() && self.newsroom.store.is_shared() {
                let ended = self.newsroom.store.end_rest(RestOf::Relay, &name).await;
                ended.unwrap_or_else(|error| warn!(%error, "other instances do not hear that relay {name} works"));
            }
            self.newsroom.standing.relay_works(&name, self.newsroom.clock.elapsed());
            if let Some(since) = failed_since.filter(|since| now - *since >= TELL_AFTER) {
                log_untold(self.newsroom.tell_relay_works(&name, since, now).await);
            }
        }
    }

    async fn rest(&self, desk: &RelayDesk, attempt: &Attempt) {
        let (now, name) = (self.newsroom.now(), desk.relay.name());
        let mut health = desk.health.lock().await;
        let since = *health.failing_since.get_or_insert(now);
        // Connections that fail together are one failure.
        if health.rests() {
            return;
        }
        let pause = REST.0.saturating_mul(1 << health.failures.min(8)).min(REST.1);
        health.failures += 1;
        let rests_until = Instant::now() + pause;
        health.rests_until = Some(rests_until);
        drop(health);
        if self.newsroom.store.is_shared() {
            let pauses = (from_std(REST.0), from_std(REST.1));
            if let Err(error) = self.newsroom.store.rest(RestOf::Relay, &name, pauses, &self.owner, now).await {
                warn!(relay = %name, %error, "other instances do not hear that relay {name} rests: {error}");
            }
        }
        self.newsroom.standing.relay_rests(&name, since, rests_until.into_std());
        warn!(relay = %name, "relay {name} takes no letters: {}", attempt.without_words());
        if now - since >= TELL_AFTER {
            log_untold(self.newsroom.tell_relay_stopped(&name, since, &attempt.to_string(), now).await);
        }
    }
}

fn from_std(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
