//! Forgetting what was asked for and never confirmed: subscriptions, other addresses, and what is done by a letter alone.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::forgetting::{blank, each_of, numbers};
use super::row::micros;
use super::{Store, StoreError, address_rows};

/// Whether a subscriber signed up by the form, and nothing else is known of them: nobody confirmed it, nor did the office
/// vouch, nor a list say that they want nothing.
const NEVER_SUBSCRIBED: &str = "EXISTS (SELECT 1 FROM consents c WHERE c.subscriber = subscribers.id \
    AND c.action = 'asked' AND c.at = subscribers.created) \
    AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.subscriber = subscribers.id \
    AND c.action IN ('confirmed', 'vouched', 'declined'))";

impl Store {
    /// Removes those who asked for a subscription and had not confirmed it by `before`, also when that has ended meanwhile;
    /// gives how many. One who had subscribed and left before, and was only asked again, is as before: the proof and the
    /// links in old letters stay. What was asked before then of other addresses, or by letter, is forgotten, too.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purge_unconfirmed(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let statement = format!(
            "UPDATE subscribers SET state = 'ended', end_reason = COALESCE(end_reason, 'unsubscribed') \
             WHERE state = 'pending' AND since < $1 AND NOT ({NEVER_SUBSCRIBED})"
        );
        sqlx::query(AssertSqlSafe(statement)).bind(micros(before)).execute(&mut *transaction).await?;
        address_rows::purge(&mut transaction, before).await?;
        // Their rows are locked: nobody confirms at this moment. One whose letter is being handed over has another day.
        let statement = format!(
            "UPDATE subscribers SET since = since WHERE state IN ('pending', 'ended') AND since < $1 AND {NEVER_SUBSCRIBED} \
             AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscriber = subscribers.id \
             AND d.state IN ('leased', 'in_flight')) RETURNING id"
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(micros(before));
        let ids = numbers(&query.fetch_all(&mut *transaction).await?, "subscribers")?;
        for table in ["address_changes", "former_addresses", "subscriptions", "consents"] {
            each_of(&mut transaction, &format!("DELETE FROM {table} WHERE subscriber"), &ids).await?;
        }
        each_of(&mut transaction, "DELETE FROM subscribers WHERE id", &ids).await?;
        forget_questions(&mut transaction, before).await?;
        transaction.commit().await?;
        Ok(ids.len() as u64)
    }
}

/// Forgets what single letters said that were written before `before` and are over, for their links have expired; and to
/// whom they went, unless it is the address of a subscriber.
async fn forget_questions(connection: &mut AnyConnection, before: DateTime<Utc>) -> Result<(), StoreError> {
    let strangers = "deliveries.edition IS NULL AND deliveries.recipient_address <> 'erased@erased.invalid' \
        AND deliveries.subscriber IS NOT NULL AND deliveries.created < $1 AND deliveries.state NOT IN ('leased', 'in_flight') \
        AND NOT EXISTS (SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber \
        AND s.address_hash = deliveries.address_hash)";
    blank(connection, strangers, micros(before), before).await?;
    sqlx::query(
        "UPDATE letters SET text = '', html = '' WHERE kind IN ('confirmation', 'request') AND text <> '' AND date < $1 \
         AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.letter = letters.id \
         AND d.state IN ('queued', 'leased', 'in_flight', 'unknown'))",
    )
    .bind(micros(before))
    .execute(connection)
    .await?;
    Ok(())
}
