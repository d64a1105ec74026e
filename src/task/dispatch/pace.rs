//! How fast letters go to a relay, whoever sends them: turns are taken from the database, some at once.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::store::StoreError;
use crate::task::newsroom::Newsroom;

/// For how long the turns taken at once last: another instance waits no longer for its own.
const MOMENT: TimeDelta = TimeDelta::milliseconds(250);

/// The pace of one relay.
#[derive(Debug)]
pub(super) struct Pace {
    interval: TimeDelta,
    turns: Mutex<Turns>,
}

/// Turns that are ours and not used yet.
#[derive(Debug)]
struct Turns {
    next: Instant,
    left: u32,
}

impl Pace {
    /// So many letters a second.
    pub(super) fn new(rate: u32) -> Self {
        let interval = TimeDelta::microseconds(1_000_000 / i64::from(rate.max(1)));
        Self { interval, turns: Mutex::new(Turns { next: Instant::now(), left: 0 }) }
    }

    /// When the next letter may go to the relay of this name.
    pub(super) async fn turn(&self, newsroom: &Newsroom, relay: &str) -> Result<Instant, StoreError> {
        let interval = self.interval.to_std().unwrap_or_default();
        let mut turns = self.turns.lock().await;
        if turns.left == 0 {
            let count = MOMENT.num_microseconds().unwrap_or(1) / self.interval.num_microseconds().unwrap_or(1).max(1);
            let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
            let now = newsroom.now();
            let first = newsroom.store.take_turns(relay, count, self.interval, now).await?;
            let wait = (first - now).to_std().unwrap_or(Duration::ZERO);
            *turns = Turns { next: Instant::now() + wait, left: count };
        }
        turns.left -= 1;
        let turn = turns.next;
        turns.next += interval;
        Ok(turn)
    }
}
