//! Addresses never written to again, by a keyed hash: recognised when they come back, not readable.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::row::{Fields, micros};
use super::values::{Kind, Values};
use super::{Store, StoreError};
use crate::domain::{EmailAddress, SuppressionReason};

/// Keeps these addresses to this transaction: whoever else is about to decide about one of them waits for its end. To be
/// called before anything is read of them or locked. On SQLite there is one writer.
pub(super) async fn hold(connection: &mut AnyConnection, hashes: &[&str]) -> Result<(), StoreError> {
    if hashes.is_empty() || connection.backend_name() != "PostgreSQL" {
        return Ok(());
    }
    let mut hashes = hashes.to_vec();
    // In one order, or two who want the same ones would wait for each other.
    hashes.sort_unstable();
    let values = Values::new(connection, &[Kind::Text], hashes.into_iter().map(|hash| [hash.into()]));
    let statement = format!(
        "WITH held (hash) AS ({}) SELECT CAST(pg_advisory_xact_lock(hashtextextended(hash, 0)) AS TEXT) AS held \
         FROM held WHERE hash IS NOT NULL",
        values.table()
    );
    values.bind(sqlx::query(AssertSqlSafe(statement))).fetch_all(connection).await?;
    Ok(())
}

/// Suppresses an address. What only its owner can lift gives way to a stronger reason, and is remembered beside it; a
/// complaint stays for ever.
pub(super) async fn add(
    connection: &mut AnyConnection,
    address_hash: &str,
    reason: SuppressionReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO suppressions (address_hash, reason, at, erased) \
         VALUES ($1, $2, $3, CASE WHEN $2 = 'erased' THEN $3 END) \
         ON CONFLICT (address_hash) DO UPDATE SET \
         reason = CASE WHEN suppressions.reason = 'erased' OR excluded.reason = 'complained' THEN excluded.reason \
         ELSE suppressions.reason END, \
         at = CASE WHEN suppressions.reason = 'erased' OR excluded.reason = 'complained' THEN excluded.at \
         ELSE suppressions.at END, \
         erased = COALESCE(excluded.erased, suppressions.erased)",
    )
    .bind(address_hash)
    .bind(reason.as_str())
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

/// Why an address is suppressed, when it is.
pub(super) async fn reason(
    connection: &mut AnyConnection,
    address_hash: &str,
) -> Result<Option<SuppressionReason>, StoreError> {
    let row = sqlx::query("SELECT address_hash, reason FROM suppressions WHERE address_hash = $1")
        .bind(address_hash)
        .fetch_optional(connection)
        .await?;
    row.map(|row| Fields::keyed_by(&row, "suppressions", "address_hash").parsed("reason")).transpose()
}

impl Store {
    /// Suppresses an address: nothing is sent to it any more. A complaint is never replaced.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn suppress(
        &self,
        address: &EmailAddress,
        why: SuppressionReason,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let hash = self.address_hash(address)?;
        let mut transaction = self.begin().await?;
        hold(&mut transaction, &[&hash]).await?;
        add(&mut transaction, &hash, why, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Why an address is suppressed; `None` when it is not.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn is_suppressed(&self, address: &EmailAddress) -> Result<Option<SuppressionReason>, StoreError> {
        let hash = self.address_hash(address)?;
        let mut connection = self.read.acquire().await?;
        reason(&mut connection, &hash).await
    }
}
