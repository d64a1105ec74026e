//! Addresses that the office wants nothing to be sent to, and those that it lets be written to again.

use chrono::{DateTime, Utc};

use super::consents::{self, ConsentAction};
use super::endings::{Ending, end_within};
use super::{Proof, Store, StoreError, subscribers, suppressions};
use crate::domain::{EmailAddress, EndReason, SuppressionReason};

/// What came of letting an address be written to again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unblocked {
    /// It may be, and this was the reason why not.
    Lifted(SuppressionReason),
    /// This reason is gone. Its owner was forgotten, and nobody else can bring it back.
    Erased(SuppressionReason),
    /// It may not, for a reason that the office cannot lift.
    Kept(SuppressionReason),
    /// Nothing kept anything from it.
    WasFree,
}

impl Store {
    /// The office wants nothing to be sent to an address: its subscription ends, and nobody can begin another with it, its
    /// owner included, as they can after an erasure. Gives why nothing could be sent to it before, whoever asked for it; then
    /// nothing is changed.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn block(
        &self,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Option<SuppressionReason>, StoreError> {
        let hash = self.address_hash(address)?;
        let mut transaction = self.begin().await?;
        suppressions::hold(&mut transaction, &[&hash]).await?;
        let before =
            suppressions::reason(&mut transaction, &hash).await?.filter(|reason| *reason != SuppressionReason::Erased);
        if before.is_none() {
            suppressions::add(&mut transaction, &hash, SuppressionReason::Blocked, now).await?;
            if let Some(id) = subscribers::id_of(&mut transaction, address).await? {
                let ending = Ending { reason: EndReason::Removed, suppressed: Some(SuppressionReason::Blocked) };
                end_within(&mut transaction, id, ending, now).await?;
            }
        }
        transaction.commit().await?;
        Ok(before)
    }

    /// The office lets an address be written to again that it had blocked, or that could not be reached: it may be subscribed
    /// again, and is not by this. A complaint stays, and an erasure is lifted by its owner alone.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn unblock(&self, address: &EmailAddress, now: DateTime<Utc>) -> Result<Unblocked, StoreError> {
        let hash = self.address_hash(address)?;
        let mut transaction = self.begin().await?;
        suppressions::hold(&mut transaction, &[&hash]).await?;
        let lifted = match suppressions::reason(&mut transaction, &hash).await? {
            None => return Ok(Unblocked::WasFree),
            Some(kept @ (SuppressionReason::Complained | SuppressionReason::Erased)) => {
                return Ok(Unblocked::Kept(kept));
            }
            Some(lifted @ (SuppressionReason::Blocked | SuppressionReason::Bounced)) => lifted,
        };
        let forgotten = sqlx::query(
            "UPDATE suppressions SET reason = 'erased', at = erased WHERE address_hash = $1 AND erased IS NOT NULL",
        );
        let is_erased = forgotten.bind(&hash).execute(&mut *transaction).await?.rows_affected() > 0;
        if is_erased {
            transaction.commit().await?;
            return Ok(Unblocked::Erased(lifted));
        }
        sqlx::query("DELETE FROM suppressions WHERE address_hash = $1").bind(&hash).execute(&mut *transaction).await?;
        if let Some(id) = subscribers::id_of(&mut transaction, address).await? {
            let proof = Proof { words: lifted.to_string(), source: "office".to_owned() };
            consents::keep(&mut transaction, id, ConsentAction::Unblocked, &proof, now).await?;
        }
        transaction.commit().await?;
        Ok(Unblocked::Lifted(lifted))
    }
}
