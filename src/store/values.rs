//! Many rows in one statement, as a table of values.
//!
//! It is filled up with empty rows to a power of two: a handful of texts serve every number of rows, and each is prepared
//! once.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

/// A statement with what was bound to it.
pub(super) type Bound<'q> = Query<'q, Any, AnyArguments>;

/// A table of values for a statement: the types of its columns, and how many rows it has.
pub(super) struct Values<'t> {
    pub(super) types: &'t [&'t str],
    pub(super) rows: usize,
}

impl Values<'_> {
    /// `(CAST($1 AS BIGINT), …), ($3, …)`: the first row says the types, for PostgreSQL. SQLite looks each numbered place up
    /// among all of them, so there they have no numbers: nothing else may be bound before.
    pub(super) fn text(&self, connection: &AnyConnection) -> String {
        let (width, is_numbered) = (self.types.len(), connection.backend_name() == "PostgreSQL");
        let row = |row: usize| {
            let place = |column| if is_numbered { format!("${}", row * width + column + 1) } else { "?".to_owned() };
            let value = |(column, kind): (usize, &&str)| match row {
                0 => format!("CAST({} AS {kind})", place(column)),
                _ => place(column),
            };
            format!("({})", self.types.iter().enumerate().map(value).collect::<Vec<_>>().join(", "))
        };
        (0..self.rows.next_power_of_two()).map(row).collect::<Vec<_>>().join(", ")
    }

    /// Binds nothing in the rows that are left.
    pub(super) fn fill_up<'q>(&self, mut query: Bound<'q>) -> Bound<'q> {
        for _ in self.rows..self.rows.next_power_of_two() {
            for kind in self.types {
                query = if *kind == "TEXT" { query.bind(None::<String>) } else { query.bind(None::<i64>) };
            }
        }
        query
    }
}
