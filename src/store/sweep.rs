//! Finding what nobody finished: leases that ran out, and letters whose reply was lost.

use chrono::{DateTime, TimeDelta, Utc};

use super::editions::resends;
use super::row::micros;
use super::{Store, StoreError};
use crate::config::OnLostReply;

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Claims that ran out before the letter was begun: queued again.
    pub requeued: u64,
    /// Claims that ran out while the letter was in flight: perhaps accepted.
    pub lost: u64,
    /// Letters perhaps accepted, long enough ago to be sent once more: queued.
    pub resent: u64,
}

impl Store {
    /// Takes up what was left behind: claims that ran out by `now`, and letters whose reply was lost at least
    /// `resend_after` ago, once each where `on_lost_reply` allows it. What came back for a cancelled edition is skipped.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(
        &self,
        now: DateTime<Utc>,
        on_lost_reply: OnLostReply,
        resend_after: TimeDelta,
    ) -> Result<Swept, StoreError> {
        self.in_time(self.sweep_now(now, on_lost_reply, resend_after)).await
    }

    async fn sweep_now(
        &self,
        now: DateTime<Utc>,
        on_lost_reply: OnLostReply,
        resend_after: TimeDelta,
    ) -> Result<Swept, StoreError> {
        let mut transaction = self.begin().await?;
        let requeued = sqlx::query(
            "UPDATE deliveries SET state = 'queued', owner = NULL, lease_until = NULL, since = $1, attempt = attempt - 1 \
             WHERE owner IS NOT NULL AND state = 'leased' AND lease_until <= $1",
        )
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        let lost = sqlx::query(
            "UPDATE deliveries SET state = 'unknown', lost = lost + 1, since = $1 \
             WHERE owner IS NOT NULL AND state = 'in_flight' AND lease_until <= $1",
        )
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        let resent = sqlx::query(
            "UPDATE deliveries SET state = 'queued', owner = NULL, lease_until = NULL, since = $1, due = $1 \
             WHERE state = 'unknown' AND lost <= $2 AND since <= $3",
        )
        .bind(micros(now))
        .bind(resends(on_lost_reply))
        .bind(micros(now - resend_after))
        .execute(&mut *transaction)
        .await?;
        // What was in flight when its edition was cancelled, and came back.
        sqlx::query(
            "UPDATE deliveries SET state = 'skipped', skip_reason = 'cancelled', since = $1 \
             WHERE state = 'queued' AND edition IN (SELECT id FROM editions WHERE state = 'cancelled')",
        )
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Swept { requeued: requeued.rows_affected(), lost: lost.rows_affected(), resent: resent.rows_affected() })
    }

    /// Ends the claims of a process that is gone: `owner`'s, or all of them where there is one daemon only. What was
    /// not begun is queued again, what was in flight is unknown since `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn void_leases(&self, owner: Option<&str>, now: DateTime<Utc>) -> Result<Swept, StoreError> {
        let mut transaction = self.begin().await?;
        let requeued = sqlx::query(
            "UPDATE deliveries SET state = 'queued', owner = NULL, lease_until = NULL, since = $1, \
             attempt = attempt - 1 WHERE state = 'leased' AND owner IS NOT NULL AND ($2 IS NULL OR owner = $2)",
        )
        .bind(micros(now))
        .bind(owner)
        .execute(&mut *transaction)
        .await?;
        let lost = sqlx::query(
            "UPDATE deliveries SET state = 'unknown', owner = NULL, lease_until = NULL, lost = lost + 1, since = $1 \
             WHERE state = 'in_flight' AND owner IS NOT NULL AND ($2 IS NULL OR owner = $2)",
        )
        .bind(micros(now))
        .bind(owner)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Swept { requeued: requeued.rows_affected(), lost: lost.rows_affected(), resent: 0 })
    }
}
