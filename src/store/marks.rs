//! Marks on many deliveries at once: what became of each and which begins, one statement for all.

use std::collections::BTreeSet;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::StoreError;
use super::claims::GOING;
use super::deliveries::{IS_BLANK, numbers_text};
use super::exchanged::{AttemptMade, Begin, Fence, Finished, Outcome};
use super::row::{Fields, clean, micros};
use super::values::{Bound, Values};
use crate::domain::DeliveryId;

/// Whether somebody holds a delivery.
const HELD: &str = "deliveries.state IN ('leased', 'in_flight')";

/// What a delivery came to: nearly all were sent, which is not said.
const BECAME: &str = "COALESCE(made.became, 'sent')";

/// What is marked on some deliveries. Whoever was not answered may come a second time.
#[derive(Clone, Copy)]
pub(super) enum Marks<'m> {
    /// What became of them.
    Finished(&'m [&'m Finished]),
    /// They begin.
    Begun(&'m [&'m Begin]),
}

impl Marks<'_> {
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Finished(finished) => finished.len(),
            Self::Begun(begun) => begun.len(),
        }
    }

    fn values(self) -> Values<'static> {
        const FINISHED: [&str; 7] = ["BIGINT", "BIGINT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT"];
        const BEGUN: [&str; 7] = ["BIGINT", "BIGINT", "BIGINT", "TEXT", "BIGINT", "BIGINT", "TEXT"];
        let types = match self {
            Self::Finished(_) => &FINISHED,
            Self::Begun(_) => &BEGUN,
        };
        Values { types, rows: self.len() }
    }

    /// The table `made`, a row for each mark.
    fn made(self, connection: &AnyConnection) -> String {
        let columns = match self {
            Self::Finished(_) => "delivery, claim, became, at, next, uncounted, vanished",
            Self::Begun(_) => "delivery, claim, at, holder, until, carried, held",
        };
        format!("WITH made ({columns}) AS (VALUES {})", self.values().text(connection))
    }

    /// A statement that changes those deliveries that are held as they should be.
    pub(super) fn statement(self, connection: &AnyConnection) -> String {
        let made = self.made(connection);
        match self {
            Self::Finished(_) => format!(
                "{made} UPDATE deliveries SET state = {BECAME}, since = made.at, due = COALESCE(made.next, deliveries.due), \
                 attempt = deliveries.attempt - CASE WHEN {HELD} THEN made.uncounted ELSE 0 END, \
                 lost = deliveries.lost + CASE WHEN {HELD} THEN made.vanished ELSE 0 END, \
                 owner = NULL, lease_until = NULL FROM made \
                 WHERE deliveries.id = made.delivery AND deliveries.claim = made.claim \
                 AND ({HELD} OR deliveries.state IN ('unknown', 'queued'))"
            ),
            // Within the `CASE`, so that SQLite goes by the numbers alone: it would rather read all that is held, or all there
            // is, when many begin.
            Self::Begun(_) => format!(
                "{made} UPDATE deliveries SET state = 'in_flight', since = made.at, lease_until = made.until FROM made \
                 WHERE deliveries.id = made.delivery AND deliveries.claim = made.claim AND CASE WHEN {HELD} THEN \
                 deliveries.owner = made.holder AND deliveries.lease_until > made.at \
                 AND deliveries.letter = made.carried AND deliveries.contents = COALESCE(made.held, '') \
                 AND (deliveries.edition IS NULL \
                 OR EXISTS (SELECT 1 FROM editions e WHERE e.id = deliveries.edition AND e.{GOING})) ELSE FALSE END"
            ),
        }
    }

    /// The deliveries that were marked, each by its claim, after the statement `changed` so many: nearly always all, and then
    /// nobody asks which. A row that shows claim, state and instant of a mark has it; no claim's number ever comes back.
    pub(super) async fn taken(
        self,
        changed: u64,
        connection: &mut AnyConnection,
    ) -> Result<BTreeSet<(DeliveryId, u32)>, StoreError> {
        let by_claim = |fence: &Fence| (fence.delivery, fence.claim);
        if usize::try_from(changed) == Ok(self.len()) {
            return Ok(match self {
                Self::Finished(finished) => finished.iter().map(|finished| by_claim(&finished.fence)).collect(),
                Self::Begun(begun) => begun.iter().map(|begin| by_claim(&begin.fence)).collect(),
            });
        }
        let became = match self {
            Self::Finished(_) => BECAME,
            Self::Begun(_) => "'in_flight'",
        };
        let which = format!(
            "{} SELECT deliveries.id AS id, deliveries.claim AS claim FROM made JOIN deliveries ON deliveries.id = made.delivery \
             AND deliveries.claim = made.claim AND deliveries.state = {became} AND deliveries.since = made.at",
            self.made(connection)
        );
        let rows = self.bind(sqlx::query(AssertSqlSafe(which))).fetch_all(connection).await?;
        let by_claim = |row: &AnyRow| {
            let fields = Fields::keyed_by(row, "deliveries", "id");
            Ok((DeliveryId::new(fields.number("id")?), fields.count("claim")?))
        };
        rows.iter().map(by_claim).collect()
    }

    pub(super) fn bind(self, query: Bound<'_>) -> Bound<'_> {
        let query = match self {
            Self::Finished(finished) => finished.iter().fold(query, |query, finished| {
                let Finished { fence, outcome, at, attempt: _ } = finished;
                // `BECAME` fills in what is not said.
                let (state, due, uncounted, lost) = match *outcome {
                    Outcome::Sent => (None, None, 0_i64, 0_i64),
                    Outcome::Later { due } => (Some("queued"), Some(micros(due)), 0, 0),
                    Outcome::LaterUncounted { due } => (Some("queued"), Some(micros(due)), 1, 0),
                    Outcome::Failed => (Some("failed"), None, 0, 0),
                    Outcome::Unknown => (Some("unknown"), None, 0, 1),
                };
                let query = query.bind(fence.delivery.number()).bind(i64::from(fence.claim)).bind(state);
                query.bind(micros(*at)).bind(due).bind(uncounted).bind(lost)
            }),
            Self::Begun(begun) => begun.iter().fold(query, |query, begin| {
                let Begin { fence, letter, contents, until, at } = begin;
                let query = query.bind(fence.delivery.number()).bind(i64::from(fence.claim)).bind(micros(*at));
                let query = query.bind(fence.owner.clone()).bind(micros(*until)).bind(letter.number());
                // Nearly all have none.
                query.bind(Some(numbers_text(contents)).filter(|text| !text.is_empty()))
            }),
        };
        self.values().fill_up(query)
    }
}

/// Tries to be kept, one a claim: whoever was not answered comes twice.
pub(super) struct Attempts<'m>(Vec<(&'m Fence, &'m AttemptMade)>);

impl<'m> Attempts<'m> {
    /// Those of what was `finished`.
    pub(super) fn of(finished: &[&'m Finished]) -> Self {
        Self(finished.iter().filter_map(|finished| Some((&finished.fence, finished.attempt.as_deref()?))).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn values(&self) -> Values<'static> {
        const TYPES: [&str; 11] =
            ["BIGINT", "BIGINT", "BIGINT", "TEXT", "BIGINT", "TEXT", "BIGINT", "TEXT", "TEXT", "TEXT", "TEXT"];
        Values { types: &TYPES, rows: self.0.len() }
    }

    /// A statement that leaves out what is there already, and what is of a delivery that is gone; of one whose recipient was
    /// forgotten meanwhile, the reply, which may quote the address.
    pub(super) fn statement(&self, connection: &AnyConnection) -> String {
        let columns = "delivery, claim, attempt, relay, at, phase, code, enhanced, reply, message_id, verdict";
        format!(
            "WITH made ({columns}) AS (VALUES {}) INSERT INTO attempts ({columns}) \
             SELECT made.delivery, made.claim, made.attempt, made.relay, made.at, made.phase, made.code, made.enhanced, \
             CASE WHEN {IS_BLANK} THEN '' ELSE made.reply END, made.message_id, made.verdict \
             FROM made CROSS JOIN deliveries WHERE deliveries.id = made.delivery ON CONFLICT (delivery, claim) DO NOTHING",
            self.values().text(connection)
        )
    }

    pub(super) fn bind<'q>(&self, mut query: Bound<'q>) -> Bound<'q> {
        for (fence, made) in &self.0 {
            let AttemptMade { attempt, relay, at, phase, code, enhanced, reply, message_id, verdict } = made;
            query = query
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sqlx::Row as _;

    use super::*;
    use crate::domain::LetterId;
    use crate::store::Store;
    use crate::store::connection::settings_in;

    /// How SQLite finds the deliveries of these marks.
    async fn plan(marks: Marks<'_>, connection: &mut AnyConnection) -> String {
        let explain = format!("EXPLAIN QUERY PLAN {}", marks.statement(connection));
        let rows = marks.bind(sqlx::query(AssertSqlSafe(explain))).fetch_all(connection).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>("detail") + "\n").collect()
    }

    #[tokio::test]
    async fn deliveries_are_marked_by_their_numbers_however_many_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let now = DateTime::UNIX_EPOCH;
        let store = Store::open(&settings_in(&folder), now).await.unwrap();
        let mut connection = store.write.acquire().await.unwrap();
        let fence = |id| Fence { delivery: DeliveryId::new(id), owner: "one".to_owned(), claim: 1 };
        let over = |id| Finished { fence: fence(id), outcome: Outcome::Sent, attempt: None, at: now };
        let next = |id| Begin { fence: fence(id), letter: LetterId::new(1), contents: Vec::new(), until: now, at: now };
        let (over, next): (Vec<_>, Vec<_>) = (1..=256).map(|id| (over(id), next(id))).unzip();
        let (over, next): (Vec<_>, Vec<_>) = (over.iter().collect(), next.iter().collect());
        for count in [1, 2, 8, 32, 256] {
            for marks in [Marks::Finished(&over[..count]), Marks::Begun(&next[..count])] {
                let plan = plan(marks, &mut connection).await;
                assert!(plan.contains("SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)\n"), "{count}: {plan}");
                assert!(!plan.contains("SCAN deliveries") && !plan.contains("INDEX deliveries"), "{count}: {plan}");
            }
        }
    }
}
