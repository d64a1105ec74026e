//! The watchman: probes the database now and then, says at once when trouble begins, and tells the office when it is over.
//!
//! It stops nothing: letters stop because their beginning cannot be recorded, and go on because it can be again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, error, info};

use super::newsroom::Newsroom;
use super::office::{Trouble, log_untold};
use crate::clock::Clock as _;
use crate::store::{Illness, StoreError};

/// How often the database is probed while it is well.
const WELL: Duration = Duration::from_secs(10);
/// How often one that is ill is probed: so long do letters wait at most once it is well again.
const ILL: Duration = Duration::from_secs(1);
/// Trouble that is over sooner is not worth a letter.
const NOTABLE: TimeDelta = TimeDelta::minutes(1);
/// So long after trouble may something fail that was begun during it.
const ECHO: TimeDelta = TimeDelta::seconds(30);

impl Newsroom {
    /// Logs that something was not done because of the database. Trouble that lasts is said once, by the watchman or the
    /// store, and not by everybody each second.
    pub fn log_failure(&self, error: &StoreError, what: &str) {
        self.store.suspect(error);
        if error.ailment().is_some() || matches!(error, StoreError::NotServed(_)) {
            debug!(%error, "{what}: {error}");
        } else {
            error!(%error, "{what}: {error}");
        }
    }
}

/// Watches the database.
#[derive(Debug)]
pub struct Watchman {
    newsroom: Arc<Newsroom>,
    /// What goes on now, and since when.
    trouble: Option<(Illness, DateTime<Utc>)>,
    /// When the last trouble was over, by the clock that nobody can set.
    over: Option<TimeDelta>,
    /// What is over and was not told yet: telling needs the database.
    untold: Vec<Trouble>,
}

impl Watchman {
    /// A watchman who has seen nothing yet.
    #[must_use]
    pub fn new(newsroom: Arc<Newsroom>) -> Self {
        Self { newsroom, trouble: None, over: None, untold: Vec::new() }
    }

    /// Goes his rounds until he is stopped.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            let pause = if self.trouble.is_some() { ILL } else { WELL };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = sleep(pause) => {}
                () = self.newsroom.store.fell_ill(), if self.trouble.is_none() => {}
            }
            self.round().await;
        }
    }

    /// One round: probes, and says what began or is over.
    pub async fn round(&mut self) {
        let before = self.newsroom.now();
        // The probe may take long to fail. Just after trouble it is asked first: a failure may be left of that.
        if self.over.is_none_or(|over| self.newsroom.clock.elapsed() - over > ECHO) {
            self.see();
        }
        match self.newsroom.store.probe(before).await {
            Some(illness) => self.begins(illness, before),
            None => self.ends(self.newsroom.now()).await,
        }
        self.newsroom.standing.ill(self.trouble.clone());
        if self.trouble.is_none() {
            let _ = self.newsroom.outbox().await;
        }
    }

    /// Says what others came upon.
    pub fn see(&mut self) {
        if let Some(illness) = self.newsroom.store.illness() {
            self.begins(illness, self.newsroom.now());
        }
    }

    fn begins(&mut self, illness: Illness, now: DateTime<Utc>) {
        if self.trouble.is_some() {
            return;
        }
        let (words, why) = (illness.ailment.words(), &illness.why);
        error!(kind = illness.ailment.as_str(), why, "{words}: no letter leaves, what is public is served on ({why})");
        self.trouble = Some((illness, now));
        self.newsroom.standing.ill(self.trouble.clone());
    }

    async fn ends(&mut self, now: DateTime<Utc>) {
        if let Some((illness, since)) = self.trouble.take() {
            self.over = Some(self.newsroom.clock.elapsed());
            let lasted = (now - since).num_seconds();
            info!(kind = illness.ailment.as_str(), lasted_s = lasted, "the database is well again after {lasted} s");
            if now - since > NOTABLE {
                self.untold.push(Trouble { ailment: illness.ailment, since, until: now });
            }
            // What could not be done is done now.
            self.newsroom.letters_queued.notify_waiters();
            self.newsroom.folder_look_wanted.notify_one();
        }
        while let Some(trouble) = self.untold.last() {
            if let Err(error) = self.newsroom.tell_database_trouble(*trouble, now).await {
                log_untold(Err(error));
                return;
            }
            self.untold.pop();
        }
    }
}
