//! What is only asked for by a subscriber's link, and done by a letter: those letters are counted, so that whoever holds a
//! forwarded link cannot fill a mailbox. What is asked for and the letters that follow are one commit. What the link changes
//! by itself is counted, too, for each change leaves a proof.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AnyConnection;

use super::consents::{self, ConsentAction};
use super::row::micros;
use super::{Proof, SingleLetter, Store, StoreError, notices};
use crate::domain::{Mailbox, RenderedLetter, SubscriberId};

/// At most so many letters…
const MOST_LETTERS: i64 = 6;

/// …in this time are written because somebody with a subscriber's link asked for them.
const LETTERS_WITHIN: TimeDelta = TimeDelta::hours(1);

/// At most so many changes…
const MOST_CHANGES: i64 = 50;

/// …in this time are made by a subscriber's link. Leaving is none.
const CHANGES_WITHIN: TimeDelta = TimeDelta::hours(24);

/// A letter that follows from what was asked for by a subscriber's link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What it says.
    pub letter: RenderedLetter,
    /// Who receives it.
    pub recipient: Mailbox,
}

/// Counts `letters` that are to be written because somebody with a subscriber's link asked for them; `false`, and nothing
/// counted, when there were too many of late, or the subscriber was erased.
pub(super) async fn may_write(
    connection: &mut AnyConnection,
    id: SubscriberId,
    letters: i64,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE subscribers SET letters = CASE WHEN letters_since > $3 THEN letters + $2 ELSE $2 END, \
         letters_since = CASE WHEN letters_since > $3 THEN letters_since ELSE $4 END \
         WHERE id = $1 AND address <> '' AND (letters_since IS NULL OR letters_since <= $3 OR letters + $2 <= $5)",
    )
    .bind(id.number())
    .bind(letters)
    .bind(micros(now - LETTERS_WITHIN))
    .bind(micros(now))
    .bind(MOST_LETTERS)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

impl Store {
    /// Counts a change that somebody with a subscriber's link asks for; `false`, and nothing counted, when there were too many
    /// of late.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn may_change(&self, id: SubscriberId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE subscribers SET changes = CASE WHEN changes_since > $2 THEN changes + 1 ELSE 1 END, \
             changes_since = CASE WHEN changes_since > $2 THEN changes_since ELSE $3 END \
             WHERE id = $1 AND (changes_since IS NULL OR changes_since <= $2 OR changes < $4)",
        )
        .bind(id.number())
        .bind(micros(now - CHANGES_WITHIN))
        .bind(micros(now))
        .bind(MOST_CHANGES)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Somebody asked for what happens only through a letter to the owner: a copy of what is kept, to be forgotten. That, and
    /// the `question`, are kept; `false`, and nothing kept, when too many letters were asked for of late.
    ///
    /// # Errors
    /// Those of `question`; when the database does not answer, or was opened without its key.
    pub async fn ask_owner<E: From<StoreError>>(
        &self,
        id: SubscriberId,
        action: ConsentAction,
        proof: &Proof,
        now: DateTime<Utc>,
        question: impl FnOnce() -> Result<Question, E> + Send,
    ) -> Result<bool, E> {
        let mut transaction = self.begin().await?;
        if !may_write(&mut transaction, id, 1, now).await? {
            return Ok(false);
        }
        consents::keep(&mut transaction, id, action, proof, now).await?;
        self.post_question(&mut transaction, id, &question()?, now).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(true)
    }

    /// Queues a letter that follows from what `id`'s link was used for.
    pub(super) async fn post_question(
        &self,
        connection: &mut AnyConnection,
        id: SubscriberId,
        question: &Question,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Question { letter, recipient } = question;
        let hash = self.address_hash(&recipient.address)?;
        let single = SingleLetter { letter, recipient, subscriber: Some(id), due: now, cause: None };
        notices::post(connection, &single, &hash, now).await?;
        Ok(())
    }
}
