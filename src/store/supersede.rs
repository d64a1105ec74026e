//! A text that is corrected or withdrawn while letters with the old one are on their way: what was not handed over gets
//! the new text or nothing, never the wrong letter followed by its correction.
//!
//! A claim that is broken for it was no try. The same dispatcher may claim the delivery again; whoever still has the old
//! letter in hand does not pass for the one with the new, because a beginning names what was composed.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::audience::REACHED;
use super::decisions::{self, About, Cause};
use super::row::{Fields, micros};
use super::{DigestText, Store, StoreError, fragments, letters};
use crate::domain::{EditionId, LetterId, LetterKind, ReleaseId, RenderedLetter, SkipReason};

/// A digest on its way that holds an outdated text of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutdatedFragment {
    /// The digest.
    pub edition: EditionId,
    /// The number of the outdated text.
    pub number: u32,
    /// Its place in the digest.
    pub place: u32,
    /// The turn in which the release's announcement opened.
    pub turn: u64,
}

/// Editions from which letters may still leave.
const ON_ITS_WAY: &str = "e.state IN ('opening', 'sending', 'paused')";

impl Store {
    /// Whether an announcement on its way still has letters to hand over whose text lacks the correction `carries`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_outdated_letters(&self, id: EditionId, carries: &str) -> Result<bool, StoreError> {
        let statement = format!(
            "SELECT 1 FROM editions e WHERE e.id = $1 AND {ON_ITS_WAY} AND (NOT EXISTS (SELECT 1 FROM letters l \
             WHERE l.edition = e.id AND l.kind = 'edition' AND l.carries = $2) OR EXISTS (SELECT 1 FROM deliveries d \
             JOIN letters l ON l.id = d.letter WHERE d.edition = e.id AND l.carries <> $2 \
             AND (d.state IN ('queued', 'leased') OR (d.state = 'unknown' AND d.lost <= 1))))"
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(id.number()).bind(carries);
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// Gives the deliveries of an announcement that were never handed over `letters`, one a language, whose text has
    /// taken a correction in. One that a relay may have already is not sent again: its reader gets the correction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn supersede_letters(
        &self,
        id: EditionId,
        letters: &[RenderedLetter],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        // Writing the row keeps other instances out of this edition until the commit.
        let row = sqlx::query(
            "UPDATE editions SET cursor = cursor WHERE id = $1 AND state IN ('opening', 'sending', 'paused') RETURNING id",
        )
        .bind(id.number())
        .fetch_optional(&mut *transaction)
        .await?;
        if row.is_none() {
            return Ok(());
        }
        let mut is_new = false;
        for letter in letters {
            let known = sqlx::query(
                "SELECT id FROM letters WHERE edition = $1 AND kind = 'edition' AND language = $2 AND carries = $3",
            )
            .bind(id.number())
            .bind(letter.language.code())
            .bind(&letter.carries)
            .fetch_optional(&mut *transaction)
            .await?;
            let new = if let Some(row) = known {
                LetterId::new(Fields::keyed_by(&row, "letters", "id").number("id")?)
            } else {
                is_new = true;
                let letter = RenderedLetter { kind: LetterKind::Edition, edition: Some(id), ..letter.clone() };
                letters::add(&mut transaction, &letter).await?
            };
            point_to(&mut transaction, id, new, letter, now).await?;
        }
        if is_new {
            let cause = Cause::rule("what was not handed over gets the corrected text");
            decisions::add(&mut transaction, About::edition(id), now, "superseded", cause).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The digests on their way that hold a text of `release` without the correction `carries`.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn outdated_fragments(
        &self,
        release: &ReleaseId,
        carries: &str,
    ) -> Result<Vec<OutdatedFragment>, StoreError> {
        let statement = format!(
            "SELECT DISTINCT f.edition, f.number, f.place, f.turn FROM fragments f JOIN editions e ON e.id = f.edition \
             WHERE f.release = $1 AND f.carries <> $2 AND {ON_ITS_WAY} AND (e.state = 'opening' OR EXISTS \
             (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND d.state IN ('queued', 'leased', 'unknown') \
             AND d.contents LIKE '%,' || CAST(f.number AS TEXT) || ',%')) ORDER BY f.edition, f.number"
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(release.as_str()).bind(carries);
        let mut outdated = Vec::new();
        for row in query.fetch_all(&self.read).await? {
            let fields = Fields::keyed_by(&row, "fragments", "edition");
            outdated.push(OutdatedFragment {
                edition: EditionId::new(fields.number("edition")?),
                number: fields.count("number")?,
                place: fields.count("place")?,
                turn: fields.count("turn")?,
            });
        }
        Ok(outdated)
    }

    /// Takes an outdated text out of a digest's deliveries that were never handed over, and puts `text` in its place; with
    /// no text, the release is left out of them, and a delivery that is empty then is skipped for `reason`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replace_fragment(
        &self,
        outdated: OutdatedFragment,
        text: Option<&DigestText>,
        reason: SkipReason,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = outdated.edition;
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "UPDATE editions SET cursor = cursor WHERE id = $1 AND state IN ('opening', 'sending', 'paused') RETURNING id",
        )
        .bind(id.number())
        .fetch_optional(&mut *transaction)
        .await?;
        if row.is_none() {
            return Ok(());
        }
        let new = match text {
            None => String::new(),
            Some(text) => {
                let row = sqlx::query("SELECT MAX(number) AS number FROM fragments WHERE edition = $1")
                    .bind(id.number())
                    .fetch_one(&mut *transaction)
                    .await?;
                let number: u32 = Fields::keyed_by(&row, "fragments", "number").count("number")?;
                let mut text = text.clone();
                text.entry.number = number + 1;
                fragments::add(&mut transaction, id, &text).await?;
                format!("{},", text.entry.number)
            }
        };
        let (old, holds) = (format!(",{},", outdated.number), format!("%,{},%", outdated.number));
        skip_repeats(&mut transaction, id, &holds, reason, now).await?;
        sqlx::query(
            "UPDATE deliveries SET contents = REPLACE(contents, $2, $3), state = 'queued', owner = NULL, lease_until = NULL, \
             attempt = CASE WHEN state = 'leased' THEN attempt - 1 ELSE attempt END, since = $4 \
             WHERE edition = $1 AND state IN ('queued', 'leased') AND contents LIKE $5",
        )
        .bind(id.number())
        .bind(&old)
        .bind(format!(",{new}"))
        .bind(micros(now))
        .bind(&holds)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "UPDATE deliveries SET state = 'skipped', skip_reason = $3, since = $2 \
             WHERE edition = $1 AND state = 'queued' AND contents = ','",
        )
        .bind(id.number())
        .bind(micros(now))
        .bind(reason.as_str())
        .execute(&mut *transaction)
        .await?;
        // Nobody else gets the old text while the digest is still opening.
        sqlx::query("UPDATE fragments SET topics = '' WHERE edition = $1 AND number = $2")
            .bind(id.number())
            .bind(i64::from(outdated.number))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Whether a letter, digest or correction with a text of `release` that lacks the correction `lacking` (`None`: with
    /// any text) is with a relay at this moment: what follows it up must wait for the answer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_in_flight(&self, release: &ReleaseId, lacking: Option<&str>) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT 1 FROM deliveries d JOIN editions e ON e.id = d.edition JOIN letters l ON l.id = d.letter \
             WHERE d.state = 'in_flight' AND e.kind = 'announcement' AND e.release = $1 \
             AND ($2 IS NULL OR l.carries <> $2) \
             UNION ALL SELECT 1 FROM deliveries d JOIN fragments f ON f.edition = d.edition AND f.language = d.language \
             WHERE d.state = 'in_flight' AND f.release = $1 AND ($2 IS NULL OR f.carries <> $2) \
             AND d.contents LIKE '%,' || CAST(f.number AS TEXT) || ',%' \
             UNION ALL SELECT 1 FROM deliveries d JOIN editions e ON e.id = d.edition \
             WHERE d.state = 'in_flight' AND e.kind = 'correction' AND e.release = $1 \
             AND ($2 IS NULL OR e.subject <> $2) LIMIT 1",
        )
        .bind(release.as_str())
        .bind(lacking)
        .fetch_optional(&self.read)
        .await?;
        Ok(row.is_some())
    }

    /// Whether `release` has reached anybody, or may have, with a text that lacks the correction `lacking` (`None`: with
    /// any text).
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_reached_anybody(&self, release: &ReleaseId, lacking: Option<&str>) -> Result<bool, StoreError> {
        // In this order a text that nobody lacks is known from a few letters, without a look at the deliveries.
        let statement = format!(
            "SELECT 1 FROM editions e CROSS JOIN letters l CROSS JOIN deliveries d \
             WHERE e.kind = 'announcement' AND e.release = $1 AND l.edition = e.id AND l.kind = 'edition' \
             AND ($2 IS NULL OR l.carries <> $2) AND d.letter = l.id AND {REACHED} \
             UNION ALL SELECT 1 FROM deliveries d JOIN fragments f ON f.edition = d.edition AND f.language = d.language \
             WHERE {REACHED} AND f.release = $1 AND ($2 IS NULL OR f.carries <> $2) \
             AND d.contents LIKE '%,' || CAST(f.number AS TEXT) || ',%' LIMIT 1"
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(release.as_str()).bind(lacking);
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }
}

/// Points deliveries in the letter's language that were never handed over to `new`, and skips those that were.
async fn point_to(
    connection: &mut AnyConnection,
    id: EditionId,
    new: LetterId,
    letter: &RenderedLetter,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let outdated = "edition = $1 AND language = $2 AND letter IN \
        (SELECT l.id FROM letters l WHERE l.edition = $1 AND l.kind = 'edition' AND l.carries <> $3)";
    let repeats = format!(
        "UPDATE deliveries SET state = 'skipped', skip_reason = 'superseded', since = $4, owner = NULL, \
         lease_until = NULL WHERE {outdated} AND state IN ('queued', 'leased', 'unknown') AND lost > 0"
    );
    let never_handed_over = format!(
        "UPDATE deliveries SET letter = $5, state = 'queued', owner = NULL, lease_until = NULL, \
         attempt = CASE WHEN state = 'leased' THEN attempt - 1 ELSE attempt END, since = $4 \
         WHERE {outdated} AND state IN ('queued', 'leased') AND lost = 0"
    );
    let (id, language, carries) = (id.number(), letter.language.code(), letter.carries.as_str());
    let query = sqlx::query(AssertSqlSafe(repeats)).bind(id).bind(language).bind(carries).bind(micros(now));
    query.execute(&mut *connection).await?;
    let query = sqlx::query(AssertSqlSafe(never_handed_over)).bind(id).bind(language).bind(carries);
    query.bind(micros(now)).bind(new.number()).execute(connection).await?;
    Ok(())
}

/// Skips the deliveries of a digest with a text that a relay may have already: they are not sent a second time.
async fn skip_repeats(
    connection: &mut AnyConnection,
    id: EditionId,
    holds: &str,
    reason: SkipReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE deliveries SET state = 'skipped', skip_reason = $4, since = $3, owner = NULL, lease_until = NULL \
         WHERE edition = $1 AND contents LIKE $2 AND state IN ('queued', 'leased', 'unknown') AND lost > 0",
    )
    .bind(id.number())
    .bind(holds)
    .bind(micros(now))
    .bind(reason.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
