//! The outbox in numbers, for those who watch it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe, SqlSafeStr};

use super::claims::next_due;
use super::row::Fields;
use super::tallies::PARTS;
use super::{Store, StoreError};

/// What is counted in the database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutboxFigures {
    /// Deliveries by state, those folded into counts included.
    pub deliveries: BTreeMap<String, u64>,
    /// Editions by state.
    pub editions: BTreeMap<String, u64>,
    /// Since when the delivery that has waited longest could have left, be it in the future; `None` when none waits.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// The states of a delivery and of an edition: one that nothing is in counts 0.
const STATES: ([&str; 7], [&str; 7]) = (
    ["queued", "leased", "in_flight", "sent", "failed", "skipped", "unknown"],
    ["held", "waiting", "opening", "sending", "paused", "done", "cancelled"],
);

impl Store {
    /// Counts all there is. That takes the longer the more there is: ask now and then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outbox_figures(&self) -> Result<OutboxFigures, StoreError> {
        let counting = async {
            let mut connection = self.read.acquire().await?;
            let counted = PARTS
                .map(|part| format!("SELECT state, COUNT(*) AS total FROM deliveries WHERE {part} GROUP BY state"));
            let deliveries = format!(
                "SELECT state, CAST(SUM(total) AS BIGINT) AS total FROM ({} UNION ALL \
                 SELECT state, total FROM folded_deliveries) AS counted GROUP BY state",
                counted.join(" UNION ALL ")
            );
            let deliveries = by_state(&mut connection, AssertSqlSafe(deliveries), &STATES.0).await?;
            let editions = "SELECT state, COUNT(*) AS total FROM editions GROUP BY state";
            let editions = by_state(&mut connection, editions, &STATES.1).await?;
            let oldest_due = next_due(&mut connection).await?;
            Ok(OutboxFigures { deliveries, editions, oldest_due })
        };
        self.in_time(counting).await
    }
}

async fn by_state(
    connection: &mut AnyConnection,
    statement: impl SqlSafeStr,
    states: &[&str],
) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut counts: BTreeMap<String, u64> = states.iter().map(|state| ((*state).to_owned(), 0)).collect();
    for row in sqlx::query(statement).fetch_all(connection).await? {
        let fields = Fields::keyed_by(&row, "rows by state", "state");
        counts.insert(fields.text("state")?, fields.count("total")?);
    }
    Ok(counts)
}
