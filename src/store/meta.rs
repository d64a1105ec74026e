//! Single values by name, and when each recurring task last ran.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, Row as _};

use super::row::{Fields, micros};
use super::{Store, StoreError};
use crate::clock::ClockDoubt;

/// The key of the jump of a clock that is not believed.
const CLOCK_DOUBT: &str = "clock-doubt";

/// The fingerprint of the key that the database is bound to.
pub(super) const KEY_FINGERPRINT: &str = "key_fingerprint";

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
    /// The clock's jump that an earlier process did not believe; `None` when the last one followed its clock.
    ///
    /// # Errors
    /// When the database does not answer or the value cannot be read.
    pub async fn clock_doubt(&self) -> Result<Option<ClockDoubt>, StoreError> {
        let mut connection = self.read.acquire().await?;
        let Some(text) = get(&mut connection, CLOCK_DOUBT).await? else { return Ok(None) };
        let instant = |text: &str| text.parse().ok().and_then(DateTime::from_timestamp_micros);
        let parts = text.split_once(' ').and_then(|(machine, believed)| Some((instant(machine)?, instant(believed)?)));
        let (machine, believed) = parts.ok_or_else(|| StoreError::Row {
            table: "meta",
            row: CLOCK_DOUBT.to_owned(),
            column: "value",
            why: format!("`{text}` is not two instants"),
        })?;
        Ok(Some(ClockDoubt { machine, believed }))
    }

    /// Remembers that the clock jumped and is not believed, or that it is followed again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remember_clock_doubt(&self, doubt: Option<ClockDoubt>) -> Result<(), StoreError> {
        let text = doubt.map(|doubt| format!("{} {}", micros(doubt.machine), micros(doubt.believed)));
        let remembering = async {
            let mut transaction = self.begin().await?;
            put(&mut transaction, CLOCK_DOUBT, text.as_deref()).await?;
            transaction.commit().await?;
            Ok(())
        };
        self.in_time(remembering).await
    }

    /// When the recurring task `name` last ran.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_run(&self, name: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row = sqlx::query("SELECT name, last_run FROM ticks WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Fields::keyed_by(&row, "ticks", "name").instant("last_run")).transpose()
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
