//! Addresses never written to again, by a keyed hash: recognised when they come back, not readable.

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;

use super::row::{Fields, micros};
use super::{Store, StoreError};
use crate::domain::{EmailAddress, SuppressionReason};

/// Suppresses an address. What only its owner can lift gives way to a stronger reason; a complaint stays for ever.
pub(super) async fn add(
    connection: &mut AnyConnection,
    address_hash: &str,
    reason: SuppressionReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO suppressions (address_hash, reason, at) VALUES ($1, $2, $3) \
         ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, at = excluded.at \
         WHERE suppressions.reason = 'erased' OR excluded.reason = 'complained'",
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
    row.map(|row| Fields::keyed_by_text(&row, "suppressions", "address_hash").parsed("reason")).transpose()
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
