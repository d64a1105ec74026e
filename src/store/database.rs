//! The database, as everything here works with it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use camino::Utf8PathBuf;
use chrono::TimeDelta;
use sqlx::{Any, AnyPool, Transaction};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::StoreError;
use super::engine::Engine;
use super::exchanged::Request;
use super::health::Health;
use crate::domain::TokenKey;

/// How long it may take to close its connections.
const GOODBYE: Duration = Duration::from_secs(5);

/// The database. Cheap to clone; all clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) engine: Engine,
    pub(super) write: AnyPool,
    pub(super) read: AnyPool,
    pub(super) exchanges: mpsc::Sender<Request>,
    pub(super) health: Arc<Health>,
    pub(super) key: Arc<OnceLock<TokenKey>>,
    /// After how long without a daemon nothing is claimed.
    pub(super) longest_silence: Arc<OnceLock<TimeDelta>>,
    pub(super) file: Option<Utf8PathBuf>,
}

impl Store {
    /// Whether several daemons may work on this database at once.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Asks the database whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let asked = async {
            sqlx::query("SELECT 1").execute(&self.read).await?;
            Ok(())
        };
        self.in_time(asked).await
    }

    /// Closes all connections; later calls fail. A server that cannot be reached is not waited for: it hears no goodbye.
    pub async fn close(&self) {
        let closing = async {
            self.read.close().await;
            self.write.close().await;
        };
        match self.engine {
            Engine::Sqlite => closing.await,
            Engine::Postgres => drop(timeout(GOODBYE, closing).await),
        }
    }

    /// Begins a transaction that writes; refused once it is known that the database was moved away.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        match self.closed() {
            Some(closed) => Err(StoreError::NotServed(closed)),
            None => self.begin_closed().await,
        }
    }

    /// The same for whoever carries its contents.
    pub(super) async fn begin_closed(&self) -> Result<Transaction<'static, Any>, StoreError> {
        self.engine.begin(&self.write).await
    }
}
