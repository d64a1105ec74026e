//! What was decided about each release, when and why: written beside the decision itself, read by people.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::row::{Fields, clean, micros};
use super::{Store, StoreError, ids};
use crate::domain::ReleaseId;

/// A decision as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionMade {
    /// When.
    pub at: DateTime<Utc>,
    /// What, one word.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Keeps a decision.
pub(super) async fn add(
    connection: &mut AnyConnection,
    release: &ReleaseId,
    at: DateTime<Utc>,
    what: &str,
    why: &str,
) -> Result<(), StoreError> {
    let id = ids::next(connection, "decisions").await?;
    sqlx::query("INSERT INTO decisions (id, release, at, what, why) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(release.as_str())
        .bind(micros(at))
        .bind(what)
        .bind(clean(why))
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Everything that was decided about any release, each in order.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn all_decisions(&self) -> Result<BTreeMap<ReleaseId, Vec<DecisionMade>>, StoreError> {
        let rows =
            sqlx::query("SELECT id, release, at, what, why FROM decisions ORDER BY id").fetch_all(&self.read).await?;
        let mut all: BTreeMap<ReleaseId, Vec<DecisionMade>> = BTreeMap::new();
        for row in &rows {
            let release = Fields::keyed_by_number(row, "decisions", "id").parsed("release")?;
            all.entry(release).or_default().push(decision_from(row)?);
        }
        Ok(all)
    }

    /// What was decided about `release`, in order.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn decisions_of(&self, release: &ReleaseId) -> Result<Vec<DecisionMade>, StoreError> {
        let rows = sqlx::query("SELECT id, at, what, why FROM decisions WHERE release = $1 ORDER BY id")
            .bind(release.as_str())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(decision_from).collect()
    }
}

fn decision_from(row: &AnyRow) -> Result<DecisionMade, StoreError> {
    let fields = Fields::keyed_by_number(row, "decisions", "id");
    Ok(DecisionMade { at: fields.instant("at")?, what: fields.text("what")?, why: fields.text("why")? })
}
