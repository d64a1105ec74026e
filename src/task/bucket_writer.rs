//! The bucket's writer: puts everything public into a bucket whenever something else is public.
//!
//! Nothing waits for it: not the folder, not the hub, not the letters. What could not be put is tried again after a pause,
//! and a state that is old by then is left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use rayon::ThreadPool;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tracing::{error, info};

use super::newsroom::{Current, Newsroom};
use super::site_files::{FileNames, FilesWanted, SiteBytes, SiteFilesError, site_files, stage_of};
use super::trying::{Tries, next_try};
use crate::config::PublishPlace;
use crate::domain::is_shown_by_browsers;
use crate::publish::{Bucket, BucketError, ObjectHead, PublishReport};
use crate::store::StoreError;
use crate::watch::Cores;

/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// The lead among instances of one database: one of them writes the bucket.
const LEAD: &str = "bucket";
/// How long the lead lasts without being renewed: longer than any pause, or it would go round while nobody can write.
const LEAD_LASTS: TimeDelta = TimeDelta::minutes(10);

/// Why the bucket could not be written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Files(#[from] SiteFilesError),
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error("it was cut off")]
    Cut(#[from] JoinError),
}

/// Writes one bucket.
#[derive(Debug)]
pub struct BucketWriter {
    newsroom: Arc<Newsroom>,
    bucket: Bucket,
    owner: String,
    threads: Arc<ThreadPool>,
    /// What the bucket holds.
    written: Option<Arc<Current>>,
    tries: Tries,
    /// Nothing more is begun.
    is_stopped: Arc<AtomicBool>,
}

impl BucketWriter {
    /// A writer called `owner` among the instances of one database; `None` when no bucket is configured.
    ///
    /// # Errors
    /// When the secret of the bucket's key cannot be read, or its address is none.
    pub fn open(newsroom: Arc<Newsroom>, owner: String) -> Result<Option<Self>, BucketError> {
        let Some(settings) = &newsroom.config.publish.bucket else { return Ok(None) };
        let bucket = Bucket::open(settings)?;
        let threads = Arc::new(Cores::AllButOne.pool());
        let tries = Tries::new(FIRST_PAUSE, LONGEST_PAUSE);
        Ok(Some(Self { newsroom, bucket, owner, threads, written: None, tries, is_stopped: Arc::default() }))
    }

    /// Puts what is public now into the bucket, unless it is there. How long to wait before the next try, when it is not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn round(&mut self) -> Result<Option<Duration>, StoreError> {
        let store = &self.newsroom.store;
        if store.is_shared() && !store.take_lead(LEAD, &self.owner, self.newsroom.now(), LEAD_LASTS).await? {
            // What the leader puts there in between is compared anew when this instance leads.
            self.written = None;
            self.newsroom.standing.publishes_no_more(PublishPlace::Bucket);
            return Ok(Some(FIRST_PAUSE));
        }
        let current = self.newsroom.current();
        if self.written.as_ref().is_some_and(|written| Arc::ptr_eq(written, &current)) {
            return Ok(None);
        }
        match self.write(current.clone()).await {
            Ok(report) => {
                self.written = Some(current);
                self.tries.succeeded();
                self.note(Ok(()));
                let PublishReport { written, removed, .. } = report;
                if written + removed > 0 {
                    info!(written, removed, "{written} objects put into the bucket, {removed} removed");
                }
                Ok(None)
            }
            Err(WriteError::Bucket(BucketError::Stopped)) => Ok(None),
            Err(error) => {
                let attempt = self.tries.number();
                self.note(Err(error.to_string()));
                error!(attempt, %error, "the bucket could not be written, which is tried again: {error}");
                Ok(Some(self.tries.failed()))
            }
        }
    }

    /// Lets whoever asks know how the last try went.
    fn note(&self, done: Result<(), String>) {
        self.newsroom.standing.publishing_ended(PublishPlace::Bucket, done, self.newsroom.now());
    }

    /// On a thread of its own: making files waits, as does reading documents.
    async fn write(&self, current: Arc<Current>) -> Result<PublishReport, WriteError> {
        let (newsroom, bucket, threads) = (self.newsroom.clone(), self.bucket.clone(), self.threads.clone());
        let (runtime, is_stopped) = (Handle::current(), self.is_stopped.clone());
        let writing = spawn_blocking(move || {
            let files = |is_there: &dyn Fn(&str) -> bool| {
                let (names, precompressed) = (FileNames::Bare, false);
                let wanted = FilesWanted { kinds: &|_| true, names, precompressed, is_there };
                site_files(&current, &newsroom.uploads, wanted, &threads).map(|file| file.map_err(WriteError::from))
            };
            let ttl = newsroom.config.feeds.ttl.num_seconds();
            let head_of = |path: &str, bytes: &SiteBytes| head_of(path, bytes, ttl);
            runtime.block_on(bucket.publish(files, &head_of, stage_of, &|| is_stopped.load(Ordering::Relaxed)))
        });
        writing.await?
    }

    /// Writes the bucket whenever something else is public, and again after a pause when that failed. When it stops, what
    /// is on its way arrives, and nothing more is begun: another may write the bucket then.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut current = self.newsroom.current.subscribe();
        loop {
            current.mark_unchanged();
            let is_stopped = self.is_stopped.clone();
            let mut under_way = Box::pin(self.round());
            let round = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => None,
                round = &mut under_way => Some(round),
            };
            let Some(round) = round else {
                is_stopped.store(true, Ordering::Relaxed);
                drop(under_way.await);
                return;
            };
            drop(under_way);
            let pause = round.unwrap_or_else(|error| {
                self.newsroom.log_failure(&error, "the bucket could not be written");
                Some(FIRST_PAUSE)
            });
            if !next_try(pause, &mut current, &mut stop).await {
                return;
            }
        }
    }
}

/// What the store says of a file to its readers: what Depeche says; `None` for what is of no use there.
fn head_of(path: &str, bytes: &SiteBytes, ttl: i64) -> Option<ObjectHead> {
    let media_type = match bytes {
        SiteBytes::List(_) => return None,
        SiteBytes::Document(document, _) => document.media_type().to_owned(),
        SiteBytes::Upload(_) => mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned(),
    };
    let is_problem = matches!(path, "404.html" | "410.html");
    let cache_control = if is_problem { "no-store".to_owned() } else { format!("public, max-age={ttl}") };
    let is_attachment = matches!(bytes, SiteBytes::Upload(_)) && !is_shown_by_browsers(&media_type);
    Some(ObjectHead { media_type, cache_control, is_attachment })
}
