//! What a digest says of each release, stored before the first delivery that holds it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::row::{Fields, clean, micros};
use super::{Store, StoreError};
use crate::domain::{EditionId, Fragment, Frequency, Piece, ReleaseId};
use crate::language::Language;
use crate::policy::DigestEntry;

/// A release in a digest, with its words in each language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestText {
    /// What decides who gets it.
    pub entry: DigestEntry,
    /// The mark of the correction that its text has taken in; empty when there is none.
    pub carries: String,
    /// One a language.
    pub fragments: Vec<Fragment>,
}

/// What a digest holds, and how far it goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DigestContents {
    /// Its releases, in order.
    pub texts: Vec<DigestText>,
    /// The last turn that it deals with.
    pub covers: u64,
}

/// Stores one release of a digest.
pub(super) async fn add(
    connection: &mut AnyConnection,
    edition: EditionId,
    text: &DigestText,
) -> Result<(), StoreError> {
    let DigestText { entry, carries, fragments } = text;
    let topics: Vec<String> = entry.topics.iter().map(ToString::to_string).collect();
    for fragment in fragments {
        let Fragment { release, language, ordinal, heading, full, short } = fragment;
        sqlx::query(
            "INSERT INTO fragments (edition, number, language, release, carries, place, turn, topics, heading_text, \
             heading_html, full_text, full_html, short_text, short_html) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(edition.number())
        .bind(i64::from(entry.number))
        .bind(language.code())
        .bind(release.as_str())
        .bind(carries)
        .bind(i64::from(*ordinal))
        .bind(turn_number(entry.turn))
        .bind(topics.join("\n"))
        .bind(clean(&heading.text))
        .bind(clean(&heading.html))
        .bind(clean(&full.text))
        .bind(clean(&full.html))
        .bind(clean(&short.text))
        .bind(clean(&short.html))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The releases of a digest, in order, without their words.
pub(super) async fn entries(
    connection: &mut AnyConnection,
    edition: EditionId,
) -> Result<Vec<DigestEntry>, StoreError> {
    let rows = sqlx::query("SELECT edition, number, release, turn, topics FROM fragments WHERE edition = $1")
        .bind(edition.number())
        .fetch_all(connection)
        .await?;
    let mut entries = BTreeMap::new();
    for row in &rows {
        let fields = Fields::keyed_by(row, "fragments", "number");
        let number = fields.count("number")?;
        let entry = DigestEntry {
            number,
            release: fields.parsed("release")?,
            turn: fields.count("turn")?,
            topics: fields.topics("topics")?.into_iter().collect(),
        };
        entries.insert(number, entry);
    }
    Ok(entries.into_values().collect())
}

impl Store {
    /// A digest's fragments in one language, by number. They never change: keep them as long as they are of use.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn fragments(
        &self,
        edition: EditionId,
        language: Language,
    ) -> Result<BTreeMap<u32, Fragment>, StoreError> {
        let rows = sqlx::query("SELECT * FROM fragments WHERE edition = $1 AND language = $2")
            .bind(edition.number())
            .bind(language.code())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(fragment_from).collect()
    }

    /// The releases of a digest, in order, without their words.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn digest_entries(&self, edition: EditionId) -> Result<Vec<DigestEntry>, StoreError> {
        let mut connection = self.read.acquire().await?;
        entries(&mut connection, edition).await
    }

    /// The announcements that the digest of `frequency` may hold: those that opened after `since`, are not dealt with for
    /// all of its readers, and were not cancelled and do not pause. None when the digest has no reader.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn announced(&self, frequency: Frequency, since: DateTime<Utc>) -> Result<Announced, StoreError> {
        let rows = sqlx::query(
            "SELECT e.id, e.release, e.turn, e.state FROM editions e \
             WHERE e.kind = 'announcement' AND e.opened > $1 AND e.state <> 'cancelled' AND e.turn > \
             (SELECT MIN(s.covered) FROM subscribers s WHERE s.state = 'active' AND (s.frequency = $2 OR s.owed = $2)) \
             ORDER BY e.turn DESC",
        )
        .bind(micros(since))
        .bind(frequency.as_str())
        .fetch_all(&self.read)
        .await?;
        let mut announced = Announced::default();
        let mut oldest_paused = None;
        for row in &rows {
            let fields = Fields::keyed_by(row, "editions", "id");
            let turn: u64 = fields.count("turn")?;
            announced.covers = announced.covers.max(turn);
            if fields.text("state")? == "paused" {
                oldest_paused = Some(turn);
            } else {
                announced.releases.push((fields.parsed("release")?, turn));
            }
        }
        // What pauses may go on: it is not dealt with.
        announced.covers = oldest_paused.map_or(announced.covers, |oldest| oldest.saturating_sub(1));
        Ok(announced)
    }

    /// The last turn that a digest which has opened deals with.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn covered_by(&self, digest: EditionId) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT id, COALESCE(turn, 0) AS turn FROM editions WHERE id = $1")
            .bind(digest.number())
            .fetch_optional(&self.read)
            .await?;
        row.map_or(Ok(0), |row| Fields::keyed_by(&row, "editions", "id").count("turn"))
    }
}

/// What a digest may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announced {
    /// Each release and the turn in which its announcement opened, the latest first.
    pub releases: Vec<(ReleaseId, u64)>,
    /// The last turn that the digest deals with.
    pub covers: u64,
}

/// A turn as the database has it.
pub(super) fn turn_number(turn: u64) -> i64 {
    i64::try_from(turn).unwrap_or(i64::MAX)
}

fn fragment_from(row: &AnyRow) -> Result<(u32, Fragment), StoreError> {
    let fields = Fields::keyed_by(row, "fragments", "number");
    let piece = |text, html| Ok::<_, StoreError>(Piece { text: fields.text(text)?, html: fields.text(html)? });
    let fragment = Fragment {
        release: fields.parsed("release")?,
        language: fields.parsed("language")?,
        ordinal: fields.count("place")?,
        heading: piece("heading_text", "heading_html")?,
        full: piece("full_text", "full_html")?,
        short: piece("short_text", "short_html")?,
    };
    Ok((fields.count("number")?, fragment))
}
