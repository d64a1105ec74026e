//! Numbers for new rows: counted where people type them, drawn by chance where a guess must lead nowhere.

use sqlx::{AnyConnection, Row as _};

use super::StoreError;
use crate::domain::SubscriberId;

/// Subscriber ids have this many random bits: positive in every database and program.
const RANDOM_BITS: u32 = 62;

/// Reserves `count` numbers for rows of `table` and gives the first.
pub(super) async fn reserve(
    connection: &mut AnyConnection,
    table: &'static str,
    count: usize,
) -> Result<i64, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let row = sqlx::query(
        "INSERT INTO counters (name, last) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET last = counters.last + excluded.last RETURNING last",
    )
    .bind(table)
    .bind(count)
    .fetch_one(connection)
    .await?;
    let last: i64 = row.try_get("last")?;
    Ok(last - count + 1)
}

/// The number of one new row of `table`.
pub(super) async fn next(connection: &mut AnyConnection, table: &'static str) -> Result<i64, StoreError> {
    reserve(connection, table, 1).await
}

/// Leaves out the next `count` numbers of `table`: somebody may have got them.
pub(super) async fn leave_out(
    connection: &mut AnyConnection,
    table: &'static str,
    count: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO counters (name, last) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET last = counters.last + excluded.last",
    )
    .bind(table)
    .bind(count)
    .execute(connection)
    .await?;
    Ok(())
}

/// An id that nobody can guess.
pub(super) fn random_subscriber() -> Result<SubscriberId, StoreError> {
    let number = getrandom::u64().map_err(StoreError::Random)? >> (u64::BITS - RANDOM_BITS);
    Ok(SubscriberId::new(i64::try_from(number).expect("62 bits fit in an i64")))
}
