//! Serving a database again that was moved away, or that a move was begun of.

use chrono::{DateTime, Utc};

use super::super::closing::{MOVE, Move};
use super::super::{Store, StoreError, meta};
use super::TransferError;

impl Store {
    /// Lets this database be served again although it was moved, or a move of it was begun; gives where to. A copy that is
    /// complete may be served by somebody: then, `even_if_complete` is needed. `None` when it was not moved. `name` is what
    /// people call it.
    ///
    /// # Errors
    /// When the database does not answer, a daemon or a copy is at work, or the copy is complete.
    pub async fn reopen(
        &self,
        name: &str,
        even_if_complete: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, TransferError> {
        let _lock = self.lock_unused(name, now).await?;
        let mut transaction = self.begin_closed().await?;
        let Some(Move { to, is_verified, .. }) = Move::read(&mut transaction).await? else { return Ok(None) };
        if is_verified && !even_if_complete {
            return Err(TransferError::CompleteElsewhere { to });
        }
        meta::put(&mut transaction, MOVE, Some("")).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(Some(to))
    }
}
