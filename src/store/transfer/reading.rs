//! Reading tables piece by piece, in the order of their keys, as they were at one instant.

use futures_util::TryStreamExt as _;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Transaction};

use super::super::engine::Engine;
use super::super::row::placeholders;
use super::super::{Store, StoreError};
use super::tables::Table;
use super::value::{Row, Value, from_database, key_of, weight};

/// How many rows a piece has at most; few in tests, which carry many pieces.
const ROWS: usize = if cfg!(test) { 50 } else { 5000 };
/// A piece ends with the row that makes it this heavy.
const WEIGHT: usize = 2 * 1024 * 1024;

impl Store {
    /// Begins to read everything as it is now, whatever is written meanwhile.
    pub(super) async fn snapshot(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self.engine {
            // A deferred transaction: its first reading settles what it sees.
            Engine::Sqlite => self.read.begin().await?,
            Engine::Postgres => self.read.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
        })
    }
}

/// Goes through one table.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    table: &'a Table,
    first: String,
    following: String,
    after: Option<Row>,
    limit: usize,
    is_over: bool,
}

impl<'a> Reader<'a> {
    /// Reads `table` from the row that comes `after` a key, or from its first.
    pub(super) fn new(table: &'a Table, after: Option<Row>) -> Self {
        let (columns, keys, name) = (table.column_list(), table.key_list(), &table.name);
        let count = table.key.len();
        let first = format!("SELECT {columns} FROM \"{name}\" ORDER BY {keys} LIMIT $1");
        let following = format!(
            "SELECT {columns} FROM \"{name}\" WHERE ({keys}) > ({}) ORDER BY {keys} LIMIT ${}",
            placeholders(1, count),
            count + 1
        );
        Self { table, first, following, after, limit: ROWS, is_over: false }
    }

    /// The next rows; none when all were read.
    pub(super) async fn next(&mut self, connection: &mut AnyConnection) -> Result<Vec<Row>, StoreError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let statement = if self.after.is_some() { &self.following } else { &self.first };
        let mut query = sqlx::query(AssertSqlSafe(statement.clone()));
        for value in self.after.iter().flatten() {
            query = match value {
                Value::Number(number) => query.bind(*number),
                Value::Text(text) => query.bind(text.clone()),
                Value::Bytes(bytes) => query.bind(bytes.clone()),
                Value::None => query.bind(None::<String>),
            };
        }
        let mut stream = query.bind(i64::try_from(self.limit).unwrap_or(i64::MAX)).fetch(connection);
        let (mut rows, mut heavy) = (Vec::new(), 0);
        self.is_over = true;
        while let Some(row) = stream.try_next().await? {
            let row = from_database(&row, self.table)?;
            heavy += weight(&row);
            rows.push(row);
            if heavy >= WEIGHT || rows.len() == self.limit {
                self.is_over = false;
                break;
            }
        }
        // Heavy rows are asked for in smaller numbers: those that are not taken would be sent for nothing.
        self.limit = if heavy >= WEIGHT { (rows.len() * 2).min(ROWS) } else { ROWS };
        if let Some(last) = rows.last() {
            self.after = Some(key_of(last, self.table));
        }
        Ok(rows)
    }
}
