//! Working with a database that may be ill: whoever does is given up in time, says what they came upon and learns what is
//! known, until a probe that really writes succeeds again.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::ailment::Ailment;
use super::closed::Closed;
use super::engine::Engine;
use super::health::{Illness, in_time};
use super::stillness::{Still, Unless};
use super::{Store, StoreError};
use crate::metrics::DatabaseMetrics;

/// How much must fit into the database for it to be well again after it was full: trouble must not come and go.
const ROOM: usize = 256 * 1024;
/// The name under which the probe writes.
const PROBE: &str = "probe";

impl Store {
    /// What ails the database; `None` while it is well, as far as anyone knows.
    #[must_use]
    pub fn illness(&self) -> Option<Illness> {
        self.health.illness()
    }

    /// Why nobody may work with the database any more; `None` while one may, as far as anyone knows.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        self.health.closed()
    }

    /// Takes note of a failure that somebody came upon.
    pub fn suspect(&self, error: &StoreError) {
        if self.illness().is_none() {
            self.health.note(error);
        }
    }

    /// Waits until something ails the database.
    pub async fn fell_ill(&self) {
        self.health.fell_ill().await;
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
            self.health.recovered();
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
}
