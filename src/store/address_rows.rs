//! Changes of address as rows: what was asked for, and when an address was last asked.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::row::{Fields, micros};
use super::{Store, StoreError};
use crate::domain::{AddressChangeId, EmailAddress, SubscriberId};

/// A change of address that was asked for and is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressChange {
    /// Whose.
    pub subscriber: SubscriberId,
    /// The new address.
    pub address: EmailAddress,
    /// When it was asked for.
    pub asked: DateTime<Utc>,
    /// When the present address agreed.
    pub old_agreed: Option<DateTime<Utc>>,
    /// When the new address agreed.
    pub new_agreed: Option<DateTime<Utc>>,
    /// When it took effect.
    pub done: Option<DateTime<Utc>>,
}

/// An address is asked at most once in this time whether it takes over a subscription.
const BETWEEN_QUESTIONS: TimeDelta = TimeDelta::hours(24);

/// How the time of the last question is remembered.
const QUESTION: &str = "address-change";

impl Store {
    /// The change with this number, also one that took effect; `None` when it was refused, replaced or forgotten.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn address_change(&self, id: AddressChangeId) -> Result<Option<AddressChange>, StoreError> {
        let row = sqlx::query("SELECT * FROM address_changes WHERE id = $1")
            .bind(id.number())
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(change_from).transpose()
    }

    /// The change that was last asked for by a subscriber's link.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn address_change_of(&self, id: SubscriberId) -> Result<Option<AddressChange>, StoreError> {
        let row = sqlx::query("SELECT * FROM address_changes WHERE subscriber = $1")
            .bind(id.number())
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(change_from).transpose()
    }
}

/// Remembers that an address is asked now; `false` when it was a short time ago.
pub(super) async fn was_not_asked_of_late(
    connection: &mut AnyConnection,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO notices_told (cause, address_hash, at) VALUES ($1, $2, $3) \
         ON CONFLICT (cause, address_hash) DO UPDATE SET at = excluded.at WHERE notices_told.at <= $4",
    )
    .bind(QUESTION)
    .bind(hash)
    .bind(micros(now))
    .bind(micros(now - BETWEEN_QUESTIONS))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets the changes to an address, and that it was asked.
pub(super) async fn forget(connection: &mut AnyConnection, hash: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM address_changes WHERE address_hash = $1").bind(hash).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM notices_told WHERE cause = $1 AND address_hash = $2")
        .bind(QUESTION)
        .bind(hash)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets what was asked for before `before`.
pub(super) async fn purge(connection: &mut AnyConnection, before: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM address_changes WHERE asked < $1").bind(micros(before)).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM notices_told WHERE cause = $1 AND at < $2")
        .bind(QUESTION)
        .bind(micros(before))
        .execute(connection)
        .await?;
    Ok(())
}

/// Reads a change's row.
pub(super) fn change_from(row: &AnyRow) -> Result<AddressChange, StoreError> {
    let fields = Fields::keyed_by(row, "address_changes", "id");
    Ok(AddressChange {
        subscriber: SubscriberId::new(fields.number("subscriber")?),
        address: fields.parsed("address")?,
        asked: fields.instant("asked")?,
        old_agreed: fields.instant_or_none("old_agreed")?,
        new_agreed: fields.instant_or_none("new_agreed")?,
        done: fields.instant_or_none("done")?,
    })
}
