//! Marks on many deliveries at once: what became of each and which begins, one statement for all.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::deliveries::{AttemptMade, numbers_text};
use super::exchange::{Begin, Finished, Outcome};
use super::row::{clean, micros};
use super::values::{Bound, Values};
use super::{StoreError, ids};
use crate::domain::DeliveryId;

/// How many numbers for attempts are reserved at once.
const NUMBERS: usize = 1024;

/// Numbers for attempts, reserved beforehand; those of a transaction that failed are left out.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    next: i64,
    end: i64,
}

impl Numbers {
    /// The first of `count` numbers in a row.
    async fn take(&mut self, connection: &mut AnyConnection, count: usize) -> Result<i64, StoreError> {
        let wanted = i64::try_from(count).unwrap_or(i64::MAX);
        if self.end - self.next < wanted {
            self.next = ids::reserve(connection, "attempts", NUMBERS.max(count)).await?;
            self.end = self.next + i64::try_from(NUMBERS.max(count)).unwrap_or(i64::MAX);
        }
        self.next += wanted;
        Ok(self.next - wanted)
    }

    /// Forgets what is left: the transaction that reserved it did not last.
    pub(super) fn forget(&mut self) {
        self.next = self.end;
    }
}

/// Marks deliveries as in flight, and gives those that were still held as they should be. Whoever was not answered may
/// begin a second time.
pub(super) async fn begin(connection: &mut AnyConnection, all: &[&Begin]) -> Result<BTreeSet<DeliveryId>, StoreError> {
    let types = ["BIGINT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT"];
    let values = Values { types: &types, rows: all.len() };
    let statement = format!(
        "WITH beginning (delivery, holder, try, until, at, carried, held) AS (VALUES {}) \
         UPDATE deliveries SET state = 'in_flight', lease_until = beginning.until, since = beginning.at FROM beginning \
         WHERE deliveries.id = beginning.delivery AND deliveries.owner = beginning.holder \
         AND deliveries.attempt = beginning.try AND deliveries.state IN ('leased', 'in_flight') \
         AND deliveries.lease_until > beginning.at AND deliveries.letter = beginning.carried \
         AND deliveries.contents = beginning.held RETURNING deliveries.id AS id",
        values.text()
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for Begin { fence, letter, contents, until, at } in all {
        query = query
            .bind(fence.delivery.number())
            .bind(fence.owner.clone())
            .bind(i64::from(fence.attempt))
            .bind(micros(*until))
            .bind(micros(*at))
            .bind(letter.number())
            .bind(numbers_text(contents));
    }
    marked(connection, values.fill_up(query)).await
}

/// Records what became of deliveries, and gives those that their holder still had.
pub(super) async fn finish(
    connection: &mut AnyConnection,
    all: &[&Finished],
) -> Result<BTreeSet<DeliveryId>, StoreError> {
    let types = ["BIGINT", "TEXT", "BIGINT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT"];
    let values = Values { types: &types, rows: all.len() };
    let statement = format!(
        "WITH ended (delivery, holder, try, became, at, next, uncounted, vanished) AS (VALUES {}) \
         UPDATE deliveries SET state = ended.became, since = ended.at, due = COALESCE(ended.next, deliveries.due), \
         attempt = deliveries.attempt - ended.uncounted, \
         lost = deliveries.lost + CASE WHEN deliveries.state = 'unknown' THEN 0 ELSE ended.vanished END, \
         owner = NULL, lease_until = NULL FROM ended \
         WHERE deliveries.id = ended.delivery AND deliveries.owner = ended.holder AND deliveries.attempt = ended.try \
         AND deliveries.state IN ('leased', 'in_flight', 'unknown') RETURNING deliveries.id AS id",
        values.text()
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for Finished { fence, outcome, at, attempt: _ } in all {
        let (state, due, uncounted, lost) = match *outcome {
            Outcome::Sent => ("sent", None, 0, 0),
            Outcome::Later { due } => ("queued", Some(micros(due)), 0, 0),
            Outcome::LaterUncounted { due } => ("queued", Some(micros(due)), 1, 0),
            Outcome::Failed => ("failed", None, 0, 0),
            Outcome::Unknown => ("unknown", None, 0, 1),
        };
        query = query
            .bind(fence.delivery.number())
            .bind(fence.owner.clone())
            .bind(i64::from(fence.attempt))
            .bind(state)
            .bind(micros(*at))
            .bind(due)
            .bind(uncounted)
            .bind(lost);
    }
    marked(connection, values.fill_up(query)).await
}

/// Keeps tries.
pub(super) async fn keep_attempts(
    connection: &mut AnyConnection,
    all: &[(DeliveryId, &AttemptMade)],
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    let first = numbers.take(connection, all.len()).await?;
    let types = ["BIGINT", "BIGINT", "BIGINT", "TEXT", "BIGINT", "TEXT", "BIGINT", "TEXT", "TEXT", "TEXT", "TEXT"];
    let values = Values { types: &types, rows: all.len() };
    let columns = "id, delivery, attempt, relay, at, phase, code, enhanced, reply, message_id, verdict";
    let statement = format!(
        "WITH made ({columns}) AS (VALUES {}) INSERT INTO attempts ({columns}) \
         SELECT {columns} FROM made WHERE id IS NOT NULL",
        values.text()
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for (number, (delivery, made)) in (first..).zip(all) {
        let AttemptMade { attempt, relay, at, phase, code, enhanced, reply, message_id, verdict } = made;
        query = query
            .bind(number)
            .bind(delivery.number())
            .bind(i64::from(*attempt))
            .bind(clean(relay))
            .bind(micros(*at))
            .bind(clean(phase))
            .bind(code.map(i64::from))
            .bind(enhanced.as_deref().map(clean))
            .bind(clean(reply))
            .bind(clean(message_id))
            .bind(clean(verdict));
    }
    values.fill_up(query).execute(connection).await?;
    Ok(())
}

/// The deliveries that a statement marked.
async fn marked(connection: &mut AnyConnection, query: Bound<'_>) -> Result<BTreeSet<DeliveryId>, StoreError> {
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| Ok(DeliveryId::new(row.try_get("id")?))).collect()
}
