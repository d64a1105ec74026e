//! What the next start may take up is kept now and then: after a first look that found much to read, when much has
//! changed since, and at the end. Nobody waits for it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::{debug, error, warn};

use super::ingest::{Found, Gathered};
use crate::cache::{Cache, OpenCache};
use crate::register::{KeptRegister, Register};
use crate::store::{Revision, Store, StoreError};

/// How long after it was written it is written again, when anything differs.
const OFTEN: TimeDelta = TimeDelta::minutes(10);
/// The same, when many files were read since.
const OFTEN_WHEN_MANY: TimeDelta = TimeDelta::minutes(1);
/// How many are many.
const MANY: usize = 1_000;

/// What is kept for the next start.
#[derive(Debug)]
pub(super) struct Keeping {
    cache: Arc<Cache>,
    /// Whether the first look is over.
    begun: bool,
    /// When what is kept was read or written; `None`: it is to be written as soon as possible.
    kept: Option<DateTime<Utc>>,
    /// The register as of then.
    revision: Option<Revision>,
    /// How many files were read since.
    changed: usize,
    /// How many releases are missing in what is kept: their files were written a moment before.
    missing: usize,
    writing: Option<JoinHandle<()>>,
}

impl Keeping {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache: Arc::new(cache), begun: false, kept: None, revision: None, changed: 0, missing: 0, writing: None }
    }

    /// What the last run kept, at the first call.
    pub(super) async fn opened(&mut self) -> Option<Arc<OpenCache>> {
        if std::mem::replace(&mut self.begun, true) {
            return None;
        }
        let cache = Arc::clone(&self.cache);
        spawn_blocking(move || cache.open()).await.ok().flatten().map(Arc::new)
    }

    /// Takes note of a look at `now`, with the register as of `revision`; whether it `found` all as it was kept.
    pub(super) fn looked(&mut self, found: &Found, is_as_kept: bool, revision: Option<Revision>, now: DateTime<Utc>) {
        if is_as_kept {
            debug!("all is as it was kept in `{}`", self.cache.path());
            (self.kept, self.revision) = (Some(now), revision);
        } else {
            self.changed += found.differing();
        }
    }

    /// Whether it is time to keep what is known with the register as of `revision`; `None`: the register of the last look.
    pub(super) fn is_due(&self, revision: Option<Revision>, now: DateTime<Utc>) -> bool {
        let Some(kept) = self.kept else { return self.begun };
        let is_writing = self.writing.as_ref().is_some_and(|writing| !writing.is_finished());
        let pause = if self.changed >= MANY { OFTEN_WHEN_MANY } else { OFTEN };
        // A clock that was set back does not put it off for ever.
        !is_writing && self.differs(revision) && !(kept..kept + pause).contains(&now)
    }

    /// Takes note that it could not be written at `now`: the next try has time.
    pub(super) fn failed(&mut self, now: DateTime<Utc>) {
        self.kept = Some(now);
    }

    /// Whether anything differs from what is kept.
    pub(super) fn differs(&self, revision: Option<Revision>) -> bool {
        self.begun && (self.kept.is_none() || self.changed > 0 || self.revision != revision)
    }

    /// Writes what was `gathered` beside `register`, as the database has it at `revision`, on a thread of its own.
    pub(super) fn write(&mut self, gathered: Gathered, register: Register, revision: Revision, now: DateTime<Utc>) {
        let (cache, before) = (Arc::clone(&self.cache), self.writing.take());
        // Those that are missing are tried once more; what is missing then may have a time in the future.
        let missing = std::mem::replace(&mut self.missing, gathered.missing());
        self.changed = usize::from(self.missing != missing);
        (self.kept, self.revision) = (Some(now), Some(revision));
        self.writing = Some(tokio::spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            let written = spawn_blocking(move || {
                let (kept, bodies) = gathered.beside(register, revision);
                let path = cache.path();
                match cache.write(&kept, &bodies) {
                    Ok(()) => debug!(readings = kept.readings.len(), "`{path}` is written for the next start"),
                    Err(error) => {
                        warn!(%error, "`{path}` cannot be written, so the next start reads all files: {error}");
                    }
                }
            });
            if let Err(error) = written.await {
                error!(%error, "writing for the next start broke down: {error}");
            }
        }));
    }

    /// Waits until all is written.
    pub(super) async fn written(&mut self) {
        if let Some(writing) = self.writing.take() {
            let _ = writing.await;
        }
    }
}

/// What the last run kept, at the first call.
pub(super) async fn opened(keeping: &mut Option<Keeping>) -> Option<Arc<OpenCache>> {
    match keeping {
        Some(keeping) => keeping.opened().await,
        None => None,
    }
}

/// Brings `kept`, which is the register as of `known`, up to date; at a start from `cache`, where that has it as the
/// database does. `true` when it is the one that was kept.
pub(super) async fn refresh(
    store: &Store,
    cache: Option<Arc<OpenCache>>,
    kept: &mut KeptRegister,
    known: &mut Option<Revision>,
) -> Result<bool, StoreError> {
    let is_taken_up = match cache {
        Some(cache) => take_up_register(store, cache, kept, known).await?,
        None => false,
    };
    let changed = store.refresh_register(kept, known).await?;
    Ok(is_taken_up && !changed)
}

async fn take_up_register(
    store: &Store,
    cache: Arc<OpenCache>,
    kept: &mut KeptRegister,
    known: &mut Option<Revision>,
) -> Result<bool, StoreError> {
    let Some(at) = cache.revision() else { return Ok(false) };
    if !store.is_register_at(at).await? {
        return Ok(false);
    }
    let Ok(Some(register)) = spawn_blocking(move || cache.register().map(KeptRegister::new)).await else {
        return Ok(false);
    };
    store.take_up_register(register, at, kept, known).await
}
