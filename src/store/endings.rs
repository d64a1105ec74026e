//! How subscriptions end, and how somebody who left by themselves comes back.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::consents::{self, ConsentAction};
use super::row::{Fields, micros};
use super::subscribers::activate;
use super::{Proof, Question, Store, StoreError, forgetting, suppressions};
use crate::domain::{EndReason, SkipReason, SubscriberId, SuppressionReason};

/// How often somebody may come back by a link: each time the owner is told, and no mailbox is filled.
const BETWEEN_RETURNS: TimeDelta = TimeDelta::hours(24);

/// The subscriber `$1`, when they left by themselves at `$2` or later, did not come back after `$3` and may be written to.
const MAY_COME_BACK: &str = "SELECT s.id FROM subscribers s WHERE s.id = $1 AND s.state = 'ended' \
    AND s.end_reason = 'unsubscribed' AND s.since >= $2 AND (s.returned IS NULL OR s.returned <= $3) \
    AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = s.address_hash) \
    AND EXISTS (SELECT 1 FROM subscriptions t WHERE t.subscriber = s.id) \
    AND EXISTS (SELECT 1 FROM consents c WHERE c.subscriber = s.id AND c.action = 'left' AND c.at = s.since)";

impl Store {
    /// A subscriber leaves by themselves; that is kept with the proofs, unless all that ends is that they are asked.
    /// `false` when the subscription had ended before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave(&self, id: SubscriberId, proof: &Proof, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let active = sqlx::query("UPDATE subscribers SET since = since WHERE id = $1 AND state = 'active'")
            .bind(id.number())
            .execute(&mut *transaction)
            .await?;
        let ended = end_within(&mut transaction, id, EndReason::Unsubscribed.into(), now).await?;
        if active.rows_affected() > 0 {
            consents::keep(&mut transaction, id, ConsentAction::Left, proof, now).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }

    /// Whoever left by themselves at `since` or later comes back, to the same topics at the same frequency, once a day, and
    /// is told so by `letter`; `false` for anybody else, and for a suppressed address.
    ///
    /// # Errors
    /// Those of `letter`; when the database does not answer, or was opened without its key.
    pub async fn come_back<E: From<StoreError>>(
        &self,
        id: SubscriberId,
        since: DateTime<Utc>,
        proof: &Proof,
        now: DateTime<Utc>,
        letter: impl FnOnce() -> Result<Question, E> + Send,
    ) -> Result<bool, E> {
        let mut transaction = self.begin().await?;
        let statement = format!("UPDATE subscribers SET returned = $4 WHERE id IN ({MAY_COME_BACK})");
        let done = sqlx::query(AssertSqlSafe(statement))
            .bind(id.number())
            .bind(micros(since))
            .bind(micros(now - BETWEEN_RETURNS))
            .bind(micros(now))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        activate(&mut transaction, id, now).await?;
        consents::keep(&mut transaction, id, ConsentAction::Returned, proof, now).await?;
        self.post_question(&mut transaction, id, &letter()?, now).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(true)
    }

    /// Whether somebody could come back now ([`Self::come_back`]).
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn may_come_back(
        &self,
        id: SubscriberId,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let query =
            sqlx::query(MAY_COME_BACK).bind(id.number()).bind(micros(since)).bind(micros(now - BETWEEN_RETURNS));
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// Ends a subscription: letters not yet handed over are skipped. A bounce, a complaint and an erasure suppress the
    /// address too; an erasure also removes what tells who it was. `false` when it had ended before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end(&self, id: SubscriberId, reason: EndReason, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let ended = end_within(&mut transaction, id, reason.into(), now).await?;
        transaction.commit().await?;
        Ok(ended)
    }
}

/// How a subscription ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) reason: EndReason,
    /// Why nothing is sent to the address any more, when that is so.
    pub(super) suppressed: Option<SuppressionReason>,
}

impl From<EndReason> for Ending {
    fn from(reason: EndReason) -> Self {
        let suppressed = match reason {
            EndReason::Unsubscribed | EndReason::Removed => None,
            EndReason::Bounced => Some(SuppressionReason::Bounced),
            EndReason::Complained => Some(SuppressionReason::Complained),
            EndReason::Erased => Some(SuppressionReason::Erased),
        };
        Self { reason, suppressed }
    }
}

/// Ends a subscription; `false` when it had ended before. Who was only asked again, and does not want to, has ended as before.
pub(super) async fn end_within(
    connection: &mut AnyConnection,
    id: SubscriberId,
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Ending { reason, suppressed } = ending;
    let row = sqlx::query(
        "UPDATE subscribers SET state = 'ended', since = $2, asked = NULL, \
         end_reason = CASE WHEN $3 = 'unsubscribed' THEN COALESCE(end_reason, $3) ELSE $3 END \
         WHERE id = $1 AND (state <> 'ended' OR ($3 = 'erased' AND address <> '')) RETURNING id, address, address_hash",
    )
    .bind(id.number())
    .bind(micros(now))
    .bind(reason.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let fields = Fields::keyed_by(&row, "subscribers", "id");
    let (address, hash) = (fields.text("address")?, fields.text("address_hash")?);
    let skipped = match reason {
        EndReason::Unsubscribed | EndReason::Removed | EndReason::Erased => SkipReason::Unsubscribed,
        EndReason::Bounced | EndReason::Complained => SkipReason::Suppressed,
    };
    sqlx::query(
        "UPDATE deliveries SET state = 'skipped', skip_reason = $2, since = $3, owner = NULL, lease_until = NULL \
         WHERE subscriber = $1 AND state IN ('queued', 'leased')",
    )
    .bind(id.number())
    .bind(skipped.as_str())
    .bind(micros(now))
    .execute(&mut *connection)
    .await?;
    if let Some(suppressed) = suppressed {
        suppressions::add(connection, &hash, suppressed, now).await?;
    }
    if reason == EndReason::Erased {
        forgetting::forget(connection, id, &address, &hash, now).await?;
    }
    Ok(true)
}
