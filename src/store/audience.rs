//! An audience as SQL: the next of its subscribers, in the order of their ids, each with what their delivery holds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::deliveries::numbers_from;
use super::row::{Fields, micros, placeholders};
use super::{StoreError, fragments, pauses};
use crate::domain::{DeliveryId, EditionId, Frequency, Pause, ReleaseId, SubscriberId, Topic};
use crate::policy::{Audience, DigestEntry, DigestReader, DigestRun};

/// Who a delivery is for, as the subscriber's row says now.
pub(super) struct Addressee {
    pub(super) subscriber: SubscriberId,
    pub(super) address: String,
    pub(super) address_hash: String,
    pub(super) name: Option<String>,
    pub(super) language: String,
    pub(super) topics: Vec<Topic>,
    pub(super) contents: Vec<u32>,
    pub(super) follows: Option<DeliveryId>,
}

/// Some subscribers in the order of their ids.
pub(super) struct Next {
    /// Those who get a delivery.
    pub(super) addressees: Vec<Addressee>,
    /// The last subscriber that was looked at.
    pub(super) last: i64,
    /// Whether there are no more.
    pub(super) finished: bool,
}

/// Never written to: suppressed by the hash of their address.
pub(super) const NOT_SUPPRESSED: &str =
    "NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = s.address_hash)";

/// The condition that the subscriber `s` does not pause at the instant `at`, an argument such as `$3`.
pub(super) fn not_pausing(at: &str) -> String {
    format!("(s.paused_until IS NULL OR s.paused_until <= {at} OR s.paused_since > {at})")
}

/// A delivery that has reached its reader, or may have.
pub(super) const REACHED: &str = "(d.state IN ('sent', 'unknown') OR d.lost > 0)";

/// Columns that every selection gives.
const COLUMNS: &str = "s.id, s.address, s.address_hash, s.name, s.language";

/// Of the next `limit` subscribers after `cursor`, those whom `release` has reached with a text that lacks a correction.
pub(super) async fn next_readers(
    connection: &mut AnyConnection,
    release: &ReleaseId,
    lacking: Option<&str>,
    (cursor, limit): (i64, u32),
    now: DateTime<Utc>,
) -> Result<Next, StoreError> {
    let (last, finished) = window(connection, cursor, limit).await?;
    let rows = readers(connection, release, lacking, (cursor, last), now).await?;
    let mut next = Next { last, finished, ..plain(&rows, cursor, limit)? };
    // They receive it for the same reason as what it follows up.
    let topics = topics_of(connection, &next.addressees).await?;
    for addressee in &mut next.addressees {
        addressee.topics = addressee.follows.and_then(|id| topics.get(&id)).cloned().unwrap_or_default();
    }
    Ok(next)
}

/// The next `limit` subscribers after `cursor` of those to whom the edition `source` was opened, or of the ones named among
/// them; `edition` repeats it.
pub(super) async fn next_again(
    connection: &mut AnyConnection,
    edition: EditionId,
    source: EditionId,
    only: &[SubscriberId],
    (cursor, limit): (i64, u32),
    now: DateTime<Utc>,
) -> Result<Next, StoreError> {
    let rows = again(connection, source, only, (cursor, limit), now).await?;
    let mut next = plain(&rows, cursor, limit)?;
    let entries = fragments::entries(connection, edition).await?;
    let mut emptied = BTreeSet::new();
    for (addressee, row) in next.addressees.iter_mut().zip(&rows) {
        let fields = Fields::keyed_by(row, "deliveries", "id");
        addressee.topics = fields.topics("topics")?;
        let had = numbers_from(&fields, "contents")?;
        let holds = |number: &u32| entries.iter().any(|entry| entry.number == *number);
        addressee.contents = had.iter().copied().filter(holds).collect();
        if addressee.contents.is_empty() && !had.is_empty() {
            emptied.insert(addressee.subscriber);
        }
    }
    next.addressees.retain(|addressee| !emptied.contains(&addressee.subscriber));
    Ok(next)
}

/// The condition on `subscribers s`; `$1` is the state, `$2` the frequency, `$3` the instant, and the topics begin at
/// `$first`.
pub(super) fn followers_where(topics: &BTreeSet<Topic>, first: usize) -> String {
    format!(
        "s.state = $1 AND s.frequency = $2 AND s.since <= $3 \
         AND EXISTS (SELECT 1 FROM subscriptions t WHERE t.subscriber = s.id AND t.topic IN ({})) AND {NOT_SUPPRESSED} \
         AND {}",
        placeholders(first, topics.len()),
        not_pausing("$3")
    )
}

/// The last of the next `limit` subscribers after `cursor`, and whether there are no more.
pub(super) async fn window(connection: &mut AnyConnection, cursor: i64, limit: u32) -> Result<(i64, bool), StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT id FROM subscribers WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2) AS id, \
         (SELECT MAX(id) FROM subscribers) AS greatest",
    )
    .bind(cursor)
    .bind(i64::from(limit) - 1)
    .fetch_one(connection)
    .await?;
    let fields = Fields::keyed_by(&row, "subscribers", "id");
    let greatest = fields.number_or_none("greatest")?.unwrap_or(cursor).max(cursor);
    let last = fields.number_or_none("id")?.unwrap_or(greatest);
    Ok((last, last == greatest))
}

/// Those whom a release has reached, each with the delivery that brought it, among the subscribers after the first of
/// two ids and up to the second: so each chunk reads its own deliveries, and not all there are.
async fn readers(
    connection: &mut AnyConnection,
    release: &ReleaseId,
    lacking: Option<&str>,
    (after, last): (i64, i64),
    now: DateTime<Utc>,
) -> Result<Vec<AnyRow>, StoreError> {
    let statement = format!("{} ORDER BY s.id", readers_statement());
    let query = sqlx::query(AssertSqlSafe(statement)).bind(release.as_str()).bind(lacking).bind(after).bind(last);
    let query = query.bind(micros(now));
    Ok(query.fetch_all(connection).await?)
}

/// Those whom the release `$1` has reached with a text that lacks the correction `$2`, after `$3` and up to `$4`, at the instant
/// `$5`.
fn readers_statement() -> String {
    format!(
        "SELECT {COLUMNS}, MIN(h.delivery) AS follows FROM subscribers s JOIN (\
         SELECT d.subscriber AS subscriber, d.id AS delivery FROM editions e \
         JOIN deliveries d ON d.edition = e.id JOIN letters l ON l.id = d.letter \
         WHERE e.release = $1 AND e.kind = 'announcement' AND {REACHED} AND ($2 IS NULL OR l.carries <> $2) \
         AND d.subscriber > $3 AND d.subscriber <= $4 \
         UNION ALL \
         SELECT d.subscriber AS subscriber, d.id AS delivery FROM fragments f \
         JOIN deliveries d ON d.edition = f.edition AND d.language = f.language \
         WHERE f.release = $1 AND {REACHED} AND ($2 IS NULL OR f.carries <> $2) \
         AND d.subscriber > $3 AND d.subscriber <= $4 AND d.contents LIKE '%,' || CAST(f.number AS TEXT) || ',%'\
         ) h ON h.subscriber = s.id \
         WHERE s.state = 'active' AND {NOT_SUPPRESSED} AND {} GROUP BY {COLUMNS}",
        not_pausing("$5")
    )
}

/// The topics of the deliveries that these follow up.
async fn topics_of(
    connection: &mut AnyConnection,
    addressees: &[Addressee],
) -> Result<BTreeMap<DeliveryId, Vec<Topic>>, StoreError> {
    let followed: Vec<DeliveryId> = addressees.iter().filter_map(|addressee| addressee.follows).collect();
    let mut topics = BTreeMap::new();
    if followed.is_empty() {
        return Ok(topics);
    }
    let statement = format!("SELECT id, topics FROM deliveries WHERE id IN ({})", placeholders(1, followed.len()));
    let query = sqlx::query(AssertSqlSafe(statement));
    let query = followed.iter().fold(query, |query, id| query.bind(id.number()));
    for row in query.fetch_all(connection).await? {
        let fields = Fields::keyed_by(&row, "deliveries", "id");
        topics.insert(DeliveryId::new(fields.number("id")?), fields.topics("topics")?);
    }
    Ok(topics)
}

/// Those to whom an edition was opened, or the ones named among them.
async fn again(
    connection: &mut AnyConnection,
    edition: EditionId,
    only: &[SubscriberId],
    (cursor, limit): (i64, u32),
    now: DateTime<Utc>,
) -> Result<Vec<AnyRow>, StoreError> {
    let named = match only.len() {
        0 => String::new(),
        count => format!("AND s.id IN ({})", placeholders(5, count)),
    };
    let statement = format!(
        "SELECT {COLUMNS}, d.topics, d.contents, d.follows FROM subscribers s \
         JOIN deliveries d ON d.edition = $2 AND d.subscriber = s.id \
         WHERE s.id > $1 AND s.state = 'active' AND {NOT_SUPPRESSED} AND {} {named} ORDER BY s.id LIMIT $3",
        not_pausing("$4")
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(cursor).bind(edition.number()).bind(i64::from(limit));
    let query = query.bind(micros(now));
    let query = only.iter().fold(query, |query, id| query.bind(id.number()));
    Ok(query.fetch_all(connection).await?)
}

/// Rows that say everything about their addressees.
fn plain(rows: &[AnyRow], cursor: i64, limit: u32) -> Result<Next, StoreError> {
    let addressees: Vec<Addressee> = rows.iter().map(addressee_from).collect::<Result<_, _>>()?;
    let last = addressees.last().map_or(cursor, |addressee| addressee.subscriber.number());
    Ok(Next { last, finished: is_last(rows.len(), limit), addressees })
}

fn is_last(found: usize, limit: u32) -> bool {
    found < usize::try_from(limit).unwrap_or(usize::MAX)
}

fn addressee_from(row: &AnyRow) -> Result<Addressee, StoreError> {
    let fields = Fields::keyed_by(row, "subscribers", "id");
    let follows = sqlx::Row::try_get::<Option<i64>, _>(row, "follows").unwrap_or_default();
    Ok(Addressee {
        subscriber: SubscriberId::new(fields.number("id")?),
        address: fields.text("address")?,
        address_hash: fields.text("address_hash")?,
        name: fields.text_or_none("name")?,
        language: fields.text("language")?,
        topics: Vec::new(),
        contents: Vec::new(),
        follows: follows.map(DeliveryId::new),
    })
}

/// What the subscribers after `cursor` and up to `last` follow, in order.
async fn followed_topics(
    connection: &mut AnyConnection,
    cursor: i64,
    last: i64,
) -> Result<BTreeMap<i64, BTreeSet<Topic>>, StoreError> {
    let mut followed: BTreeMap<i64, BTreeSet<Topic>> = BTreeMap::new();
    if last == cursor {
        return Ok(followed);
    }
    let rows = sqlx::query("SELECT subscriber, topic FROM subscriptions WHERE subscriber > $1 AND subscriber <= $2")
        .bind(cursor)
        .bind(last)
        .fetch_all(connection)
        .await?;
    for row in &rows {
        let fields = Fields::keyed_by(row, "subscriptions", "subscriber");
        followed.entry(fields.number("subscriber")?).or_default().insert(fields.parsed("topic")?);
    }
    Ok(followed)
}

/// Those who chose this digest, or are owed it, and have something in it. Whoever was looked at is served: what was
/// announced by then is dealt with for them, once this transaction commits. What was announced while they paused is not
/// sent later.
pub(super) async fn next_digest(
    connection: &mut AnyConnection,
    edition: EditionId,
    run: &DigestRun,
    (cursor, limit): (i64, u32),
    now: DateTime<Utc>,
) -> Result<Next, StoreError> {
    let entries = fragments::entries(connection, edition).await?;
    let statement = format!(
        "SELECT {COLUMNS}, s.frequency, s.covered, s.owed_until, s.paused_since, s.paused_until FROM subscribers s \
         WHERE s.id > $1 AND s.state = 'active' AND (s.frequency = $2 OR s.owed = $2) AND {NOT_SUPPRESSED} \
         ORDER BY s.id LIMIT $3"
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(cursor).bind(run.frequency.as_str()).bind(i64::from(limit));
    let rows = query.fetch_all(&mut *connection).await?;
    let announced = announced_at(connection, &entries).await?;
    let mut next = plain(&rows, cursor, limit)?;
    let followed = followed_topics(connection, cursor, next.last).await?;
    let had = had(connection, &entries, edition, cursor, next.last).await?;
    for (addressee, row) in next.addressees.iter_mut().zip(&rows) {
        let fields = Fields::keyed_by(row, "subscribers", "id");
        let number = addressee.subscriber.number();
        let is_owed = fields.text("frequency")? != run.frequency.as_str();
        let pause = pauses::pause_from(&fields)?;
        if pause.is_some_and(|pause| pause.covers(now)) {
            continue;
        }
        let reader = DigestReader {
            topics: followed.get(&number).cloned().unwrap_or_default(),
            covered: fields.count("covered")?,
            paused: turns_within(pause, &announced),
            until: if is_owed { Some(fields.count("owed_until")?) } else { None },
            had: had.get(&number).cloned().unwrap_or_default(),
        };
        addressee.contents = reader.contents(&entries);
        let chosen = entries.iter().filter(|entry| addressee.contents.contains(&entry.number));
        let about: BTreeSet<&Topic> = chosen.flat_map(|entry| &entry.topics).collect();
        addressee.topics = reader.topics.iter().filter(|topic| about.contains(topic)).cloned().collect();
    }
    next.addressees.retain(|addressee| !addressee.contents.is_empty());
    cover(connection, run, cursor, next.last).await?;
    Ok(next)
}

/// When the turns of `entries` were.
async fn announced_at(
    connection: &mut AnyConnection,
    entries: &[DigestEntry],
) -> Result<BTreeMap<u64, DateTime<Utc>>, StoreError> {
    let turns: BTreeSet<u64> = entries.iter().map(|entry| entry.turn).collect();
    if turns.is_empty() {
        return Ok(BTreeMap::new());
    }
    let statement = format!(
        "SELECT id, turn, opened FROM editions WHERE kind = 'announcement' AND opened IS NOT NULL AND turn IN ({})",
        placeholders(1, turns.len())
    );
    let query = sqlx::query(AssertSqlSafe(statement));
    let query = turns.iter().fold(query, |query, turn| query.bind(fragments::turn_number(*turn)));
    let mut announced = BTreeMap::new();
    for row in query.fetch_all(connection).await? {
        let fields = Fields::keyed_by(&row, "editions", "id");
        announced.insert(fields.count("turn")?, fields.instant("opened")?);
    }
    Ok(announced)
}

/// The turns that lie in a pause.
fn turns_within(pause: Option<Pause>, announced: &BTreeMap<u64, DateTime<Utc>>) -> BTreeSet<u64> {
    let Some(pause) = pause else { return BTreeSet::new() };
    announced.iter().filter(|(_, at)| pause.covers(**at)).map(|(turn, _)| *turn).collect()
}

/// The releases of `entries` that the subscribers after `cursor` and up to `last` had, or have on their way, in letters
/// of their own or in other digests.
async fn had(
    connection: &mut AnyConnection,
    entries: &[DigestEntry],
    edition: EditionId,
    cursor: i64,
    last: i64,
) -> Result<BTreeMap<i64, BTreeSet<ReleaseId>>, StoreError> {
    let mut had: BTreeMap<i64, BTreeSet<ReleaseId>> = BTreeMap::new();
    let releases: BTreeSet<&ReleaseId> = entries.iter().map(|entry| &entry.release).collect();
    if releases.is_empty() || last == cursor {
        return Ok(had);
    }
    let listed = placeholders(4, releases.len());
    let not_left_out = "d.subscriber > $1 AND d.subscriber <= $2 AND d.edition <> $3 \
         AND (d.state NOT IN ('skipped', 'failed') OR d.lost > 0)";
    let by_themselves = format!(
        "SELECT d.subscriber, e.release FROM deliveries d JOIN editions e ON e.id = d.edition \
         WHERE {not_left_out} AND e.kind = 'announcement' AND e.release IN ({listed})"
    );
    let query = sqlx::query(AssertSqlSafe(by_themselves)).bind(cursor).bind(last).bind(edition.number());
    let query = releases.iter().fold(query, |query, release| query.bind(release.as_str()));
    for row in query.fetch_all(&mut *connection).await? {
        let fields = Fields::keyed_by(&row, "deliveries", "subscriber");
        had.entry(fields.number("subscriber")?).or_default().insert(fields.parsed("release")?);
    }
    let in_digests = format!(
        "SELECT d.subscriber, d.contents, f.number, f.release FROM deliveries d \
         JOIN fragments f ON f.edition = d.edition AND f.language = d.language \
         WHERE {not_left_out} AND d.contents <> '' AND f.release IN ({listed})"
    );
    let query = sqlx::query(AssertSqlSafe(in_digests)).bind(cursor).bind(last).bind(edition.number());
    let query = releases.iter().fold(query, |query, release| query.bind(release.as_str()));
    for row in query.fetch_all(&mut *connection).await? {
        let fields = Fields::keyed_by(&row, "deliveries", "subscriber");
        if numbers_from(&fields, "contents")?.contains(&fields.count("number")?) {
            had.entry(fields.number("subscriber")?).or_default().insert(fields.parsed("release")?);
        }
    }
    Ok(had)
}

/// Remembers how far the digests of these subscribers go.
async fn cover(connection: &mut AnyConnection, run: &DigestRun, cursor: i64, last: i64) -> Result<(), StoreError> {
    let serving = "id > $1 AND id <= $2 AND state = 'active'";
    let served = format!("UPDATE subscribers SET covered = $3 WHERE {serving} AND frequency = $4 AND covered < $3");
    sqlx::query(AssertSqlSafe(served))
        .bind(cursor)
        .bind(last)
        .bind(fragments::turn_number(run.covers))
        .bind(run.frequency.as_str())
        .execute(&mut *connection)
        .await?;
    let settled = format!(
        "UPDATE subscribers SET covered = CASE WHEN covered < owed_until THEN owed_until ELSE covered END, owed = NULL, \
         owed_until = NULL WHERE {serving} AND owed = $3"
    );
    sqlx::query(AssertSqlSafe(settled))
        .bind(cursor)
        .bind(last)
        .bind(run.frequency.as_str())
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// Whether anybody chose a digest of this frequency, or is owed one, and does not pause at `now`: there may be none among a million, so each question has
/// its index.
pub(super) async fn has_digest_readers(
    connection: &mut AnyConnection,
    frequency: Frequency,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let awake = not_pausing("$2");
    let statement = format!(
        "SELECT s.id FROM subscribers s WHERE s.frequency <> 'immediate' AND s.frequency = $1 AND s.state = 'active' \
         AND {NOT_SUPPRESSED} AND {awake} UNION ALL \
         SELECT s.id FROM subscribers s WHERE s.owed IS NOT NULL AND s.owed = $1 AND s.state = 'active' \
         AND {NOT_SUPPRESSED} AND {awake} LIMIT 1"
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(frequency.as_str()).bind(micros(now));
    let found = query.fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// How many subscribers an audience has at `now`; for a digest, how many chose it or are owed it.
pub(super) async fn size(
    connection: &mut AnyConnection,
    audience: &Audience,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let row = match audience {
        Audience::Followers(followers) if followers.topics.is_empty() => return Ok(0),
        Audience::Followers(followers) => {
            let condition = followers_where(&followers.topics, 4);
            let statement = format!("SELECT COUNT(*) AS total FROM subscribers s WHERE {condition}");
            let query = sqlx::query(AssertSqlSafe(statement))
                .bind("active")
                .bind(followers.frequency.as_str())
                .bind(micros(followers.subscribed_before));
            let query = followers.topics.iter().fold(query, |query, topic| query.bind(topic.to_string()));
            query.fetch_one(connection).await?
        }
        Audience::Digest(run) => {
            let statement = format!(
                "SELECT COUNT(*) AS total FROM subscribers s WHERE s.state = 'active' \
                 AND (s.frequency = $1 OR s.owed = $1) AND {NOT_SUPPRESSED} AND {}",
                not_pausing("$2")
            );
            let query = sqlx::query(AssertSqlSafe(statement)).bind(run.frequency.as_str()).bind(micros(now));
            query.fetch_one(connection).await?
        }
        Audience::Readers { release, lacking } => {
            let statement = format!("SELECT COUNT(*) AS total FROM ({}) AS reader", readers_statement());
            let query = sqlx::query(AssertSqlSafe(statement)).bind(release.as_str()).bind(lacking.as_deref());
            query.bind(i64::MIN).bind(i64::MAX).bind(micros(now)).fetch_one(connection).await?
        }
        Audience::Again { edition, only } => {
            let rows = again(connection, *edition, only, (i64::MIN, u32::MAX), now).await?;
            return Ok(rows.len() as u64);
        }
    };
    Fields::keyed_by(&row, "subscribers", "total").count("total")
}
