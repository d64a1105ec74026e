//! Times of which the database knows nothing: after a backup was restored, and after nobody worked with it for long. What
//! was under way is then held until a person has looked; until it is held, nobody claims anything.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Any, AnyConnection, Row as _, Transaction};

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

/// Under this key stands what was found and the office was not told of yet.
const UNTOLD: &str = "gaps-untold";

/// A time of which the database knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapKind {
    /// Since a backup was made, which is restored now.
    Restored,
    /// Nobody worked.
    Silence,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What it is.
    pub kind: GapKind,
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it was found.
    pub found: DateTime<Utc>,
    /// The titles of the editions that are held for it.
    pub held: Vec<String>,
}

/// One that nobody was told of, as the database keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Untold {
    is_restored: bool,
    since: i64,
    found: i64,
    held: Vec<String>,
}

impl From<&Gap> for Untold {
    fn from(gap: &Gap) -> Self {
        let (since, found) = (micros(gap.since), micros(gap.found));
        Self { is_restored: gap.kind == GapKind::Restored, since, found, held: gap.held.clone() }
    }
}

impl From<Untold> for Gap {
    fn from(untold: Untold) -> Self {
        let kind = if untold.is_restored { GapKind::Restored } else { GapKind::Silence };
        let instant = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        Self { kind, since: instant(untold.since), found: instant(untold.found), held: untold.held }
    }
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
    /// From now on, nobody claims anything here while no daemon has said for longer than `longest` that it works: what is
    /// under way is to be held first ([`Store::take_up`]).
    pub fn hold_after(&self, longest: TimeDelta) {
        self.longest_silence.get_or_init(|| longest);
    }

    /// Begins a transaction that claims; `None` while nothing may be claimed.
    pub(super) async fn begin_claim(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<Transaction<'static, Any>>, StoreError> {
        let mut transaction = self.begin_served().await?;
        let Some(longest) = self.longest_silence.get() else { return Ok(Some(transaction)) };
        let row = sqlx::query("SELECT last_run FROM ticks WHERE name = $1")
            .bind(ALIVE)
            .fetch_optional(&mut *transaction)
            .await?;
        let last: Option<i64> = row.map(|row| row.try_get("last_run")).transpose()?;
        Ok(last.is_none_or(|last| last >= micros(now - *longest)).then_some(transaction))
    }

    /// Says that a daemon works at `now`, and holds every edition that had begun or waited if the database knows nothing of
    /// the time before: it was restored, or nobody worked for longer than `longest`. `None` when neither is so. Of several
    /// daemons one finds it. What the office is to hear of it is kept until it has ([`Store::untold_gaps`]).
    ///
    /// # Errors
    /// When the database does not answer, or was moved away.
    pub async fn take_up(&self, now: DateTime<Utc>, longest: TimeDelta) -> Result<Option<Gap>, StoreError> {
        self.in_time(self.find_gap(now, longest)).await
    }

    async fn find_gap(&self, now: DateTime<Utc>, longest: TimeDelta) -> Result<Option<Gap>, StoreError> {
        let mut transaction = self.begin_served().await?;
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
            Some((kind, since)) => {
                Some(Gap { kind, since, found: now, held: hold(&mut transaction, kind, now).await? })
            }
            None => None,
        };
        // A silence that stopped nothing is no news.
        if let Some(gap) = gap.as_ref().filter(|gap| gap.kind == GapKind::Restored || !gap.held.is_empty()) {
            let mut untold = untold(&mut transaction).await?;
            untold.push(gap.into());
            keep_untold(&mut transaction, &untold).await?;
        }
        transaction.commit().await?;
        Ok(gap)
    }

    /// What was found and the office was not told of yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn untold_gaps(&self) -> Result<Vec<Gap>, StoreError> {
        let mut connection = self.read.acquire().await?;
        Ok(untold(&mut connection).await?.into_iter().map(Gap::from).collect())
    }

    /// Notes that the office was told of `gap`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn gap_told(&self, gap: &Gap) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let mut left = untold(&mut transaction).await?;
        left.retain(|untold| untold.found != micros(gap.found));
        keep_untold(&mut transaction, &left).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Says that a daemon still works, unless nobody has for longer than `longest`: that is for [`Store::take_up`] to find.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn still_alive(&self, now: DateTime<Utc>, longest: TimeDelta) -> Result<(), StoreError> {
        sqlx::query("UPDATE ticks SET last_run = $2 WHERE name = $1 AND last_run >= $3")
            .bind(ALIVE)
            .bind(micros(now))
            .bind(micros(now - longest))
            .execute(&self.write)
            .await?;
        Ok(())
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

/// Those that the office was not told of. What cannot be read is told to nobody, and must stop nothing.
async fn untold(connection: &mut AnyConnection) -> Result<Vec<Untold>, StoreError> {
    let text = meta::get(connection, UNTOLD).await?.unwrap_or_default();
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

async fn keep_untold(connection: &mut AnyConnection, untold: &[Untold]) -> Result<(), StoreError> {
    let text = serde_json::to_string(untold).expect("it is made of texts and numbers");
    meta::put(connection, UNTOLD, Some(&text).filter(|_| !untold.is_empty()).map(String::as_str)).await
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
