//! What changes the course of an edition: the rules' plans, and a person's word. Each change names the states it expects
//! and is kept as a decision with its cause; what was not handed over yet is stopped or goes on accordingly.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::decisions::{self, About, Cause};
use super::editions::{StateColumns, release_from};
use super::row::{Fields, micros, placeholders};
use super::{Store, StoreError, revision};
use crate::domain::{Edition, EditionId, EditionKind, EditionState, ReleaseId, SkipReason};
use crate::register::{Announcement, NeverReason};

/// The word beside a paused edition that a missing file stopped, and no person.
const SUSPENDED: &str = "unpublished";
/// The states of an edition that letters leave from, or could.
const ON_ITS_WAY: [&str; 3] = ["opening", "sending", "paused"];

impl Store {
    /// Moves the edition from one of the `expected` states (their words) to `to`; `false` when it is in another by
    /// now. A cancelled edition's deliveries that were not handed over are skipped, and a cancelled announcement that
    /// had not opened is never made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn change_edition(
        &self,
        id: EditionId,
        expected: &[&str],
        to: &EditionState,
        cause: Cause<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let Some(before) = set_state(&mut transaction, id, expected, to, now).await? else { return Ok(false) };
        if *to == EditionState::Cancelled {
            skip_deliveries(&mut transaction, id, SkipReason::Cancelled, now).await?;
            if before.never_opened
                && let (Some(release), EditionKind::Announcement, true) =
                    (&before.release, before.kind, before.subject.is_empty())
            {
                never_announce(&mut transaction, release, cause, now).await?;
            }
        }
        decisions::add(&mut transaction, About::edition(id), now, to.as_str(), cause).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Moves an edition that has not opened to what policy plans for it, as long as it still stands as `believed`:
    /// what a person decided meanwhile is left alone. `false` when somebody did.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replan_edition(
        &self,
        believed: &Edition,
        to: &EditionState,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (from, to) = (StateColumns::of(&believed.state), StateColumns::of(to));
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE editions SET state = $2, due = $3, hold_reason = $4, hold_detail = $5 \
             WHERE id = $1 AND state = $6 AND COALESCE(hold_reason, '') = $7",
        )
        .bind(believed.id.number())
        .bind(to.state)
        .bind(to.due)
        .bind(to.hold.as_ref().map(|(word, _)| *word))
        .bind(to.hold.as_ref().map(|(_, detail)| detail.as_str()))
        .bind(from.state)
        .bind(from.hold.as_ref().map_or("", |(word, _)| *word))
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let why = to.words();
        decisions::add(&mut transaction, About::edition(believed.id), now, to.state, Cause::rule(&why)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Lets an edition that has not opened go at `due`: the reason it is held for, and the `lifted` words, do not hold
    /// it again. `false` when it opened or was cancelled before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn approve_edition(
        &self,
        id: EditionId,
        lifted: &[&str],
        due: DateTime<Utc>,
        cause: Cause<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE editions SET state = 'waiting', due = $2, lifted = lifted || '\n' || COALESCE(hold_reason, '') || $3, \
             hold_reason = NULL, hold_detail = NULL WHERE id = $1 AND state IN ('held', 'waiting')",
        )
        .bind(id.number())
        .bind(micros(due))
        .bind(format!("\n{}\n", lifted.join("\n")))
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        decisions::add(&mut transaction, About::edition(id), now, "approved", cause).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends an edition that has not opened because the rules do not ask for it any more, and frees its `dedup_key`: should
    /// they ask for the same again, it is made anew. `false` when it has opened or ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drop_edition(&self, id: EditionId, why: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let planned = ["held", "waiting"];
        if set_state(&mut transaction, id, &planned, &EditionState::Cancelled, now).await?.is_none() {
            return Ok(false);
        }
        sqlx::query("UPDATE editions SET dedup_key = dedup_key || ' dropped ' || CAST(id AS TEXT) WHERE id = $1")
            .bind(id.number())
            .execute(&mut *transaction)
            .await?;
        decisions::add(&mut transaction, About::edition(id), now, "cancelled", Cause::rule(why)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Stops an edition that is on its way because its release is not public any more: what was not handed over is
    /// skipped. `false` when it is not on its way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn withdraw_edition(&self, id: EditionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if set_state(&mut transaction, id, &ON_ITS_WAY, &EditionState::Cancelled, now).await?.is_none() {
            return Ok(false);
        }
        skip_deliveries(&mut transaction, id, SkipReason::Withdrawn, now).await?;
        let cause = Cause::rule("its release is not public any more");
        decisions::add(&mut transaction, About::edition(id), now, "cancelled", cause).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Stops an edition on its way for a time: nothing more is handed over. `false` when it is not on its way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pause_edition(&self, id: EditionId, cause: Cause<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let on_its_way = ["opening", "sending"];
        if set_state(&mut transaction, id, &on_its_way, &EditionState::Paused(None), now).await?.is_none() {
            return Ok(false);
        }
        // Whoever had claimed one finds that the claim is lost before the letter is written; no try was made.
        sqlx::query(
            "UPDATE deliveries SET state = 'queued', owner = NULL, lease_until = NULL, attempt = attempt - 1, since = $2 \
             WHERE edition = $1 AND state = 'leased'",
        )
        .bind(id.number())
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        decisions::add(&mut transaction, About::edition(id), now, "paused", cause).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Stops an edition on its way while its release's file is away; `false` when it is not on its way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn suspend_edition(&self, id: EditionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let why = Cause::rule("its file is away: it goes on when that returns");
        if !self.pause_edition(id, why, now).await? {
            return Ok(false);
        }
        sqlx::query("UPDATE editions SET hold_reason = $2 WHERE id = $1 AND state = 'paused'")
            .bind(id.number())
            .bind(SUSPENDED)
            .execute(&self.write)
            .await?;
        Ok(true)
    }

    /// Lets an edition go on that was stopped because a file was away; `false` when it was not, or a person paused it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn go_on(&self, id: EditionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM editions WHERE id = $1 AND state = 'paused' AND hold_reason = $2")
            .bind(id.number())
            .bind(SUSPENDED)
            .fetch_optional(&self.read)
            .await?;
        match row {
            Some(_) => self.resume_edition(id, Cause::rule("its file is back"), now).await,
            None => Ok(false),
        }
    }

    /// Lets a paused edition go on where it was; `false` when it is not paused.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resume_edition(
        &self,
        id: EditionId,
        cause: Cause<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE editions SET state = CASE WHEN written = 1 THEN 'sending' ELSE 'opening' END, hold_reason = NULL \
             WHERE id = $1 AND state = 'paused'",
        )
        .bind(id.number())
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        decisions::add(&mut transaction, About::edition(id), now, "resumed", cause).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Queues the deliveries of an edition again that were given up, as if they had never been tried. Returns how many;
    /// none when the edition is not on its way or done.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retry_failed(&self, id: EditionId, cause: Cause<'_>, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = 'queued', attempt = 0, claim = claim + 1, due = $2, since = $2, owner = NULL, lease_until = NULL \
             WHERE edition = $1 AND state = 'failed' AND EXISTS (SELECT 1 FROM editions e WHERE e.id = $1 \
             AND e.state IN ('opening', 'sending', 'paused', 'done'))",
        )
        .bind(id.number())
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        let retried = done.rows_affected();
        if retried > 0 {
            sqlx::query("UPDATE editions SET state = 'sending', ended = NULL WHERE id = $1 AND state = 'done'")
                .bind(id.number())
                .execute(&mut *transaction)
                .await?;
            decisions::add(&mut transaction, About::edition(id), now, "retried", cause).await?;
        }
        transaction.commit().await?;
        Ok(retried)
    }
}

/// What an edition was before its state changed.
struct Before {
    kind: EditionKind,
    release: Option<ReleaseId>,
    subject: String,
    never_opened: bool,
}

async fn set_state(
    connection: &mut AnyConnection,
    id: EditionId,
    expected: &[&str],
    to: &EditionState,
    now: DateTime<Utc>,
) -> Result<Option<Before>, StoreError> {
    const FIXED: usize = 7;
    let columns = StateColumns::of(to);
    let ended = matches!(to, EditionState::Done | EditionState::Cancelled).then(|| micros(now));
    let cursor = if matches!(to, EditionState::Opening { .. }) { "$6" } else { "COALESCE($6, cursor)" };
    let statement = format!(
        "UPDATE editions SET state = $2, due = $3, hold_reason = $4, hold_detail = $5, cursor = {cursor}, ended = $7 \
         WHERE id = $1 AND state IN ({}) RETURNING id, kind, release, subject, opened",
        placeholders(FIXED + 1, expected.len())
    );
    let mut query = sqlx::query(AssertSqlSafe(statement))
        .bind(id.number())
        .bind(columns.state)
        .bind(columns.due)
        .bind(columns.hold.as_ref().map(|(word, _)| *word))
        .bind(columns.hold.as_ref().map(|(_, detail)| detail.clone()))
        .bind(columns.cursor)
        .bind(ended);
    for state in expected {
        query = query.bind((*state).to_owned());
    }
    if expected.is_empty() {
        return Ok(None);
    }
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(None) };
    let fields = Fields::keyed_by(&row, "editions", "id");
    Ok(Some(Before {
        kind: fields.parsed("kind")?,
        release: release_from(&fields)?,
        subject: fields.text("subject")?,
        never_opened: fields.instant_or_none("opened")?.is_none(),
    }))
}

async fn skip_deliveries(
    connection: &mut AnyConnection,
    id: EditionId,
    reason: SkipReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE deliveries SET state = 'skipped', skip_reason = $3, since = $2, owner = NULL, \
         lease_until = NULL WHERE edition = $1 AND state IN ('queued', 'leased')",
    )
    .bind(id.number())
    .bind(micros(now))
    .bind(reason.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn never_announce(
    connection: &mut AnyConnection,
    release: &ReleaseId,
    cause: Cause<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let revision = revision::raise(connection).await?;
    let done =
        sqlx::query("UPDATE releases SET announcement = $2, rev = $3 WHERE id = $1 AND announcement = 'undecided'")
            .bind(release.as_str())
            .bind(Announcement::Never(NeverReason::Cancelled).as_str())
            .bind(revision)
            .execute(&mut *connection)
            .await?;
    if done.rows_affected() == 1 {
        let cause = Cause { why: "its announcement was cancelled", ..cause };
        decisions::add(connection, About::release(release), now, "never", cause).await?;
    }
    Ok(())
}
