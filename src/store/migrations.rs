//! Brings a database's schema up to date, and refuses one that a later version made.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _, SqlSafeStr as _};

use super::StoreError;
use super::engine::Engine;
use crate::domain::Digest;

/// The schema's steps, oldest first: number, name, statements.
const STEPS: [(i64, &str, &str); 1] = [(1, "first form", include_str!("../../migrations/0001_first_form.sql"))];

/// The number of the last step.
pub(super) const fn last() -> i64 {
    STEPS[STEPS.len() - 1].0
}

/// A digest of all steps: databases with the same one have the same tables.
pub(super) fn digest() -> String {
    let texts: Vec<&str> = STEPS.iter().map(|(_, _, statements)| *statements).collect();
    Digest::of(texts.join("\0").as_bytes()).to_string()
}

fn steps(engine: Engine) -> [Migration; STEPS.len()] {
    STEPS.map(|(number, name, statements)| {
        let statements = AssertSqlSafe(engine.schema(statements)).into_sql_str();
        Migration::new(number, name.into(), MigrationType::Simple, statements, false)
    })
}

/// Whether there is a schema, without making one.
///
/// # Errors
/// When it is one of another version, or the database does not answer.
pub(super) async fn look(connection: &mut AnyConnection, engine: Engine) -> Result<bool, StoreError> {
    let is_there = match engine {
        Engine::Sqlite => "SELECT COUNT(*) AS found FROM sqlite_master WHERE name = '_sqlx_migrations'",
        Engine::Postgres => {
            "SELECT COUNT(*) AS found FROM pg_catalog.pg_class WHERE oid = to_regclass('_sqlx_migrations')"
        }
    };
    if sqlx::query(is_there).fetch_one(&mut *connection).await?.try_get::<i64, _>("found")? == 0 {
        return Ok(false);
    }
    let steps = steps(engine);
    let rows = sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version").fetch_all(connection);
    let rows = rows.await?;
    for row in &rows {
        let found: i64 = row.try_get("version")?;
        match steps.iter().find(|step| step.version == found) {
            None => return Err(StoreError::NewerSchema { found, known: last() }),
            Some(step) if row.try_get::<Vec<u8>, _>("checksum")? != *step.checksum => {
                return Err(StoreError::EarlierSchema);
            }
            Some(_) => {}
        }
    }
    Ok(!rows.is_empty())
}

/// Applies what is missing. The caller's transaction makes two processes that start at once take turns.
pub(super) async fn apply(connection: &mut AnyConnection, engine: Engine) -> Result<(), StoreError> {
    let mut migrator = Migrator::with_migrations(steps(engine).to_vec());
    migrator.set_ignore_missing(true);
    // `Migrator::run` makes a future that is not `Send`; this is what it calls.
    migrator.run_direct(None, &mut *connection, false).await.map_err(|error| {
        if matches!(error, MigrateError::VersionMismatch(_)) {
            StoreError::EarlierSchema
        } else {
            StoreError::Migration(error)
        }
    })?;
    let row = sqlx::query("SELECT MAX(version) AS version FROM _sqlx_migrations").fetch_one(connection).await?;
    let (found, known) = (row.try_get("version")?, last());
    if found > known { Err(StoreError::NewerSchema { found, known }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use crate::store::connection::settings_in;
    use crate::store::{Store, StoreError};

    #[tokio::test]
    async fn the_schema_of_another_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings_in(&folder);
        let store = Store::open(&settings, DateTime::UNIX_EPOCH).await.unwrap();
        sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00'").execute(&store.write).await.unwrap();
        let again = Store::open(&settings, DateTime::UNIX_EPOCH).await.map(drop);
        assert!(matches!(again, Err(StoreError::EarlierSchema)), "{again:?}");
        let looked = Store::open_to_look(&settings).await.map(drop);
        assert!(matches!(looked, Err(StoreError::EarlierSchema)), "{looked:?}");
    }

    #[tokio::test]
    async fn a_later_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings_in(&folder);
        let store = Store::open(&settings, DateTime::UNIX_EPOCH).await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (99, 'later', TRUE, 'x', 0)",
        )
        .execute(&store.write)
        .await
        .unwrap();
        let again = Store::open(&settings, DateTime::UNIX_EPOCH).await.map(drop);
        assert!(matches!(again, Err(StoreError::NewerSchema { found: 99, known: 1 })), "{again:?}");
        let looked = Store::open_to_look(&settings).await.map(drop);
        assert!(matches!(looked, Err(StoreError::NewerSchema { found: 99, known: 1 })), "{looked:?}");
    }
}
