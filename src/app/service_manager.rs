//! What a service manager is told (`sd_notify(3)`): that the daemon is at work, reads its configuration anew, is alive,
//! stops. Where none listens, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::warn;

use crate::task::Newsroom;

/// How often it is told that the daemon is alive when it does not ask for that: its status stays true.
const STATUS: Duration = Duration::from_mins(1);

/// The service manager, if there is one.
#[derive(Debug)]
pub struct ServiceManager {
    alive: Interval,
}

impl ServiceManager {
    /// The one that started this process.
    #[must_use]
    pub fn of_process() -> Self {
        // Twice in the time it waits (`WatchdogSec=`).
        let every = sd_notify::watchdog_enabled().map_or(STATUS, |within| (within / 2).min(STATUS));
        let mut alive = interval(every.max(Duration::from_millis(1)));
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { alive }
    }

    /// Everything is at work.
    pub fn ready(&self, newsroom: &Newsroom) {
        tell(&[NotifyState::Ready, NotifyState::Status(&status(newsroom))]);
    }

    /// The configuration is being read anew.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    /// The end has begun.
    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// Waits until it is time, and says that the daemon is alive: its tasks get their turn. That the database or a relay
    /// does not answer is no reason to be started anew.
    pub async fn turn(&mut self) {
        self.alive.tick().await;
        tell(&[NotifyState::Watchdog]);
    }

    /// How many releases are live.
    pub fn status(&self, newsroom: &Newsroom) {
        tell(&[NotifyState::Status(&status(newsroom))]);
    }
}

fn status(newsroom: &Newsroom) -> String {
    let live = newsroom.current().resources.live().releases().len();
    format!("{live} releases are live at {}", newsroom.config.site.url)
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "the service manager could not be told how we are: {error}");
    }
}
