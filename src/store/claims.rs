//! Claiming due deliveries for one dispatcher, exclusively and for a limited time.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::deliveries::{BUT_ITS_STATE, IS_BLANK, delivery_in};
use super::row::{Fields, micros};
use super::values::Kind::{Number, Text};
use super::values::Values;
use super::{Store, StoreError};
use crate::domain::{Delivery, DeliveryState, EditionId};
use crate::metrics::DatabaseWork;

/// The editions whose deliveries may leave; others are held, paused, cancelled or over.
pub(super) const GOING: &str = "state IN ('opening', 'sending')";

/// Whether nobody writes to the recipient any more. A confirmation may go to one who was erased: it can lift that.
const SUPPRESSED: &str = "EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = deliveries.address_hash \
    AND (deliveries.edition IS NOT NULL OR x.reason <> 'erased'))";
/// Whether an edition's recipient has left. A confirmation goes to one who is not active yet.
const LEFT: &str = "deliveries.edition IS NOT NULL AND EXISTS (\
    SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber AND s.state <> 'active')";
/// Whether an edition's recipient pauses at `$1`.
const PAUSES: &str = "deliveries.edition IS NOT NULL AND EXISTS (SELECT 1 FROM subscribers s \
    WHERE s.id = deliveries.subscriber AND s.paused_until > $1 AND s.paused_since <= $1)";

impl Store {
    /// Claims up to `limit` due deliveries for `owner` until `now + lease`: confirmations and notices first, then as many of
    /// each edition, by their due time. Nobody else gets the same ones. A recipient who has left, pauses or is suppressed by now is
    /// skipped, and a row that cannot be read is given up: fewer than `limit` does not mean that nothing is left. None while no
    /// daemon has said for long that it works ([`Store::hold_after`]).
    ///
    /// # Errors
    /// When the database does not answer, or was moved away.
    pub async fn claim(
        &self,
        owner: &str,
        limit: u32,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Delivery>, StoreError> {
        let begun = Instant::now();
        let claimed = self.in_time(self.claim_due(owner, limit, now, lease)).await?;
        self.metrics().took(DatabaseWork::Claim, begun.elapsed());
        Ok(claimed)
    }

    async fn claim_due(
        &self,
        owner: &str,
        limit: u32,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Delivery>, StoreError> {
        let Some(mut transaction) = self.begin_claim(now).await? else { return Ok(Vec::new()) };
        let claim = Claim { lock: self.engine.skip_locked(), owner, now, until: now + lease };
        let singles = claim.take(&mut transaction, None, limit).await?;
        let mut left = limit - singles.taken;
        let mut claimed = singles.deliveries;
        // What one edition leaves of its share, the others get. Who is first changes: a share may be less than one each.
        let mut going = editions_going(&mut transaction).await?;
        let turn = usize::try_from(micros(now)).unwrap_or(0) % going.len().max(1);
        going.rotate_left(turn);
        let mut of_editions = Vec::new();
        while left > 0 && !going.is_empty() {
            let share = left.div_ceil(u32::try_from(going.len()).unwrap_or(u32::MAX));
            let mut more = Vec::with_capacity(going.len());
            for edition in going {
                let wanted = share.min(left);
                let some = claim.take(&mut transaction, Some(edition), wanted).await?;
                left -= some.taken;
                of_editions.extend(some.deliveries.into_iter().enumerate());
                if some.taken == wanted {
                    more.push(edition);
                }
            }
            going = more;
        }
        transaction.commit().await?;
        of_editions.sort_by_key(|(place, _)| *place);
        claimed.extend(of_editions.into_iter().map(|(_, delivery)| delivery));
        Ok(claimed)
    }

    /// Claims due confirmations and notices alone: somebody waits for each.
    ///
    /// # Errors
    /// When the database does not answer, or was moved away.
    pub async fn claim_singles(
        &self,
        owner: &str,
        limit: u32,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Delivery>, StoreError> {
        let claiming = async {
            let Some(mut transaction) = self.begin_claim(now).await? else { return Ok(Vec::new()) };
            let claim = Claim { lock: self.engine.skip_locked(), owner, now, until: now + lease };
            let singles = claim.take(&mut transaction, None, limit).await?;
            transaction.commit().await?;
            Ok(singles.deliveries)
        };
        self.in_time(claiming).await
    }

    /// Gives back deliveries that were claimed and not begun: queued again, until `due` where that is said, and the try does
    /// not count. One whose claim has ended is left alone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_back(
        &self,
        owner: &str,
        deliveries: &[Delivery],
        due: Option<DateTime<Utc>>,
    ) -> Result<u64, StoreError> {
        if deliveries.is_empty() {
            return Ok(0);
        }
        let giving = async {
            let mut connection = self.write.acquire().await?;
            let rows = deliveries.iter().map(|Delivery { id, claim, .. }| {
                [id.number().into(), i64::from(*claim).into(), owner.into(), due.map(micros).into()]
            });
            let values = Values::new(&connection, &[Number, Number, Text, Number], rows);
            let statement = format!(
                "WITH given (delivery, claim, holder, due) AS ({}) \
                 UPDATE deliveries SET state = 'queued', owner = NULL, lease_until = NULL, attempt = attempt - 1, \
                 due = COALESCE(given.due, deliveries.due) FROM given WHERE deliveries.id = given.delivery \
                 AND deliveries.claim = given.claim AND deliveries.owner = given.holder AND deliveries.state = 'leased'",
                values.table()
            );
            let query = values.bind(sqlx::query(AssertSqlSafe(statement)));
            Ok(query.execute(&mut *connection).await?.rows_affected())
        };
        self.in_time(giving).await
    }

    /// When the next queued delivery that may leave falls due, be it in the past.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        next_due(&mut *self.read.acquire().await?).await
    }
}

/// When the next queued delivery that may leave falls due: the index ends the search in each edition at once.
pub(super) async fn next_due(connection: &mut AnyConnection) -> Result<Option<DateTime<Utc>>, StoreError> {
    let statement = format!(
        "SELECT MIN(due) AS due FROM (SELECT MIN(due) AS due FROM deliveries \
             WHERE state = 'queued' AND edition IS NULL UNION ALL \
             SELECT (SELECT MIN(d.due) FROM deliveries d WHERE d.state = 'queued' AND d.edition = e.id) AS due \
             FROM editions e WHERE {GOING}) AS next"
    );
    let row = sqlx::query(AssertSqlSafe(statement)).fetch_one(connection).await?;
    Fields::keyed_by(&row, "deliveries", "due").instant_or_none("due")
}

/// Who claims, and until when.
struct Claim<'c> {
    lock: &'static str,
    owner: &'c str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// What came of one statement.
struct Taken {
    /// How many rows there were.
    taken: u32,
    /// Those of them that may leave, by their due time.
    deliveries: Vec<Delivery>,
}

impl Claim<'_> {
    /// Takes up to `limit` due deliveries of an edition, or of none.
    async fn take(
        &self,
        connection: &mut AnyConnection,
        edition: Option<EditionId>,
        limit: u32,
    ) -> Result<Taken, StoreError> {
        let of = if edition.is_some() { "d.edition = $5" } else { "d.edition IS NULL" };
        // SQLite plans anew whenever a bare limit is another, with the same plan.
        let statement = format!(
            "WITH due_now AS MATERIALIZED (SELECT d.id FROM deliveries d \
             WHERE d.state = 'queued' AND d.due <= $1 AND {of} ORDER BY d.due, d.id LIMIT CAST($2 AS BIGINT) {}) \
             UPDATE deliveries SET state = 'leased', owner = $3, lease_until = $4, since = $1, attempt = attempt + 1, \
             claim = claim + 1 \
             WHERE id IN (SELECT id FROM due_now) RETURNING {BUT_ITS_STATE}, due, \
             CASE WHEN {SUPPRESSED} THEN 'suppressed' WHEN {LEFT} OR {IS_BLANK} THEN 'unsubscribed' \
             WHEN {PAUSES} THEN 'paused' END AS unwanted",
            self.lock
        );
        let query = sqlx::query(AssertSqlSafe(statement))
            .bind(micros(self.now))
            .bind(i64::from(limit))
            .bind(self.owner)
            .bind(micros(self.until));
        let query = edition.into_iter().fold(query, |query, edition| query.bind(edition.number()));
        let rows = query.fetch_all(&mut *connection).await?;
        let mut ordered = Vec::with_capacity(rows.len());
        for row in &rows {
            let fields = Fields::keyed_by(row, "deliveries", "id");
            let id = fields.number("id")?;
            if let Some(reason) = fields.text_or_none("unwanted")? {
                skip(connection, id, &reason, self.now).await?;
                continue;
            }
            match delivery_in(DeliveryState::Leased { until: self.until }, row) {
                Ok(delivery) => ordered.push(((fields.number("due")?, id), delivery)),
                Err(error) => {
                    tracing::error!(delivery.id = id, %error, "delivery {id} is given up: its row cannot be read");
                    give_up(connection, id, self.now).await?;
                }
            }
        }
        ordered.sort_unstable_by_key(|(turn, _)| *turn);
        let deliveries = ordered.into_iter().map(|(_, delivery)| delivery).collect();
        Ok(Taken { taken: u32::try_from(rows.len()).unwrap_or(u32::MAX), deliveries })
    }
}

async fn editions_going(connection: &mut AnyConnection) -> Result<Vec<EditionId>, StoreError> {
    let statement = format!("SELECT id FROM editions WHERE {GOING} ORDER BY id");
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(connection).await?;
    let id = |row| Fields::keyed_by(row, "editions", "id").number("id").map(EditionId::new);
    rows.iter().map(id).collect()
}

/// Ends a delivery that was just claimed and must not leave; the try does not count.
async fn skip(connection: &mut AnyConnection, id: i64, reason: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE deliveries SET state = 'skipped', skip_reason = $2, since = $3, owner = NULL, lease_until = NULL, \
         attempt = attempt - 1 WHERE id = $1",
    )
    .bind(id)
    .bind(reason)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

async fn give_up(connection: &mut AnyConnection, id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE deliveries SET state = 'failed', since = $2, owner = NULL, lease_until = NULL WHERE id = $1")
        .bind(id)
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}
