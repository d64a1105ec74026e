//! Marks on many deliveries at once: what became of each and which begins, one statement for all.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::claims::GOING;
use super::deliveries::{AttemptMade, numbers_text};
use super::exchange::{Begin, Fence, Finished, Outcome};
use super::row::{clean, micros};
use super::values::Values;
use super::{StoreError, ids};
use crate::domain::DeliveryId;

/// Whether somebody holds a delivery.
const HELD: &str = "deliveries.state IN ('leased', 'in_flight')";
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
        "WITH made (delivery, holder, claim, became, at, next, uncounted, vanished, until, carried, held) AS (VALUES {}) \
         UPDATE deliveries SET state = made.became, since = made.at, due = COALESCE(made.next, deliveries.due), \
         attempt = deliveries.attempt - CASE WHEN {HELD} THEN made.uncounted ELSE 0 END, \
         lost = deliveries.lost + CASE WHEN {HELD} THEN made.vanished ELSE 0 END, \
         owner = CASE WHEN made.until IS NULL THEN NULL ELSE deliveries.owner END, lease_until = made.until FROM made \
         WHERE deliveries.id = made.delivery AND deliveries.claim = made.claim \
         AND CASE WHEN made.until IS NULL THEN {HELD} OR deliveries.state IN ('unknown', 'queued') \
         ELSE {HELD} AND deliveries.owner = made.holder AND deliveries.lease_until > made.at \
         AND deliveries.letter = made.carried AND deliveries.contents = made.held AND (deliveries.edition IS NULL \
         OR EXISTS (SELECT 1 FROM editions e WHERE e.id = deliveries.edition AND e.{GOING})) END \
         RETURNING deliveries.id AS id",
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
            .bind(i64::from(fence.claim))
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
            .bind(i64::from(fence.claim))
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

/// Keeps tries, one a claim: whoever was not answered comes twice. Where some come `late`, their deliveries may be forgotten.
pub(super) async fn keep_attempts(
    connection: &mut AnyConnection,
    all: &[(&Fence, &AttemptMade)],
    are_late: bool,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    let first = numbers.take(connection, all.len()).await?;
    let types =
        ["BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT", "BIGINT", "TEXT", "BIGINT", "TEXT", "TEXT", "TEXT", "TEXT"];
    let values = Values { types: &types, rows: all.len() };
    let columns = "id, delivery, claim, attempt, relay, at, phase, code, enhanced, reply, message_id, verdict";
    let known = if are_late { "AND EXISTS (SELECT 1 FROM deliveries d WHERE d.id = made.delivery)" } else { "" };
    let statement = format!(
        "WITH made ({columns}) AS (VALUES {}) INSERT INTO attempts ({columns}) \
         SELECT {columns} FROM made WHERE id IS NOT NULL {known} ON CONFLICT (delivery, claim) DO NOTHING",
        values.text(connection)
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for (number, (fence, made)) in (first..).zip(all) {
        let AttemptMade { attempt, relay, at, phase, code, enhanced, reply, message_id, verdict } = made;
        query = query
            .bind(number)
            .bind(fence.delivery.number())
            .bind(i64::from(fence.claim))
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
