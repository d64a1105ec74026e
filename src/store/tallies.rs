//! How many deliveries an edition has in each state: those there are, and those folded into counts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use super::row::{Fields, micros, placeholders};
use super::{Store, StoreError};
use crate::domain::{DeliveryTally, EditionId};

/// How many ids one statement takes; databases bound the number of placeholders.
const IDS_IN_A_STATEMENT: usize = 500;
/// All deliveries in three parts, each in the words of its index: those that wait, those that somebody holds, and those that
/// are over or in doubt. A lease that ran out in flight is left where it was.
pub(super) const PARTS: [&str; 3] = [
    "state = 'queued'",
    "owner IS NOT NULL AND state IN ('leased', 'in_flight')",
    "state NOT IN ('queued', 'leased', 'in_flight')",
];
/// How many editions are folded in one transaction.
const FOLDED_AT_ONCE: i64 = 20;

impl Store {
    /// How many deliveries of the edition are in each state.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tally(&self, id: EditionId) -> Result<DeliveryTally, StoreError> {
        Ok(self.tallies([id]).await?.remove(&id).unwrap_or_default())
    }

    /// How many deliveries were ever written for the edition: what its tally must add up to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deliveries_opened(&self, id: EditionId) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT id, deliveries FROM editions WHERE id = $1")
            .bind(id.number())
            .fetch_one(&self.read)
            .await?;
        Fields::keyed_by(&row, "editions", "id").count("deliveries")
    }

    pub(super) async fn tallies(
        &self,
        ids: impl IntoIterator<Item = EditionId>,
    ) -> Result<BTreeMap<EditionId, DeliveryTally>, StoreError> {
        let ids: Vec<EditionId> = ids.into_iter().collect();
        let mut tallies: BTreeMap<EditionId, DeliveryTally> = BTreeMap::new();
        for some in ids.chunks(IDS_IN_A_STATEMENT) {
            let wanted = placeholders(1, some.len());
            let counted = PARTS.map(|part| {
                format!(
                    "SELECT edition, state, COUNT(*) AS total FROM deliveries WHERE edition IN ({wanted}) AND {part} \
                     GROUP BY edition, state"
                )
            });
            let statement = format!(
                "SELECT edition, state, CAST(SUM(total) AS BIGINT) AS total FROM ({} UNION ALL \
                 SELECT edition, state, total FROM folded_deliveries WHERE edition IN ({wanted})\
                 ) AS counted GROUP BY edition, state",
                counted.join(" UNION ALL ")
            );
            let query = sqlx::query(AssertSqlSafe(statement));
            let query = some.iter().fold(query, |query, id| query.bind(id.number()));
            for row in query.fetch_all(&self.read).await? {
                let fields = Fields::keyed_by(&row, "deliveries of edition", "edition");
                let tally = tallies.entry(EditionId::new(fields.number("edition")?)).or_default();
                *place(tally, &fields)? = fields.count("total")?;
            }
        }
        Ok(tallies)
    }

    /// Folds the deliveries of editions that ended before `before` into counts, and forgets single letters (notices,
    /// confirmations) as old. Returns how many rows went; call again until none do.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn fold_deliveries(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        const OLD: &str = "(SELECT id FROM editions WHERE ended < $1 AND EXISTS \
            (SELECT 1 FROM deliveries d WHERE d.edition = editions.id) ORDER BY id LIMIT $2)";
        let mut transaction = self.begin().await?;
        let fold = format!(
            "INSERT INTO folded_deliveries (edition, state, total) \
             SELECT edition, state, COUNT(*) FROM deliveries WHERE edition IN {OLD} GROUP BY edition, state \
             ON CONFLICT (edition, state) DO UPDATE SET total = folded_deliveries.total + excluded.total"
        );
        sqlx::query(AssertSqlSafe(fold)).bind(micros(before)).bind(FOLDED_AT_ONCE).execute(&mut *transaction).await?;
        let ended = "state IN ('sent', 'failed', 'skipped') AND edition IS NULL AND since < $1";
        let mut gone = 0;
        for of in [format!("edition IN {OLD}"), format!("({ended}) AND $2 > 0")] {
            for table in ["attempts", "bounces"] {
                let rows = format!("DELETE FROM {table} WHERE delivery IN (SELECT id FROM deliveries WHERE {of})");
                sqlx::query(AssertSqlSafe(rows))
                    .bind(micros(before))
                    .bind(FOLDED_AT_ONCE)
                    .execute(&mut *transaction)
                    .await?;
            }
            let deliveries = format!("DELETE FROM deliveries WHERE {of}");
            let done = sqlx::query(AssertSqlSafe(deliveries))
                .bind(micros(before))
                .bind(FOLDED_AT_ONCE)
                .execute(&mut *transaction)
                .await?;
            gone += done.rows_affected();
        }
        sqlx::query(
            "DELETE FROM letters WHERE kind <> 'edition' AND date < $1 \
             AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.letter = letters.id)",
        )
        .bind(micros(before))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(gone)
    }
}

/// Where a tally keeps the count of the row's state.
fn place<'a>(tally: &'a mut DeliveryTally, fields: &Fields<'_>) -> Result<&'a mut u64, StoreError> {
    Ok(match fields.text("state")?.as_str() {
        "queued" => &mut tally.queued,
        "leased" => &mut tally.leased,
        "in_flight" => &mut tally.in_flight,
        "sent" => &mut tally.sent,
        "failed" => &mut tally.failed,
        "skipped" => &mut tally.skipped,
        "unknown" => &mut tally.unknown,
        word => return Err(fields.wrong("state", format_args!("`{word}` is no state"))),
    })
}
