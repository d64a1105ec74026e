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
        let is_numbered = connection.backend_name() == "PostgreSQL";
        let rows = self.rows.next_power_of_two();
        let mut text = String::with_capacity(rows * self.types.len() * 4 + self.types.len() * 16);
        let mut number = 0;
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for (column, kind) in self.types.iter().enumerate() {
                number += 1;
                text.push_str(if column == 0 { "" } else { ", " });
                text.push_str(if row == 0 { "CAST(" } else { "" });
                text.push(if is_numbered { '$' } else { '?' });
                if is_numbered {
                    text.push_str(&number.to_string());
                }
                if row == 0 {
                    text.push_str(" AS ");
                    text.push_str(kind);
                    text.push(')');
                }
            }
            text.push(')');
        }
        text
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
