//! Times of which the database knows nothing: after a backup was restored, and after nobody worked with it for long. What
//! was under way is then held until a person has looked.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, Row as _};

use super::decisions::{self, About, Cause};
use super::row::micros;
use super::{Store, StoreError, meta};
use crate::domain::{EditionId, Frequency, HoldReason};

/// The name of the tick that says when a daemon last worked.
const ALIVE: &str = "alive";
/// Under this key stands when the backup was made that is restored, until a daemon has seen to it.
const RESTORED_OF: &str = "restored-of";
/// Under this key stands when a daemon first worked after the last restoring.
const RESTORED_AT: &str = "restored-at";

/// A time of which the database knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapKind {
    /// Since a backup was made, which is restored now.
    Restored,
    /// Nobody worked.
    Silence,
}

/// What was found at a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What it is.
    pub kind: GapKind,
    /// When it began.
    pub since: DateTime<Utc>,
    /// The titles of the editions that are held for it.
    pub held: Vec<String>,
}

impl GapKind {
    /// Why an edition is held for it.
    #[must_use]
    pub const fn reason(self) -> HoldReason {
        match self {
            Self::Restored => HoldReason::Restored,
            Self::Silence => HoldReason::Silence,
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::Restored => "a backup was restored: it may have left since that was made",
            Self::Silence => "nobody worked for long: it may be news no more",
        }
    }
}

impl Store {
    /// Says that a daemon works at `now`, and holds every edition that had begun or waited if the database knows nothing of
    /// the time before: it was restored, or nobody worked for longer than `longest`. `None` when neither is so. Of several
    /// daemons that start at once, one finds it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_up(&self, now: DateTime<Utc>, longest: TimeDelta) -> Result<Option<Gap>, StoreError> {
        let mut transaction = self.begin().await?;
        let last = beat(&mut transaction, now).await?;
        let made = meta::get(&mut transaction, RESTORED_OF).await?.and_then(|text| instant(&text));
        let found = match (made, last) {
            (Some(made), _) => {
                meta::put(&mut transaction, RESTORED_OF, None).await?;
                meta::put(&mut transaction, RESTORED_AT, Some(&micros(now).to_string())).await?;
                Some((GapKind::Restored, made))
            }
            (None, Some(last)) if now - last > longest => Some((GapKind::Silence, last)),
            (None, _) => None,
        };
        let gap = match found {
            Some((kind, since)) => Some(Gap { kind, since, held: hold(&mut transaction, kind, now).await? }),
            None => None,
        };
        transaction.commit().await?;
        Ok(gap)
    }

    /// Says that a daemon still works.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn still_alive(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.record_run(ALIVE, now).await
    }

    /// When a daemon last said that it works.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_alive(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.last_run(ALIVE).await
    }

    /// When a daemon first worked after a backup was restored: what was due by then may have left before. `None` when none
    /// ever was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn restored_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut connection = self.read.acquire().await?;
        Ok(meta::get(&mut connection, RESTORED_AT).await?.and_then(|text| instant(&text)))
    }
}

impl Store {
    /// A digest of `frequency` that is held after a restoring had left before, a person says: what was announced until then
    /// is dealt with, for all who chose it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_digest_as_had(&self, frequency: Frequency) -> Result<(), StoreError> {
        let Some(restored) = self.restored_at().await? else { return Ok(()) };
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "SELECT COALESCE(MAX(turn), 0) AS turn FROM editions WHERE kind = 'announcement' AND opened <= $1",
        )
        .bind(micros(restored))
        .fetch_one(&mut *transaction)
        .await?;
        let turn: i64 = row.try_get("turn")?;
        sqlx::query("UPDATE subscribers SET covered = $1 WHERE frequency = $2 AND covered < $1")
            .bind(turn)
            .bind(frequency.as_str())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "UPDATE subscribers SET covered = CASE WHEN covered < owed_until THEN owed_until ELSE covered END, \
             owed = NULL, owed_until = NULL WHERE owed = $1",
        )
        .bind(frequency.as_str())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Notes that the database now is as it was when a backup was `made`.
pub(super) async fn mark_restored(connection: &mut AnyConnection, made: DateTime<Utc>) -> Result<(), StoreError> {
    meta::put(connection, RESTORED_OF, Some(&micros(made).to_string())).await
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    text.parse().ok().and_then(DateTime::from_timestamp_micros)
}

/// Notes `now`, and gives what was noted before. Whoever comes at the same time waits here.
async fn beat(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
    sqlx::query("INSERT INTO ticks (name, last_run) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(ALIVE)
        .bind(micros(now))
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE ticks SET last_run = last_run WHERE name = $1").bind(ALIVE).execute(&mut *connection).await?;
    let row = sqlx::query("SELECT last_run FROM ticks WHERE name = $1").bind(ALIVE).fetch_one(&mut *connection).await?;
    let last = DateTime::from_timestamp_micros(row.try_get("last_run")?);
    sqlx::query("UPDATE ticks SET last_run = $2 WHERE name = $1")
        .bind(ALIVE)
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(last)
}

/// Holds what waits, pauses what has begun, and keeps whatever would go on by itself from doing so. Gives the titles.
async fn hold(connection: &mut AnyConnection, kind: GapKind, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
    let reason = kind.reason();
    // A hold that a mended file or a page that answers would lift is none after a restoring: it may have left since.
    let planned = match kind {
        GapKind::Restored => "state = 'waiting' OR (state = 'held' AND COALESCE(hold_reason, '') <> 'office')",
        // Digests that were missed are one, and caught up for a week: see `policy/digest.rs`.
        GapKind::Silence => "state = 'waiting' AND kind <> 'digest'",
    };
    let statements = [
        format!(
            "UPDATE editions SET state = 'held', due = NULL, hold_reason = $1, hold_detail = '' WHERE {planned} \
             RETURNING id, title"
        ),
        "UPDATE editions SET state = 'paused', hold_reason = $1 WHERE state IN ('opening', 'sending') \
         OR (state = 'paused' AND hold_reason IS NOT NULL) RETURNING id, title"
            .to_owned(),
    ];
    let mut held = Vec::new();
    for statement in statements {
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(statement)).bind(reason.as_str()).fetch_all(&mut *connection).await?;
        for row in rows {
            held.push((EditionId::new(row.try_get("id")?), row.try_get("title")?));
        }
    }
    held.sort();
    for (edition, _) in &held {
        decisions::add(connection, About::edition(*edition), now, "held", Cause::rule(kind.why())).await?;
    }
    Ok(held.into_iter().map(|(_, title)| title).collect())
}
