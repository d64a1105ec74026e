//! Marks on many deliveries at once: what became of each and which begins, one statement for all.

use std::collections::BTreeSet;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::StoreError;
use super::claims::GOING;
use super::deliveries::{IS_BLANK, numbers_text};
use super::exchanged::{AttemptMade, Begin, Fence, Finished, Outcome};
use super::row::{Fields, micros};
use super::values::Kind::{self, Number, Text};
use super::values::{Value, Values};
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

impl<'m> Marks<'m> {
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Finished(finished) => finished.len(),
            Self::Begun(begun) => begun.len(),
        }
    }

    /// A row for each mark.
    fn values(self, connection: &AnyConnection) -> Values<'m> {
        const FINISHED: &[Kind; 7] = &[Number, Number, Text, Number, Number, Number, Number];
        const BEGUN: &[Kind; 7] = &[Number, Number, Number, Text, Number, Number, Text];
        match self {
            Self::Finished(finished) => {
                Values::new(connection, FINISHED, finished.iter().map(|finished| row_of_finished(finished)))
            }
            Self::Begun(begun) => {
                let usual = self.usual_owner();
                Values::new(connection, BEGUN, begun.iter().map(|begin| row_of_begin(begin, usual)))
            }
        }
    }

    /// Who holds the first: nearly always all of them.
    fn usual_owner(self) -> &'m str {
        match self {
            Self::Begun([first, ..]) => &first.fence.owner,
            Self::Begun([]) | Self::Finished(_) => "",
        }
    }

    /// The table `made`, with `values`.
    fn made(self, values: &Values<'_>) -> String {
        let columns = match self {
            Self::Finished(_) => "delivery, claim, became, at, next, uncounted, vanished",
            Self::Begun(_) => "delivery, claim, at, holder, until, carried, held",
        };
        format!("WITH made ({columns}) AS ({})", values.table())
    }

    /// A statement that changes those deliveries that are held as they should be.
    pub(super) fn statement(self, connection: &AnyConnection) -> Statement<'m> {
        let mut values = self.values(connection);
        let made = self.made(&values);
        let update = update(connection);
        let text = match self {
            Self::Finished(_) => format!(
                "{made} {update} deliveries SET state = {BECAME}, since = made.at, due = COALESCE(made.next, deliveries.due), \
                 attempt = deliveries.attempt - CASE WHEN {HELD} THEN made.uncounted ELSE 0 END, \
                 lost = deliveries.lost + CASE WHEN {HELD} THEN made.vanished ELSE 0 END, \
                 owner = NULL, lease_until = NULL FROM made \
                 WHERE deliveries.id = made.delivery AND deliveries.claim = made.claim \
                 AND ({HELD} OR deliveries.state IN ('unknown', 'queued'))"
            ),
            // Within the `CASE`, so that SQLite goes by the numbers alone: it would rather read all that is held, or all there
            // is, when many begin.
            Self::Begun(_) => format!(
                "{made} {update} deliveries SET state = 'in_flight', since = made.at, lease_until = made.until FROM made \
                 WHERE deliveries.id = made.delivery AND deliveries.claim = made.claim AND CASE WHEN {HELD} THEN \
                 deliveries.owner = COALESCE(made.holder, {usual_owner}) AND deliveries.lease_until > made.at \
                 AND deliveries.letter = made.carried AND deliveries.contents = COALESCE(made.held, '') \
                 AND (deliveries.edition IS NULL \
                 OR EXISTS (SELECT 1 FROM editions e WHERE e.id = deliveries.edition AND e.{GOING})) ELSE FALSE END",
                usual_owner = values.also(self.usual_owner().into())
            ),
        };
        Statement { text, values }
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
        let values = self.values(connection);
        let which = format!(
            "{} SELECT deliveries.id AS id, deliveries.claim AS claim FROM made JOIN deliveries ON deliveries.id = made.delivery \
             AND deliveries.claim = made.claim AND deliveries.state = {became} AND deliveries.since = made.at",
            self.made(&values)
        );
        let rows = values.bind(sqlx::query(AssertSqlSafe(which))).fetch_all(connection).await?;
        let by_claim = |row: &AnyRow| {
            let fields = Fields::keyed_by(row, "deliveries", "id");
            Ok((DeliveryId::new(fields.number("id")?), fields.count("claim")?))
        };
        rows.iter().map(by_claim).collect()
    }
}

fn row_of_finished(finished: &Finished) -> [Value<'_>; 7] {
    let Finished { fence, outcome, at, attempt: _ } = finished;
    // `BECAME` fills in what is not said.
    let (state, due, uncounted, lost) = match *outcome {
        Outcome::Sent => (None, None, 0_i64, 0_i64),
        Outcome::Later { due } => (Some("queued"), Some(micros(due)), 0, 0),
        Outcome::LaterUncounted { due } => (Some("queued"), Some(micros(due)), 1, 0),
        Outcome::Failed => (Some("failed"), None, 0, 0),
        Outcome::Unknown => (Some("unknown"), None, 0, 1),
    };
    [
        fence.delivery.number().into(),
        i64::from(fence.claim).into(),
        state.into(),
        micros(*at).into(),
        due.into(),
        uncounted.into(),
        lost.into(),
    ]
}

/// The owner is not said where it is the `usual` one.
fn row_of_begin<'m>(begin: &'m Begin, usual: &str) -> [Value<'m>; 7] {
    let Begin { fence, letter, contents, until, at } = begin;
    [
        fence.delivery.number().into(),
        i64::from(fence.claim).into(),
        micros(*at).into(),
        unusual(&fence.owner, usual).into(),
        micros(*until).into(),
        letter.number().into(),
        // Nearly all have none.
        Some(numbers_text(contents)).filter(|text| !text.is_empty()).into(),
    ]
}

/// A word that is said only where it is another than the `usual` one.
fn unusual<'w>(word: &'w str, usual: &str) -> Option<&'w str> {
    (word != usual).then_some(word)
}

/// What updates rows. On SQLite, an error undoes the whole transaction, as it does here anyway: it need not remember what the
/// statement alone has changed.
fn update(connection: &AnyConnection) -> &'static str {
    if connection.backend_name() == "PostgreSQL" { "UPDATE" } else { "UPDATE OR ROLLBACK" }
}

/// A statement with its values, which are bound when it is carried out.
pub(super) struct Statement<'m> {
    pub(super) text: String,
    pub(super) values: Values<'m>,
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

    /// A statement that leaves out what is there already, and what is of a delivery that is gone; of one whose recipient was
    /// forgotten meanwhile, the reply, which may quote the address.
    pub(super) fn statement(&self, connection: &AnyConnection) -> Statement<'m> {
        const COLUMNS: &[Kind; 11] = &[Number, Number, Number, Text, Number, Text, Number, Text, Text, Text, Text];
        let columns = "delivery, claim, attempt, relay, at, phase, code, enhanced, reply, message_id, verdict";
        // Nearly all went like the first.
        let usual = self.0.first().map(|(_, made)| (made.relay.as_str(), made.phase.as_str(), made.verdict.as_str()));
        let (usual_relay, usual_phase, usual_verdict) = usual.unwrap_or_default();
        let row = |(fence, made): &(&'m Fence, &'m AttemptMade)| {
            let AttemptMade { attempt, relay, at, phase, code, enhanced, reply, message_id, verdict } = *made;
            [
                fence.delivery.number().into(),
                i64::from(fence.claim).into(),
                i64::from(*attempt).into(),
                unusual(relay, usual_relay).into(),
                micros(*at).into(),
                unusual(phase, usual_phase).into(),
                code.map(i64::from).into(),
                enhanced.as_deref().into(),
                reply.as_str().into(),
                message_id.as_str().into(),
                unusual(verdict, usual_verdict).into(),
            ]
        };
        let mut values = Values::new(connection, COLUMNS, self.0.iter().map(row));
        let text = format!(
            "WITH made ({columns}) AS ({}) INSERT INTO attempts ({columns}) \
             SELECT made.delivery, made.claim, made.attempt, COALESCE(made.relay, {}), made.at, COALESCE(made.phase, {}), \
             made.code, made.enhanced, CASE WHEN {IS_BLANK} THEN '' ELSE made.reply END, made.message_id, \
             COALESCE(made.verdict, {}) \
             FROM made CROSS JOIN deliveries WHERE deliveries.id = made.delivery ON CONFLICT (delivery, claim) DO NOTHING",
            values.table(),
            values.also(usual_relay.into()),
            values.also(usual_phase.into()),
            values.also(usual_verdict.into())
        );
        Statement { text, values }
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
        let Statement { text, values } = marks.statement(connection);
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
        let rows = values.bind(sqlx::query(explain)).fetch_all(connection).await.unwrap();
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
