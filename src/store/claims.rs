//! Claiming due deliveries for one dispatcher, exclusively and for a limited time.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::deliveries::delivery_from;
use super::row::{Fields, micros, placeholders};
use super::{Store, StoreError};
use crate::domain::{Delivery, DeliveryId};
use crate::metrics::DatabaseWork;

/// What keeps a queued delivery from being claimed: its edition is held, paused, cancelled or over.
pub(super) const EDITION_GOES: &str = "(d.edition IS NULL OR EXISTS (\
    SELECT 1 FROM editions e WHERE e.id = d.edition AND e.state IN ('opening', 'sending')))";

impl Store {
    /// Claims up to `limit` due deliveries for `owner` until `now + lease`: confirmations and notices first, then by
    /// their due time. Nobody else gets the same ones. A recipient who has left or is suppressed by now is skipped, and
    /// a row that cannot be read is given up: fewer than `limit` does not mean that nothing is left.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim(
        &self,
        owner: &str,
        limit: u32,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Delivery>, StoreError> {
        let begun = Instant::now();
        let claimed = self.in_time(self.claim_due(owner, limit, now, lease)).await?;
        self.metrics().took(DatabaseWork::Claim, begun.elapsed());
        Ok(claimed)
    }

    async fn claim_due(
        &self,
        owner: &str,
        limit: u32,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut transaction = self.begin().await?;
        let statement = format!(
            "WITH due_now AS MATERIALIZED (SELECT d.id FROM deliveries d \
             WHERE d.state = 'queued' AND d.due <= $1 AND {EDITION_GOES} \
             ORDER BY d.urgency, d.due, d.id LIMIT $2 {}) \
             UPDATE deliveries SET state = 'leased', owner = $3, lease_until = $4, since = $1, attempt = attempt + 1 \
             WHERE id IN (SELECT id FROM due_now) AND state = 'queued' RETURNING *",
            self.engine.skip_locked()
        );
        let rows = sqlx::query(AssertSqlSafe(statement))
            .bind(micros(now))
            .bind(i64::from(limit))
            .bind(owner)
            .bind(micros(now + lease))
            .fetch_all(&mut *transaction)
            .await?;
        let skipped = skip_unwanted(&mut transaction, owner, now, &rows).await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let fields = Fields::keyed_by_number(row, "deliveries", "id");
            let id = fields.number("id")?;
            if skipped.contains(&id) {
                continue;
            }
            match delivery_from(row) {
                Ok(delivery) => {
                    claimed.push(((fields.number("urgency")?, fields.number("due")?, id), delivery));
                }
                Err(error) => {
                    tracing::error!(delivery.id = id, %error, "delivery {id} is given up: its row cannot be read");
                    give_up(&mut transaction, id, now).await?;
                }
            }
        }
        transaction.commit().await?;
        claimed.sort_unstable_by_key(|(turn, _)| *turn);
        Ok(claimed.into_iter().map(|(_, delivery)| delivery).collect())
    }

    /// Gives back deliveries that were claimed and not begun: queued again, and the try does not count.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_unstarted(&self, owner: &str, deliveries: &[DeliveryId]) -> Result<u64, StoreError> {
        if deliveries.is_empty() {
            return Ok(0);
        }
        let statement = format!(
            "UPDATE deliveries SET state = 'queued', owner = NULL, lease_until = NULL, attempt = attempt - 1 \
             WHERE owner = $1 AND state = 'leased' AND id IN ({})",
            placeholders(2, deliveries.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(owner);
        let query = deliveries.iter().fold(query, |query, id| query.bind(id.number()));
        self.in_time(async { Ok(query.execute(&self.write).await?.rows_affected()) }).await
    }

    /// Renews `owner`'s claims on these deliveries until `until`, and gives those that it still holds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew_leases(
        &self,
        owner: &str,
        deliveries: &[DeliveryId],
        until: DateTime<Utc>,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let statement = format!(
            "UPDATE deliveries SET lease_until = $2 \
             WHERE owner = $1 AND state IN ('leased', 'in_flight') AND id IN ({}) RETURNING id",
            placeholders(3, deliveries.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(owner).bind(micros(until));
        let query = deliveries.iter().fold(query, |query, id| query.bind(id.number()));
        let rows = query.fetch_all(&self.write).await?;
        let id = |row| Fields::keyed_by_number(row, "deliveries", "id").number("id").map(DeliveryId::new);
        rows.iter().map(id).collect()
    }

    /// When the next queued delivery that may leave falls due, be it in the past.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let statement =
            format!("SELECT MIN(d.due) AS due FROM deliveries d WHERE d.state = 'queued' AND {EDITION_GOES}");
        let row = sqlx::query(AssertSqlSafe(statement)).fetch_one(&self.read).await?;
        Fields::keyed_by_number(&row, "deliveries", "due").instant_or_none("due")
    }
}

/// Skips, among the rows just claimed, those whose recipient is suppressed or has left, and gives their ids. A
/// confirmation goes to one who is not active yet, and may go to one who was erased: it can lift that.
async fn skip_unwanted(
    connection: &mut AnyConnection,
    owner: &str,
    now: DateTime<Utc>,
    rows: &[AnyRow],
) -> Result<Vec<i64>, StoreError> {
    const FIXED: usize = 2;
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        ids.push(Fields::keyed_by_number(row, "deliveries", "id").number("id")?);
    }
    if ids.is_empty() {
        return Ok(ids);
    }
    let mut skipped = Vec::new();
    let conditions = [
        (
            "suppressed",
            "EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = deliveries.address_hash \
             AND (deliveries.edition IS NOT NULL OR x.reason <> 'erased'))",
        ),
        (
            "unsubscribed",
            "edition IS NOT NULL AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber AND s.state <> 'active')",
        ),
    ];
    for (reason, condition) in conditions {
        let statement = format!(
            "UPDATE deliveries SET state = 'skipped', skip_reason = '{reason}', since = $2, owner = NULL, \
             lease_until = NULL, attempt = attempt - 1 WHERE owner = $1 AND state = 'leased' \
             AND {condition} AND id IN ({}) RETURNING id",
            placeholders(FIXED + 1, ids.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(owner).bind(micros(now));
        let query = ids.iter().fold(query, |query, id| query.bind(*id));
        for row in query.fetch_all(&mut *connection).await? {
            skipped.push(Fields::keyed_by_number(&row, "deliveries", "id").number("id")?);
        }
    }
    Ok(skipped)
}

async fn give_up(connection: &mut AnyConnection, id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE deliveries SET state = 'failed', since = $2, owner = NULL, lease_until = NULL WHERE id = $1")
        .bind(id)
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}
