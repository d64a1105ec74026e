//! Many rows in one statement, as a table of values.
//!
//! It is filled up with empty rows to a power of two: a handful of texts serve every number of rows, and each is prepared
//! once.

use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

/// A statement with what was bound to it.
pub(super) type Bound<'q> = Query<'q, Any, AnyArguments>;

/// A table of values for a statement: the types of its columns, and how many rows it has.
pub(super) struct Values<'t> {
    pub(super) types: &'t [&'t str],
    pub(super) rows: usize,
}

impl Values<'_> {
    /// `(CAST($1 AS BIGINT), …), ($3, …)`: the first row says the types, for PostgreSQL.
    pub(super) fn text(&self) -> String {
        let width = self.types.len();
        let row = |row: usize| {
            let value = |(column, kind): (usize, &&str)| match row {
                0 => format!("CAST(${} AS {kind})", column + 1),
                _ => format!("${}", row * width + column + 1),
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
