//! What is only asked for by a subscriber's link, and done by a letter: those letters are counted, so that whoever holds a
//! forwarded link cannot fill a mailbox.

use chrono::{DateTime, TimeDelta, Utc};

use super::optin::{self, ConsentAction};
use super::row::micros;
use super::{Proof, Store, StoreError};
use crate::domain::SubscriberId;

/// At most so many letters…
const MOST_LETTERS: i64 = 6;

/// …in this time are written because somebody with a subscriber's link asked for them.
const LETTERS_WITHIN: TimeDelta = TimeDelta::hours(1);

impl Store {
    /// Counts `letters` that are to be written because somebody with a subscriber's link asked for them; `false`, and nothing
    /// counted, when there were too many of late, or the subscriber was erased.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn may_write(&self, id: SubscriberId, letters: u32, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE subscribers SET letters = CASE WHEN letters_since > $3 THEN letters + $2 ELSE $2 END, \
             letters_since = CASE WHEN letters_since > $3 THEN letters_since ELSE $4 END \
             WHERE id = $1 AND address <> '' AND (letters_since IS NULL OR letters_since <= $3 OR letters + $2 <= $5)",
        )
        .bind(id.number())
        .bind(i64::from(letters))
        .bind(micros(now - LETTERS_WITHIN))
        .bind(micros(now))
        .bind(MOST_LETTERS)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Keeps that somebody asked for what happens only through a letter: a copy of what is kept, to be forgotten.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_proof(
        &self,
        id: SubscriberId,
        action: ConsentAction,
        proof: &Proof,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        optin::keep(&mut transaction, id, action, proof, now).await?;
        transaction.commit().await?;
        Ok(())
    }
}
