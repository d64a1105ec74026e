//! Addresses that a subscription had before: known by their hashes alone.

use chrono::{DateTime, Utc};

use super::row::Fields;
use super::{Store, StoreError};
use crate::domain::SubscriberId;

/// An address that a subscription had, or that had one of its own which is part of it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerAddress {
    /// Its keyed hash.
    pub address_hash: String,
    /// Until when.
    pub gone: DateTime<Utc>,
}

impl Store {
    /// The addresses that a subscriber had before.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn former_addresses_of(&self, id: SubscriberId) -> Result<Vec<FormerAddress>, StoreError> {
        let rows = sqlx::query("SELECT * FROM former_addresses WHERE subscriber = $1 ORDER BY gone, address_hash")
            .bind(id.number())
            .fetch_all(&self.read)
            .await?;
        let read = |row| {
            let fields = Fields::keyed_by(row, "former_addresses", "subscriber");
            Ok(FormerAddress { address_hash: fields.text("address_hash")?, gone: fields.instant("gone")? })
        };
        rows.iter().map(read).collect()
    }
}
