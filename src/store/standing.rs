//! How the database stands, for whoever looks after it.

use chrono::{DateTime, Utc};
use sqlx::Row as _;

use super::engine::Engine;
use super::{Store, StoreError, meta, migrations};

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
    /// How many bytes are free on the disk of the database; `None` where it is on a server.
    #[must_use]
    pub fn disk_free(&self) -> Option<u64> {
        let folder = self.file.as_ref()?.parent()?;
        let disk = rustix::fs::statvfs(folder.as_std_path()).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

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
}
