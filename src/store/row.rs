//! From a row's columns to domain types and back; a column that cannot be read is an error that names it.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::StoreError;
use crate::domain::{EmailAddress, HoldReason, Mailbox, Topic};

/// An instant as the database has it: microseconds since 1970.
pub(super) fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

/// Text without U+0000, which PostgreSQL does not take.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// `$first, $first+1, …`: as many placeholders as there are values in a list.
pub(super) fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// `($1, $2), ($3, $4)`: the placeholders of so many `rows` of so many `columns`.
pub(super) fn rows_of_placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| format!("({})", placeholders(row * columns + 1, columns));
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// One row of a table, whose errors name table, row and column.
pub(super) struct Fields<'a> {
    row: &'a AnyRow,
    table: &'static str,
    key: &'static str,
}

impl<'a> Fields<'a> {
    /// The row of `table` whose key, a number or a text, is in the column `key`.
    pub(super) const fn keyed_by(row: &'a AnyRow, table: &'static str, key: &'static str) -> Self {
        Self { row, table, key }
    }

    /// The error that says what is wrong with `column`.
    pub(super) fn wrong(&self, column: &'static str, why: impl Display) -> StoreError {
        let number = self.row.try_get::<i64, _>(self.key).map(|number| number.to_string());
        let row = number.or_else(|_| self.row.try_get(self.key)).unwrap_or_else(|_| "?".to_owned());
        StoreError::Row { table: self.table, row, column, why: why.to_string() }
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.row.try_get(column).map_err(|error| self.wrong(column, error))
    }

    pub(super) fn text_or_none(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.row.try_get(column).map_err(|error| self.wrong(column, error))
    }

    pub(super) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.row.try_get(column).map_err(|error| self.wrong(column, error))
    }

    pub(super) fn number(&self, column: &'static str) -> Result<i64, StoreError> {
        self.row.try_get(column).map_err(|error| self.wrong(column, error))
    }

    pub(super) fn number_or_none(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.row.try_get(column).map_err(|error| self.wrong(column, error))
    }

    /// A number that cannot be negative.
    pub(super) fn count<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        let number = self.number(column)?;
        T::try_from(number).map_err(|_| self.wrong(column, format_args!("{number} is out of range")))
    }

    pub(super) fn instant(&self, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
        self.instant_or_none(column)?.ok_or_else(|| self.wrong(column, "it is empty"))
    }

    pub(super) fn instant_or_none(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let Some(number) = self.number_or_none(column)? else { return Ok(None) };
        match DateTime::from_timestamp_micros(number) {
            Some(instant) => Ok(Some(instant)),
            None => Err(self.wrong(column, format_args!("{number} is not an instant"))),
        }
    }

    pub(super) fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text: &str = self.row.try_get(column).map_err(|error| self.wrong(column, error))?;
        text.parse().map_err(|error| self.wrong(column, error))
    }

    /// The same, where there may be nothing.
    pub(super) fn parsed_or_none<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parse = |text: String| text.parse().map_err(|error| self.wrong(column, error));
        self.text_or_none(column)?.map(parse).transpose()
    }

    /// A name and an address, in two columns.
    pub(super) fn mailbox(&self, name: &'static str, address: &'static str) -> Result<Mailbox, StoreError> {
        let name = self.text_or_none(name)?;
        Ok(Mailbox::new(name.as_deref(), self.parsed::<EmailAddress>(address)?))
    }

    /// Topics, a line each; in their own order, whatever the row's is.
    pub(super) fn topics(&self, column: &'static str) -> Result<Vec<Topic>, StoreError> {
        let text = self.text(column)?;
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.into_iter().map(|line| line.parse().map_err(|error| self.wrong(column, error))).collect()
    }

    /// The reason of a hold, in two columns.
    pub(super) fn hold(&self) -> Result<Option<HoldReason>, StoreError> {
        let Some(word) = self.text_or_none("hold_reason")? else { return Ok(None) };
        let detail = self.text_or_none("hold_detail")?.unwrap_or_default();
        match HoldReason::from_parts(&word, &detail) {
            Some(reason) => Ok(Some(reason)),
            None => Err(self.wrong("hold_reason", format_args!("`{word}` is no reason"))),
        }
    }
}
