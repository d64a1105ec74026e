//! Which tables there are, with their columns and keys: as SQLite tells them of the migrations, in an empty database that
//! lives in memory. Both kinds of database have the same.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Connection as _, Row as _};

use super::super::engine::Engine;
use super::super::{StoreError, migrations};

/// What belongs to a database itself and is not carried as rows: who leads there, and what migrations note.
const ITS_OWN: [&str; 2] = ["leads", "_sqlx_migrations"];
/// The table of single values: carried last, when everything else has arrived.
pub(super) const META: &str = "meta";

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// The columns of its key, in their order.
    pub(super) key: Vec<usize>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bytes,
}

impl Table {
    /// The names of all columns, as a statement lists them.
    pub(super) fn column_list(&self) -> String {
        list(self.columns.iter())
    }

    /// The names of the key's columns.
    pub(super) fn key_list(&self) -> String {
        list(self.key.iter().map(|at| &self.columns[*at]))
    }

    /// The columns' names.
    pub(super) fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }
}

fn list<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    columns.map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
}

/// The tables that are carried, each after those it refers to; [`META`] is the last.
pub(super) async fn carried() -> Result<Vec<Table>, StoreError> {
    let mut tables = all().await?;
    tables.retain(|table| !ITS_OWN.contains(&table.name.as_str()));
    // Migrations make a table before those that refer to it; this one, to which nothing refers, they make first.
    tables.sort_by_key(|table| table.name == META);
    Ok(tables)
}

async fn all() -> Result<Vec<Table>, StoreError> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect("sqlite::memory:").await?;
    let mut transaction = connection.begin().await?;
    migrations::apply(&mut transaction, Engine::Sqlite).await?;
    let rows = sqlx::query(
        "SELECT m.name AS table_name, c.name AS column_name, c.type AS kind, c.pk AS place FROM sqlite_master m \
         JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.rowid, c.cid",
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut tables: Vec<Table> = Vec::new();
    let mut places: Vec<(i64, usize)> = Vec::new();
    for row in &rows {
        let name: String = row.try_get("table_name")?;
        if tables.last().is_none_or(|table| table.name != name) {
            places.clear();
            tables.push(Table { name, columns: Vec::new(), key: Vec::new() });
        }
        let Some(table) = tables.last_mut() else { continue };
        let place: i64 = row.try_get("place")?;
        if place > 0 {
            places.push((place, table.columns.len()));
            places.sort_unstable();
            table.key = places.iter().map(|(_, at)| *at).collect();
        }
        table.columns.push(column(row)?);
    }
    transaction.rollback().await?;
    connection.close().await?;
    Ok(tables)
}

fn column(row: &AnyRow) -> Result<Column, StoreError> {
    let kind: String = row.try_get("kind")?;
    let kind = match kind.as_str() {
        "BIGINT" | "INTEGER" => Kind::Number,
        "BYTEA" => Kind::Bytes,
        _ => Kind::Text,
    };
    Ok(Column { name: row.try_get("column_name")?, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_table_of_the_migrations_is_carried_but_those_of_the_database_itself() {
        let carried = carried().await.unwrap();
        let names: Vec<&str> = carried.iter().map(|table| table.name.as_str()).collect();
        let text = include_str!("../../../migrations/0001_first_form.sql");
        let made = text.lines().filter_map(|line| line.strip_prefix("CREATE TABLE ")?.strip_suffix(" ("));
        for name in made {
            assert_ne!(names.contains(&name), ITS_OWN.contains(&name), "{name}");
        }
        assert_eq!(names.last(), Some(&META));
        for table in &carried {
            assert!(!table.key.is_empty(), "{} has no key to be read by", table.name);
        }
    }

    #[tokio::test]
    async fn keys_and_kinds_are_those_of_the_schema() {
        let tables = carried().await.unwrap();
        let told = tables.iter().find(|table| table.name == "notices_told").unwrap();
        assert_eq!((told.key_list().as_str(), told.columns.len()), ("\"cause\", \"address_hash\"", 3));
        let releases = tables.iter().find(|table| table.name == "releases").unwrap();
        let kind = |name: &str| releases.columns.iter().find(|column| column.name == name).unwrap().kind;
        assert_eq!((kind("id"), kind("date"), kind("source")), (Kind::Text, Kind::Number, Kind::Bytes));
    }
}
