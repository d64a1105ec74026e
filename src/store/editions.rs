//! Editions: made once per cause, changed only from the state the caller believes them to be in.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::decisions::{About, Cause};
use super::row::{Fields, clean, micros, placeholders};
use super::{Store, StoreError, decisions, ids};
use crate::config::OnLostReply;
use crate::domain::{DeliveryTally, Edition, EditionId, EditionState, NewEdition, ReleaseId, SubscriberId, Topic};

/// Which editions are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditionFilter {
    /// Words of the states wanted ([`EditionState::as_str`]); empty: all.
    pub states: Vec<&'static str>,
    /// Only those about this release.
    pub release: Option<ReleaseId>,
}

/// The columns that hold an edition's state.
pub(super) struct StateColumns {
    pub(super) state: &'static str,
    pub(super) due: Option<i64>,
    pub(super) hold: Option<(&'static str, String)>,
    pub(super) cursor: Option<i64>,
}

impl StateColumns {
    pub(super) fn of(state: &EditionState) -> Self {
        let mut columns = Self { state: state.as_str(), due: None, hold: None, cursor: None };
        match state {
            EditionState::Held(reason) => columns.hold = Some((reason.as_str(), clean(&reason.detail()))),
            EditionState::Waiting { due } => columns.due = Some(micros(*due)),
            EditionState::Opening { cursor } => columns.cursor = cursor.map(SubscriberId::number),
            EditionState::Paused(reason) => {
                columns.hold = reason.as_ref().map(|reason| (reason.as_str(), clean(&reason.detail())));
            }
            EditionState::Sending | EditionState::Done | EditionState::Cancelled => {}
        }
        columns
    }

    /// Why it is in this state, for the decisions kept: the word of the hold, or when it is due.
    pub(super) fn words(&self) -> String {
        let due = self.due.and_then(DateTime::from_timestamp_micros).map(|due| format!("due {}", due.to_rfc3339()));
        self.hold.as_ref().map(|(word, _)| (*word).to_owned()).or(due).unwrap_or_default()
    }
}

/// Makes the edition; `None` when there is one with its `dedup_key`.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    edition: &NewEdition,
    now: DateTime<Utc>,
) -> Result<Option<EditionId>, StoreError> {
    let id = ids::next(&mut *connection, "editions").await?;
    let columns = StateColumns::of(&edition.state);
    let done = sqlx::query(
        "INSERT INTO editions (id, kind, release, dedup_key, title, state, due, hold_reason, hold_detail, cursor, \
         written, deliveries, lifted, created, subject) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, '', $11, $12) ON CONFLICT (dedup_key) DO NOTHING",
    )
    .bind(id)
    .bind(edition.kind.as_str())
    .bind(edition.release.as_ref().map(ReleaseId::as_str))
    .bind(&edition.dedup_key)
    .bind(clean(&edition.title))
    .bind(columns.state)
    .bind(columns.due)
    .bind(columns.hold.as_ref().map(|(word, _)| *word))
    .bind(columns.hold.as_ref().map(|(_, detail)| detail.as_str()))
    .bind(columns.cursor)
    .bind(micros(now))
    .bind(clean(&edition.subject))
    .execute(connection)
    .await?;
    Ok((done.rows_affected() == 1).then(|| EditionId::new(id)))
}

impl Store {
    /// Makes the edition and remembers the topics it goes to, unless there is one with its `dedup_key`. Gives its id,
    /// and whether it was made now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn create_edition(
        &self,
        edition: &NewEdition,
        topics: &BTreeSet<Topic>,
        now: DateTime<Utc>,
    ) -> Result<(EditionId, bool), StoreError> {
        let mut transaction = self.begin().await?;
        let Some(id) = insert(&mut transaction, edition, now).await? else {
            transaction.rollback().await?;
            let row = sqlx::query("SELECT id FROM editions WHERE dedup_key = $1")
                .bind(&edition.dedup_key)
                .fetch_one(&self.write)
                .await?;
            return Ok((EditionId::new(row.try_get("id")?), false));
        };
        for topic in topics {
            sqlx::query("INSERT INTO edition_topics (edition, topic) VALUES ($1, $2)")
                .bind(id.number())
                .bind(topic.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        let columns = StateColumns::of(&edition.state);
        let why = columns.words();
        decisions::add(&mut transaction, About::edition(id), now, columns.state, Cause::rule(&why)).await?;
        transaction.commit().await?;
        Ok((id, true))
    }

    /// The topics an edition goes to, as given when it was made.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn edition_topics(&self, id: EditionId) -> Result<BTreeSet<Topic>, StoreError> {
        let rows = sqlx::query("SELECT edition, topic FROM edition_topics WHERE edition = $1")
            .bind(id.number())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| Fields::keyed_by(row, "edition_topics", "edition").parsed("topic")).collect()
    }

    /// Replaces the topics and the title of an edition that has not opened: its release was edited meanwhile. `false`
    /// when it has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revise_edition(
        &self,
        id: EditionId,
        title: &str,
        topics: &BTreeSet<Topic>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query("UPDATE editions SET title = $2 WHERE id = $1 AND state IN ('held', 'waiting')")
            .bind(id.number())
            .bind(clean(title))
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM edition_topics WHERE edition = $1")
            .bind(id.number())
            .execute(&mut *transaction)
            .await?;
        for topic in topics {
            sqlx::query("INSERT INTO edition_topics (edition, topic) VALUES ($1, $2)")
                .bind(id.number())
                .bind(topic.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Editions, latest first, with their tallies. A row that cannot be read is logged and left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn editions(&self, filter: &EditionFilter) -> Result<Vec<Edition>, StoreError> {
        let mut editions = self.editions_uncounted(filter).await?;
        let tallies = self.tallies(editions.iter().map(|edition| edition.id)).await?;
        for edition in &mut editions {
            edition.tally = tallies.get(&edition.id).copied().unwrap_or_default();
        }
        Ok(editions)
    }

    /// The same with empty tallies: to count a million deliveries takes a while.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn editions_uncounted(&self, filter: &EditionFilter) -> Result<Vec<Edition>, StoreError> {
        let EditionFilter { states, release } = filter;
        let in_states = match states.len() {
            0 => "1 = 1".to_owned(),
            count => format!("state IN ({})", placeholders(2, count)),
        };
        let statement =
            format!("SELECT * FROM editions WHERE ($1 IS NULL OR release = $1) AND {in_states} ORDER BY id DESC");
        let query = sqlx::query(AssertSqlSafe(statement)).bind(release.as_ref().map(ReleaseId::as_str));
        let query = states.iter().fold(query, |query, state| query.bind(*state));
        let rows = query.fetch_all(&self.read).await?;
        let mut editions = Vec::with_capacity(rows.len());
        for row in &rows {
            match edition_from(row) {
                Ok(edition) => editions.push(edition),
                Err(error) => tracing::error!(%error, "an edition is left out of the list"),
            }
        }
        Ok(editions)
    }

    /// The edition with this id.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn edition(&self, id: EditionId) -> Result<Option<Edition>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM editions WHERE id = $1").bind(id.number()).fetch_optional(&self.read).await?;
        self.with_tally(row).await
    }

    /// Whether there is an edition with this `dedup_key`, whatever became of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_edition(&self, dedup_key: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM editions WHERE dedup_key = $1")
            .bind(dedup_key)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }

    /// The `dedup_key` of every correction and withdrawal there ever was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn follow_up_keys(&self) -> Result<BTreeSet<String>, StoreError> {
        let rows = sqlx::query("SELECT dedup_key FROM editions WHERE kind IN ('correction', 'withdrawal')")
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| Ok(row.try_get("dedup_key")?)).collect()
    }

    /// Whether any edition is open, so that what leaves may have to change.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_any_on_its_way(&self) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM editions WHERE state IN ('opening', 'sending', 'paused') LIMIT 1")
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }

    async fn with_tally(&self, row: Option<AnyRow>) -> Result<Option<Edition>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let mut edition = edition_from(&row)?;
        edition.tally = self.tally(edition.id).await?;
        Ok(Some(edition))
    }

    /// Ends the editions whose every delivery ended, and gives their ids. A reply lost for the second time, or for the
    /// first where nothing is ever repeated, does not keep an edition open.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finish_editions(
        &self,
        on_lost_reply: OnLostReply,
        now: DateTime<Utc>,
    ) -> Result<Vec<EditionId>, StoreError> {
        let rows = sqlx::query(
            "UPDATE editions SET state = 'done', ended = $1 WHERE state = 'sending' AND NOT EXISTS (\
             SELECT 1 FROM deliveries d WHERE d.edition = editions.id AND d.state = 'queued') AND NOT EXISTS (\
             SELECT 1 FROM deliveries d WHERE d.edition = editions.id AND d.owner IS NOT NULL \
             AND d.state IN ('leased', 'in_flight')) AND NOT EXISTS (\
             SELECT 1 FROM deliveries d WHERE d.edition = editions.id AND d.state = 'unknown' AND d.lost <= $2) RETURNING id",
        )
        .bind(micros(now))
        .bind(resends(on_lost_reply))
        .fetch_all(&self.write)
        .await?;
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            ids.push(EditionId::new(row.try_get("id")?));
        }
        ids.sort_unstable();
        Ok(ids)
    }
}

/// How many times a letter is sent again because the reply to it was lost.
pub(super) const fn resends(on_lost_reply: OnLostReply) -> i64 {
    match on_lost_reply {
        OnLostReply::Resend => 1,
        OnLostReply::Hold => 0,
    }
}

pub(super) fn release_from(fields: &Fields<'_>) -> Result<Option<ReleaseId>, StoreError> {
    match fields.text_or_none("release")? {
        Some(_) => fields.parsed("release").map(Some),
        None => Ok(None),
    }
}

/// An edition without its tally.
fn edition_from(row: &AnyRow) -> Result<Edition, StoreError> {
    let fields = Fields::keyed_by(row, "editions", "id");
    let state = match fields.text("state")?.as_str() {
        "held" => {
            EditionState::Held(fields.hold()?.ok_or_else(|| fields.wrong("hold_reason", "a held edition has none"))?)
        }
        "waiting" => EditionState::Waiting { due: fields.instant("due")? },
        "opening" => EditionState::Opening { cursor: fields.number_or_none("cursor")?.map(SubscriberId::new) },
        "sending" => EditionState::Sending,
        "paused" => EditionState::Paused(fields.hold()?),
        "done" => EditionState::Done,
        "cancelled" => EditionState::Cancelled,
        word => return Err(fields.wrong("state", format_args!("`{word}` is no state"))),
    };
    Ok(Edition {
        id: EditionId::new(fields.number("id")?),
        kind: fields.parsed("kind")?,
        release: release_from(&fields)?,
        subject: fields.text("subject")?,
        title: fields.text("title")?,
        state,
        lifted: fields.text("lifted")?.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        created: fields.instant("created")?,
        opened: fields.instant_or_none("opened")?,
        ended: fields.instant_or_none("ended")?,
        tally: DeliveryTally::default(),
    })
}
