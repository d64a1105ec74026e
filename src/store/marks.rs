//! Marks on many deliveries at once: what became of each and which begins, one statement for all.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::deliveries::{AttemptMade, numbers_text};
use super::exchange::{Begin, Finished, Outcome};
use super::row::{clean, micros};
use super::values::Values;
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

/// Records what became of some deliveries and marks others as in flight; gives those that were held as they should be.
/// Whoever was not answered may begin a second time.
pub(super) async fn change(
    connection: &mut AnyConnection,
    finished: &[&Finished],
    begun: &[&Begin],
) -> Result<BTreeSet<DeliveryId>, StoreError> {
    let types =
        ["BIGINT", "TEXT", "BIGINT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT"];
    let values = Values { types: &types, rows: finished.len() + begun.len() };
    let statement = format!(
        "WITH made (delivery, holder, try, became, at, next, uncounted, vanished, until, carried, held) AS (VALUES {}) \
         UPDATE deliveries SET state = made.became, since = made.at, due = COALESCE(made.next, deliveries.due), \
         attempt = deliveries.attempt - made.uncounted, \
         lost = deliveries.lost + CASE WHEN deliveries.state = 'unknown' THEN 0 ELSE made.vanished END, \
         owner = CASE WHEN made.until IS NULL THEN NULL ELSE deliveries.owner END, lease_until = made.until FROM made \
         WHERE deliveries.id = made.delivery AND deliveries.owner = made.holder AND deliveries.attempt = made.try \
         AND CASE WHEN made.until IS NULL THEN deliveries.state IN ('leased', 'in_flight', 'unknown') \
         ELSE deliveries.state IN ('leased', 'in_flight') AND deliveries.lease_until > made.at \
         AND deliveries.letter = made.carried AND deliveries.contents = made.held END RETURNING deliveries.id AS id",
        values.text(connection)
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for Finished { fence, outcome, at, attempt: _ } in finished {
        let (state, due, uncounted, lost) = match *outcome {
            Outcome::Sent => ("sent", None, 0_i64, 0_i64),
            Outcome::Later { due } => ("queued", Some(micros(due)), 0, 0),
            Outcome::LaterUncounted { due } => ("queued", Some(micros(due)), 1, 0),
            Outcome::Failed => ("failed", None, 0, 0),
            Outcome::Unknown => ("unknown", None, 0, 1),
        };
        query = query
            .bind(fence.delivery.number())
            .bind(fence.owner.as_str())
            .bind(i64::from(fence.attempt))
            .bind(state)
            .bind(micros(*at))
            .bind(due)
            .bind(uncounted)
            .bind(lost)
            .bind(None::<i64>)
            .bind(None::<i64>)
            .bind(None::<String>);
    }
    for Begin { fence, letter, contents, until, at } in begun {
        query = query
            .bind(fence.delivery.number())
            .bind(fence.owner.as_str())
            .bind(i64::from(fence.attempt))
            .bind("in_flight")
            .bind(micros(*at))
            .bind(None::<i64>)
            .bind(0_i64)
            .bind(0_i64)
            .bind(micros(*until))
            .bind(letter.number())
            .bind(numbers_text(contents));
    }
    let rows = values.fill_up(query).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(DeliveryId::new(row.try_get("id")?))).collect()
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
        values.text(connection)
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
