//! Many rows in one statement, as a table of values.
//!
//! It is filled up with empty rows to a power of two: a handful of texts serve every number of rows, and each is prepared
//! once.

use std::borrow::Cow;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

use super::row::clean;

/// A statement with what was bound to it.
pub(super) type Bound<'q> = Query<'q, Any, AnyArguments>;

/// The type of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Number,
    Text,
}

/// What stands in a row: of a text, what both databases take.
#[derive(Debug)]
pub(super) enum Value<'v> {
    Number(Option<i64>),
    Text(Option<Cow<'v, str>>),
}

/// A table of values for a statement, and what is bound after it.
#[derive(Debug)]
pub(super) struct Values<'v> {
    columns: &'static [Kind],
    /// Row for row.
    cells: Vec<Value<'v>>,
    after: Vec<Value<'v>>,
    /// Whether places have numbers. SQLite looks each of those up among all of them, so there they have none.
    is_numbered: bool,
}

impl<'v> Values<'v> {
    /// A table of these rows, for a statement on this connection.
    pub(super) fn new<const N: usize>(
        connection: &AnyConnection,
        columns: &'static [Kind; N],
        rows: impl Iterator<Item = [Value<'v>; N]>,
    ) -> Self {
        let mut cells = Vec::with_capacity(N * rows.size_hint().0);
        rows.for_each(|row| cells.extend(row));
        Self { columns, cells, after: Vec::new(), is_numbered: connection.backend_name() == "PostgreSQL" }
    }

    /// `VALUES (CAST($1 AS BIGINT), …), ($3, …)`: the first row says the types, for PostgreSQL. Nothing may be bound before.
    pub(super) fn table(&self) -> String {
        let width = self.columns.len();
        let mut text = String::with_capacity(self.filled() * 4 + width * 16);
        for index in 0..self.filled() {
            text.push_str(match index {
                0 => "VALUES (",
                index if index % width == 0 => "), (",
                _ => ", ",
            });
            let place = self.place(index);
            match self.columns[index % width] {
                _ if index >= width => text.push_str(&place),
                Kind::Number => text.extend(["CAST(", &place, " AS BIGINT)"]),
                Kind::Text => text.extend(["CAST(", &place, " AS TEXT)"]),
            }
        }
        text.push(')');
        text
    }

    /// Binds a value after the table; where it stands in the statement. They stand there in the order in which they are bound.
    pub(super) fn also(&mut self, value: Value<'v>) -> String {
        self.after.push(value);
        self.place(self.filled() + self.after.len() - 1).into_owned()
    }

    fn place(&self, index: usize) -> Cow<'static, str> {
        if self.is_numbered { format!("${}", index + 1).into() } else { "?".into() }
    }

    /// How many values there are when the table is filled up.
    fn filled(&self) -> usize {
        (self.cells.len() / self.columns.len()).next_power_of_two() * self.columns.len()
    }

    /// Binds the table, and what comes after it.
    pub(super) fn bind(self, query: Bound<'_>) -> Bound<'_> {
        let left = self.filled() - self.cells.len();
        let query = self.cells.into_iter().fold(query, bind);
        let nothing = self.columns.iter().cycle().take(left).map(|kind| match kind {
            Kind::Number => Value::Number(None),
            Kind::Text => Value::Text(None),
        });
        let query = nothing.fold(query, bind);
        self.after.into_iter().fold(query, bind)
    }
}

fn bind<'q>(query: Bound<'q>, value: Value<'_>) -> Bound<'q> {
    match value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text.map(Cow::into_owned)),
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::from(Some(text))
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(text: Option<&'v str>) -> Self {
        Self::Text(text.map(|text| if text.contains('\0') { clean(text).into() } else { text.into() }))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::from(Some(text))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(|text| if text.contains('\0') { clean(&text) } else { text }.into()))
    }
}
