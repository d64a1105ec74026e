//! Pauses: a subscriber wants no letters for a while. Audiences and claims leave them out; nothing is sent later.

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;

use super::consents::{self, ConsentAction};
use super::row::{Fields, micros};
use super::{Proof, Store, StoreError};
use crate::domain::{Pause, SkipReason, SubscriberId};

impl Store {
    /// An active subscriber gets no letters until `until`, not those on their way either; `false` for one who is not
    /// active. Whoever pauses already does so since the same instant; until the same one, too, is no change to prove.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pause(
        &self,
        id: SubscriberId,
        until: DateTime<Utc>,
        proof: &Proof,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "UPDATE subscribers SET id = id WHERE id = $1 AND state = 'active' RETURNING id, paused_since, paused_until",
        )
        .bind(id.number())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let before = pause_from(&Fields::keyed_by(&row, "subscribers", "id"))?;
        if before.is_some_and(|pause| pause.covers(now) && pause.until == until) {
            return Ok(true);
        }
        begin(&mut transaction, id, until, now).await?;
        sqlx::query(
            "UPDATE deliveries SET state = 'skipped', skip_reason = $2, since = $3, owner = NULL, lease_until = NULL \
             WHERE subscriber = $1 AND edition IS NOT NULL AND state IN ('queued', 'leased')",
        )
        .bind(id.number())
        .bind(SkipReason::Paused.as_str())
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        consents::keep(&mut transaction, id, ConsentAction::Paused, proof, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends a pause before its time; `false` when there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resume(&self, id: SubscriberId, proof: &Proof, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE subscribers SET paused_until = $2 WHERE id = $1 AND state = 'active' AND paused_until > $2",
        )
        .bind(id.number())
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        consents::keep(&mut transaction, id, ConsentAction::Resumed, proof, now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// An active subscriber is to get no letters until `until`; `false` for one who is not active.
pub(super) async fn begin(
    connection: &mut AnyConnection,
    id: SubscriberId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE subscribers SET paused_since = CASE WHEN paused_until > $3 THEN paused_since ELSE $3 END, \
         paused_until = $2 WHERE id = $1 AND state = 'active'",
    )
    .bind(id.number())
    .bind(micros(until))
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The last pause of a subscriber's row.
pub(super) fn pause_from(fields: &Fields<'_>) -> Result<Option<Pause>, StoreError> {
    let (since, until) = (fields.instant_or_none("paused_since")?, fields.instant_or_none("paused_until")?);
    Ok(since.zip(until).map(|(since, until)| Pause { since, until }))
}
