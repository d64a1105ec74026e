//! Another address for a subscription: both sides agree before it takes effect, and nobody learns who subscribes.

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;

use super::address_rows::{AddressChange, change_from, was_not_asked_of_late};
use super::consents::{self, ConsentAction};
use super::endings::end_within;
use super::row::{Fields, micros};
use super::{Proof, Question, Store, StoreError, ids, requests, subscribers, suppressions};
use crate::domain::{AddressChangeId, EmailAddress, EndReason, SubscriberId, SuppressionReason};

/// One of the two addresses of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSide {
    /// The present one.
    Old,
    /// The new one.
    New,
}

/// What came of asking for another address. People are told the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedAddress {
    /// The change.
    pub change: AddressChangeId,
    /// Whether the new address is written to: it may be suppressed, or have been asked a short time ago.
    pub write_to_new: bool,
}

/// What came of agreeing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressAnswer {
    /// The other side has not agreed yet.
    Waiting,
    /// The subscription has the new address.
    Done,
    /// There is no such change any more, or it cannot take effect.
    Over,
}

/// Both sides of a change are written to.
const LETTERS_OF_A_CHANGE: i64 = 2;

impl Store {
    /// Somebody asked for another address. What was asked for before is void; the `questions` to both sides are queued at
    /// once, for a side that is not asked now is not asked for a day. `None` when too many letters were asked for of late, and
    /// for a subscriber who is not active, or has that address.
    ///
    /// # Errors
    /// Those of `questions`; when the database does not answer, or was opened without its key.
    pub async fn ask_address<E: From<StoreError>>(
        &self,
        id: SubscriberId,
        address: &EmailAddress,
        proof: &Proof,
        now: DateTime<Utc>,
        questions: impl FnOnce(AskedAddress) -> Result<Vec<Question>, E> + Send,
    ) -> Result<Option<AskedAddress>, E> {
        let hash = self.address_hash(address)?;
        let mut transaction = self.begin().await?;
        if !requests::may_write(&mut transaction, id, LETTERS_OF_A_CHANGE, now).await? {
            return Ok(None);
        }
        let asked = begin_change(&mut transaction, id, address, &hash, now).await?;
        if let Some(asked) = asked {
            consents::keep(&mut transaction, id, ConsentAction::AddressAsked, proof, now).await?;
            for question in questions(asked)? {
                self.post_question(&mut transaction, id, &question, now).await?;
            }
        }
        // What was asked for in vain counts, too.
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(asked)
    }

    /// One side agrees. Once both have, the subscription has the new address. Should that be subscribed by then, its own
    /// subscription takes over the topics and the other one ends.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn agree_to_address(
        &self,
        id: AddressChangeId,
        side: AddressSide,
        proof: &Proof,
        now: DateTime<Utc>,
    ) -> Result<AddressAnswer, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query("SELECT id, address_hash FROM address_changes WHERE id = $1")
            .bind(id.number())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(AddressAnswer::Over) };
        let hash = Fields::keyed_by(&row, "address_changes", "id").text("address_hash")?;
        suppressions::hold(&mut transaction, &[&hash]).await?;
        let agreed = match side {
            AddressSide::Old => {
                "UPDATE address_changes SET old_agreed = COALESCE(old_agreed, $2) WHERE id = $1 RETURNING *"
            }
            AddressSide::New => {
                "UPDATE address_changes SET new_agreed = COALESCE(new_agreed, $2) WHERE id = $1 RETURNING *"
            }
        };
        let row = sqlx::query(agreed).bind(id.number()).bind(micros(now)).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(AddressAnswer::Over) };
        let change = change_from(&row)?;
        if change.done.is_some() {
            return Ok(AddressAnswer::Done);
        }
        let (action, is_new) = match side {
            AddressSide::Old => (ConsentAction::AddressLeft, change.old_agreed == Some(now)),
            AddressSide::New => (ConsentAction::AddressTaken, change.new_agreed == Some(now)),
        };
        if is_new {
            consents::keep(&mut transaction, change.subscriber, action, proof, now).await?;
        }
        let answer = if change.old_agreed.is_none() || change.new_agreed.is_none() {
            AddressAnswer::Waiting
        } else if take_effect(&mut transaction, &change, &hash, now).await? {
            sqlx::query("UPDATE address_changes SET done = $2 WHERE id = $1")
                .bind(id.number())
                .bind(micros(now))
                .execute(&mut *transaction)
                .await?;
            AddressAnswer::Done
        } else {
            return Ok(AddressAnswer::Over);
        };
        transaction.commit().await?;
        Ok(answer)
    }

    /// The present address refuses; `false` when there is nothing to refuse any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refuse_address(
        &self,
        id: AddressChangeId,
        proof: &Proof,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query("DELETE FROM address_changes WHERE id = $1 AND done IS NULL RETURNING id, subscriber")
            .bind(id.number())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(false) };
        let subscriber = Fields::keyed_by(&row, "address_changes", "id").number("subscriber")?;
        consents::keep(&mut transaction, SubscriberId::new(subscriber), ConsentAction::AddressRefused, proof, now)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Puts a change of address in the place of the one before; `None` for a subscriber who is not active, or has that address.
async fn begin_change(
    connection: &mut AnyConnection,
    id: SubscriberId,
    address: &EmailAddress,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<AskedAddress>, StoreError> {
    let done = sqlx::query("UPDATE subscribers SET id = id WHERE id = $1 AND state = 'active' AND folded <> $2")
        .bind(id.number())
        .bind(address.folded())
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query("DELETE FROM address_changes WHERE subscriber = $1")
        .bind(id.number())
        .execute(&mut *connection)
        .await?;
    let change = ids::random_address_change()?;
    sqlx::query(
        "INSERT INTO address_changes (id, subscriber, address, address_hash, asked) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(change.number())
    .bind(id.number())
    .bind(address.as_str())
    .bind(hash)
    .bind(micros(now))
    .execute(&mut *connection)
    .await?;
    let write_to_new = may_be_asked(connection, hash).await? && was_not_asked_of_late(connection, hash, now).await?;
    Ok(Some(AskedAddress { change, write_to_new }))
}

/// Whether an address may be written to although it has no subscription: an erasure is lifted by its owner's own word.
async fn may_be_asked(connection: &mut AnyConnection, hash: &str) -> Result<bool, StoreError> {
    Ok(match suppressions::reason(connection, hash).await? {
        None | Some(SuppressionReason::Erased) => true,
        Some(SuppressionReason::Bounced | SuppressionReason::Complained | SuppressionReason::Blocked) => false,
    })
}

/// Gives an active subscription the address that both sides agreed to; `false` when that cannot be any more.
async fn take_effect(
    connection: &mut AnyConnection,
    change: &AddressChange,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let id = change.subscriber;
    let row = sqlx::query("UPDATE subscribers SET id = id WHERE id = $1 AND state = 'active' RETURNING id, state")
        .bind(id.number())
        .fetch_optional(&mut *connection)
        .await?;
    if row.is_none() || !may_be_asked(connection, hash).await? {
        return Ok(false);
    }
    let other = sqlx::query("UPDATE subscribers SET id = id WHERE folded = $1 RETURNING id, state")
        .bind(change.address.folded())
        .fetch_optional(&mut *connection)
        .await?;
    let other = other.map(|row| Fields::keyed_by(&row, "subscribers", "id").number("id")).transpose()?;
    match other {
        Some(other) if other != id.number() => merge(connection, id, SubscriberId::new(other), now).await?,
        Some(_) | None => {
            leave_behind(connection, id, id, now).await?;
            sqlx::query("UPDATE subscribers SET address = $2, folded = $3, address_hash = $4 WHERE id = $1")
                .bind(id.number())
                .bind(change.address.as_str())
                .bind(change.address.folded())
                .bind(hash)
                .execute(&mut *connection)
                .await?;
        }
    }
    sqlx::query("DELETE FROM suppressions WHERE address_hash = $1 AND reason = 'erased'")
        .bind(hash)
        .execute(&mut *connection)
        .await?;
    Ok(true)
}

/// Remembers that the address of `id` was one of `heir`'s: whoever is forgotten is forgotten there, too.
async fn leave_behind(
    connection: &mut AnyConnection,
    id: SubscriberId,
    heir: SubscriberId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO former_addresses (subscriber, address_hash, gone) SELECT $1, s.address_hash, $3 FROM subscribers s \
         WHERE s.id = $2 ON CONFLICT (subscriber, address_hash) DO UPDATE SET gone = excluded.gone",
    )
    .bind(heir.number())
    .bind(id.number())
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the subscription `id`; `into` has its topics besides its own, and is active.
async fn merge(
    connection: &mut AnyConnection,
    id: SubscriberId,
    into: SubscriberId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let was_active = sqlx::query("SELECT id FROM subscribers WHERE id = $1 AND state = 'active'")
        .bind(into.number())
        .fetch_optional(&mut *connection)
        .await?;
    if was_active.is_none() {
        sqlx::query("DELETE FROM subscriptions WHERE subscriber = $1")
            .bind(into.number())
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "UPDATE subscribers SET frequency = (SELECT o.frequency FROM subscribers o WHERE o.id = $2), \
             language = (SELECT o.language FROM subscribers o WHERE o.id = $2) WHERE id = $1",
        )
        .bind(into.number())
        .bind(id.number())
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query(
        "INSERT INTO subscriptions (subscriber, topic) SELECT $1, t.topic FROM subscriptions t WHERE t.subscriber = $2 \
         AND NOT EXISTS (SELECT 1 FROM subscriptions o WHERE o.subscriber = $1 AND o.topic = t.topic)",
    )
    .bind(into.number())
    .bind(id.number())
    .execute(&mut *connection)
    .await?;
    leave_behind(connection, id, into, now).await?;
    subscribers::activate(connection, into, now).await?;
    // What the owner of that address agreed to.
    let agreed =
        "SELECT id, words, source FROM consents WHERE subscriber = $1 AND action = $2 ORDER BY id DESC LIMIT 1";
    let row = sqlx::query(agreed)
        .bind(id.number())
        .bind(ConsentAction::AddressTaken.as_str())
        .fetch_one(&mut *connection)
        .await?;
    let fields = Fields::keyed_by(&row, "consents", "id");
    let proof = Proof { words: fields.text("words")?, source: fields.text("source")? };
    consents::keep(connection, into, ConsentAction::Confirmed, &proof, now).await?;
    end_within(connection, id, EndReason::Unsubscribed.into(), now).await?;
    Ok(())
}
