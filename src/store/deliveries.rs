//! Deliveries as rows: how one is written and read back, and what became of each.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::exchanged::AttemptMade;
use super::row::{Fields, micros};
use super::values::Kind::{self, Number, Text};
use super::values::Values;
use super::{Store, StoreError, ids};
use crate::domain::{Delivery, DeliveryId, DeliveryState, EditionId, LetterId, SubscriberId};

/// How many rows one statement writes.
const ROWS_IN_A_STATEMENT: usize = 256;

/// A delivery before there is a row.
pub(super) struct NewDelivery<'a> {
    pub(super) letter: LetterId,
    pub(super) edition: Option<EditionId>,
    pub(super) subscriber: Option<SubscriberId>,
    pub(super) name: Option<&'a str>,
    pub(super) address: &'a str,
    pub(super) address_hash: &'a str,
    pub(super) language: &'a str,
    pub(super) topics: String,
    pub(super) contents: &'a [u32],
    pub(super) follows: Option<DeliveryId>,
    pub(super) due: DateTime<Utc>,
}

/// Whether nothing tells any more to whom a delivery went: this stands in place of the address.
pub(super) const IS_BLANK: &str = "deliveries.recipient_address = 'erased@erased.invalid'";

/// The columns of a new row, its number first.
pub(super) const NEW_DELIVERY: &str = "id, letter, edition, subscriber, recipient_name, recipient_address, address_hash, \
    language, topics, contents, follows, state, due, since, attempt, lost, created";

/// Writes deliveries, but for those that an edition has for their subscribers, and gives the number of the first and how
/// many were written.
pub(super) async fn add<'d>(
    connection: &mut AnyConnection,
    deliveries: &'d [NewDelivery<'d>],
    now: DateTime<Utc>,
) -> Result<(DeliveryId, u64), StoreError> {
    const COLUMNS: &[Kind; 13] =
        &[Number, Number, Number, Number, Text, Text, Text, Text, Text, Text, Number, Number, Number];
    let first = ids::reserve(&mut *connection, "deliveries", deliveries.len()).await?;
    let mut written = 0;
    let mut numbers = first..;
    for some in deliveries.chunks(ROWS_IN_A_STATEMENT) {
        let row = |(delivery, number): (&'d NewDelivery<'d>, i64)| {
            [
                number.into(),
                delivery.letter.number().into(),
                delivery.edition.map(EditionId::number).into(),
                delivery.subscriber.map(SubscriberId::number).into(),
                delivery.name.into(),
                delivery.address.into(),
                delivery.address_hash.into(),
                delivery.language.into(),
                delivery.topics.as_str().into(),
                numbers_text(delivery.contents).into(),
                delivery.follows.map(DeliveryId::number).into(),
                micros(delivery.due).into(),
                micros(now).into(),
            ]
        };
        let values = Values::new(connection, COLUMNS, some.iter().zip(&mut numbers).map(row));
        let statement = format!(
            "WITH made (id, letter, edition, subscriber, recipient_name, recipient_address, address_hash, language, topics, \
             contents, follows, due, at) AS ({}) INSERT INTO deliveries ({NEW_DELIVERY}) \
             SELECT id, letter, edition, subscriber, recipient_name, recipient_address, address_hash, language, topics, \
             contents, follows, 'queued', due, at, 0, 0, at FROM made WHERE id IS NOT NULL \
             ON CONFLICT (edition, subscriber) DO NOTHING",
            values.table()
        );
        let query = values.bind(sqlx::query(AssertSqlSafe(statement)));
        written += query.execute(&mut *connection).await?.rows_affected();
    }
    Ok((DeliveryId::new(first), written))
}

/// Numbers of fragments as a row has them: a comma before and after each, nothing when there are none.
pub(super) fn numbers_text(numbers: &[u32]) -> String {
    if numbers.is_empty() {
        return String::new();
    }
    let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
    format!(",{},", numbers.join(","))
}

/// Reads numbers of fragments.
pub(super) fn numbers_from(fields: &Fields<'_>, column: &'static str) -> Result<Vec<u32>, StoreError> {
    let text = fields.text(column)?;
    let numbers = text.split(',').filter(|number| !number.is_empty());
    numbers.map(|number| number.parse().map_err(|error| fields.wrong(column, error))).collect()
}

/// The columns that [`delivery_in`] reads.
pub(super) const BUT_ITS_STATE: &str = "id, letter, edition, subscriber, recipient_name, recipient_address, topics, \
    contents, follows, attempt, claim";

/// Reads a delivery's row.
pub(super) fn delivery_from(row: &AnyRow) -> Result<Delivery, StoreError> {
    let fields = Fields::keyed_by(row, "deliveries", "id");
    let since = fields.instant("since")?;
    let until = || fields.instant_or_none("lease_until").map(|until| until.unwrap_or(since));
    let state = match fields.text("state")?.as_str() {
        "queued" => DeliveryState::Queued { due: fields.instant("due")? },
        "leased" => DeliveryState::Leased { until: until()? },
        "in_flight" => DeliveryState::InFlight { until: until()? },
        "sent" => DeliveryState::Sent { at: since },
        "failed" => DeliveryState::Failed { at: since },
        "skipped" => DeliveryState::Skipped(fields.parsed("skip_reason")?),
        "unknown" => DeliveryState::Unknown { since },
        word => return Err(fields.wrong("state", format_args!("`{word}` is no state"))),
    };
    delivery_in(state, row)
}

/// Reads a delivery's row of which the state is known.
pub(super) fn delivery_in(state: DeliveryState, row: &AnyRow) -> Result<Delivery, StoreError> {
    let fields = Fields::keyed_by(row, "deliveries", "id");
    Ok(Delivery {
        id: DeliveryId::new(fields.number("id")?),
        letter: LetterId::new(fields.number("letter")?),
        edition: fields.number_or_none("edition")?.map(EditionId::new),
        subscriber: fields.number_or_none("subscriber")?.map(SubscriberId::new),
        recipient: fields.mailbox("recipient_name", "recipient_address")?,
        topics: fields.topics("topics")?,
        contents: numbers_from(&fields, "contents")?,
        follows: fields.number_or_none("follows")?.map(DeliveryId::new),
        state,
        attempt: fields.count("attempt")?,
        claim: fields.count("claim")?,
    })
}

/// Reads rows; one that cannot be read is logged and left out.
pub(super) fn readable(rows: &[AnyRow]) -> Vec<Delivery> {
    let mut deliveries = Vec::with_capacity(rows.len());
    for row in rows {
        match delivery_from(row) {
            Ok(delivery) => deliveries.push(delivery),
            Err(error) => tracing::error!(%error, "a delivery is left out of the list"),
        }
    }
    deliveries
}

impl Store {
    /// The delivery with this id.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM deliveries WHERE id = $1").bind(id.number()).fetch_optional(&self.read).await?;
        row.as_ref().map(delivery_from).transpose()
    }

    /// The last `limit` deliveries to a subscriber, latest first. A row that cannot be read is logged and left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deliveries_of_subscriber(&self, id: SubscriberId, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let rows = sqlx::query("SELECT * FROM deliveries WHERE subscriber = $1 ORDER BY id DESC LIMIT $2")
            .bind(id.number())
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .await?;
        Ok(readable(&rows))
    }

    /// Every try to hand the delivery over, in order.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn attempts_of(&self, id: DeliveryId) -> Result<Vec<AttemptMade>, StoreError> {
        let rows = sqlx::query("SELECT * FROM attempts WHERE delivery = $1 ORDER BY claim")
            .bind(id.number())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(attempt_from).collect()
    }
}

pub(super) fn attempt_from(row: &AnyRow) -> Result<AttemptMade, StoreError> {
    let fields = Fields::keyed_by(row, "attempts", "delivery");
    Ok(AttemptMade {
        attempt: fields.count("attempt")?,
        relay: fields.text("relay")?,
        at: fields.instant("at")?,
        phase: fields.text("phase")?,
        code: match fields.number_or_none("code")? {
            Some(_) => Some(fields.count("code")?),
            None => None,
        },
        enhanced: fields.text_or_none("enhanced")?,
        reply: fields.text("reply")?,
        message_id: fields.text("message_id")?,
        verdict: fields.text("verdict")?,
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use crate::domain::{DeliveryState, LetterKind, Mailbox, RenderedLetter, TokenKey};
    use crate::language::Language;
    use crate::store::connection::settings_in;
    use crate::store::{SingleLetter, Store, StoreError};

    #[tokio::test]
    async fn a_corrupt_row_stops_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings_in(&folder);
        let now = DateTime::UNIX_EPOCH;
        let store = Store::open(&settings, now).await.unwrap();
        store.bind_key(&TokenKey::new([7; 32])).await.unwrap();
        let letter = RenderedLetter {
            kind: LetterKind::Notice,
            edition: None,
            language: Language::English,
            subject: "Held".to_owned(),
            text: "Held\0.".to_owned(),
            html: String::new(),
            date: now,
            boundary: "0".repeat(32),
            reply_to: None,
            archive: None,
            topic_words: std::collections::BTreeMap::new(),
            carries: String::new(),
        };
        let recipient = Mailbox::new(None, "ann@example.org".parse().unwrap());
        let single = SingleLetter { letter: &letter, recipient: &recipient, subscriber: None, due: now, cause: None };
        let bad = store.post_letter(&single, now).await.unwrap().unwrap();
        let good = store.post_letter(&single, now).await.unwrap().unwrap();
        let spoil = |statement| sqlx::query(statement).bind(bad.number()).execute(&store.write);
        spoil("UPDATE deliveries SET recipient_address = 'nobody' WHERE id = $1").await.unwrap();

        let read = store.delivery(bad).await;
        assert!(matches!(read, Err(StoreError::Row { table: "deliveries", .. })), "{read:?}");
        let claimed = store.claim("a", 10, now, TimeDelta::minutes(15)).await.unwrap();
        assert_eq!(claimed.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [good]);
        spoil("UPDATE deliveries SET recipient_address = 'ann@example.org' WHERE id = $1").await.unwrap();
        let given_up = store.delivery(bad).await.unwrap().unwrap();
        assert_eq!(given_up.state, DeliveryState::Failed { at: now });
        let text = store.letter(given_up.letter).await.unwrap().unwrap().text;
        assert_eq!(text, "Held\u{FFFD}.");
    }
}
