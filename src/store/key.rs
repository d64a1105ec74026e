//! The key that signs, and what it says of the database: to which it belongs, and by what addresses are recognised.

use super::{Store, StoreError, meta};
use crate::domain::{EmailAddress, TokenKey, to_hex};

impl Store {
    /// Binds the database to the key that signs: the first key is remembered by its fingerprint, any other refused.
    /// Needed before anything is done with addresses, which are hashed with the key.
    ///
    /// # Errors
    /// [`StoreError::OtherKey`] when the database belongs to another key.
    pub async fn bind_key(&self, key: &TokenKey) -> Result<(), StoreError> {
        let given = key.fingerprint();
        let mut transaction = self.begin().await?;
        let stored = meta::put_once(&mut transaction, meta::KEY_FINGERPRINT, &given).await?;
        transaction.commit().await?;
        if stored != given {
            return Err(StoreError::OtherKey { stored, given });
        }
        self.key.get_or_init(|| key.clone());
        Ok(())
    }

    /// The fingerprint of the key that the database is bound to; `None` before the first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key_fingerprint(&self) -> Result<Option<String>, StoreError> {
        meta::get(&mut *self.read.acquire().await?, meta::KEY_FINGERPRINT).await
    }

    /// What the database keeps of an address that must be recognised but not be readable.
    pub(super) fn address_hash(&self, address: &EmailAddress) -> Result<String, StoreError> {
        let key = self.key.get().ok_or(StoreError::NoKey)?;
        let mac = key.mac("address", &[address.folded().as_bytes()]);
        Ok(to_hex(&mac))
    }
}
