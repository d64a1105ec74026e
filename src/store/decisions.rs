//! What was decided about each release and edition, when, why and by whom: written beside the decision itself, read by
//! people.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::row::{Fields, clean, micros, rows_of_placeholders};
use super::{Store, StoreError, ids};
use crate::domain::{EditionId, ReleaseId};
use crate::register::Decision;

/// How many rows are written in one statement.
const ROWS_AT_ONCE: usize = 64;

/// A decision as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionMade {
    /// When.
    pub at: DateTime<Utc>,
    /// What, one word.
    pub what: String,
    /// Why.
    pub why: String,
    /// Who decided, such as `mailbox`; empty for what follows from the rules.
    pub who: String,
}

/// Who decides, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause<'a> {
    /// `mailbox`, `office link`, `terminal (ann)`; empty for what follows from the rules.
    pub who: &'a str,
    /// A sentence fragment.
    pub why: &'a str,
}

impl<'a> Cause<'a> {
    /// What follows from the rules.
    #[must_use]
    pub const fn rule(why: &'a str) -> Self {
        Self { who: "", why }
    }
}

/// What a decision is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) release: Option<&'a ReleaseId>,
    pub(super) edition: Option<EditionId>,
}

impl<'a> About<'a> {
    pub(super) const fn release(release: &'a ReleaseId) -> Self {
        Self { release: Some(release), edition: None }
    }

    pub(super) const fn edition(edition: EditionId) -> Self {
        Self { release: None, edition: Some(edition) }
    }
}

/// Keeps a decision.
pub(super) async fn add(
    connection: &mut AnyConnection,
    about: About<'_>,
    at: DateTime<Utc>,
    what: &str,
    cause: Cause<'_>,
) -> Result<(), StoreError> {
    let id = ids::next(connection, "decisions").await?;
    sqlx::query("INSERT INTO decisions (id, release, edition, at, what, why, who) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(id)
        .bind(about.release.map(ReleaseId::as_str))
        .bind(about.edition.map(EditionId::number))
        .bind(micros(at))
        .bind(what)
        .bind(clean(cause.why))
        .bind(clean(cause.who))
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps what a look decided of releases, in its order.
pub(super) async fn add_of_releases(connection: &mut AnyConnection, decisions: &[Decision]) -> Result<(), StoreError> {
    if decisions.is_empty() {
        return Ok(());
    }
    let mut id = ids::reserve(connection, "decisions", decisions.len()).await?;
    for decisions in decisions.chunks(ROWS_AT_ONCE) {
        let rows = rows_of_placeholders(decisions.len(), 6);
        let statement = format!("INSERT INTO decisions (id, release, at, what, why, who) VALUES {rows}");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for Decision { release, at, what, why } in decisions {
            query = query.bind(id).bind(release.as_str()).bind(micros(*at)).bind(*what).bind(clean(why)).bind("");
            id += 1;
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

impl Store {
    /// Everything that was decided about any release, each in order.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn all_decisions(&self) -> Result<BTreeMap<ReleaseId, Vec<DecisionMade>>, StoreError> {
        let rows =
            sqlx::query("SELECT id, release, at, what, why, who FROM decisions WHERE release IS NOT NULL ORDER BY id")
                .fetch_all(&self.read)
                .await?;
        let mut all: BTreeMap<ReleaseId, Vec<DecisionMade>> = BTreeMap::new();
        for row in &rows {
            let release = Fields::keyed_by(row, "decisions", "id").parsed("release")?;
            all.entry(release).or_default().push(decision_from(row)?);
        }
        Ok(all)
    }

    /// What was decided about `release` itself, in order.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn decisions_of(&self, release: &ReleaseId) -> Result<Vec<DecisionMade>, StoreError> {
        let rows = sqlx::query("SELECT id, at, what, why, who FROM decisions WHERE release = $1 ORDER BY id")
            .bind(release.as_str())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(decision_from).collect()
    }

    /// What was decided about an edition, in order.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn decisions_about(&self, edition: EditionId) -> Result<Vec<DecisionMade>, StoreError> {
        let rows = sqlx::query("SELECT id, at, what, why, who FROM decisions WHERE edition = $1 ORDER BY id")
            .bind(edition.number())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(decision_from).collect()
    }
}

fn decision_from(row: &AnyRow) -> Result<DecisionMade, StoreError> {
    let fields = Fields::keyed_by(row, "decisions", "id");
    Ok(DecisionMade {
        at: fields.instant("at")?,
        what: fields.text("what")?,
        why: fields.text("why")?,
        who: fields.text("who")?,
    })
}
