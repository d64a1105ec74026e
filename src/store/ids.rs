//! Numbers for new rows: counted where people type them, drawn by chance where a guess must lead nowhere.

use sqlx::{AnyConnection, Row as _};

use super::StoreError;
use crate::domain::{AddressChangeId, SubscriberId};

/// Random ids have this many random bits: positive in every database and program.
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

/// The last number of `table` that was given; 0 before the first.
pub(super) async fn last(connection: &mut AnyConnection, table: &'static str) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT last FROM counters WHERE name = $1").bind(table).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get("last")).transpose()?.unwrap_or_default())
}

/// Counts the numbers of deliveries that the database gave by itself.
pub(super) async fn take_in_deliveries(connection: &mut AnyConnection) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO counters (name, last) SELECT 'deliveries', MAX(id) FROM deliveries WHERE id IS NOT NULL \
         ON CONFLICT (name) DO UPDATE SET last = excluded.last",
    )
    .execute(connection)
    .await?;
    Ok(())
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
    random().map(SubscriberId::new)
}

/// The same for a change of address.
pub(super) fn random_address_change() -> Result<AddressChangeId, StoreError> {
    random().map(AddressChangeId::new)
}

fn random() -> Result<i64, StoreError> {
    let number = getrandom::u64().map_err(StoreError::Random)? >> (u64::BITS - RANDOM_BITS);
    Ok(i64::try_from(number).expect("62 bits fit in an i64"))
}
