//! When a database may not be worked with: it was moved away, or not everything has arrived in it yet.
//!
//! A copy closes its source before it reads the first row, and the source stays closed for good: two databases that both
//! send would write to everybody twice. A target is closed until all of it is there.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::super::{Store, StoreError, meta};
use super::TransferError;

/// Under this key a source remembers where it is moved to.
pub(super) const MOVE: &str = "move";
/// Under this key a target remembers how far it has come.
pub(super) const ARRIVING: &str = "arriving";
/// Under this key a target that is complete remembers which copy it is.
pub(super) const COPIED: &str = "copied";

/// Why a database may not be worked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// It was moved.
    #[error(
        "this database was moved to {to}: name that one in `database.url`. Only if it was never served there and you \
         want to go on here: `depeche database reopen --force`"
    )]
    Moved {
        /// Where to, without a password.
        to: String,
    },
    /// It is being moved.
    #[error(
        "a copy of this database to {to} was begun and is not finished: `depeche database copy --to …` with the same \
         address finishes it, `depeche database reopen` gives it up and goes on here"
    )]
    Moving {
        /// Where to, without a password.
        to: String,
    },
    /// A copy into it is not finished.
    #[error(
        "not everything was copied into this database yet: run `depeche database copy --to …` again, with the \
         configuration of the database that it comes from"
    )]
    Arriving,
    /// A backup is not wholly restored.
    #[error("a backup was not wholly restored into this database: run `depeche restore FILE` again")]
    Restoring,
}

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
        read(connection, MOVE).await
    }

    pub(super) async fn write(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        write(connection, MOVE, self).await
    }
}

/// What is kept under `key`, as JSON.
pub(super) async fn read<T: for<'a> Deserialize<'a>>(
    connection: &mut AnyConnection,
    key: &'static str,
) -> Result<Option<T>, StoreError> {
    let Some(text) = meta::get(connection, key).await? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| StoreError::Row {
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
    let text = serde_json::to_string(value).expect("it is made of texts and numbers");
    meta::put(connection, key, Some(&text)).await
}

/// Refuses a database that was moved away or is not complete.
pub(in crate::store) async fn refuse_closed(connection: &mut AnyConnection) -> Result<(), StoreError> {
    if let Some(Move { to, is_verified, .. }) = Move::read(connection).await? {
        return Err(StoreError::NotServed(if is_verified { Closed::Moved { to } } else { Closed::Moving { to } }));
    }
    match meta::get(connection, ARRIVING).await? {
        Some(text) if text == super::restore::RESTORING => Err(StoreError::NotServed(Closed::Restoring)),
        Some(_) => Err(StoreError::NotServed(Closed::Arriving)),
        None => Ok(()),
    }
}

impl Store {
    /// Lets this database be served again although it was moved, or a move of it was begun; gives where to. A copy that is
    /// complete may be served by somebody: then, `even_if_complete` is needed. `None` when it was not moved.
    ///
    /// # Errors
    /// When the database does not answer, or the copy is complete.
    pub async fn reopen(&self, even_if_complete: bool) -> Result<Option<String>, TransferError> {
        let mut transaction = self.begin().await?;
        let Some(Move { to, is_verified, .. }) = Move::read(&mut transaction).await? else { return Ok(None) };
        if is_verified && !even_if_complete {
            return Err(TransferError::CompleteElsewhere { to });
        }
        meta::put(&mut transaction, MOVE, None).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(Some(to))
    }
}
