//! When a database may not be worked with: it was moved away, or not everything has arrived in it yet.
//!
//! A copy closes its source before it reads the first row, and the source stays closed for good: two databases that both
//! send would write to everybody twice. A target is closed until all of it is there.
//!
//! On PostgreSQL an instance may have the database open still: one that stood still, or was cut off. So whoever claims,
//! leads or opens holds the row with the mark until its commit, and is refused once a move is in it.

use serde::{Deserialize, Serialize};
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row as _, Transaction};

use super::closed::Closed;
use super::{Store, StoreError, meta};

/// Under this key a source remembers where it is moved to; nothing while it is not. The row is always there: whoever works
/// with the database holds it, and a move waits for them.
pub(super) const MOVE: &str = "move";
/// What a target remembers while a backup is put back.
pub(super) const RESTORING: &str = "restore";
/// Under this key a target remembers how far it has come.
pub(super) const ARRIVING: &str = "arriving";
/// Under this key a target that is complete remembers which copy it is.
pub(super) const COPIED: &str = "copied";

/// Where a source is moved to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Move {
    /// Tells this copy from any other.
    pub(super) id: String,
    /// Where to, without a password.
    pub(super) to: String,
    /// Everything is there and equal.
    pub(super) is_verified: bool,
}

impl Move {
    pub(super) async fn read(connection: &mut AnyConnection) -> Result<Option<Self>, StoreError> {
        let text = meta::get(connection, MOVE).await?;
        text.map_or(Ok(None), |text| Self::parse(&text))
    }

    pub(super) async fn write(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        write(connection, MOVE, self).await
    }

    /// Notes that everything has arrived; `false` when this move is not the one under way any more.
    pub(super) async fn verified(&self, connection: &mut AnyConnection) -> Result<bool, StoreError> {
        let verified = Self { is_verified: true, ..self.clone() };
        let done = sqlx::query("UPDATE meta SET value = $1 WHERE key = $2 AND value IN ($1, $3)")
            .bind(json(&verified))
            .bind(MOVE)
            .bind(json(self))
            .execute(connection)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Makes the row where it is missing.
    pub(super) async fn none(connection: &mut AnyConnection) -> Result<(), StoreError> {
        meta::put_once(connection, MOVE, "").await.map(drop)
    }

    fn parse(text: &str) -> Result<Option<Self>, StoreError> {
        if text.is_empty() { Ok(None) } else { from_json(MOVE, text).map(Some) }
    }

    fn closes(self) -> Closed {
        if self.is_verified { Closed::Moved { to: self.to } } else { Closed::Moving { to: self.to } }
    }
}

/// What is kept under `key`, as JSON.
pub(super) async fn read<T: for<'a> Deserialize<'a>>(
    connection: &mut AnyConnection,
    key: &'static str,
) -> Result<Option<T>, StoreError> {
    let Some(text) = meta::get(connection, key).await? else { return Ok(None) };
    from_json(key, &text).map(Some)
}

fn from_json<T: for<'a> Deserialize<'a>>(key: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Row {
        table: "meta",
        row: key.to_owned(),
        column: "value",
        why: error.to_string(),
    })
}

/// Keeps `value` under `key`, as JSON.
pub(super) async fn write<T: Serialize>(
    connection: &mut AnyConnection,
    key: &'static str,
    value: &T,
) -> Result<(), StoreError> {
    meta::put(connection, key, Some(&json(value))).await
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it is made of texts and numbers")
}

/// Refuses a database that was moved away or is not complete.
pub(super) async fn refuse_closed(connection: &mut AnyConnection) -> Result<(), StoreError> {
    if let Some(moving) = Move::read(connection).await? {
        return Err(StoreError::NotServed(moving.closes()));
    }
    match meta::get(connection, ARRIVING).await? {
        Some(text) if text == RESTORING => Err(StoreError::NotServed(Closed::Restoring)),
        Some(_) => Err(StoreError::NotServed(Closed::Arriving)),
        None => Ok(()),
    }
}

impl Store {
    /// Begins a transaction of whoever serves from this database and would go on although it was moved away. On SQLite the
    /// lock on its file keeps moves and daemons apart.
    pub(super) async fn begin_served(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let mut transaction = self.engine.begin_lightly(&self.write).await?;
        self.refuse_moved(&mut transaction).await?;
        Ok(transaction)
    }

    /// Refuses one that was moved away, and takes note of whether it was. On SQLite it cannot be.
    pub(super) async fn refuse_moved(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        if !self.is_shared() {
            return Ok(());
        }
        let statement = format!("SELECT value FROM meta WHERE key = $1 {}", self.engine.share());
        let row = sqlx::query(AssertSqlSafe(statement)).bind(MOVE).fetch_optional(connection).await?;
        let text: Option<String> = row.map(|row| row.try_get("value")).transpose()?;
        let closed = Move::parse(&text.unwrap_or_default())?.map(Move::closes);
        self.health.note_closed(closed.as_ref());
        closed.map_or(Ok(()), |closed| Err(StoreError::NotServed(closed)))
    }
}
