//! Single values by name, and when each recurring task last ran.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, Row as _};

use super::row::{Fields, micros};
use super::{Store, StoreError};

/// Remembers `value` under `key` unless there is one, and gives the one that is remembered.
pub(super) async fn put_once(
    connection: &mut AnyConnection,
    key: &'static str,
    value: &str,
) -> Result<String, StoreError> {
    sqlx::query("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
        .bind(key)
        .bind(value)
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query("SELECT value FROM meta WHERE key = $1").bind(key).fetch_one(connection).await?;
    Ok(row.try_get("value")?)
}

/// Remembers `value` under `key`, or forgets the key.
pub(super) async fn put(
    connection: &mut AnyConnection,
    key: &'static str,
    value: Option<&str>,
) -> Result<(), StoreError> {
    match value {
        Some(value) => {
            sqlx::query(
                "INSERT INTO meta (key, value) VALUES ($1, $2) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )
            .bind(key)
            .bind(value)
            .execute(connection)
            .await?
        }
        None => sqlx::query("DELETE FROM meta WHERE key = $1").bind(key).execute(connection).await?,
    };
    Ok(())
}

/// What is remembered under `key`.
pub(super) async fn get(connection: &mut AnyConnection, key: &'static str) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT value FROM meta WHERE key = $1").bind(key).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get("value")).transpose()?)
}

impl Store {
    /// When the recurring task `name` last ran.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_run(&self, name: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row = sqlx::query("SELECT name, last_run FROM ticks WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Fields::keyed_by_text(&row, "ticks", "name").instant("last_run")).transpose()
    }

    /// Remembers that the recurring task `name` ran.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn record_run(&self, name: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO ticks (name, last_run) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET last_run = excluded.last_run",
        )
        .bind(name)
        .bind(micros(at))
        .execute(&self.write)
        .await?;
        Ok(())
    }
}
