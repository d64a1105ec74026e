//! Addresses never written to again, by a keyed hash: recognised when they come back, not readable.

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;

use super::row::{Fields, micros};
use super::subscribers::{Ending, end_within};
use super::{ConsentAction, Proof, Store, StoreError, optin};
use crate::domain::{EmailAddress, EndReason, SubscriberId, SuppressionReason};

/// What came of letting an address be written to again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unblocked {
    /// It may be, and this was the reason why not.
    Lifted(SuppressionReason),
    /// It may not, for a reason that the office cannot lift.
    Kept(SuppressionReason),
    /// Nothing kept anything from it.
    WasFree,
}

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

    /// The office wants nothing to be sent to an address: its subscription ends, and nobody can begin another with it. Gives
    /// why nothing was sent to it before; then nothing is changed, as an erasure is lifted by its owner alone.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn block(
        &self,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Option<SuppressionReason>, StoreError> {
        let hash = self.address_hash(address)?;
        let mut transaction = self.begin().await?;
        let before = reason(&mut transaction, &hash).await?;
        if before.is_none() {
            add(&mut transaction, &hash, SuppressionReason::Blocked, now).await?;
            let row = sqlx::query("SELECT id FROM subscribers WHERE folded = $1")
                .bind(address.folded())
                .fetch_optional(&mut *transaction)
                .await?;
            if let Some(row) = row {
                let id = SubscriberId::new(Fields::keyed_by_number(&row, "subscribers", "id").number("id")?);
                let ending = Ending { reason: EndReason::Removed, suppressed: Some(SuppressionReason::Blocked) };
                end_within(&mut transaction, id, ending, now).await?;
            }
        }
        transaction.commit().await?;
        Ok(before)
    }

    /// The office lets an address be written to again that it had blocked, or that could not be reached: it may be subscribed
    /// again, and is not by this. A complaint stays, and an erasure is lifted by its owner alone.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn unblock(&self, address: &EmailAddress, now: DateTime<Utc>) -> Result<Unblocked, StoreError> {
        let hash = self.address_hash(address)?;
        let mut transaction = self.begin().await?;
        let lifted = sqlx::query(
            "DELETE FROM suppressions WHERE address_hash = $1 AND reason IN ('blocked', 'bounced') \
             RETURNING address_hash, reason",
        )
        .bind(&hash)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = lifted else {
            let kept = reason(&mut transaction, &hash).await?;
            return Ok(kept.map_or(Unblocked::WasFree, Unblocked::Kept));
        };
        let lifted: SuppressionReason = Fields::keyed_by_text(&row, "suppressions", "address_hash").parsed("reason")?;
        let row = sqlx::query("SELECT id FROM subscribers WHERE folded = $1")
            .bind(address.folded())
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(row) = row {
            let id = SubscriberId::new(Fields::keyed_by_number(&row, "subscribers", "id").number("id")?);
            let proof = Proof { words: lifted.to_string(), source: "office".to_owned() };
            optin::keep(&mut transaction, id, ConsentAction::Unblocked, &proof, now).await?;
        }
        transaction.commit().await?;
        Ok(Unblocked::Lifted(lifted))
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
