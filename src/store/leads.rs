//! Which of several instances leads: a time-limited claim that its holder renews.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::closing::MOVE;
use super::row::micros;
use super::{Store, StoreError};

impl Store {
    /// Takes or renews the lead `name` for `owner` until `now + length`; `false` while another holds it.
    ///
    /// # Errors
    /// When the database does not answer, or was moved away.
    pub async fn take_lead(
        &self,
        name: &str,
        owner: &str,
        now: DateTime<Utc>,
        length: TimeDelta,
    ) -> Result<bool, StoreError> {
        // One statement: whoever is cut off within a transaction would keep the lead from the others for a minute.
        let statement = format!(
            "WITH here AS (SELECT value FROM meta WHERE key = $6 {}) INSERT INTO leads (name, owner, until) \
             SELECT $1, $2, $3 FROM here WHERE here.value = '' \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until \
             WHERE leads.owner = excluded.owner OR leads.until < $4 OR leads.until > $5",
            self.engine.share()
        );
        let taking = async {
            let taken = sqlx::query(AssertSqlSafe(statement))
                .bind(name)
                .bind(owner)
                .bind(micros(now + length))
                .bind(micros(now))
                // Nobody takes a lead for so long: its holder's clock was ahead.
                .bind(micros(now + length * 4))
                .bind(MOVE)
                .execute(&self.write)
                .await?;
            self.refuse_moved(&mut *self.read.acquire().await?).await?;
            Ok(taken.rows_affected() == 1)
        };
        self.in_time(taking).await
    }

    /// Whether any instance leads at `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lead_is_held(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.in_time(async { is_held(&mut *self.read.acquire().await?, now).await }).await
    }

    /// Gives the lead `name` up, so that another need not wait for its end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_up_lead(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        let giving_up =
            sqlx::query("DELETE FROM leads WHERE name = $1 AND owner = $2").bind(name).bind(owner).execute(&self.write);
        self.in_time(async { giving_up.await.map(|_| ()).map_err(StoreError::from) }).await
    }
}

/// Whether any instance leads at `now`.
pub(super) async fn is_held(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let held = sqlx::query("SELECT name FROM leads WHERE until >= $1").bind(micros(now));
    Ok(held.fetch_optional(connection).await?.is_some())
}
