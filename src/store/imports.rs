//! A list from elsewhere, some of its lines at a time: how their addresses stand here, and what happens to them, in one
//! transaction. What is to happen is decided in `import`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::consents::{self, ConsentAction};
use super::endings::{Ending, end_within};
use super::row::{Fields, micros, placeholders};
use super::subscribers::{self, LAST_TURN};
use super::values::Kind::{self, Number, Text};
use super::values::Values;
use super::{Proof, Store, StoreError, ids, pauses, suppressions};
use crate::domain::{EndReason, NewSubscriber, SubscriberId, SuppressionReason};
use crate::import::{Defaults, Entry, Here, Known, Outcome, decide};

/// A line with the hash of its address, and who has that here.
struct Placed<'e> {
    entry: &'e Entry,
    hash: String,
    id: Option<SubscriberId>,
    here: Here,
}

/// A row that is new.
struct NewRow<'p> {
    id: SubscriberId,
    placed: &'p Placed<'p>,
    new: NewSubscriber,
    /// `None`: they are active.
    ended: Option<EndReason>,
}

impl Store {
    /// Takes in some lines of a list, each address once among them: all of them, or none when it fails. Gives what each did.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn import(
        &self,
        entries: &[&Entry],
        defaults: &Defaults,
        now: DateTime<Utc>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let hashed = self.hashed(entries)?;
        let mut transaction = self.begin().await?;
        lock(&mut transaction, &hashed).await?;
        let placed = place(&mut transaction, hashed).await?;
        let mut outcomes: Vec<Outcome> = placed.iter().map(|one| decide(one.entry.standing, one.here)).collect();
        let mut rows = Vec::new();
        for (placed, outcome) in placed.iter().zip(&outcomes) {
            rows.extend(carry_out(&mut transaction, placed, *outcome, defaults, now).await?);
        }
        let kept = insert(&mut transaction, &rows, now).await?;
        follow(&mut transaction, &rows, &kept, now).await?;
        transaction.commit().await?;
        if kept.len() < rows.len() {
            // Somebody subscribed at this very moment.
            let lost: Vec<&str> = rows.iter().filter(|row| !kept.contains_key(&row.id)).map(NewRow::address).collect();
            for (entry, outcome) in entries.iter().zip(&mut outcomes) {
                if lost.contains(&entry.address.as_str()) {
                    *outcome = Outcome::AlreadyThere;
                }
            }
        }
        Ok(outcomes)
    }

    /// What [`Self::import`] would do with each line; nothing is written.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn foresee_import(&self, entries: &[&Entry]) -> Result<Vec<Outcome>, StoreError> {
        let hashed = self.hashed(entries)?;
        let mut connection = self.read.acquire().await?;
        let placed = place(&mut connection, hashed).await?;
        Ok(placed.iter().map(|one| decide(one.entry.standing, one.here)).collect())
    }

    fn hashed<'e>(&self, entries: &[&'e Entry]) -> Result<Vec<(&'e Entry, String)>, StoreError> {
        entries.iter().map(|entry| Ok((*entry, self.address_hash(&entry.address)?))).collect()
    }
}

impl NewRow<'_> {
    fn address(&self) -> &str {
        self.placed.entry.address.as_str()
    }
}

/// Keeps these addresses, and who has them, as they are until the end of the transaction: what is decided holds then. On
/// SQLite there is one writer.
async fn lock(connection: &mut AnyConnection, hashed: &[(&Entry, String)]) -> Result<(), StoreError> {
    let addresses: Vec<&str> = hashed.iter().map(|(_, hash)| hash.as_str()).collect();
    suppressions::hold(connection, &addresses).await?;
    if hashed.is_empty() || connection.backend_name() != "PostgreSQL" {
        return Ok(());
    }
    let wanted = placeholders(1, hashed.len());
    let statement = format!("SELECT id FROM subscribers WHERE folded IN ({wanted}) ORDER BY id FOR UPDATE");
    let query = sqlx::query(AssertSqlSafe(statement));
    hashed.iter().fold(query, |query, (entry, _)| query.bind(entry.address.folded())).fetch_all(connection).await?;
    Ok(())
}

/// How these addresses stand here.
async fn place<'e>(
    connection: &mut AnyConnection,
    hashed: Vec<(&'e Entry, String)>,
) -> Result<Vec<Placed<'e>>, StoreError> {
    let folded: Vec<String> = hashed.iter().map(|(entry, _)| entry.address.folded()).collect();
    let known = known(connection, &folded).await?;
    let suppressed = suppressed(connection, &hashed).await?;
    let placed = hashed.into_iter().zip(&folded).map(|((entry, hash), folded)| {
        let (id, known) = known.get(folded).map_or((None, Known::Nobody), |(id, known)| (Some(*id), *known));
        let suppressed = suppressed.get(&hash).copied();
        Placed { entry, hash, id, here: Here { known, suppressed } }
    });
    Ok(placed.collect())
}

/// Those among these addresses, folded, who are known here.
async fn known(
    connection: &mut AnyConnection,
    folded: &[String],
) -> Result<BTreeMap<String, (SubscriberId, Known)>, StoreError> {
    // What only they can have done, of what says that they want their letters.
    const OWN_WILL: &str = "'confirmed', 'changed', 'returned', 'paused', 'resumed', 'address-taken'";
    if folded.is_empty() {
        return Ok(BTreeMap::new());
    }
    let statement = format!(
        "SELECT id, folded, state, end_reason, CAST(CASE WHEN EXISTS (SELECT 1 FROM consents c \
         WHERE c.subscriber = subscribers.id AND c.action IN ({OWN_WILL}) AND c.at >= subscribers.since) \
         THEN 1 ELSE 0 END AS BIGINT) AS own_will FROM subscribers WHERE folded IN ({})",
        placeholders(1, folded.len())
    );
    let query = sqlx::query(AssertSqlSafe(statement));
    let rows = folded.iter().fold(query, sqlx::query::Query::bind).fetch_all(connection).await?;
    let read = |row| {
        let fields = Fields::keyed_by(row, "subscribers", "id");
        let known = match fields.text("state")?.as_str() {
            "pending" => Known::Pending { left: fields.parsed_or_none("end_reason")? },
            "active" => Known::Active { own_will: fields.number("own_will")? == 1 },
            "ended" => Known::Ended(fields.parsed("end_reason")?),
            word => return Err(fields.wrong("state", format_args!("`{word}` is no state"))),
        };
        Ok((fields.text("folded")?, (SubscriberId::new(fields.number("id")?), known)))
    };
    rows.iter().map(read).collect()
}

/// Why nothing is sent to those among these addresses to which nothing is.
async fn suppressed(
    connection: &mut AnyConnection,
    hashed: &[(&Entry, String)],
) -> Result<BTreeMap<String, SuppressionReason>, StoreError> {
    if hashed.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted = placeholders(1, hashed.len());
    let statement = format!("SELECT address_hash, reason FROM suppressions WHERE address_hash IN ({wanted})");
    let query = sqlx::query(AssertSqlSafe(statement));
    let rows = hashed.iter().fold(query, |query, (_, hash)| query.bind(hash)).fetch_all(connection).await?;
    let read = |row| {
        let fields = Fields::keyed_by(row, "suppressions", "address_hash");
        Ok((fields.text("address_hash")?, fields.parsed("reason")?))
    };
    rows.iter().map(read).collect()
}

/// Does what was decided for a line, but for rows that are new: these are given.
async fn carry_out<'p>(
    connection: &mut AnyConnection,
    placed: &'p Placed<'_>,
    outcome: Outcome,
    defaults: &Defaults,
    now: DateTime<Utc>,
) -> Result<Option<NewRow<'p>>, StoreError> {
    let new = || placed.entry.subscriber(defaults);
    match (outcome, placed.id) {
        (Outcome::Added, None) => {
            return Ok(Some(NewRow { id: ids::random_subscriber()?, placed, new: new(), ended: None }));
        }
        (Outcome::Ended(reason), None) => {
            // What is known of somebody who is not written to is the address alone.
            let new = NewSubscriber { name: None, organisation: None, ..new() };
            return Ok(Some(NewRow { id: ids::random_subscriber()?, placed, new, ended: Some(reason) }));
        }
        (Outcome::Added, Some(id)) => {
            let new = new();
            subscribers::describe(connection, id, &new).await?;
            subscribers::activate(connection, id, now).await?;
            let proof = Proof { words: placed.entry.consent.clone(), source: new.source };
            consents::keep(connection, id, ConsentAction::Vouched, &proof, now).await?;
            if let Some(until) = placed.entry.paused_until.filter(|until| *until > now) {
                pauses::begin(connection, id, until, now).await?;
            }
        }
        (Outcome::Ended(reason), Some(id)) if matches!(placed.here.known, Known::Pending { .. }) => {
            subscribers::say_no(connection, id, reason).await?;
            let proof = Proof { words: String::new(), source: new().source };
            consents::keep(connection, id, ConsentAction::Declined, &proof, now).await?;
        }
        (Outcome::Ended(reason), Some(id)) => {
            end_within(connection, id, Ending { reason, suppressed: None }, now).await?;
        }
        (Outcome::Suppressed(reason), id) => {
            suppressions::add(connection, &placed.hash, reason, now).await?;
            if let Some(id) = id {
                end_within(connection, id, ending(reason), now).await?;
            }
        }
        (Outcome::AlreadyThere | Outcome::AlreadyOut | Outcome::LeftAlone(_) | Outcome::Duplicate, _) => {}
    }
    Ok(None)
}

/// How a subscription ends whose address is suppressed for this reason.
fn ending(reason: SuppressionReason) -> Ending {
    match reason {
        SuppressionReason::Bounced => EndReason::Bounced.into(),
        SuppressionReason::Complained => EndReason::Complained.into(),
        SuppressionReason::Erased => EndReason::Erased.into(),
        SuppressionReason::Blocked => Ending { reason: EndReason::Removed, suppressed: Some(reason) },
    }
}

/// Writes rows, but for those whose address somebody has by now; gives those that were written.
async fn insert<'r, 'p>(
    connection: &mut AnyConnection,
    rows: &'r [NewRow<'p>],
    now: DateTime<Utc>,
) -> Result<BTreeMap<SubscriberId, &'r NewRow<'p>>, StoreError> {
    const COLUMNS: &[Kind; 14] =
        &[Number, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Number, Number, Number];
    let mut kept: BTreeMap<SubscriberId, &NewRow<'p>> = rows.iter().map(|row| (row.id, row)).collect();
    if rows.is_empty() {
        return Ok(kept);
    }
    let row = |NewRow { id, placed, new, ended }: &'r NewRow<'p>| {
        let pause = placed.entry.paused_until.filter(|until| ended.is_none() && *until > now);
        [
            id.number().into(),
            new.address.as_str().into(),
            new.address.folded().into(),
            placed.hash.as_str().into(),
            new.name.as_deref().into(),
            new.organisation.as_deref().into(),
            new.language.code().into(),
            new.frequency.as_str().into(),
            if ended.is_some() { "ended" } else { "active" }.into(),
            ended.map(EndReason::as_str).into(),
            new.source.as_str().into(),
            micros(now).into(),
            pause.map(|_| micros(now)).into(),
            pause.map(micros).into(),
        ]
    };
    let values = Values::new(connection, COLUMNS, rows.iter().map(row));
    let statement = format!(
        "WITH made (id, address, folded, address_hash, name, organisation, language, frequency, state, end_reason, source, \
         at, paused, until) AS ({}) INSERT INTO subscribers (id, address, folded, address_hash, name, organisation, \
         language, frequency, state, end_reason, source, since, created, covered, paused_since, paused_until) \
         SELECT id, address, folded, address_hash, name, organisation, language, frequency, state, end_reason, source, at, at, \
         {LAST_TURN}, paused, until FROM made \
         WHERE id IS NOT NULL ON CONFLICT (folded) DO NOTHING",
        values.table()
    );
    let query = values.bind(sqlx::query(AssertSqlSafe(statement)));
    let written = query.execute(&mut *connection).await?.rows_affected();
    if written < rows.len() as u64 {
        let statement = format!("SELECT id FROM subscribers WHERE id IN ({})", placeholders(1, rows.len()));
        let query = sqlx::query(AssertSqlSafe(statement));
        let query = rows.iter().fold(query, |query, row| query.bind(row.id.number()));
        let mut there = Vec::new();
        for row in query.fetch_all(connection).await? {
            there.push(SubscriberId::new(Fields::keyed_by(&row, "subscribers", "id").number("id")?));
        }
        kept.retain(|id, _| there.contains(id));
    }
    Ok(kept)
}

/// Writes what those who are new follow, and that the office vouched for them.
async fn follow(
    connection: &mut AnyConnection,
    rows: &[NewRow<'_>],
    kept: &BTreeMap<SubscriberId, &NewRow<'_>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let active: Vec<&NewRow<'_>> =
        rows.iter().filter(|row| row.ended.is_none() && kept.contains_key(&row.id)).collect();
    if active.is_empty() {
        return Ok(());
    }
    let followed: Vec<(SubscriberId, String)> =
        active.iter().flat_map(|row| row.new.topics.iter().map(|topic| (row.id, topic.to_string()))).collect();
    for some in followed.chunks(active.len()) {
        let rows = some.iter().map(|(id, topic)| [id.number().into(), topic.as_str().into()]);
        let values = Values::new(connection, &[Number, Text], rows);
        let statement = format!(
            "WITH made (subscriber, topic) AS ({}) INSERT INTO subscriptions (subscriber, topic) \
             SELECT subscriber, topic FROM made WHERE subscriber IS NOT NULL",
            values.table()
        );
        values.bind(sqlx::query(AssertSqlSafe(statement))).execute(&mut *connection).await?;
    }
    let first = ids::reserve(connection, "consents", active.len()).await?;
    let vouched = active.iter().zip(first..).map(|(row, id)| {
        [
            id.into(),
            row.id.number().into(),
            micros(now).into(),
            ConsentAction::Vouched.as_str().into(),
            row.placed.entry.consent.as_str().into(),
            row.new.source.as_str().into(),
        ]
    });
    let values = Values::new(connection, &[Number, Number, Number, Text, Text, Text], vouched);
    let statement = format!(
        "WITH made (id, subscriber, at, action, words, source) AS ({}) INSERT INTO consents (id, subscriber, at, \
         action, words, source) SELECT id, subscriber, at, action, words, source FROM made WHERE id IS NOT NULL",
        values.table()
    );
    values.bind(sqlx::query(AssertSqlSafe(statement))).execute(connection).await?;
    Ok(())
}
