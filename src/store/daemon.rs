//! The one daemon of a database: who takes its part, and whether there is one.

use std::fs::File;
use std::time::Duration;

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::sqlite_file::owner_only;
use super::{Store, StoreError};

/// How often a place that is taken is asked for again, and how long after.
const TRIES: usize = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Says that this process is the one daemon of its database, until dropped.
#[derive(Debug)]
pub struct DaemonLock {
    /// Unlocked by the system when it is closed, however the process ends.
    _file: Option<File>,
}

impl Store {
    /// Takes the part of the one daemon that may serve from this database. On PostgreSQL several may.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it.
    pub fn lock_daemon(&self) -> Result<DaemonLock, StoreError> {
        let Some(path) = &self.file else { return Ok(DaemonLock { _file: None }) };
        let path = Utf8PathBuf::from(format!("{path}.lock"));
        let failed = |source| StoreError::File { path: path.clone(), source };
        let file = owner_only().create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(DaemonLock { _file: Some(file) }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(path)),
            Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
        }
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
