//! Letters to one recipient: confirmations, and what the office is told, once per cause.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::deliveries::{self, NewDelivery};
use super::row::{micros, placeholders};
use super::{Store, StoreError, letters};
use crate::domain::{DeliveryId, Mailbox, RenderedLetter, SubscriberId};

/// How many causes one statement may list.
const CAUSES_IN_A_STATEMENT: usize = 500;

/// One letter for one recipient.
#[derive(Debug, Clone, Copy)]
pub struct SingleLetter<'a> {
    /// What it says.
    pub letter: &'a RenderedLetter,
    /// Who receives it.
    pub recipient: &'a Mailbox,
    /// The subscriber it is about, for a confirmation.
    pub subscriber: Option<SubscriberId>,
    /// When it leaves.
    pub due: DateTime<Utc>,
    /// What it tells of; the same cause is told to the same recipient once.
    pub cause: Option<&'a str>,
}

/// Queues one letter to who has this address.
pub(super) async fn post(
    connection: &mut AnyConnection,
    single: &SingleLetter<'_>,
    address_hash: &str,
    now: DateTime<Utc>,
) -> Result<DeliveryId, StoreError> {
    let letter = letters::add(connection, single.letter).await?;
    let delivery = NewDelivery {
        letter,
        edition: None,
        subscriber: single.subscriber,
        name: single.recipient.name.as_deref(),
        address: single.recipient.address.as_str(),
        address_hash,
        language: single.letter.language.code(),
        topics: String::new(),
        contents: &[],
        follows: None,
        due: single.due,
    };
    let (id, _) = deliveries::add(connection, &[delivery], now).await?;
    Ok(id)
}

impl Store {
    /// Queues one letter to one recipient; `None` when this cause was told to them before.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn post_letter(
        &self,
        single: &SingleLetter<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<DeliveryId>, StoreError> {
        self.in_time(self.put_letter(single, now)).await
    }

    async fn put_letter(
        &self,
        single: &SingleLetter<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<DeliveryId>, StoreError> {
        let address_hash = self.address_hash(&single.recipient.address)?;
        let mut transaction = self.begin().await?;
        if let Some(cause) = single.cause {
            let done = sqlx::query(
                "INSERT INTO notices_told (cause, address_hash, at) VALUES ($1, $2, $3) \
                 ON CONFLICT (cause, address_hash) DO NOTHING",
            )
            .bind(cause)
            .bind(&address_hash)
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(None);
            }
        }
        let id = post(&mut transaction, single, &address_hash, now).await?;
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// Whether any of `causes` was told to anybody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn was_told(&self, causes: &[String]) -> Result<bool, StoreError> {
        for some in causes.chunks(CAUSES_IN_A_STATEMENT) {
            let statement =
                format!("SELECT 1 FROM notices_told WHERE cause IN ({}) LIMIT 1", placeholders(1, some.len()));
            let query = sqlx::query(AssertSqlSafe(statement));
            let query = some.iter().fold(query, sqlx::query::Query::bind);
            if query.fetch_optional(&self.read).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Remembers that `cause` needs no telling: what was told of another one said it, too.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_as_told(&self, cause: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO notices_told (cause, address_hash, at) VALUES ($1, '', $2) \
             ON CONFLICT (cause, address_hash) DO NOTHING",
        )
        .bind(cause)
        .bind(micros(now))
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// Forgets that `cause` was told, to all: it ended, and is news when it comes back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_cause(&self, cause: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM notices_told WHERE cause = $1").bind(cause).execute(&self.write).await?;
        Ok(())
    }
}
