//! Writing rows as they were read, many with each statement.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

use super::super::StoreError;
use super::super::engine::Engine;
use super::super::row::rows_of_placeholders;
use super::tables::{Kind, Table};
use super::value::{Row, Value};

/// How many values one statement carries. SQLite looks each one up among all others, by its name.
const fn values(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 400,
        Engine::Postgres => 16_000,
    }
}

/// Writes `rows` into `table`.
pub(super) async fn insert(
    engine: Engine,
    connection: &mut AnyConnection,
    table: &Table,
    rows: Vec<Row>,
) -> Result<(), StoreError> {
    let width = table.columns.len();
    let many = (values(engine) / width).max(1);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<Row> = rows.by_ref().take(many).collect();
        let statement = format!(
            "INSERT INTO \"{}\" ({}) VALUES {}",
            table.name,
            table.column_list(),
            rows_of_placeholders(some.len(), width)
        );
        let mut query = sqlx::query(AssertSqlSafe(statement)).persistent(some.len() == many);
        for row in some {
            for (value, column) in row.into_iter().zip(&table.columns) {
                query = bind(query, value, column.kind);
            }
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn bind(query: Query<'_, Any, AnyArguments>, value: Value, kind: Kind) -> Query<'_, Any, AnyArguments> {
    match (value, kind) {
        (Value::Number(number), _) => query.bind(number),
        (Value::Text(text), _) => query.bind(text),
        (Value::Bytes(bytes), _) => query.bind(bytes),
        (Value::None, Kind::Number) => query.bind(None::<i64>),
        (Value::None, Kind::Text) => query.bind(None::<String>),
        (Value::None, Kind::Bytes) => query.bind(None::<Vec<u8>>),
    }
}

/// Empties every table, those first that refer to others.
pub(super) async fn clear(connection: &mut AnyConnection, tables: &[Table]) -> Result<(), StoreError> {
    for table in tables.iter().rev() {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM \"{}\"", table.name))).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The first table that holds rows, apart from the single values that every database has.
pub(super) async fn first_filled<'a>(
    connection: &mut AnyConnection,
    tables: &'a [Table],
) -> Result<Option<&'a str>, StoreError> {
    for table in tables.iter().filter(|table| table.name != super::tables::META) {
        let statement = format!("SELECT 1 FROM \"{}\" LIMIT 1", table.name);
        if sqlx::query(AssertSqlSafe(statement)).fetch_optional(&mut *connection).await?.is_some() {
            return Ok(Some(&table.name));
        }
    }
    Ok(None)
}
