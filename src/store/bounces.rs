//! What came back of deliveries, once each, and what it ends, in one transaction.

use chrono_tz::Tz;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::deliveries::IS_BLANK;
use super::endings::{Ending, end_within};
use super::row::{Fields, clean, micros};
use super::{Store, StoreError, ids, suppressions};
use crate::domain::{Bounce, DeliveryId, EndReason, SubscriberId, SuppressionReason};
use crate::policy::{Consequence, consequence};

/// What became of something that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It was news.
    New {
        /// What follows from it.
        consequence: Consequence,
        /// Whose letter it was; `None`: one to the office, whose addresses are never given up.
        subscriber: Option<SubscriberId>,
        /// Whether a subscription ended by it.
        ended: bool,
    },
    /// The same report was here before: nothing was done.
    Known,
    /// There is no such delivery any more.
    NoDelivery,
}

impl Store {
    /// Keeps what came back, and does what policy makes of it; days are those of `zone`. The same report a second time
    /// does nothing.
    ///
    /// # Errors
    /// When the database does not answer: then nothing was kept.
    pub async fn keep_bounce(&self, bounce: &Bounce, zone: Tz) -> Result<Kept, StoreError> {
        let mut transaction = self.begin().await?;
        let statement = format!(
            "SELECT id, subscriber, address_hash, CAST(CASE WHEN {IS_BLANK} THEN 1 ELSE 0 END AS BIGINT) AS is_blank \
             FROM deliveries WHERE id = $1"
        );
        let row = sqlx::query(AssertSqlSafe(statement))
            .bind(bounce.delivery.number())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(Kept::NoDelivery) };
        let fields = Fields::keyed_by(&row, "deliveries", "id");
        let (hash, subscriber) = (fields.text("address_hash")?, fields.number_or_none("subscriber")?);
        let is_blank = fields.number("is_blank")? == 1;
        let subscriber = subscriber.map(SubscriberId::new);
        let (standing, history) = match subscriber {
            Some(subscriber) => history(&mut transaction, subscriber, &hash).await?,
            None => (Standing::There, Vec::new()),
        };
        let is_erased = standing == Standing::Erased || is_blank;
        // It may quote the address that was to be forgotten.
        let diagnostic = if is_erased { "" } else { &bounce.diagnostic };
        if !add(&mut transaction, bounce, diagnostic, subscriber).await? {
            return Ok(Kept::Known);
        }
        // The relay had it, whatever became of its reply.
        sqlx::query(
            "UPDATE deliveries SET state = 'sent', since = $2, owner = NULL, lease_until = NULL \
             WHERE id = $1 AND state = 'unknown'",
        )
        .bind(bounce.delivery.number())
        .bind(micros(bounce.at))
        .execute(&mut *transaction)
        .await?;
        let mut ended = false;
        let mut consequence = consequence(bounce, &history, zone);
        // Whose address it was not, or is not any more, has done nothing: only the address bears what follows.
        let theirs = subscriber.filter(|_| standing == Standing::There);
        match (consequence, subscriber) {
            (Consequence::Noted | Consequence::TellOffice, _) => {}
            (_, None) => consequence = Consequence::Noted,
            (Consequence::Suspend, Some(_)) => {
                let ending = Ending { reason: EndReason::Bounced, suppressed: None };
                if let Some(subscriber) = theirs {
                    ended = end_within(&mut transaction, subscriber, ending, bounce.at).await?;
                }
            }
            (Consequence::Suppress, Some(_)) => {
                suppressions::add(&mut transaction, &hash, SuppressionReason::Bounced, bounce.at).await?;
                if let Some(subscriber) = theirs {
                    ended = end_within(&mut transaction, subscriber, EndReason::Bounced.into(), bounce.at).await?;
                }
            }
            (Consequence::SuppressComplaint, Some(_)) => {
                suppressions::add(&mut transaction, &hash, SuppressionReason::Complained, bounce.at).await?;
                if let Some(subscriber) = theirs {
                    ended = end_within(&mut transaction, subscriber, EndReason::Complained.into(), bounce.at).await?;
                }
            }
        }
        transaction.commit().await?;
        Ok(Kept::New { consequence, subscriber, ended })
    }

    /// What came back of a delivery, in order.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn bounces_of(&self, id: DeliveryId) -> Result<Vec<Bounce>, StoreError> {
        let rows = sqlx::query("SELECT * FROM bounces WHERE delivery = $1 ORDER BY id")
            .bind(id.number())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(bounce_from).collect()
    }
}

/// How the subscriber of a letter stands to the address that it went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is theirs.
    There,
    /// They have another: it was only asked whether it should be theirs, or they have moved.
    Elsewhere,
    /// They are erased.
    Erased,
}

/// How a subscriber stands to the address with this hash, and what came back of it since they are subscribed. Their row is
/// locked: of two reports at once, the second knows of the first.
async fn history(
    connection: &mut AnyConnection,
    id: SubscriberId,
    hash: &str,
) -> Result<(Standing, Vec<Bounce>), StoreError> {
    let row =
        sqlx::query("UPDATE subscribers SET since = since WHERE id = $1 RETURNING id, since, address, address_hash")
            .bind(id.number())
            .fetch_optional(&mut *connection)
            .await?;
    let Some(row) = row else { return Ok((Standing::Erased, Vec::new())) };
    let fields = Fields::keyed_by(&row, "subscribers", "id");
    let standing = match fields.text("address_hash")?.as_str() {
        _ if fields.text("address")?.is_empty() => Standing::Erased,
        theirs if theirs == hash => Standing::There,
        _ => Standing::Elsewhere,
    };
    let rows = sqlx::query(
        "SELECT b.* FROM bounces b JOIN deliveries d ON d.id = b.delivery \
         WHERE b.subscriber = $1 AND b.at >= $2 AND d.address_hash = $3 ORDER BY b.id",
    )
    .bind(id.number())
    .bind(micros(fields.instant("since")?))
    .bind(hash)
    .fetch_all(connection)
    .await?;
    let bounces: Result<Vec<Bounce>, StoreError> = rows.iter().map(bounce_from).collect();
    Ok((standing, bounces?))
}

/// Writes a row; `false` when this report was there.
async fn add(
    connection: &mut AnyConnection,
    bounce: &Bounce,
    diagnostic: &str,
    subscriber: Option<SubscriberId>,
) -> Result<bool, StoreError> {
    let Bounce { delivery, at, kind, action, status, diagnostic: _, digest } = bounce;
    let id = ids::next(connection, "bounces").await?;
    let done = sqlx::query(
        "INSERT INTO bounces (id, delivery, subscriber, at, kind, action, status, diagnostic, digest) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (delivery, digest) DO NOTHING",
    )
    .bind(id)
    .bind(delivery.number())
    .bind(subscriber.map(SubscriberId::number))
    .bind(micros(*at))
    .bind(kind.as_str())
    .bind(action.map(crate::domain::ReportAction::as_str))
    .bind(status.map(|status| status.to_string()))
    .bind(clean(diagnostic))
    .bind(digest.to_string())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) fn bounce_from(row: &AnyRow) -> Result<Bounce, StoreError> {
    let fields = Fields::keyed_by(row, "bounces", "id");
    let action = fields.text_or_none("action")?;
    let status = fields.text_or_none("status")?;
    Ok(Bounce {
        delivery: DeliveryId::new(fields.number("delivery")?),
        at: fields.instant("at")?,
        kind: fields.parsed("kind")?,
        action: action.map(|word| word.parse().map_err(|error| fields.wrong("action", error))).transpose()?,
        status: status.map(|code| code.parse().map_err(|error| fields.wrong("status", error))).transpose()?,
        diagnostic: fields.text("diagnostic")?,
        digest: fields.parsed("digest")?,
    })
}
