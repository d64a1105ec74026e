//! How the database is doing: what ails it, read off its errors, and whether it is closed.
//!
//! Nobody waits because of it: whoever needs the database tries, and sees. It is told to people and to Prometheus.

use std::error::Error as _;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::StoreError;
use super::ailment::Ailment;
use super::closed::Closed;
use super::engine::Engine;
use super::stillness::Unless;
use crate::metrics::DatabaseMetrics;

/// How long PostgreSQL may say nothing while something is waited for; a network that is cut off says nothing for ever. SQLite
/// ends each wait by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// A database that is ill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Illness {
    /// What ails it.
    pub ailment: Ailment,
    /// What it said.
    pub why: String,
}

/// How the database is doing.
#[derive(Debug)]
pub(super) struct Health {
    engine: Engine,
    pub(super) metrics: DatabaseMetrics,
    illness: Mutex<Option<Illness>>,
    /// Why nobody may work with it any more.
    closed: Mutex<Option<Closed>>,
    /// Wakes whoever waits for the database to fall ill.
    falls_ill: Notify,
}

impl Health {
    /// That of a database nothing is known of yet.
    pub(super) fn new(engine: Engine) -> Self {
        let (illness, closed) = (Mutex::default(), Mutex::default());
        Self { engine, metrics: DatabaseMetrics::default(), illness, closed, falls_ill: Notify::new() }
    }

    /// What ails it; `None` while it is well, as far as anyone knows.
    pub(super) fn illness(&self) -> Option<Illness> {
        self.illness.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why nobody may work with it any more; `None` while one may, as far as anyone knows.
    pub(super) fn closed(&self) -> Option<Closed> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until something ails it.
    pub(super) async fn fell_ill(&self) {
        let falls = self.falls_ill.notified();
        if self.illness().is_none() {
            falls.await;
        }
    }

    /// Takes note that it is well again.
    pub(super) fn recovered(&self) {
        *self.illness.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes note that it is closed, or open.
    pub(super) fn note_closed(&self, closed: Option<&Closed>) {
        let mut noted = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.as_ref() == closed {
            return;
        }
        if let Some(closed) = closed {
            tracing::error!("nothing is sent or written any more: {closed}");
        } else {
            tracing::info!("the database is open again");
        }
        *noted = closed.cloned();
    }

    /// Takes note of a failure; the first of several counts, as those after it may only follow from it.
    pub(super) fn note(&self, error: &StoreError) {
        let Some(ailment) = error.ailment() else { return };
        let ailment = match self.engine {
            // Its one connection that writes is waited for while that waits for the lock.
            Engine::Sqlite if ailment == Ailment::Silent => Ailment::Locked,
            Engine::Sqlite | Engine::Postgres => ailment,
        };
        self.metrics.failed(ailment.as_str());
        let mut illness = self.illness.lock().unwrap_or_else(PoisonError::into_inner);
        illness.get_or_insert_with(|| Illness { ailment, why: said(error) });
        self.falls_ill.notify_waiters();
    }
}

/// What an error and what it comes from say, on one line.
fn said(error: &StoreError) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = cause.to_string();
        source = cause.source();
    }
    said
}

/// Gives `work` up when PostgreSQL takes too long over it.
pub(super) async fn in_time<T>(
    engine: Engine,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match engine {
        Engine::Sqlite => work.await,
        Engine::Postgres => Unless::still_for(PATIENCE, work).await.unwrap_or(Err(StoreError::Ill(Ailment::Silent))),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn every_kind_of_failure_is_counted_from_the_start() {
        let page = crate::metrics::Metrics::new(&DatabaseMetrics::default(), DateTime::UNIX_EPOCH);
        let page = page.page(&crate::metrics::Figures::default());
        for ailment in [Ailment::Full, Ailment::Locked, Ailment::Silent, Ailment::Failing] {
            let line = format!("depeche_database_errors_total{{kind=\"{}\"}} 0\n", ailment.as_str());
            assert!(page.contains(&line), "{page}");
        }
    }
}
