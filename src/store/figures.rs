//! The outbox in numbers, for those who watch it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::claims::EDITION_GOES;
use super::deliveries::URGENCIES;
use super::row::Fields;
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
            let deliveries = "SELECT state, CAST(SUM(total) AS BIGINT) AS total FROM (\
                SELECT state, COUNT(*) AS total FROM deliveries GROUP BY state UNION ALL \
                SELECT state, total FROM folded_deliveries) AS counted GROUP BY state";
            let deliveries = by_state(&mut connection, deliveries, &STATES.0).await?;
            let editions = "SELECT state, COUNT(*) AS total FROM editions GROUP BY state";
            let editions = by_state(&mut connection, editions, &STATES.1).await?;
            let mut oldest_due = None;
            for urgency in URGENCIES {
                let due = first_due(&mut connection, urgency).await?;
                oldest_due = oldest_due.into_iter().chain(due).min();
            }
            Ok(OutboxFigures { deliveries, editions, oldest_due })
        };
        self.in_time(counting).await
    }
}

async fn by_state(
    connection: &mut AnyConnection,
    statement: &'static str,
    states: &[&str],
) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut counts: BTreeMap<String, u64> = states.iter().map(|state| ((*state).to_owned(), 0)).collect();
    for row in sqlx::query(statement).fetch_all(connection).await? {
        let fields = Fields::keyed_by_text(&row, "rows by state", "state");
        counts.insert(fields.text("state")?, fields.count("total")?);
    }
    Ok(counts)
}

/// The first in the order in which deliveries of one urgency are claimed: the index ends the search at once, unless those
/// in front wait for their editions.
async fn first_due(connection: &mut AnyConnection, urgency: i64) -> Result<Option<DateTime<Utc>>, StoreError> {
    let statement = format!(
        "SELECT d.id, d.due FROM deliveries d WHERE d.state = 'queued' AND d.urgency = $1 AND {EDITION_GOES} \
         ORDER BY d.due, d.id LIMIT 1"
    );
    let row = sqlx::query(AssertSqlSafe(statement)).bind(urgency).fetch_optional(connection).await?;
    row.map(|row| Fields::keyed_by_number(&row, "deliveries", "id").instant("due")).transpose()
}
