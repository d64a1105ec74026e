//! A backup: everything the database holds at one instant, and the key, in one file.

use std::collections::BTreeMap;

use camino::Utf8Path;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::{Store, meta, migrations};
use super::file::{Frame, Writer};
use super::reading::Reader;
use super::tables::carried;
use super::value::{Step, Tally};
use super::{Progress, TransferError};

/// What a backup says of itself first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The last step of the migrations.
    pub(super) schema: i64,
    /// The digest of the migrations' texts: before the first version they change in place.
    pub(super) schema_digest: String,
    /// When, in microseconds since 1970.
    pub(super) created: i64,
    /// What it was made of, without a password.
    pub(super) source: String,
    /// What made it.
    pub(super) program: String,
    /// Which key the database belongs to.
    pub(super) key_fingerprint: Option<String>,
}

/// A table, before its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableHead {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

/// How much there was: rows and sum of each table.
pub(super) type Counts = BTreeMap<String, (u64, String)>;

/// A key, as it is kept in a backup.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupKey {
    /// `key` for the one that signs, `previous 1` and so on for those before it.
    pub name: String,
    /// What its file holds.
    pub text: String,
}

/// Without the key.
impl std::fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BackupKey({})", self.name)
    }
}

/// The recurring task whose last run is the last backup: whoever has made one notes it ([`Store::record_run`]).
pub const BACKUP: &str = "backup";

/// What was backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// How many rows of all tables.
    pub rows: u64,
    /// How many bytes the file has.
    pub bytes: u64,
}

impl Store {
    /// Writes everything as it is now, and `keys`, to the file `path`, which is replaced when it is whole. `source` is what
    /// people call this database. A daemon may work meanwhile.
    ///
    /// # Errors
    /// When the database does not answer or the file cannot be written; a file that was there stays then.
    pub async fn back_up(
        &self,
        path: &Utf8Path,
        source: &str,
        keys: &[BackupKey],
        now: DateTime<Utc>,
        tell: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<BackedUp, TransferError> {
        let tables = carried().await?;
        let mut writer = Writer::begin(path)?;
        let mut snapshot = self.snapshot().await?;
        let header = Header {
            schema: migrations::last(),
            schema_digest: migrations::digest(),
            created: now.timestamp_micros(),
            source: source.to_owned(),
            program: format!("depeche {}", env!("CARGO_PKG_VERSION")),
            key_fingerprint: meta::get(&mut snapshot, meta::KEY_FINGERPRINT).await?,
        };
        writer.frame(Frame::Header, &json(&header))?;
        for key in keys {
            writer.frame(Frame::Key, &json(key))?;
        }
        let (mut counts, mut all_rows) = (Counts::new(), 0);
        for table in &tables {
            writer
                .frame(Frame::Table, &json(&TableHead { name: table.name.clone(), columns: table.column_names() }))?;
            let (mut tally, mut reader) = (Tally::default(), Reader::new(table, None));
            let (mut buffer, mut piece) = (Vec::new(), Vec::new());
            loop {
                let rows = reader.next(&mut snapshot).await?;
                if rows.is_empty() {
                    break;
                }
                piece.clear();
                for row in &rows {
                    buffer.clear();
                    tally.add(row, &mut buffer)?;
                    piece.extend_from_slice(&buffer);
                }
                writer.frame(Frame::Rows, &piece)?;
                all_rows += rows.len() as u64;
                tell(Progress { step: Step::Carry, table: &table.name, rows: tally.rows, all_rows });
            }
            counts.insert(table.name.clone(), (tally.rows, format!("{:x}", tally.sum)));
        }
        snapshot.rollback().await?;
        writer.frame(Frame::End, &json(&counts))?;
        Ok(BackedUp { rows: all_rows, bytes: writer.finish()? })
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("it is made of texts and numbers")
}
