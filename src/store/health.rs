//! What ails the database, read off its errors, until a probe that really writes succeeds again.
//!
//! Nobody waits because of it: whoever needs the database tries, and sees. It is told to people and to Prometheus.

use std::error::Error as _;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::connection::Engine;
use super::stillness::{Still, Unless};
use super::{Closed, Store, StoreError};
use crate::metrics::DatabaseMetrics;

/// How long PostgreSQL may say nothing while something is waited for; a network that is cut off says nothing for ever. SQLite
/// ends each wait by itself.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much must fit into the database for it to be well again after it was full: trouble must not come and go.
const ROOM: usize = 256 * 1024;
/// The name under which the probe writes.
const PROBE: &str = "probe";

/// What ails the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ailment {
    /// There is no room left on its disk.
    Full,
    /// Another program holds it locked.
    Locked,
    /// It does not answer, or nobody listens.
    Silent,
    /// It fails in another way: a disk that cannot be read, a database that may not be written.
    Failing,
}

impl Ailment {
    /// Its word in metrics and notices.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Locked => "locked",
            Self::Silent => "silent",
            Self::Failing => "failing",
        }
    }

    /// What is said of it where there is one line.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Full => "the database cannot be written: no room is left on its disk",
            Self::Locked => "the database cannot be written: another program holds it locked",
            Self::Silent => "the database does not answer",
            Self::Failing => "the database fails",
        }
    }
}

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

impl Store {
    /// What ails the database; `None` while it is well, as far as anyone knows.
    #[must_use]
    pub fn illness(&self) -> Option<Illness> {
        self.health.illness.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why nobody may work with the database any more; `None` while one may, as far as anyone knows.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        self.health.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of a failure that somebody came upon.
    pub fn suspect(&self, error: &StoreError) {
        if self.illness().is_none() {
            self.health.note(error);
        }
    }

    /// Waits until something ails the database.
    pub async fn fell_ill(&self) {
        let falls = self.health.falls_ill.notified();
        if self.illness().is_none() {
            falls.await;
        }
    }

    /// What is counted of the database.
    #[must_use]
    pub fn metrics(&self) -> &DatabaseMetrics {
        &self.health.metrics
    }

    /// Writes something of no use, and says what ails the database when that fails. One that was ill must take as much as
    /// the next letters may need before it counts as well.
    pub async fn probe(&self, at: DateTime<Utc>) -> Option<Illness> {
        let was_ill = self.illness().is_some();
        let written = async {
            if was_ill {
                let mut transaction = self.begin().await?;
                let room = "x".repeat(ROOM);
                sqlx::query("INSERT INTO meta (key, value) VALUES ($1, $2)")
                    .bind(PROBE)
                    .bind(room)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query("DELETE FROM meta WHERE key = $1").bind(PROBE).execute(&mut *transaction).await?;
                transaction.commit().await?;
            }
            self.record_run(PROBE, at).await
        };
        let done = self.in_time(written).await;
        if done.is_ok() && was_ill {
            *self.health.illness.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.illness()
    }

    /// Takes note of how `work` goes; on PostgreSQL it is given up when the server says nothing for too long.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let done = in_time(self.engine, work).await;
        done.inspect_err(|error| self.health.note(error))
    }

    /// The same for work of many steps, each of which may take up to `patience`.
    ///
    /// # Errors
    /// Those of `work`; that the database is silent.
    pub async fn patiently<T, E: From<StoreError>>(
        &self,
        patience: Duration,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if self.engine == Engine::Sqlite {
            return work.await;
        }
        Unless::still_for(patience, work).await.unwrap_or_else(|Still| {
            let error = StoreError::Ill(Ailment::Silent);
            self.health.note(&error);
            Err(error.into())
        })
    }

    /// How many bytes are free on the disk of the database; `None` where it is on a server.
    #[must_use]
    pub fn disk_free(&self) -> Option<u64> {
        let folder = self.file.as_ref()?.parent()?;
        let disk = rustix::fs::statvfs(folder.as_std_path()).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
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

impl StoreError {
    /// What ails the database, where that is the reason and no single request.
    #[must_use]
    pub fn ailment(&self) -> Option<Ailment> {
        match self {
            Self::Database(error) | Self::Unreached { source: error, .. } => of_driver(error.inner()),
            Self::Ill(ailment) => Some(*ailment),
            Self::Migration(_)
            | Self::EarlierSchema
            | Self::NewerSchema { .. }
            | Self::OtherKey { .. }
            | Self::NoKey
            | Self::NotServed(_)
            | Self::Row { .. }
            | Self::NotADatabase(_)
            | Self::InUse(_)
            | Self::File { .. }
            | Self::Random(_)
            | Self::Closed => None,
        }
    }
}

fn of_driver(error: &sqlx::Error) -> Option<Ailment> {
    if let sqlx::Error::Database(error) = error {
        return of_code(&error.code()?);
    }
    let is_silent = matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed
    );
    is_silent.then_some(Ailment::Silent)
}

/// PostgreSQL's codes have five characters (SQLSTATE); those of SQLite are numbers whose last byte is the main one.
fn of_code(code: &str) -> Option<Ailment> {
    if code.len() == 5 {
        return match code {
            "53100" => Some(Ailment::Full),
            "55P03" => Some(Ailment::Locked),
            "25006" | "58030" | "XX001" | "XX002" => Some(Ailment::Failing),
            "25P03" | "57014" => Some(Ailment::Silent),
            _ if ["08", "53", "57"].contains(&&code[..2]) => Some(Ailment::Silent),
            _ => None,
        };
    }
    match code.parse::<u32>().ok()? & 0xff {
        5 | 6 => Some(Ailment::Locked),
        13 => Some(Ailment::Full),
        // May not be written, disk error, damaged, cannot be opened, no database.
        8 | 10 | 11 | 14 | 26 => Some(Ailment::Failing),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn codes_of_both_databases_say_what_ails_them() {
        for (code, ailment) in [
            ("13", Some(Ailment::Full)),
            ("53100", Some(Ailment::Full)),
            ("5", Some(Ailment::Locked)),
            ("517", Some(Ailment::Locked)),
            ("55P03", Some(Ailment::Locked)),
            ("57P01", Some(Ailment::Silent)),
            ("57P03", Some(Ailment::Silent)),
            ("08006", Some(Ailment::Silent)),
            ("53300", Some(Ailment::Silent)),
            ("778", Some(Ailment::Failing)),
            ("25006", Some(Ailment::Failing)),
            ("1555", None),
            ("23505", None),
            ("40P01", None),
            ("", None),
        ] {
            assert_eq!(of_code(code), ailment, "{code}");
        }
    }
}
