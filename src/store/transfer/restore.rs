//! A backup put back: into an empty database, which is closed until everything is there and was compared.
//!
//! What was on its way when the backup was made may have left since. So nothing is queued again by itself: what was in
//! flight stays unknown, and letters to one reader are not sent. The rest is held at the next start (`gap.rs`). Numbers that
//! were given since are not given again: signed links and senders that name them are about in the world.

use std::collections::BTreeMap;

use camino::Utf8Path;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use sqlx::AnyConnection;

use super::super::closing::{ARRIVING, Move, RESTORING};
use super::super::row::micros;
use super::super::{Store, StoreError, gap, ids, meta, migrations};
use super::backup::{BackupKey, Counts, Header, TableHead};
use super::copy::is_own;
use super::file::{Frame, Reader};
use super::tables::{META, Table, carried};
use super::value::{Row, Step, Tally};
use super::verifying::verify;
use super::writing::{clear, first_filled, insert};
use super::{Progress, TransferError};

/// Rows of which numbers may have been given since the backup, and by how many more at the most: as many deliveries as
/// nobody sends between two backups, and few enough editions for numbers that people type.
const GIVEN_SINCE: [(&str, i64); 2] = [("deliveries", 1 << 32), ("editions", 1000)];

/// A backup that was opened and checked: its keys were read, its rows come next.
pub struct Backup {
    reader: Reader,
    header: Header,
    /// The keys in it, the one that signs first.
    pub keys: Vec<BackupKey>,
    first: (Frame, Vec<u8>),
}

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// How many rows of all tables.
    pub rows: u64,
    /// When the backup was made.
    pub made: DateTime<Utc>,
    /// What it was made of.
    pub source: String,
}

impl Backup {
    /// Opens the file `path`, and compares all of it with its checksum.
    ///
    /// # Errors
    /// When it cannot be read, is no backup, is damaged, or was made by a version whose tables are others.
    pub fn open(path: &Utf8Path) -> Result<Self, TransferError> {
        let mut reader = Reader::open(path)?;
        let (frame, bytes) = reader.next()?;
        if frame != Frame::Header {
            return Err(reader.damaged("it does not say what it is"));
        }
        let header: Header = from_json(&reader, &bytes)?;
        let known = migrations::last();
        if header.schema != known || header.schema_digest != migrations::digest() {
            let (path, found, program) = (path.to_owned(), header.schema, header.program);
            return Err(TransferError::OtherSchema { path, found, known, program });
        }
        let mut keys = Vec::new();
        loop {
            match reader.next()? {
                (Frame::Key, bytes) => keys.push(from_json(&reader, &bytes)?),
                first => return Ok(Self { reader, header, keys, first }),
            }
        }
    }

    /// The fingerprint of the key that the database belongs to.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        self.header.key_fingerprint.as_deref()
    }
}

/// Without the keys.
impl std::fmt::Debug for Backup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Backup({})", self.reader.path())
    }
}

impl Store {
    /// Closes the database to everything but [`Store::restore`], before the key is put back beside it. Refuses one into which
    /// nothing can be restored: one that holds rows, or with which a daemon works.
    ///
    /// # Errors
    /// When it is not empty, in use, or does not answer.
    pub async fn begin_restore(&self, name: &str, now: DateTime<Utc>) -> Result<(), TransferError> {
        drop(self.lock_unused(name, now).await?);
        let mut transaction = self.begin_closed().await?;
        self.empty_for_restore(&mut transaction, name, &carried().await?).await?;
        meta::put(&mut transaction, ARRIVING, Some(RESTORING)).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Puts `backup` back. `name` is what people call this database, opened by [`Store::open_closed`].
    ///
    /// # Errors
    /// When it is not empty, in use or does not answer, or the backup turns out to be damaged: it stays closed then, and is
    /// emptied by the next try.
    pub async fn restore(
        &self,
        backup: Backup,
        name: &str,
        now: DateTime<Utc>,
        tell: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Restored, TransferError> {
        let _lock = self.lock_unused(name, now).await?;
        let tables = carried().await?;
        let mut transaction = self.begin_closed().await?;
        self.empty_for_restore(&mut transaction, name, &tables).await?;
        clear(&mut transaction, &tables).await?;
        meta::put(&mut transaction, ARRIVING, Some(RESTORING)).await?;
        transaction.commit().await?;

        let Backup { mut reader, header, first, .. } = backup;
        let mut loading = Loading { store: self, tables: &tables, meta: Vec::new(), arrived: BTreeMap::new(), tell };
        let counts = loading.load(&mut reader, first).await?;
        let damaged = |what| TransferError::Damaged { path: reader.path().to_owned(), what };
        for (name, tally) in &loading.arrived {
            let expected = (tally.rows, format!("{:x}", tally.sum));
            if counts.get(name) != Some(&expected) {
                return Err(damaged("it does not hold the rows that it says"));
            }
        }
        if counts.len() != loading.arrived.len() {
            return Err(damaged("a table of it is missing"));
        }
        let left = |table: &str| loading.arrived.get(table).copied().unwrap_or_default();
        verify(self, &tables, left, tell).await?;
        let rows = loading.arrived.values().map(|tally| tally.rows).sum();
        let made = DateTime::from_timestamp_micros(header.created).ok_or_else(|| damaged("its date is none"))?;
        let single_values = std::mem::take(&mut loading.meta);
        self.open_restored(&tables, single_values, made, now).await?;
        Ok(Restored { rows, made, source: header.source })
    }

    async fn empty_for_restore(
        &self,
        connection: &mut AnyConnection,
        name: &str,
        tables: &[Table],
    ) -> Result<(), TransferError> {
        let database = name.to_owned();
        match meta::get(&mut *connection, ARRIVING).await? {
            Some(text) if text == RESTORING => return Ok(()),
            Some(_) => return Err(TransferError::OtherCopy { database }),
            None => {}
        }
        match first_filled(connection, tables).await? {
            Some(table) => Err(TransferError::NotEmpty { database, table: table.to_owned() }),
            None => Ok(()),
        }
    }

    /// The last step: what may have left is not sent again by itself, single values come back, and the database opens.
    async fn open_restored(
        &self,
        tables: &[Table],
        single_values: Vec<Row>,
        made: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), TransferError> {
        let mut transaction = self.begin_closed().await?;
        settle_deliveries(&mut transaction, now).await?;
        for (table, most) in GIVEN_SINCE {
            ids::leave_out(&mut transaction, table, most).await?;
        }
        if let Some(table) = tables.iter().find(|table| table.name == META) {
            clear(&mut transaction, std::slice::from_ref(table)).await?;
            let kept = single_values.into_iter().filter(|row| !is_own(row)).collect();
            insert(self.engine, &mut transaction, table, kept).await?;
        }
        Move::none(&mut transaction).await?;
        gap::mark_restored(&mut transaction, made).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// What was on its way when the backup was made may have left since.
async fn settle_deliveries(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    // Two lost replies: nobody sends it again but a person.
    let statements = [
        "UPDATE deliveries SET state = 'unknown', lost = lost + 2, owner = NULL, lease_until = NULL, since = $1 \
         WHERE state IN ('in_flight', 'unknown')",
        "UPDATE deliveries SET state = 'queued', attempt = attempt - 1, owner = NULL, lease_until = NULL, since = $1 \
         WHERE state = 'leased'",
    ];
    for statement in statements {
        sqlx::query(statement).bind(micros(now)).execute(&mut *connection).await?;
    }
    // Whoever waits for a confirmation can ask again, and at once; a second copy cannot be taken back.
    sqlx::query(
        "UPDATE subscribers SET asked = NULL WHERE id IN (SELECT d.subscriber FROM deliveries d \
         JOIN letters l ON l.id = d.letter WHERE d.state = 'queued' AND d.edition IS NULL AND l.kind = 'confirmation')",
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE deliveries SET state = 'skipped', skip_reason = 'cancelled', since = $1 \
         WHERE state = 'queued' AND edition IS NULL",
    )
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows on their way from a file.
struct Loading<'a> {
    store: &'a Store,
    tables: &'a [Table],
    /// Single values: written last.
    meta: Vec<Row>,
    arrived: BTreeMap<String, Tally>,
    tell: &'a (dyn Fn(Progress<'_>) + Sync),
}

impl Loading<'_> {
    /// Writes everything up to the end, and gives the counts that are said there.
    async fn load(&mut self, reader: &mut Reader, first: (Frame, Vec<u8>)) -> Result<Counts, TransferError> {
        let (mut frame, mut bytes) = first;
        let mut table = None;
        let mut all_rows = 0;
        loop {
            match frame {
                Frame::Table => {
                    let head: TableHead = from_json(reader, &bytes)?;
                    let found = self.tables.iter().find(|table| table.name == head.name);
                    let found = found.filter(|table| table.column_names() == head.columns);
                    let found = found.ok_or_else(|| reader.damaged("it holds a table that is not known"))?;
                    if self.arrived.insert(head.name, Tally::default()).is_some() {
                        return Err(reader.damaged("it holds a table twice"));
                    }
                    table = Some(found);
                }
                Frame::Rows => {
                    let table = table.ok_or_else(|| reader.damaged("it holds rows of no table"))?;
                    all_rows += self.rows(reader, table, &bytes).await?;
                    let rows = self.arrived.get(&table.name).map_or(0, |tally| tally.rows);
                    (self.tell)(Progress { step: Step::Carry, table: &table.name, rows, all_rows });
                }
                Frame::End => return from_json(reader, &bytes),
                Frame::Header | Frame::Key => return Err(reader.damaged("its parts are not in order")),
            }
            (frame, bytes) = reader.next()?;
        }
    }

    async fn rows(&mut self, reader: &Reader, table: &Table, bytes: &[u8]) -> Result<u64, TransferError> {
        let unreadable = || reader.damaged("a row of it cannot be read");
        let tally = self.arrived.entry(table.name.clone()).or_default();
        let (mut rows, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let (row, after) = postcard::take_from_bytes::<Row>(rest).map_err(|_| unreadable())?;
            if row.len() != table.columns.len() {
                return Err(unreadable());
            }
            tally.add_bytes(&rest[..rest.len() - after.len()]);
            rows.push(row);
            rest = after;
        }
        let count = rows.len() as u64;
        if table.name == META {
            self.meta.extend(rows);
        } else {
            let mut transaction = self.store.begin_closed().await?;
            insert(self.store.engine, &mut transaction, table, rows).await?;
            transaction.commit().await?;
        }
        Ok(count)
    }
}

fn from_json<T: DeserializeOwned>(reader: &Reader, bytes: &[u8]) -> Result<T, TransferError> {
    serde_json::from_slice(bytes).map_err(|_| reader.damaged("a part of it cannot be read"))
}
