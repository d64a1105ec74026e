//! An edition opens: its letters are stored and its release is marked as announced in one transaction; then its
//! deliveries are written in chunks, each of which may be repeated after a crash without writing anybody twice.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::deliveries::{self, NewDelivery};
use super::row::{Fields, micros, placeholders};
use super::{Store, StoreError, decisions, letters};
use crate::domain::{EditionId, EditionKind, LetterId, LetterKind, ReleaseId, RenderedLetter, Topic};
use crate::policy::Audience;

/// What one chunk of deliveries came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// How many deliveries were written.
    pub written: u64,
    /// Whether it was the last: the edition is no longer opening.
    pub finished: bool,
}

impl Store {
    /// Opens a waiting edition with its rendered `letters`. For an announcement, the release is marked as announced in
    /// the same transaction. `false`, and nothing changed, when the edition does not wait any more or its release's
    /// announcement was decided before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_edition(
        &self,
        id: EditionId,
        letters: &[RenderedLetter],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "UPDATE editions SET state = 'opening', due = NULL, cursor = NULL, opened = $2 \
             WHERE id = $1 AND state = 'waiting' RETURNING id, kind, release",
        )
        .bind(id.number())
        .bind(micros(now))
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let fields = Fields::keyed_by_number(&row, "editions", "id");
        if fields.parsed::<EditionKind>("kind")? == EditionKind::Announcement
            && !mark_announced(&mut transaction, &fields.parsed("release")?, now).await?
        {
            return Ok(false);
        }
        for letter in letters {
            let letter = RenderedLetter { kind: LetterKind::Edition, edition: Some(id), ..letter.clone() };
            letters::add(&mut transaction, &letter).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Writes the next `limit` deliveries of an opening edition: to the subscribers that `audience` includes and who
    /// are not suppressed at this instant, in the order of their ids. After the last, the edition is sending, or done
    /// when nobody receives it.
    ///
    /// # Errors
    /// When the database does not answer, or the edition has no letter.
    pub async fn deliver_chunk(
        &self,
        id: EditionId,
        audience: &Audience,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Chunk, StoreError> {
        let mut transaction = self.begin().await?;
        // Writing the row keeps other instances out of this edition until the commit.
        let row = sqlx::query(
            "UPDATE editions SET cursor = cursor WHERE id = $1 AND state = 'opening' RETURNING id, cursor, deliveries",
        )
        .bind(id.number())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(Chunk { written: 0, finished: true }) };
        let fields = Fields::keyed_by_number(&row, "editions", "id");
        let cursor = fields.number_or_none("cursor")?.unwrap_or(i64::MIN);

        let letters = letters_by_language(&mut transaction, id).await?;
        let subscribers = next_subscribers(&mut transaction, audience, cursor, limit).await?;
        let last = match subscribers.last() {
            Some(row) => Fields::keyed_by_number(row, "subscribers", "id").number("id")?,
            None => cursor,
        };
        let matched = matched_topics(&mut transaction, audience, cursor, last).await?;
        let mut written = 0;
        for row in &subscribers {
            let subscriber = Fields::keyed_by_number(row, "subscribers", "id");
            let topics =
                subscriber.number("id").ok().and_then(|number| matched.get(&number)).map_or("", String::as_str);
            written += write_one(&mut transaction, id, &letters, &subscriber, topics, now).await?;
        }

        let finished = subscribers.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        let total = fields.number("deliveries")? + i64::try_from(written).unwrap_or(i64::MAX);
        move_on(&mut transaction, id, last, total, finished, now).await?;
        transaction.commit().await?;
        Ok(Chunk { written, finished })
    }
}

async fn mark_announced(
    connection: &mut AnyConnection,
    release: &ReleaseId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE releases SET announcement = 'opened' WHERE id = $1 AND announcement = 'undecided'")
        .bind(release.as_str())
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    decisions::add(connection, release, now, "announced", "its edition was opened").await?;
    Ok(true)
}

/// The edition's letters by language code.
async fn letters_by_language(
    connection: &mut AnyConnection,
    id: EditionId,
) -> Result<BTreeMap<String, LetterId>, StoreError> {
    let rows = sqlx::query("SELECT id, language FROM letters WHERE edition = $1 AND kind = 'edition'")
        .bind(id.number())
        .fetch_all(connection)
        .await?;
    let mut letters = BTreeMap::new();
    for row in &rows {
        let fields = Fields::keyed_by_number(row, "letters", "id");
        letters.insert(fields.text("language")?, LetterId::new(fields.number("id")?));
    }
    Ok(letters)
}

async fn next_subscribers(
    connection: &mut AnyConnection,
    audience: &Audience,
    cursor: i64,
    limit: u32,
) -> Result<Vec<AnyRow>, StoreError> {
    const FIXED: usize = 4;
    if audience.topics.is_empty() {
        return Ok(Vec::new());
    }
    let statement = format!(
        "SELECT s.id, s.address, s.address_hash, s.name, s.language FROM subscribers s \
         WHERE s.id > $1 AND s.state = 'active' AND s.frequency = $2 AND s.since <= $3 \
         AND EXISTS (SELECT 1 FROM subscriptions t WHERE t.subscriber = s.id AND t.topic IN ({})) \
         AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = s.address_hash) \
         ORDER BY s.id LIMIT $4",
        placeholders(FIXED + 1, audience.topics.len())
    );
    let query = sqlx::query(AssertSqlSafe(statement))
        .bind(cursor)
        .bind(audience.frequency.as_str())
        .bind(micros(audience.subscribed_before))
        .bind(i64::from(limit));
    let query = audience.topics.iter().fold(query, |query, topic| query.bind(topic.to_string()));
    Ok(query.fetch_all(connection).await?)
}

/// The audience's topics that each subscriber after `cursor` and up to `last` follows, a line each.
async fn matched_topics(
    connection: &mut AnyConnection,
    audience: &Audience,
    cursor: i64,
    last: i64,
) -> Result<BTreeMap<i64, String>, StoreError> {
    const FIXED: usize = 2;
    let mut matched: BTreeMap<i64, String> = BTreeMap::new();
    if audience.topics.is_empty() || last == cursor {
        return Ok(matched);
    }
    let statement = format!(
        "SELECT subscriber, topic FROM subscriptions WHERE subscriber > $1 AND subscriber <= $2 AND topic IN ({}) \
         ORDER BY subscriber, topic",
        placeholders(FIXED + 1, audience.topics.len())
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(cursor).bind(last);
    let query = audience.topics.iter().fold(query, |query, topic| query.bind(topic.to_string()));
    for row in query.fetch_all(connection).await? {
        let fields = Fields::keyed_by_number(&row, "subscriptions", "subscriber");
        let topic: Topic = fields.parsed("topic")?;
        let lines = matched.entry(fields.number("subscriber")?).or_default();
        if !lines.is_empty() {
            lines.push('\n');
        }
        lines.push_str(&topic.to_string());
    }
    Ok(matched)
}

async fn write_one(
    connection: &mut AnyConnection,
    edition: EditionId,
    letters: &BTreeMap<String, LetterId>,
    subscriber: &Fields<'_>,
    topics: &str,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let language = subscriber.text("language")?;
    let (language, letter) = match letters.get_key_value(&language).or_else(|| letters.first_key_value()) {
        Some((language, letter)) => (language, *letter),
        None => return Err(subscriber.wrong("language", "the edition has no letter")),
    };
    let name = subscriber.text_or_none("name")?;
    let delivery = NewDelivery {
        letter,
        edition: Some(edition),
        subscriber: Some(crate::domain::SubscriberId::new(subscriber.number("id")?)),
        name: name.as_deref(),
        address: &subscriber.text("address")?,
        address_hash: &subscriber.text("address_hash")?,
        language,
        topics,
        kind: LetterKind::Edition,
        due: now,
    };
    Ok(u64::from(deliveries::add(connection, &delivery, now).await?.is_some()))
}

/// Moves the edition's cursor, and its state after the last chunk.
async fn move_on(
    connection: &mut AnyConnection,
    id: EditionId,
    last: i64,
    total: i64,
    finished: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (state, ended) = match (finished, total) {
        (false, _) => ("opening", None),
        (true, 0) => ("done", Some(micros(now))),
        (true, _) => ("sending", None),
    };
    sqlx::query("UPDATE editions SET cursor = $2, deliveries = $3, state = $4, written = $5, ended = $6 WHERE id = $1")
        .bind(id.number())
        .bind(last)
        .bind(total)
        .bind(state)
        .bind(i64::from(finished))
        .bind(ended)
        .execute(connection)
        .await?;
    Ok(())
}
