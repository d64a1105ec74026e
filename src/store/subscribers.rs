//! Subscribers and what they follow. They end rather than vanish; only those who never confirmed are removed
//! (`unconfirmed`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::consents::{self, ConsentAction};
use super::row::{Fields, clean, micros, placeholders};
use super::{Proof, Store, StoreError, ids, pauses, suppressions};
use crate::domain::{
    EmailAddress, EndReason, Frequency, NewSubscriber, Subscriber, SubscriberId, SubscriberState, SuppressionReason,
    Topic,
};
use crate::language::Language;

/// What came of adding a subscriber for whom the office vouches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// There was none with this address.
    New(SubscriberId),
    /// There was one; it is active now, with what was given.
    Changed(SubscriberId),
    /// Nothing is sent to this address any more: the office's word does not lift that.
    Refused(SuppressionReason),
}

/// Which subscribers are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriberFilter {
    /// `pending`, `active` or `ended`; `None`: all.
    pub state: Option<&'static str>,
    /// Only those who follow this topic itself.
    pub topic: Option<Topic>,
}

/// What subscribers may change of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// What is followed.
    pub topics: BTreeSet<Topic>,
    /// When letters are sent.
    pub frequency: Frequency,
    /// The language of letters and pages.
    pub language: Language,
    /// What becomes of name and organisation.
    pub names: Names,
}

/// What becomes of the name and organisation that are kept of a subscriber.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Names {
    /// They stay.
    #[default]
    Stay,
    /// What is given replaces what was kept.
    Given {
        /// The name; `None`: it stays.
        name: Option<String>,
        /// The organisation; `None`: it stays.
        organisation: Option<String>,
    },
    /// Neither is kept any more.
    Forgotten,
}

/// The turn of the announcement that opened last.
pub(super) const LAST_TURN: &str =
    "COALESCE((SELECT MAX(last_one.turn) FROM editions last_one WHERE last_one.kind = 'announcement'), 0)";

/// A row that was there for an address, or was made for it now.
pub(super) struct Settled {
    pub(super) id: SubscriberId,
    pub(super) is_new: bool,
    pub(super) state: String,
    pub(super) asked: Option<DateTime<Utc>>,
}

/// Finds the row of an address and locks it, or makes one that is pending.
pub(super) async fn settle(
    connection: &mut AnyConnection,
    new: &NewSubscriber,
    address_hash: &str,
    now: DateTime<Utc>,
) -> Result<Settled, StoreError> {
    let id = ids::random_subscriber()?;
    let row = sqlx::query(
        "INSERT INTO subscribers (id, address, folded, address_hash, name, organisation, language, frequency, state, \
         since, source, created, covered) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $10, $9, 0) \
         ON CONFLICT (folded) DO UPDATE SET folded = excluded.folded RETURNING id, state, asked",
    )
    .bind(id.number())
    .bind(new.address.as_str())
    .bind(new.address.folded())
    .bind(address_hash)
    .bind(new.name.as_deref().map(clean))
    .bind(new.organisation.as_deref().map(clean))
    .bind(new.language.code())
    .bind(new.frequency.as_str())
    .bind(micros(now))
    .bind(clean(&new.source))
    .fetch_one(&mut *connection)
    .await?;
    let fields = Fields::keyed_by(&row, "subscribers", "id");
    let settled = Settled {
        id: SubscriberId::new(fields.number("id")?),
        is_new: fields.number("id")? == id.number(),
        state: fields.text("state")?,
        asked: fields.instant_or_none("asked")?,
    };
    if settled.is_new {
        replace_topics(connection, settled.id, &new.topics).await?;
    }
    Ok(settled)
}

/// Gives a row what was said of the subscriber now; a name or organisation that was not given stays.
pub(super) async fn describe(
    connection: &mut AnyConnection,
    id: SubscriberId,
    new: &NewSubscriber,
) -> Result<(), StoreError> {
    choose_frequency(connection, id, new.frequency).await?;
    sqlx::query(
        "UPDATE subscribers SET address = $2, name = COALESCE($3, name), organisation = COALESCE($4, organisation), \
         language = $5, source = $6 WHERE id = $1",
    )
    .bind(id.number())
    .bind(new.address.as_str())
    .bind(new.name.as_deref().map(clean))
    .bind(new.organisation.as_deref().map(clean))
    .bind(new.language.code())
    .bind(clean(&new.source))
    .execute(&mut *connection)
    .await?;
    replace_topics(connection, id, &new.topics).await
}

/// Changes when a subscriber's letters are sent, so that nothing is lost and nothing doubled: whoever leaves a digest is
/// still owed what was announced until now; whoever comes to one gets what is announced from now on, and what is just
/// being written to those who are served at once.
async fn choose_frequency(
    connection: &mut AnyConnection,
    id: SubscriberId,
    frequency: Frequency,
) -> Result<u64, StoreError> {
    // An announcement that opens at this moment comes before or after, not in between.
    sqlx::query("UPDATE counters SET last = last WHERE name = 'turns'").execute(&mut *connection).await?;
    let statement = format!(
        "UPDATE subscribers SET \
         owed = CASE WHEN $2 <> 'immediate' THEN NULL WHEN frequency <> 'immediate' THEN frequency ELSE owed END, \
         owed_until = CASE WHEN $2 <> 'immediate' THEN NULL WHEN frequency <> 'immediate' THEN {LAST_TURN} \
         ELSE owed_until END, \
         covered = CASE WHEN $2 <> 'immediate' AND frequency = 'immediate' AND owed IS NULL THEN COALESCE((SELECT \
         MIN(e.turn) - 1 FROM editions e WHERE e.kind = 'announcement' AND e.written = 0 \
         AND e.state IN ('opening', 'paused')), {LAST_TURN}) ELSE covered END, \
         frequency = $2 WHERE id = $1"
    );
    let done =
        sqlx::query(AssertSqlSafe(statement)).bind(id.number()).bind(frequency.as_str()).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Makes a subscriber active; one who is stays so since the same instant.
pub(super) async fn activate(
    connection: &mut AnyConnection,
    id: SubscriberId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let statement = format!(
        "UPDATE subscribers SET state = 'active', since = $2, covered = {LAST_TURN}, owed = NULL, owed_until = NULL, \
         paused_since = NULL, paused_until = NULL, end_reason = NULL WHERE id = $1 AND state <> 'active'"
    );
    sqlx::query(AssertSqlSafe(statement)).bind(id.number()).bind(micros(now)).execute(connection).await?;
    Ok(())
}

/// Remembers of somebody who is asked that nothing was to be sent to them: they may confirm, and nobody else can bring them
/// in.
pub(super) async fn say_no(
    connection: &mut AnyConnection,
    id: SubscriberId,
    reason: EndReason,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE subscribers SET end_reason = COALESCE(end_reason, $2) WHERE id = $1 AND state = 'pending'")
        .bind(id.number())
        .bind(reason.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn name(connection: &mut AnyConnection, id: SubscriberId, names: &Names) -> Result<(), StoreError> {
    let statement = match names {
        Names::Stay => return Ok(()),
        Names::Given { .. } => {
            "UPDATE subscribers SET name = COALESCE($2, name), organisation = COALESCE($3, organisation) WHERE id = $1"
        }
        Names::Forgotten => "UPDATE subscribers SET name = $2, organisation = $3 WHERE id = $1",
    };
    let (name, organisation) = match names {
        Names::Given { name, organisation } => (name.as_deref(), organisation.as_deref()),
        Names::Stay | Names::Forgotten => (None, None),
    };
    sqlx::query(statement)
        .bind(id.number())
        .bind(name.map(clean))
        .bind(organisation.map(clean))
        .execute(connection)
        .await?;
    Ok(())
}

/// Locks an active subscriber's row: whether any of `preferences` is not what is kept; `None` for one who is not active.
async fn are_new(
    connection: &mut AnyConnection,
    id: SubscriberId,
    preferences: &Preferences,
) -> Result<Option<bool>, StoreError> {
    let Preferences { topics, frequency, language, names } = preferences;
    let row = sqlx::query(
        "UPDATE subscribers SET id = id WHERE id = $1 AND state = 'active' \
         RETURNING id, frequency, language, name, organisation",
    )
    .bind(id.number())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let fields = Fields::keyed_by(&row, "subscribers", "id");
    let kept = (fields.text_or_none("name")?, fields.text_or_none("organisation")?);
    let is_other = |given: &Option<String>, kept: &Option<String>| {
        given.as_deref().is_some_and(|given| Some(&*clean(given)) != kept.as_deref())
    };
    let names_are_new = match names {
        Names::Stay => false,
        Names::Given { name, organisation } => is_other(name, &kept.0) || is_other(organisation, &kept.1),
        Names::Forgotten => kept != (None, None),
    };
    let rows = sqlx::query("SELECT subscriber, topic FROM subscriptions WHERE subscriber = $1")
        .bind(id.number())
        .fetch_all(&mut *connection)
        .await?;
    let followed = rows.iter().map(|row| Fields::keyed_by(row, "subscriptions", "subscriber").text("topic"));
    let followed: BTreeSet<String> = followed.collect::<Result<_, _>>()?;
    let are_same = fields.text("frequency")? == frequency.as_str()
        && fields.text("language")? == language.code()
        && followed == topics.iter().map(ToString::to_string).collect();
    Ok(Some(names_are_new || !are_same))
}

pub(super) async fn replace_topics(
    connection: &mut AnyConnection,
    id: SubscriberId,
    topics: &BTreeSet<Topic>,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM subscriptions WHERE subscriber = $1").bind(id.number()).execute(&mut *connection).await?;
    for topic in topics {
        sqlx::query("INSERT INTO subscriptions (subscriber, topic) VALUES ($1, $2)")
            .bind(id.number())
            .bind(topic.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

impl Store {
    /// Adds a subscriber for whom the office vouches: active at once. For an address that is known, what is given now
    /// replaces what was there (so that repeating a command changes nothing), and one who had left is active again.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn add_active(&self, new: &NewSubscriber, now: DateTime<Utc>) -> Result<Added, StoreError> {
        let hash = self.address_hash(&new.address)?;
        let mut transaction = self.begin().await?;
        suppressions::hold(&mut transaction, &[&hash]).await?;
        let settled = settle(&mut transaction, new, &hash, now).await?;
        // Whoever is just being forgotten by their own link has their row locked, not their address.
        if let Some(reason) = suppressions::reason(&mut transaction, &hash).await? {
            return Ok(Added::Refused(reason));
        }
        if !settled.is_new {
            describe(&mut transaction, settled.id, new).await?;
        }
        activate(&mut transaction, settled.id, now).await?;
        let proof = Proof { words: String::new(), source: new.source.clone() };
        consents::keep(&mut transaction, settled.id, ConsentAction::Vouched, &proof, now).await?;
        transaction.commit().await?;
        Ok(if settled.is_new { Added::New(settled.id) } else { Added::Changed(settled.id) })
    }

    /// The subscriber with this id; `None` also for one who was erased.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn subscriber(&self, id: SubscriberId) -> Result<Option<Subscriber>, StoreError> {
        let row = sqlx::query("SELECT * FROM subscribers WHERE id = $1 AND address <> ''")
            .bind(id.number())
            .fetch_optional(&self.read)
            .await?;
        self.with_topics(row).await
    }

    /// The subscriber with this address.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn find(&self, address: &EmailAddress) -> Result<Option<Subscriber>, StoreError> {
        let row = sqlx::query("SELECT * FROM subscribers WHERE folded = $1")
            .bind(address.folded())
            .fetch_optional(&self.read)
            .await?;
        self.with_topics(row).await
    }

    async fn with_topics(&self, row: Option<AnyRow>) -> Result<Option<Subscriber>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let mut topics = self.topics_of(std::slice::from_ref(&row)).await?;
        subscriber_from(&row, &mut topics).map(Some)
    }

    /// What the subscribers of these rows follow, by id; what cannot be read is logged and left out.
    pub(super) async fn topics_of(&self, rows: &[AnyRow]) -> Result<BTreeMap<i64, BTreeSet<Topic>>, StoreError> {
        if rows.is_empty() {
            return Ok(BTreeMap::new());
        }
        let statement = format!(
            "SELECT subscriber, topic FROM subscriptions WHERE subscriber IN ({})",
            placeholders(1, rows.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for row in rows {
            query = query.bind(row.try_get::<i64, _>("id")?);
        }
        let mut topics: BTreeMap<i64, BTreeSet<Topic>> = BTreeMap::new();
        for row in query.fetch_all(&self.read).await? {
            let fields = Fields::keyed_by(&row, "subscriptions", "subscriber");
            match fields.parsed("topic") {
                Ok(topic) => {
                    topics.entry(fields.number("subscriber")?).or_default().insert(topic);
                }
                Err(error) => tracing::error!(%error, "a subscription is left out"),
            }
        }
        Ok(topics)
    }

    /// Changes what an active subscriber asked for; `false` for one who is not active. Where all is as it was, there is
    /// nothing to prove.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn change_preferences(
        &self,
        id: SubscriberId,
        preferences: &Preferences,
        proof: &Proof,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let Some(are_new) = are_new(&mut transaction, id, preferences).await? else { return Ok(false) };
        if !are_new {
            return Ok(true);
        }
        sqlx::query("UPDATE subscribers SET language = $2 WHERE id = $1")
            .bind(id.number())
            .bind(preferences.language.code())
            .execute(&mut *transaction)
            .await?;
        name(&mut transaction, id, &preferences.names).await?;
        choose_frequency(&mut transaction, id, preferences.frequency).await?;
        replace_topics(&mut transaction, id, &preferences.topics).await?;
        consents::keep(&mut transaction, id, ConsentAction::Changed, proof, now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Who subscribes with an address, or did.
pub(super) async fn id_of(
    connection: &mut AnyConnection,
    address: &EmailAddress,
) -> Result<Option<SubscriberId>, StoreError> {
    let row = sqlx::query("SELECT id FROM subscribers WHERE folded = $1")
        .bind(address.folded())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Fields::keyed_by(&row, "subscribers", "id").number("id").map(SubscriberId::new)).transpose()
}

pub(super) fn subscriber_from(
    row: &AnyRow,
    topics: &mut BTreeMap<i64, BTreeSet<Topic>>,
) -> Result<Subscriber, StoreError> {
    let fields = Fields::keyed_by(row, "subscribers", "id");
    let since = fields.instant("since")?;
    let state = match fields.text("state")?.as_str() {
        "pending" => SubscriberState::Pending { since, left: fields.parsed_or_none("end_reason")? },
        "active" => SubscriberState::Active { since },
        "ended" => SubscriberState::Ended { at: since, reason: fields.parsed("end_reason")? },
        word => return Err(fields.wrong("state", format_args!("`{word}` is no state"))),
    };
    let id = fields.number("id")?;
    Ok(Subscriber {
        id: SubscriberId::new(id),
        address: fields.parsed("address")?,
        name: fields.text_or_none("name")?,
        organisation: fields.text_or_none("organisation")?,
        language: fields.parsed("language")?,
        frequency: fields.parsed("frequency")?,
        state,
        pause: pauses::pause_from(&fields)?,
        topics: topics.remove(&id).unwrap_or_default(),
        source: fields.text("source")?,
        created: fields.instant("created")?,
    })
}
