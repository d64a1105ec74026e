//! What became of letters, for whoever asks: an edition's deliveries page by page, and the editions that one reader has no
//! delivery of.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::bounces::bounce_from;
use super::deliveries::{attempt_from, readable};
use super::row::{Fields, placeholders};
use super::{AttemptMade, Store, StoreError};
use crate::domain::{Bounce, Delivery, DeliveryId, EditionId, SubscriberId, SuppressionReason};

/// A delivery with everything that became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOutcome {
    /// Where it stands.
    pub delivery: Delivery,
    /// Every try to hand it over, in order.
    pub attempts: Vec<AttemptMade>,
    /// What came back, in order.
    pub bounces: Vec<Bounce>,
}

/// How many deliveries one statement may name.
const IDS_IN_A_STATEMENT: usize = 500;

impl Store {
    /// What became of the next `limit` deliveries of an edition, in the order of their subscribers, from the one behind
    /// `after` on. A row that cannot be read is logged and left out.
    ///
    /// # Errors
    /// When the database does not answer, or what became of a delivery cannot be read.
    pub async fn outcomes_of_edition(
        &self,
        id: EditionId,
        after: Option<SubscriberId>,
        limit: u32,
    ) -> Result<Vec<DeliveryOutcome>, StoreError> {
        self.outcomes(self.deliveries_of_edition(id, after, limit).await?).await
    }

    /// What became of the last `limit` deliveries to a subscriber, latest first.
    ///
    /// # Errors
    /// When the database does not answer, or what became of a delivery cannot be read.
    pub async fn outcomes_of_subscriber(
        &self,
        id: SubscriberId,
        limit: u32,
    ) -> Result<Vec<DeliveryOutcome>, StoreError> {
        self.outcomes(self.deliveries_of_subscriber(id, limit).await?).await
    }

    /// The next `limit` deliveries of an edition, in the order of their subscribers, from the one behind `after` on. A row
    /// that cannot be read is logged and left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deliveries_of_edition(
        &self,
        id: EditionId,
        after: Option<SubscriberId>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM deliveries WHERE edition = $1 AND subscriber > $2 ORDER BY subscriber LIMIT $3")
                .bind(id.number())
                .bind(after.map_or(i64::MIN, SubscriberId::number))
                .bind(i64::from(limit))
                .fetch_all(&self.read)
                .await?;
        Ok(readable(&rows))
    }

    async fn outcomes(&self, deliveries: Vec<Delivery>) -> Result<Vec<DeliveryOutcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(deliveries.len());
        for some in deliveries.chunks(IDS_IN_A_STATEMENT) {
            let attempts = self.rows_of("attempts", "claim", some).await?;
            let bounces = self.rows_of("bounces", "id", some).await?;
            for delivery in some {
                outcomes.push(DeliveryOutcome {
                    delivery: delivery.clone(),
                    attempts: own("attempts", &attempts, delivery.id, attempt_from)?,
                    bounces: own("bounces", &bounces, delivery.id, bounce_from)?,
                });
            }
        }
        Ok(outcomes)
    }

    /// The rows of `table` that belong to any of these, in the order of deliveries and of what they are `numbered` by.
    async fn rows_of(
        &self,
        table: &'static str,
        numbered: &'static str,
        deliveries: &[Delivery],
    ) -> Result<Vec<AnyRow>, StoreError> {
        let statement = format!(
            "SELECT * FROM {table} WHERE delivery IN ({}) ORDER BY delivery, {numbered}",
            placeholders(1, deliveries.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement));
        let query = deliveries.iter().fold(query, |query, delivery| query.bind(delivery.id.number()));
        Ok(query.fetch_all(&self.read).await?)
    }

    /// The last `limit` editions that a subscriber has no delivery of, latest first, and whether the deliveries of each were
    /// folded into counts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn editions_without(
        &self,
        subscriber: SubscriberId,
        limit: u32,
    ) -> Result<Vec<(EditionId, bool)>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.id, (SELECT COUNT(*) FROM folded_deliveries f WHERE f.edition = e.id) AS folded FROM editions e \
             WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND d.subscriber = $1) \
             ORDER BY e.id DESC LIMIT $2",
        )
        .bind(subscriber.number())
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let one = |row: &AnyRow| {
            let fields = Fields::keyed_by(row, "editions", "id");
            Ok((EditionId::new(fields.number("id")?), fields.number("folded")? > 0))
        };
        rows.iter().map(one).collect()
    }

    /// Why nothing is sent to a subscriber's address, and since when; `None` when that is not so.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn suppression_of(
        &self,
        subscriber: SubscriberId,
    ) -> Result<Option<(SuppressionReason, DateTime<Utc>)>, StoreError> {
        let row = sqlx::query(
            "SELECT x.address_hash, x.reason, x.at FROM suppressions x JOIN subscribers s \
             ON s.address_hash = x.address_hash WHERE s.id = $1",
        )
        .bind(subscriber.number())
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let fields = Fields::keyed_by(&row, "suppressions", "address_hash");
        Ok(Some((fields.parsed("reason")?, fields.instant("at")?)))
    }
}

/// What is said of one delivery by `rows`, which stand in the order of deliveries.
fn own<T>(
    table: &'static str,
    rows: &[AnyRow],
    id: DeliveryId,
    read: impl Fn(&AnyRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let number = |row: &AnyRow| Fields::keyed_by(row, table, "id").number("delivery");
    let first = rows.partition_point(|row| number(row).is_ok_and(|number| number < id.number()));
    rows[first..].iter().take_while(|row| number(row).is_ok_and(|number| number == id.number())).map(read).collect()
}
