//! An edition opens: its letters are stored and its release is marked as announced in one transaction; then its
//! deliveries are written in chunks, each of which may be repeated after a crash without writing anybody twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::audience::{self, NOT_SUPPRESSED, Next};
use super::decisions::{About, Cause};
use super::deliveries::{self, NEW_DELIVERY, NewDelivery};
use super::engine::Engine;
use super::row::{Fields, micros, placeholders};
use super::{DigestContents, Store, StoreError, decisions, editions, fragments, ids, letters, revision};
use crate::domain::{
    EditionId, EditionKind, Frequency, LetterId, LetterKind, NewEdition, ReleaseId, RenderedLetter, Topic,
};
use crate::policy::{Audience, Followers};

/// What one chunk of deliveries came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// How many deliveries were written.
    pub written: u64,
    /// How the opening ended, when this was the last.
    pub end: Option<OpeningEnd>,
}

/// How the opening of an edition ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpeningEnd {
    /// Its deliveries are on their way.
    Sending,
    /// Nobody receives it: it is done.
    ToNobody,
}

impl Store {
    /// Opens a waiting edition that is due, with its rendered `letters`, and a digest with its `contents`. For an
    /// announcement, the release is marked as announced in the same transaction. `false`, and nothing changed, when the edition
    /// does not wait any more, waits for a later time by now, or its release's announcement was decided before.
    ///
    /// # Errors
    /// When the database does not answer, or was moved away.
    pub async fn open_edition(
        &self,
        id: EditionId,
        letters: &[RenderedLetter],
        contents: Option<&DigestContents>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin_served().await?;
        let row = sqlx::query(
            "UPDATE editions SET state = 'opening', due = NULL, cursor = NULL, opened = $2 \
             WHERE id = $1 AND state = 'waiting' AND due <= $2 RETURNING id, kind, release, subject",
        )
        .bind(id.number())
        .bind(micros(now))
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let fields = Fields::keyed_by(&row, "editions", "id");
        let is_first = fields.text("subject")?.is_empty();
        if fields.parsed::<EditionKind>("kind")? == EditionKind::Announcement && is_first {
            if !mark_announced(&mut transaction, &fields.parsed("release")?, now).await? {
                return Ok(false);
            }
            let turn = ids::next(&mut transaction, "turns").await?;
            set_turn(&mut transaction, id, turn).await?;
        }
        for letter in letters {
            let letter = RenderedLetter { kind: LetterKind::Edition, edition: Some(id), ..letter.clone() };
            letters::add(&mut transaction, &letter).await?;
        }
        for text in contents.into_iter().flat_map(|contents| &contents.texts) {
            fragments::add(&mut transaction, id, text).await?;
        }
        if let Some(contents) = contents {
            set_turn(&mut transaction, id, fragments::turn_number(contents.covers)).await?;
        }
        decisions::add(&mut transaction, About::edition(id), now, "opened", Cause::rule("it was due")).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Makes and opens a `repeat` of the edition `source` with `letters`; a digest's fragments are repeated as they are, but
    /// for those of the releases that are `gone`. `source` is told who asked for it.
    ///
    /// # Errors
    /// When the database does not answer, or was moved away.
    pub async fn open_repeat(
        &self,
        repeat: &NewEdition,
        source: EditionId,
        gone: &BTreeSet<ReleaseId>,
        letters: &[RenderedLetter],
        cause: Cause<'_>,
        now: DateTime<Utc>,
    ) -> Result<EditionId, StoreError> {
        const FIXED: usize = 2;
        let mut transaction = self.begin_served().await?;
        let id = editions::insert(&mut transaction, repeat, now).await?.ok_or_else(|| StoreError::Row {
            table: "editions",
            row: repeat.dedup_key.clone(),
            column: "dedup_key",
            why: "the repeat is there already".to_owned(),
        })?;
        sqlx::query("UPDATE editions SET opened = $2 WHERE id = $1")
            .bind(id.number())
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
        for letter in letters {
            let letter = RenderedLetter { kind: LetterKind::Edition, edition: Some(id), ..letter.clone() };
            letters::add(&mut transaction, &letter).await?;
        }
        let public = match gone.len() {
            0 => String::new(),
            count => format!("AND release NOT IN ({})", placeholders(FIXED + 1, count)),
        };
        let statement = format!(
            "INSERT INTO fragments (edition, number, language, release, carries, place, turn, topics, heading_text, \
             heading_html, full_text, full_html, short_text, short_html) SELECT $1, number, language, release, carries, \
             place, turn, topics, heading_text, heading_html, full_text, full_html, short_text, short_html \
             FROM fragments WHERE edition = $2 {public}"
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(id.number()).bind(source.number());
        let query = gone.iter().fold(query, |query, release| query.bind(release.as_str()));
        query.execute(&mut *transaction).await?;
        decisions::add(&mut transaction, About::edition(id), now, "opened", cause).await?;
        decisions::add(&mut transaction, About::edition(source), now, "resent", cause).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Writes the next deliveries of an opening edition: looks at `limit` subscribers of `audience` who are not
    /// suppressed at this instant, in the order of their ids. After the last, the edition is sending, or done when nobody
    /// receives it.
    ///
    /// # Errors
    /// When the database does not answer or was moved away, or the edition has no letter.
    pub async fn deliver_chunk(
        &self,
        id: EditionId,
        audience: &Audience,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Chunk, StoreError> {
        let mut transaction = self.begin_served().await?;
        // Writing the row keeps other instances out of this edition until the commit.
        let row = sqlx::query(
            "UPDATE editions SET cursor = cursor WHERE id = $1 AND state = 'opening' RETURNING id, cursor, deliveries",
        )
        .bind(id.number())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(Chunk { written: 0, end: Some(OpeningEnd::Sending) }) };
        let fields = Fields::keyed_by(&row, "editions", "id");
        let cursor = fields.number_or_none("cursor")?.unwrap_or(i64::MIN);

        let letters = letters_by_language(&mut transaction, id).await?;
        let next = match audience {
            Audience::Followers(followers) => {
                let writing = Writing { engine: self.engine, edition: id, letters: &letters, now };
                writing.to_followers(&mut transaction, followers, cursor, limit).await?
            }
            Audience::Readers { release, lacking } => {
                let next =
                    audience::next_readers(&mut transaction, release, lacking.as_deref(), (cursor, limit), now).await?;
                write_addressees(&mut transaction, id, &letters, &next, now).await?
            }
            Audience::Digest(run) => {
                let next = audience::next_digest(&mut transaction, id, run, (cursor, limit), now).await?;
                write_addressees(&mut transaction, id, &letters, &next, now).await?
            }
            Audience::Again { edition, only } => {
                let next = audience::next_again(&mut transaction, id, *edition, only, (cursor, limit), now).await?;
                write_addressees(&mut transaction, id, &letters, &next, now).await?
            }
        };
        let total = fields.number("deliveries")? + i64::try_from(next.rows).unwrap_or(i64::MAX);
        move_on(&mut transaction, id, &next, total, now).await?;
        transaction.commit().await?;
        let end = if total == 0 { OpeningEnd::ToNobody } else { OpeningEnd::Sending };
        Ok(Chunk { written: next.rows, end: next.finished.then_some(end) })
    }

    /// Whether anybody would receive a digest of this frequency at `now`: chose it, or is owed it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_digest_readers(&self, frequency: Frequency, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut connection = self.read.acquire().await?;
        audience::has_digest_readers(&mut connection, frequency, now).await
    }

    /// How many subscribers an audience has at `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audience_size(&self, audience: &Audience, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut connection = self.read.acquire().await?;
        audience::size(&mut connection, audience, now).await
    }
}

async fn set_turn(connection: &mut AnyConnection, id: EditionId, turn: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE editions SET turn = $2 WHERE id = $1").bind(id.number()).bind(turn).execute(connection).await?;
    Ok(())
}

async fn mark_announced(
    connection: &mut AnyConnection,
    release: &ReleaseId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let revision = revision::raise(connection).await?;
    let done = sqlx::query(
        "UPDATE releases SET announcement = 'opened', rev = $2 WHERE id = $1 AND announcement = 'undecided'",
    )
    .bind(release.as_str())
    .bind(revision)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let cause = Cause::rule("its edition was opened");
    decisions::add(connection, About::release(release), now, "announced", cause).await?;
    Ok(true)
}

/// The edition's latest letters by language code.
async fn letters_by_language(
    connection: &mut AnyConnection,
    id: EditionId,
) -> Result<BTreeMap<String, LetterId>, StoreError> {
    let rows =
        sqlx::query("SELECT id, language, serial FROM letters WHERE edition = $1 AND kind = 'edition' ORDER BY serial")
            .bind(id.number())
            .fetch_all(connection)
            .await?;
    let mut letters = BTreeMap::new();
    for row in &rows {
        let fields = Fields::keyed_by(row, "letters", "id");
        letters.insert(fields.text("language")?, LetterId::new(fields.number("id")?));
    }
    Ok(letters)
}

/// What writing some deliveries came to.
struct Written {
    rows: u64,
    /// The last subscriber that was looked at.
    last: i64,
    /// Whether there are no more.
    finished: bool,
}

/// Writes a delivery to each addressee.
async fn write_addressees(
    connection: &mut AnyConnection,
    edition: EditionId,
    letters: &BTreeMap<String, LetterId>,
    next: &Next,
    now: DateTime<Utc>,
) -> Result<Written, StoreError> {
    let mut rows = Vec::with_capacity(next.addressees.len());
    for addressee in &next.addressees {
        let found = letters.get_key_value(&addressee.language).or_else(|| letters.first_key_value());
        let (language, letter) = found.ok_or_else(|| no_letter(edition))?;
        let topics: Vec<String> = addressee.topics.iter().map(Topic::to_string).collect();
        rows.push(NewDelivery {
            letter: *letter,
            edition: Some(edition),
            subscriber: Some(addressee.subscriber),
            name: addressee.name.as_deref(),
            address: &addressee.address,
            address_hash: &addressee.address_hash,
            language,
            topics: topics.join("\n"),
            contents: &addressee.contents,
            follows: addressee.follows,
            due: now,
        });
    }
    let rows = if rows.is_empty() { 0 } else { deliveries::add(connection, &rows, now).await?.1 };
    Ok(Written { rows, last: next.last, finished: next.finished })
}

/// Leaves out whom the edition has a delivery for.
const NONE_TWICE: &str = "ON CONFLICT (edition, subscriber) DO NOTHING";

/// Deliveries that are written without reading whom they are for.
struct Writing<'w> {
    engine: Engine,
    edition: EditionId,
    letters: &'w BTreeMap<String, LetterId>,
    now: DateTime<Utc>,
}

impl Writing<'_> {
    /// Writes a delivery to each of the next `limit` subscribers after `cursor` who follow one of the topics.
    async fn to_followers(
        &self,
        connection: &mut AnyConnection,
        followers: &Followers,
        cursor: i64,
        limit: u32,
    ) -> Result<Written, StoreError> {
        if followers.topics.is_empty() {
            return Ok(Written { rows: 0, last: cursor, finished: true });
        }
        let (last, finished) = audience::window(connection, cursor, limit).await?;
        if last == cursor {
            return Ok(Written { rows: 0, last, finished });
        }
        let window = (cursor, last);
        let has_some = self.has_some(connection, window).await?;
        let rows = if self.engine == Engine::Sqlite && !has_some {
            self.number_by_the_last(connection, followers, window).await?
        } else {
            let first = ids::reserve(connection, "deliveries", usize::try_from(limit).unwrap_or(usize::MAX)).await?;
            // PostgreSQL takes half as long again when each row may be there already.
            let end = if has_some { NONE_TWICE } else { "" };
            let numbers = "$7 - 1 + ROW_NUMBER() OVER (ORDER BY s.id)";
            self.write(connection, (numbers, end), followers, window, first).await?
        };
        Ok(Written { rows, last, finished })
    }

    /// Writes deliveries as [`Self::write`] does. SQLite itself numbers them, from the greatest number on that is there: much
    /// faster than when it counts rows. Numbers that were given before do not come back.
    async fn number_by_the_last(
        &self,
        connection: &mut AnyConnection,
        followers: &Followers,
        window: (i64, i64),
    ) -> Result<u64, StoreError> {
        let given = ids::last(connection, "deliveries").await?;
        let row = sqlx::query("SELECT MAX(id) AS id FROM deliveries").fetch_one(&mut *connection).await?;
        let mut rows = 0;
        if Fields::keyed_by(&row, "deliveries", "id").number_or_none("id")?.unwrap_or(0) < given {
            rows += self.write(connection, ("$7", "LIMIT 1"), followers, window, given + 1).await?;
        }
        rows += self.write(connection, ("NULL", NONE_TWICE), followers, window, given + 1).await?;
        if rows > 0 {
            ids::take_in_deliveries(connection).await?;
        }
        Ok(rows)
    }

    /// Whether the edition has deliveries to subscribers between two ids.
    async fn has_some(&self, connection: &mut AnyConnection, (after, last): (i64, i64)) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT id FROM deliveries WHERE edition = $1 AND subscriber > $2 AND subscriber <= $3 LIMIT 1",
        )
        .bind(self.edition.number())
        .bind(after)
        .bind(last)
        .fetch_optional(connection)
        .await?;
        Ok(found.is_some())
    }

    /// Writes a delivery to the followers between two ids; `numbers` gives its id, where `$7` is the `first` that is free.
    async fn write(
        &self,
        connection: &mut AnyConnection,
        (numbers, end): (&'static str, &'static str),
        followers: &Followers,
        (after, last): (i64, i64),
        first: i64,
    ) -> Result<u64, StoreError> {
        const FIXED: usize = 8;
        let (other, fallback) = self.letters.first_key_value().ok_or_else(|| no_letter(self.edition))?;
        // Languages are words of ours, and numbers are numbers: neither can end its place in the statement.
        let when = |(language, letter): (&String, &LetterId)| format!("WHEN '{language}' THEN {letter} ");
        let letter_of =
            format!("CASE s.language {}ELSE {fallback} END", self.letters.iter().map(when).collect::<String>());
        let spoken = self.letters.keys().map(|language| format!("'{language}'")).collect::<Vec<_>>().join(", ");
        let statement = format!(
            "INSERT INTO deliveries ({NEW_DELIVERY}) \
             SELECT {numbers}, {letter_of}, $6, s.id, s.name, s.address, s.address_hash, \
             CASE WHEN s.language IN ({spoken}) THEN s.language ELSE '{other}' END, t.topics, '', NULL, 'queued', $8, $8, \
             0, 0, $8 \
             FROM (SELECT subscriber, string_agg(topic, '\n') AS topics FROM subscriptions \
             WHERE subscriber > $4 AND subscriber <= $5 AND topic IN ({}) GROUP BY subscriber) t \
             JOIN subscribers s ON s.id = t.subscriber \
             WHERE s.id > $4 AND s.id <= $5 AND s.state = $1 AND s.frequency = $2 AND s.since <= $3 AND {NOT_SUPPRESSED} \
             AND {} {end}",
            placeholders(FIXED + 1, followers.topics.len()),
            audience::not_pausing("$3")
        );
        let query = sqlx::query(AssertSqlSafe(statement))
            .bind("active")
            .bind(followers.frequency.as_str())
            .bind(micros(followers.subscribed_before))
            .bind(after)
            .bind(last)
            .bind(self.edition.number())
            .bind(first)
            .bind(micros(self.now));
        let query = followers.topics.iter().fold(query, |query, topic| query.bind(topic.to_string()));
        Ok(query.execute(connection).await?.rows_affected())
    }
}

fn no_letter(edition: EditionId) -> StoreError {
    let (table, row) = ("letters", format!("edition {edition}"));
    StoreError::Row { table, row, column: "id", why: "the edition has no letter".to_owned() }
}

/// Moves the edition's cursor, and its state after the last chunk.
async fn move_on(
    connection: &mut AnyConnection,
    id: EditionId,
    next: &Written,
    total: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (state, ended) = match (next.finished, total) {
        (false, _) => ("opening", None),
        (true, 0) => ("done", Some(micros(now))),
        (true, _) => ("sending", None),
    };
    sqlx::query("UPDATE editions SET cursor = $2, deliveries = $3, state = $4, written = $5, ended = $6 WHERE id = $1")
        .bind(id.number())
        .bind(next.last)
        .bind(total)
        .bind(state)
        .bind(i64::from(next.finished))
        .bind(ended)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sqlx::Row as _;

    use super::*;
    use crate::store::connection::settings_in;

    /// The deliveries there are: their numbers and whom they are for.
    async fn deliveries(store: &Store) -> Vec<(i64, i64)> {
        let rows =
            sqlx::query("SELECT id, subscriber FROM deliveries ORDER BY id").fetch_all(&store.read).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    #[tokio::test]
    async fn whoever_has_a_delivery_of_an_edition_gets_no_other_and_no_number_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings_in(&folder);
        let now = DateTime::UNIX_EPOCH;
        let store = Store::open(&settings, now).await.unwrap();
        let run = |statement| sqlx::query(statement).execute(&store.write);
        run("INSERT INTO editions (id, kind, subject, dedup_key, title, state, written, deliveries, lifted, created) \
             VALUES (1, 'announcement', '', 'a', 'a', 'opening', 0, 0, '', 0)")
        .await
        .unwrap();
        run("INSERT INTO letters (id, kind, edition, language, subject, text, html, date, boundary, topic_words, carries, \
             serial) VALUES (1, 'edition', 1, 'fr', '', '', '', 0, '', '', '', 1)")
        .await
        .unwrap();
        for id in ["-7", "10", "20", "30"] {
            let subscriber = format!(
                "INSERT INTO subscribers (id, address, folded, address_hash, language, frequency, state, since, source, \
                 created, covered) VALUES ({id}, '{id}', '{id}', '{id}', 'fr', 'immediate', 'active', 0, '', 0, 0)"
            );
            sqlx::query(AssertSqlSafe(subscriber)).execute(&store.write).await.unwrap();
            let follows =
                format!("INSERT INTO subscriptions (subscriber, topic) VALUES ({id}, 'tag:b'), ({id}, 'all')");
            sqlx::query(AssertSqlSafe(follows)).execute(&store.write).await.unwrap();
        }
        let everybody = Audience::Followers(Followers::new(BTreeSet::from([Topic::All]), Frequency::Immediate, now));
        while store.deliver_chunk(EditionId::new(1), &everybody, 3, now).await.unwrap().end.is_none() {}
        assert_eq!(deliveries(&store).await, [(1, -7), (2, 10), (3, 20), (4, 30)]);

        run("DELETE FROM deliveries WHERE id IN (2, 4)").await.unwrap();
        run("UPDATE editions SET state = 'opening', cursor = NULL").await.unwrap();
        while store.deliver_chunk(EditionId::new(1), &everybody, 3, now).await.unwrap().end.is_none() {}
        assert_eq!(deliveries(&store).await, [(1, -7), (3, 20), (6, 10), (8, 30)]);

        // Numbers that were given and are gone with their rows do not come back either, as after a restore.
        run("DELETE FROM deliveries").await.unwrap();
        run("UPDATE counters SET last = 100 WHERE name = 'deliveries'").await.unwrap();
        run("UPDATE editions SET state = 'opening', cursor = NULL").await.unwrap();
        while store.deliver_chunk(EditionId::new(1), &everybody, 3, now).await.unwrap().end.is_none() {}
        assert_eq!(deliveries(&store).await, [(101, -7), (102, 10), (103, 20), (104, 30)]);
        let mut connection = store.write.acquire().await.unwrap();
        assert_eq!(ids::last(&mut connection, "deliveries").await.unwrap(), 104);
    }
}
