//! What a person's word changes of an edition that has not opened, and how many would receive it.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use super::row::{Fields, micros, placeholders};
use super::{Store, StoreError};
use crate::domain::EditionId;
use crate::policy::Audience;

impl Store {
    /// Lets an edition that has not opened go at `due`: the reason it is held for, and the `lifted` words, do not hold
    /// it again. `false` when it opened or was cancelled before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn approve_edition(
        &self,
        id: EditionId,
        lifted: &[&str],
        due: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE editions SET state = 'waiting', due = $2, lifted = lifted || '\n' || COALESCE(hold_reason, '') || $3, \
             hold_reason = NULL, hold_detail = NULL WHERE id = $1 AND state IN ('held', 'waiting')",
        )
        .bind(id.number())
        .bind(micros(due))
        .bind(format!("\n{}\n", lifted.join("\n")))
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// How many subscribers an audience has at this instant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audience_size(&self, audience: &Audience) -> Result<u64, StoreError> {
        if audience.topics.is_empty() {
            return Ok(0);
        }
        let statement = format!(
            "SELECT COUNT(*) AS total FROM subscribers s WHERE s.state = 'active' AND s.frequency = $1 AND s.since <= $2 \
             AND EXISTS (SELECT 1 FROM subscriptions t WHERE t.subscriber = s.id AND t.topic IN ({})) \
             AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = s.address_hash)",
            placeholders(3, audience.topics.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement))
            .bind(audience.frequency.as_str())
            .bind(micros(audience.subscribed_before));
        let query = audience.topics.iter().fold(query, |query, topic| query.bind(topic.to_string()));
        let row = query.fetch_one(&self.read).await?;
        Fields::keyed_by_number(&row, "subscribers", "total").count("total")
    }
}
