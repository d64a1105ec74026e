//! What arrived is read back, and compared with what left.

use sqlx::AnyConnection;

use super::super::Store;
use super::reading::Reader;
use super::tables::{META, Table};
use super::value::{Step, Tally};
use super::{Progress, TransferError};

/// Reads all of `tables` back from `store`, and compares each with what `left` for it.
pub(super) async fn verify(
    store: &Store,
    tables: &[Table],
    left: impl Fn(&str) -> Tally,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), TransferError> {
    let (mut snapshot, mut all_rows) = (store.snapshot().await?, 0);
    for table in tables.iter().filter(|table| table.name != META) {
        let found = tally(&mut snapshot, table, |rows| {
            let (step, all_rows) = (Step::Verify, all_rows + rows);
            tell(Progress { step, table: &table.name, rows, all_rows });
        })
        .await?;
        all_rows += found.rows;
        let left = left(&table.name);
        if left != found {
            let (left, arrived) = (left.to_string(), found.to_string());
            return Err(TransferError::Differs { table: table.name.clone(), left, arrived });
        }
    }
    snapshot.rollback().await?;
    Ok(())
}

/// Counts all rows of a table.
pub(super) async fn tally(
    connection: &mut AnyConnection,
    table: &Table,
    tell: impl Fn(u64),
) -> Result<Tally, TransferError> {
    let (mut tally, mut reader, mut buffer) = (Tally::default(), Reader::new(table, None), Vec::new());
    loop {
        let rows = reader.next(connection).await?;
        if rows.is_empty() {
            return Ok(tally);
        }
        for row in &rows {
            buffer.clear();
            tally.add(row, &mut buffer)?;
        }
        tell(tally.rows);
    }
}
