//! How the database stands, for whoever looks after it.

use std::time::Duration;

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use sqlx::Row as _;
use tokio::time::sleep;

use super::connection::Engine;
use super::{DaemonLock, Store, StoreError, meta, migrations};

/// How often a place that is taken is asked for again, and how long after.
const TRIES: usize = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// What the database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The last step of its schema.
    pub schema: i64,
    /// The authority of the ids that are minted; `None` before the first start.
    pub authority: Option<String>,
    /// The fingerprint of the key that it belongs to; `None` before the first start.
    pub key_fingerprint: Option<String>,
    /// When a daemon last said that it works.
    pub alive: Option<DateTime<Utc>>,
    /// What its own clock shows, where it has one.
    pub clock: Option<DateTime<Utc>>,
}

impl Store {
    /// How the database stands now.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        let mut connection = self.read.acquire().await?;
        let authority = meta::get(&mut connection, "authority").await?;
        let key_fingerprint = meta::get(&mut connection, meta::KEY_FINGERPRINT).await?;
        let clock = match self.engine {
            // It is the machine's own.
            Engine::Sqlite => None,
            Engine::Postgres => {
                let row = sqlx::query("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now")
                    .fetch_one(&mut *connection)
                    .await?;
                DateTime::from_timestamp_micros(row.try_get("now")?)
            }
        };
        drop(connection);
        Ok(Standing { schema: migrations::last(), authority, key_fingerprint, alive: self.last_alive().await?, clock })
    }

    /// Takes the part of the one daemon, as [`Self::lock_daemon`] does, but waits a moment for whoever only asks whether
    /// there is one.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process keeps it.
    pub async fn lock_daemon_soon(&self) -> Result<DaemonLock, StoreError> {
        for _ in 0..TRIES {
            match self.lock_daemon() {
                Err(StoreError::InUse(_)) => sleep(BETWEEN_TRIES).await,
                locked => return locked,
            }
        }
        self.lock_daemon()
    }

    /// Whether a daemon works with the database. Asked of SQLite, that is seen by holding its place for an instant.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn is_served(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        if self.is_shared() {
            return self.lead_is_held(now).await;
        }
        // None has ever been there, and no file is made for it.
        if self.file.as_ref().is_some_and(|path| !Utf8PathBuf::from(format!("{path}.lock")).exists()) {
            return Ok(false);
        }
        match self.lock_daemon() {
            Ok(_) => Ok(false),
            Err(StoreError::InUse(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use crate::config::{DatabaseSettings, DatabaseUrl, SqliteSync};
    use crate::store::{Store, StoreError};

    #[tokio::test]
    async fn who_only_looks_makes_nothing_and_keeps_no_daemon_out() {
        let folder = tempfile::tempdir().unwrap();
        let path: camino::Utf8PathBuf = folder.path().join("depeche.sqlite").try_into().unwrap();
        let settings = DatabaseSettings { url: DatabaseUrl::Sqlite(path.clone()), sync: SqliteSync::Normal };
        std::fs::write(&path, "").unwrap();
        assert!(Store::open_to_look(&settings).await.unwrap().is_none());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        Store::open(&settings, DateTime::UNIX_EPOCH).await.unwrap().close().await;
        let looking = Store::open_to_look(&settings).await.unwrap().unwrap();
        assert!(!looking.is_served(DateTime::UNIX_EPOCH).await.unwrap());
        assert!(!folder.path().join("depeche.sqlite.lock").exists());

        let asking = looking.lock_daemon().unwrap();
        let letting_go = async {
            tokio::task::yield_now().await;
            drop(asking);
        };
        let (locked, ()) = tokio::join!(looking.lock_daemon_soon(), letting_go);
        let _kept = locked.unwrap();
        assert!(looking.is_served(DateTime::UNIX_EPOCH).await.unwrap());
        let second = looking.lock_daemon_soon().await;
        assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    }
}
