//! Rows on their way: as values, as bytes, and as a sum that does not depend on their order.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use twox_hash::XxHash3_128;

use super::super::StoreError;
use super::tables::{Kind, Table};

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Value {
    /// Nothing.
    None,
    /// A number.
    Number(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The values of a row, in the order of the table's columns.
pub(super) type Row = Vec<Value>;

/// A row of `table` as the database gave it.
pub(super) fn from_database(row: &AnyRow, table: &Table) -> Result<Row, StoreError> {
    let mut values = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        let value = match column.kind {
            Kind::Number => row.try_get::<Option<i64>, _>(at)?.map(Value::Number),
            Kind::Text => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
        };
        values.push(value.unwrap_or(Value::None));
    }
    Ok(values)
}

/// The key of a row.
pub(super) fn key_of(row: &Row, table: &Table) -> Row {
    table.key.iter().map(|at| row[*at].clone()).collect()
}

/// About how many bytes a row takes.
pub(super) fn weight(row: &Row) -> usize {
    let one = |value: &Value| match value {
        Value::None | Value::Number(_) => size_of::<Value>(),
        Value::Text(text) => size_of::<Value>() + text.len(),
        Value::Bytes(bytes) => size_of::<Value>() + bytes.len(),
    };
    row.iter().map(one).sum()
}

/// How many rows there are, and a sum of them: equal for equal rows in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) sum: u128,
}

impl Tally {
    /// Counts a row by its bytes.
    pub(super) fn add_bytes(&mut self, bytes: &[u8]) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(XxHash3_128::oneshot(bytes));
    }

    /// Counts a row, and gives its bytes in `buffer`.
    pub(super) fn add(&mut self, row: &Row, buffer: &mut Vec<u8>) -> Result<(), StoreError> {
        // No row there is fails at that.
        let unwritable = |error: postcard::Error| StoreError::Row {
            table: "a row",
            row: String::new(),
            column: "*",
            why: error.to_string(),
        };
        *buffer = postcard::to_extend(row, std::mem::take(buffer)).map_err(unwritable)?;
        self.add_bytes(buffer);
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, sum {:032x}", self.rows, self.sum)
    }
}

/// How far a transfer has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// What is being done with it.
    pub step: Step,
    /// Which table.
    pub table: &'a str,
    /// How many of its rows so far.
    pub rows: u64,
    /// How many rows of all tables so far.
    pub all_rows: u64,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Rows are carried.
    Carry,
    /// What arrived is counted.
    Verify,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_depend_on_rows_and_not_on_their_order() {
        let rows = [vec![Value::Number(1), Value::None], vec![Value::Text("é".to_owned()), Value::Bytes(vec![0])]];
        let tally = |rows: &[Row]| {
            let (mut tally, mut buffer) = (Tally::default(), Vec::new());
            for row in rows {
                buffer.clear();
                tally.add(row, &mut buffer).unwrap();
            }
            tally
        };
        let turned: Vec<Row> = rows.iter().rev().cloned().collect();
        assert_eq!(tally(&rows), tally(&turned));
        assert_ne!(tally(&rows), tally(&[rows[0].clone(), rows[0].clone()]));
    }
}
