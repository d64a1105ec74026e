//! Marks on many deliveries at once: what became of each and which begins, one statement for all.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::claims::GOING;
use super::deliveries::{AttemptMade, numbers_text};
use super::exchange::{Begin, Fence, Finished, Outcome};
use super::row::{clean, micros};
use super::values::{Bound, Values};
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

/// What became of some deliveries, and which begin. Whoever was not answered may begin a second time.
pub(super) struct Marks<'m> {
    pub(super) finished: &'m [&'m Finished],
    pub(super) begun: &'m [&'m Begin],
}

impl Marks<'_> {
    fn values(&self) -> Values<'static> {
        const TYPES: [&str; 11] =
            ["BIGINT", "TEXT", "BIGINT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT"];
        Values { types: &TYPES, rows: self.finished.len() + self.begun.len() }
    }

    fn made(&self, connection: &AnyConnection) -> String {
        format!(
            "WITH made (delivery, holder, claim, became, at, next, uncounted, vanished, until, carried, held) AS (VALUES {})",
            self.values().text(connection)
        )
    }

    /// A statement that changes those deliveries that are held as they should be.
    pub(super) fn statement(&self, connection: &AnyConnection) -> String {
        format!(
            "{} UPDATE deliveries SET state = made.became, since = made.at, due = COALESCE(made.next, deliveries.due), \
             attempt = deliveries.attempt - CASE WHEN {HELD} THEN made.uncounted ELSE 0 END, \
             lost = deliveries.lost + CASE WHEN {HELD} THEN made.vanished ELSE 0 END, \
             owner = CASE WHEN made.until IS NULL THEN NULL ELSE deliveries.owner END, lease_until = made.until FROM made \
             WHERE deliveries.id = made.delivery AND deliveries.claim = made.claim \
             AND CASE WHEN made.until IS NULL THEN {HELD} OR deliveries.state IN ('unknown', 'queued') \
             ELSE {HELD} AND deliveries.owner = made.holder AND deliveries.lease_until > made.at \
             AND deliveries.letter = made.carried AND deliveries.contents = made.held AND (deliveries.edition IS NULL \
             OR EXISTS (SELECT 1 FROM editions e WHERE e.id = deliveries.edition AND e.{GOING})) END",
            self.made(connection)
        )
    }

    /// The deliveries that are as they were to become, after the statement `changed` so many: nearly always all, and then
    /// nobody asks which. A row that shows claim, state and instant of a mark has it; no claim's number ever comes back.
    pub(super) async fn taken(
        &self,
        changed: u64,
        connection: &mut AnyConnection,
    ) -> Result<BTreeSet<DeliveryId>, StoreError> {
        if usize::try_from(changed) == Ok(self.finished.len() + self.begun.len()) {
            let finished = self.finished.iter().map(|finished| &finished.fence);
            let begun = self.begun.iter().map(|begin| &begin.fence);
            return Ok(finished.chain(begun).map(|fence| fence.delivery).collect());
        }
        let which = format!(
            "{} SELECT deliveries.id AS id FROM made JOIN deliveries ON deliveries.id = made.delivery \
             AND deliveries.claim = made.claim AND deliveries.state = made.became AND deliveries.since = made.at",
            self.made(connection)
        );
        let rows = self.bind(sqlx::query(AssertSqlSafe(which))).fetch_all(connection).await?;
        rows.iter().map(|row| Ok(DeliveryId::new(row.try_get("id")?))).collect()
    }

    pub(super) fn bind<'q>(&self, mut query: Bound<'q>) -> Bound<'q> {
        for Finished { fence, outcome, at, attempt: _ } in self.finished {
            let (state, due, uncounted, lost) = match *outcome {
                Outcome::Sent => ("sent", None, 0_i64, 0_i64),
                Outcome::Later { due } => ("queued", Some(micros(due)), 0, 0),
                Outcome::LaterUncounted { due } => ("queued", Some(micros(due)), 1, 0),
                Outcome::Failed => ("failed", None, 0, 0),
                Outcome::Unknown => ("unknown", None, 0, 1),
            };
            query = query
                .bind(fence.delivery.number())
                .bind(fence.owner.clone())
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
        for Begin { fence, letter, contents, until, at } in self.begun {
            query = query
                .bind(fence.delivery.number())
                .bind(fence.owner.clone())
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
        self.values().fill_up(query)
    }
}

/// Tries to be kept, one a claim: whoever was not answered comes twice.
pub(super) struct Attempts<'m> {
    pub(super) made: Vec<(&'m Fence, &'m AttemptMade)>,
    /// The number of the first.
    pub(super) first: i64,
}

impl<'m> Attempts<'m> {
    /// Those of what was `finished`, with the next numbers.
    pub(super) async fn of(
        finished: &[&'m Finished],
        connection: &mut AnyConnection,
        numbers: &mut Numbers,
    ) -> Result<Self, StoreError> {
        let made: Vec<_> =
            finished.iter().filter_map(|finished| Some((&finished.fence, finished.attempt.as_ref()?))).collect();
        let first = if made.is_empty() { 0 } else { numbers.take(connection, made.len()).await? };
        Ok(Self { made, first })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    fn values(&self) -> Values<'static> {
        const TYPES: [&str; 12] = [
            "BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT", "BIGINT", "TEXT", "BIGINT", "TEXT", "TEXT", "TEXT", "TEXT",
        ];
        Values { types: &TYPES, rows: self.made.len() }
    }

    /// A statement that leaves out what is there already, and what is of a delivery that was forgotten meanwhile.
    pub(super) fn statement(&self, connection: &AnyConnection) -> String {
        let columns = "id, delivery, claim, attempt, relay, at, phase, code, enhanced, reply, message_id, verdict";
        format!(
            "WITH made ({columns}) AS (VALUES {}) INSERT INTO attempts ({columns}) SELECT {columns} FROM made \
             WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.id = made.delivery) ON CONFLICT (delivery, claim) DO NOTHING",
            self.values().text(connection)
        )
    }

    pub(super) fn bind<'q>(&self, mut query: Bound<'q>) -> Bound<'q> {
        for (number, (fence, made)) in (self.first..).zip(&self.made) {
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
        self.values().fill_up(query)
    }
}
