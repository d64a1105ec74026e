//! Double opt-in: asking at most once a day, and confirming.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;

use super::consents::{self, ConsentAction};
use super::row::{Fields, micros};
use super::{Proof, SingleLetter, Store, StoreError, ids, notices, subscribers, suppressions};
use crate::domain::{Mailbox, NewSubscriber, RenderedLetter, SubscriberId, SuppressionReason};

/// What came of asking for a subscription. People are told the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The subscriber; nobody for a suppressed address, of which nothing is kept.
    pub id: SubscriberId,
    /// Whether a letter was queued that asks them.
    pub is_written_to: bool,
}

/// Who is to be written to because their address was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wished {
    /// The subscriber.
    pub id: SubscriberId,
    /// Whether they have a subscription already.
    pub is_active: bool,
}

/// At most one confirmation an address in this time.
const BETWEEN_CONFIRMATIONS: TimeDelta = TimeDelta::hours(24);

impl Store {
    /// Somebody asked for a subscription: the `letter` that asks its owner is queued at once, for who is not written to now is
    /// not written to for a day. Whoever is active keeps what they have until they change it themselves: anybody can type
    /// anybody's address. At most one letter goes to an address in 24 hours, and none to one that is suppressed (but for an
    /// erasure, which a confirmation lifts): of that nothing is written.
    ///
    /// # Errors
    /// Those of `letter`; when the database does not answer, or was opened without its key.
    pub async fn subscribe_pending<E: From<StoreError>>(
        &self,
        new: &NewSubscriber,
        proof: &Proof,
        now: DateTime<Utc>,
        letter: impl FnOnce(Wished) -> Result<RenderedLetter, E> + Send,
    ) -> Result<Asked, E> {
        let hash = self.address_hash(&new.address)?;
        let mut transaction = self.begin().await?;
        suppressions::hold(&mut transaction, &[&hash]).await?;
        match suppressions::reason(&mut transaction, &hash).await? {
            None | Some(SuppressionReason::Erased) => {}
            // Nobody is asked: there is nothing to keep.
            Some(SuppressionReason::Bounced | SuppressionReason::Complained | SuppressionReason::Blocked) => {
                return Ok(Asked { id: ids::random_subscriber()?, is_written_to: false });
            }
        }
        let settled = subscribers::settle(&mut transaction, new, &hash, now).await?;
        let is_written_to = settled.asked.is_none_or(|asked| asked + BETWEEN_CONFIRMATIONS <= now);
        if is_written_to {
            let is_active = settled.state == "active";
            if !is_active {
                subscribers::describe(&mut transaction, settled.id, new).await?;
            }
            sqlx::query(
                "UPDATE subscribers SET asked = $2, since = CASE WHEN state = 'active' THEN since ELSE $2 END, \
                 state = CASE WHEN state = 'active' THEN state ELSE 'pending' END WHERE id = $1",
            )
            .bind(settled.id.number())
            .bind(micros(now))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
            consents::keep(&mut transaction, settled.id, ConsentAction::Asked, proof, now).await?;
            let letter = letter(Wished { id: settled.id, is_active })?;
            // Whoever typed the address typed the name, too: a letter to somebody who asked for nothing carries no words of theirs.
            let recipient = Mailbox::new(None, new.address.clone());
            let single = SingleLetter {
                letter: &letter,
                recipient: &recipient,
                subscriber: Some(settled.id),
                due: now,
                cause: None,
            };
            notices::post(&mut transaction, &single, &hash, now).await?;
        }
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(Asked { id: settled.id, is_written_to })
    }

    /// A subscription is confirmed: it is active from now on. Confirming twice is no harm; `false` when it ended or was
    /// removed meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn confirm(&self, id: SubscriberId, proof: &Proof, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let statement = format!(
            "UPDATE subscribers SET state = 'active', since = $2, covered = {}, owed = NULL, owed_until = NULL, \
             paused_since = NULL, paused_until = NULL, end_reason = NULL \
             WHERE id = $1 AND state = 'pending' RETURNING id, address_hash",
            subscribers::LAST_TURN
        );
        let row = sqlx::query(AssertSqlSafe(statement))
            .bind(id.number())
            .bind(micros(now))
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else {
            let active = sqlx::query("SELECT 1 FROM subscribers WHERE id = $1 AND state = 'active'")
                .bind(id.number())
                .fetch_optional(&mut *transaction)
                .await?;
            return Ok(active.is_some());
        };
        let hash = Fields::keyed_by(&row, "subscribers", "id").text("address_hash")?;
        consents::keep(&mut transaction, id, ConsentAction::Confirmed, proof, now).await?;
        sqlx::query("DELETE FROM suppressions WHERE address_hash = $1 AND reason = 'erased'")
            .bind(hash)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}
