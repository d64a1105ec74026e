//! The pinger: tells a WebSub hub of each feed whose bytes changed, once they are served.
//!
//! What the hub was told last is stored as the feed's entity tag, so what is still to be told is always the difference:
//! nothing is queued, nothing is lost by a restart, and after a long silence of the hub each feed is told once. Nothing
//! else waits for the hub.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::newsroom::{Current, Newsroom};
use super::trying::{Tries, next_try};
use crate::fetch::{FetchError, Fetcher};
use crate::store::StoreError;

/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// The lead among instances of one database: one of them tells the hub.
const LEAD: &str = "pinger";
/// How long the lead lasts without being renewed.
const LEAD_LASTS: TimeDelta = TimeDelta::minutes(2);

/// Tells one hub.
#[derive(Debug)]
pub struct Pinger {
    newsroom: Arc<Newsroom>,
    fetcher: Fetcher,
    owner: String,
    hub: String,
    /// What the feeds were last compared with.
    compared: Option<Arc<Current>>,
    /// By address, the tag the hub was last told; `None` until it is read.
    told: Option<BTreeMap<String, String>>,
    /// By address, the present tag of feeds the hub does not know so yet.
    pending: BTreeMap<String, String>,
    tries: Tries,
}

impl Pinger {
    /// A pinger called `owner` among the instances of one database; `None` when no hub is configured.
    #[must_use]
    pub fn new(newsroom: Arc<Newsroom>, owner: String) -> Option<Self> {
        let hub = newsroom.config.feeds.hub.clone()?;
        let fetcher = Fetcher::new(&newsroom.config.fetch);
        let (compared, told, pending) = (None, None, BTreeMap::new());
        let tries = Tries::new(FIRST_PAUSE, LONGEST_PAUSE);
        Some(Self { newsroom, fetcher, owner, hub, compared, told, pending, tries })
    }

    /// Compares what is shown with what the hub knows, and tells it of every difference. How long to wait before the
    /// next try, when something could not be told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn round(&mut self) -> Result<Option<Duration>, StoreError> {
        let store = &self.newsroom.store;
        if store.is_shared() && !store.take_lead(LEAD, &self.owner, self.newsroom.now(), LEAD_LASTS).await? {
            // What the leader tells in between is read anew when this instance leads.
            (self.compared, self.told) = (None, None);
            return Ok(Some(FIRST_PAUSE));
        }
        self.compare().await?;
        let mut failed = false;
        for (path, tag) in self.pending.clone() {
            let (fetcher, hub) = (self.fetcher.clone(), self.hub.clone());
            let feed = self.newsroom.config.site.url.join(&path);
            let told = tokio::task::spawn_blocking(move || fetcher.ping(&hub, &feed));
            match told.await {
                Ok(Ok(())) => self.remember(vec![(path, tag)]).await?,
                Ok(Err(error)) => {
                    failed = true;
                    let (hub, attempt) = (&self.hub, self.tries.number());
                    warn!(hub, path, attempt, %error, "the hub was not told of {path}, which is tried again: {error}");
                    // One feed may be refused; a hub that does not answer is not asked for each of them.
                    if !matches!(error, FetchError::Status(400..=499)) {
                        break;
                    }
                }
                Err(error) => {
                    failed = true;
                    warn!(%error, "telling the hub was cut off: {error}");
                }
            }
        }
        if failed {
            return Ok(Some(self.tries.failed()));
        }
        self.tries.succeeded();
        Ok(None)
    }

    /// Finds the feeds that are not as the hub knows them.
    async fn compare(&mut self) -> Result<(), StoreError> {
        let shown = self.newsroom.shown.borrow().clone();
        if self.compared.as_ref().is_some_and(|compared| Arc::ptr_eq(compared, &shown)) {
            return Ok(());
        }
        let (now, before) = (shown.clone(), self.compared.take());
        let tags = tokio::task::spawn_blocking(move || {
            now.resources.feed_tags(before.as_ref().map(|before| &before.resources))
        });
        // Where a file changed meanwhile, the next state is compared whole.
        let Ok(Ok(tags)) = tags.await else { return Ok(()) };
        if self.told.is_none() {
            self.told = Some(self.newsroom.store.pinged(&self.hub).await?);
        }
        let told = self.told.get_or_insert_default();
        if told.is_empty() {
            // A hub that was never told anything has no subscriber of ours.
            debug!(feeds = tags.len(), "the hub is told of changes from now on");
            self.remember(tags).await?;
        } else {
            for (path, tag) in tags {
                if told.get(&path) == Some(&tag) {
                    self.pending.remove(&path);
                } else {
                    self.pending.insert(path, tag);
                }
            }
        }
        self.compared = Some(shown);
        Ok(())
    }

    async fn remember(&mut self, feeds: Vec<(String, String)>) -> Result<(), StoreError> {
        self.newsroom.store.set_pinged(&self.hub, &feeds).await?;
        for (path, tag) in feeds {
            self.pending.remove(&path);
            self.told.get_or_insert_default().insert(path, tag);
        }
        Ok(())
    }

    /// Tells the hub whenever something else is shown, and again after a pause when it could not be told.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut shown = self.newsroom.shown.subscribe();
        info!(hub = self.hub, "the hub is told of each feed that changes");
        loop {
            let pause = self.round().await.unwrap_or_else(|error| {
                self.newsroom.log_failure(&error, "the hub could not be told");
                Some(FIRST_PAUSE)
            });
            if !next_try(pause, &mut shown, &mut stop).await {
                return;
            }
        }
    }
}
