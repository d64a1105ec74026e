//! The last good texts of releases, fetched from the database while a look works on a thread of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::domain::ReleaseId;
use crate::store::{Store, StoreError};

/// How long the database may take over some texts.
const PATIENCE: Duration = Duration::from_secs(30);

/// The last good texts of known releases.
#[derive(Debug, Default)]
pub struct LastGood {
    /// `None`: there is no database yet, and no release is known.
    database: Option<(Store, Handle)>,
    failure: Mutex<Option<StoreError>>,
}

impl LastGood {
    /// Those that `store` has. To be made inside the runtime and asked on a thread that may wait.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        Self { database: Some((store.clone(), Handle::current())), failure: Mutex::default() }
    }

    /// The release's last good text.
    pub(super) fn text(&self, id: &ReleaseId) -> Option<Arc<str>> {
        let (store, runtime) = self.database.as_ref()?;
        runtime.block_on(store.patiently(PATIENCE, store.last_good_text(id))).unwrap_or_else(|error| self.failed(error))
    }

    /// The last good texts of `ids`, of those that have one.
    pub(super) fn texts(&self, ids: &[&ReleaseId]) -> HashMap<ReleaseId, Arc<str>> {
        let Some((store, runtime)) = self.database.as_ref() else { return HashMap::new() };
        runtime
            .block_on(store.patiently(PATIENCE, store.last_good_texts(ids)))
            .unwrap_or_else(|error| self.failed(error))
    }

    fn failed<T: Default>(&self, error: StoreError) -> T {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        T::default()
    }

    /// Whether whatever was asked for could be read: else what the look came to is not to be believed.
    ///
    /// # Errors
    /// When the database did not answer.
    pub fn check(self) -> Result<(), StoreError> {
        self.failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}
