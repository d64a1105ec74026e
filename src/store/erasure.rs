//! Forgetting whoever wants to be forgotten, a subscriber or not.

use chrono::{DateTime, Utc};

use super::endings::end_within;
use super::{Store, StoreError, forgetting, subscribers, suppressions};
use crate::domain::{EmailAddress, EndReason, SuppressionReason};

/// What was known of an address that is forgotten now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// Something: it is gone.
    Done,
    /// No more than that nothing is sent to it.
    NothingLeft,
    /// Nothing.
    Unknown,
}

impl Store {
    /// Forgets an address, whether somebody subscribes with it or it stands in no more than old deliveries. No list brings
    /// it in from now on.
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn erase(&self, address: &EmailAddress, now: DateTime<Utc>) -> Result<Erasure, StoreError> {
        let hash = self.address_hash(address)?;
        let mut transaction = self.begin().await?;
        suppressions::hold(&mut transaction, &[&hash]).await?;
        let before = suppressions::reason(&mut transaction, &hash).await?;
        let is_known = if let Some(id) = subscribers::id_of(&mut transaction, address).await? {
            end_within(&mut transaction, id, EndReason::Erased.into(), now).await?
        } else {
            suppressions::add(&mut transaction, &hash, SuppressionReason::Erased, now).await?;
            forgetting::forget_address(&mut transaction, address, &hash, now).await?
        };
        transaction.commit().await?;
        Ok(match before {
            _ if is_known => Erasure::Done,
            Some(_) => Erasure::NothingLeft,
            None => Erasure::Unknown,
        })
    }
}
