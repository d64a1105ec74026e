//! Taking out of every table what tells who somebody was. What stays of them are counts, and a keyed hash of the address, by
//! which a report that comes late is understood.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::row::{Fields, micros, placeholders};
use super::{StoreError, address_rows, suppressions};
use crate::domain::{EmailAddress, LetterKind, SubscriberId, SuppressionReason};

/// How many rows one statement may name.
const IDS_IN_A_STATEMENT: usize = 500;

/// A person as the database knows one.
#[derive(Default)]
struct Person {
    /// Their rows: the one that is erased, and those that were merged into it.
    rows: BTreeSet<i64>,
    /// The hashes of the addresses that are theirs, or were and are nobody else's now.
    hashes: BTreeSet<String>,
    /// The addresses themselves, as far as they are known.
    addresses: BTreeSet<String>,
}

impl Person {
    /// Whoever has the row `id`, with the rows and addresses that led to it.
    async fn of(connection: &mut AnyConnection, id: i64, address: &str, hash: &str) -> Result<Self, StoreError> {
        let mut person = Self::default();
        person.hashes.insert(hash.to_owned());
        person.addresses.insert(address.to_owned());
        let mut next = vec![id];
        while let Some(row) = next.pop() {
            if !person.rows.insert(row) {
                continue;
            }
            let former = sqlx::query(
                "SELECT f.subscriber, f.address_hash, s.id, s.address, CAST(CASE WHEN s.state = 'active' \
                 OR EXISTS (SELECT 1 FROM consents c WHERE c.subscriber = s.id \
                 AND c.action IN ('confirmed', 'vouched', 'returned') AND c.at > f.gone) THEN 1 ELSE 0 END AS BIGINT) \
                 AS is_anothers FROM former_addresses f LEFT JOIN subscribers s ON s.address_hash = f.address_hash \
                 WHERE f.subscriber = $1",
            )
            .bind(row)
            .fetch_all(&mut *connection)
            .await?;
            for row in &former {
                let fields = Fields::keyed_by(row, "former_addresses", "subscriber");
                if fields.number("is_anothers")? == 1 {
                    continue;
                }
                person.hashes.insert(fields.text("address_hash")?);
                person.addresses.extend(fields.text_or_none("address")?);
                next.extend(fields.number_or_none("id")?);
            }
        }
        Ok(person)
    }

    /// Adds the addresses that are known from letters alone.
    async fn recall(&mut self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        for row in &self.rows {
            let written = sqlx::query(
                "SELECT DISTINCT subscriber, recipient_address, address_hash FROM deliveries WHERE subscriber = $1",
            )
            .bind(*row)
            .fetch_all(&mut *connection)
            .await?;
            for row in &written {
                let fields = Fields::keyed_by(row, "deliveries", "subscriber");
                if self.hashes.contains(&fields.text("address_hash")?) {
                    self.addresses.insert(fields.text("recipient_address")?);
                }
            }
        }
        Ok(())
    }
}

/// Removes what tells who a subscriber was; their deliveries stay in the counts.
pub(super) async fn forget(
    connection: &mut AnyConnection,
    id: SubscriberId,
    address: &str,
    address_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut person = Person::of(connection, id.number(), address, address_hash).await?;
    person.recall(connection).await?;
    let Person { rows, hashes, addresses } = person;
    for address in addresses {
        // Empty of those that were forgotten before.
        if let Ok(address) = address.parse::<EmailAddress>() {
            forget_mentions(connection, &address, now).await?;
        }
    }
    for hash in hashes {
        suppressions::add(connection, &hash, SuppressionReason::Erased, now).await?;
        forget_traces(connection, &hash, now).await?;
    }
    let statements = [
        "DELETE FROM address_changes WHERE subscriber = $1",
        "DELETE FROM former_addresses WHERE subscriber = $1",
        "DELETE FROM subscriptions WHERE subscriber = $1",
        "DELETE FROM consents WHERE subscriber = $1",
        "UPDATE subscribers SET state = 'ended', end_reason = 'erased', address = '', \
         folded = 'erased ' || CAST(id AS TEXT), name = NULL, organisation = NULL, source = '', address_hash = '', \
         paused_since = NULL, paused_until = NULL, asked = NULL, letters_since = NULL, letters = NULL, \
         changes_since = NULL, changes = NULL, returned = NULL WHERE id = $1",
    ];
    for row in rows {
        blank(connection, "subscriber = $1", row, now).await?;
        for statement in statements {
            sqlx::query(statement).bind(row).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Removes an address with which nobody subscribes; whether there was something.
pub(super) async fn forget_address(
    connection: &mut AnyConnection,
    address: &EmailAddress,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let is_mentioned = forget_mentions(connection, address, now).await?;
    Ok(forget_traces(connection, hash, now).await? || is_mentioned)
}

/// Removes an address, known by its hash, from what was sent for others: they asked whether it should be theirs, or they
/// had it before. What the office is sent is its own. Gives whether there was something.
async fn forget_traces(connection: &mut AnyConnection, hash: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    address_rows::forget(connection, hash).await?;
    let single = "address_hash = $1 AND edition IS NULL AND recipient_address <> 'erased@erased.invalid' \
        AND subscriber IS NOT NULL";
    let before = "address_hash = $1 AND recipient_address <> 'erased@erased.invalid' \
        AND subscriber IN (SELECT f.subscriber FROM former_addresses f WHERE f.address_hash = $1)";
    let blanked = [blank(connection, single, hash, now).await?, blank(connection, before, hash, now).await?];
    sqlx::query("DELETE FROM former_addresses WHERE address_hash = $1").bind(hash).execute(connection).await?;
    Ok(blanked.iter().sum::<usize>() > 0)
}

/// Takes back the letters that name an address, when others asked for it, and masks it in what the office was told; whether
/// there were any.
async fn forget_mentions(
    connection: &mut AnyConnection,
    address: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = sqlx::query(
        "SELECT id, kind, subject, text, html FROM letters WHERE kind IN ('request', 'notice') AND edition IS NULL \
         AND text <> '' AND LOWER(text) LIKE $1",
    )
    .bind(format!("%{}%", address.domain()))
    .fetch_all(&mut *connection)
    .await?;
    let mut is_mentioned = false;
    for row in &rows {
        let fields = Fields::keyed_by(row, "letters", "id");
        let (id, subject, html) = (fields.number("id")?, fields.text("subject")?, fields.text("html")?);
        let Some(text) = address.masked_out_of(&fields.text("text")?) else { continue };
        is_mentioned = true;
        let (text, html) = if fields.text("kind")? == LetterKind::Notice.as_str() {
            // In HTML it may be written otherwise: what was said there is said in the text as well.
            (text, address.masked_out_of(&html).unwrap_or_default())
        } else {
            take_back(connection, id, now).await?;
            (String::new(), String::new())
        };
        sqlx::query("UPDATE letters SET subject = $2, text = $3, html = $4 WHERE id = $1")
            .bind(id)
            .bind(address.masked_out_of(&subject).unwrap_or(subject))
            .bind(text)
            .bind(html)
            .execute(&mut *connection)
            .await?;
    }
    Ok(is_mentioned)
}

/// A letter that has not left does not any more.
async fn take_back(connection: &mut AnyConnection, letter: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE deliveries SET state = 'skipped', skip_reason = 'unsubscribed', since = $2, owner = NULL, \
         lease_until = NULL WHERE letter = $1 AND state IN ('queued', 'leased', 'unknown')",
    )
    .bind(letter)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the recipient, what was said to them alone, and every try and report out of the deliveries `which` `key` finds.
/// Single letters that have not left do not any more. Gives how many deliveries there were.
pub(super) async fn blank<'q, K>(
    connection: &mut AnyConnection,
    which: &str,
    key: K,
    now: DateTime<Utc>,
) -> Result<usize, StoreError>
where
    K: 'q + Send + sqlx::Encode<'q, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    const WAITS: &str = "edition IS NULL AND state IN ('queued', 'leased', 'unknown')";
    let statement = format!(
        "UPDATE deliveries SET recipient_name = NULL, recipient_address = 'erased@erased.invalid', topics = '', \
         state = CASE WHEN {WAITS} THEN 'skipped' ELSE state END, \
         skip_reason = CASE WHEN {WAITS} THEN 'unsubscribed' ELSE skip_reason END, \
         since = CASE WHEN {WAITS} THEN $2 ELSE since END, owner = CASE WHEN {WAITS} THEN NULL ELSE owner END, \
         lease_until = CASE WHEN {WAITS} THEN NULL ELSE lease_until END WHERE {which} RETURNING id"
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(key).bind(micros(now));
    let ids = numbers(&query.fetch_all(&mut *connection).await?, "deliveries")?;
    for statement in ["DELETE FROM attempts WHERE delivery", "DELETE FROM bounces WHERE delivery"] {
        each_of(connection, statement, &ids).await?;
    }
    // What was written to them alone names addresses and says what they asked for.
    for some in ids.chunks(IDS_IN_A_STATEMENT) {
        let statement = format!(
            "UPDATE letters SET subject = '', text = '', html = '' WHERE kind <> 'edition' AND id IN \
             (SELECT letter FROM deliveries WHERE edition IS NULL AND id IN ({}))",
            placeholders(1, some.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement));
        some.iter().fold(query, |query, id| query.bind(*id)).execute(&mut *connection).await?;
    }
    Ok(ids.len())
}

/// The numbers in the column `id` of these rows of `table`.
pub(super) fn numbers(rows: &[AnyRow], table: &'static str) -> Result<Vec<i64>, StoreError> {
    rows.iter().map(|row| Fields::keyed_by(row, table, "id").number("id")).collect()
}

/// Carries `statement` out, which ends with the name of a column, for the rows where that is one of `ids`.
pub(super) async fn each_of(connection: &mut AnyConnection, statement: &str, ids: &[i64]) -> Result<(), StoreError> {
    for some in ids.chunks(IDS_IN_A_STATEMENT) {
        let statement = format!("{statement} IN ({})", placeholders(1, some.len()));
        let query = sqlx::query(AssertSqlSafe(statement));
        some.iter().fold(query, |query, id| query.bind(*id)).execute(&mut *connection).await?;
    }
    Ok(())
}
