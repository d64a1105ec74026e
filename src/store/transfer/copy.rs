//! A database carried into another one of either kind: closed at its source, taken up again after a kill, compared at the
//! end.
//!
//! Each piece is written together with how far the copy has come, so that a piece arrives once. The source is closed and no
//! daemon works with it: it is the same when the copy goes on later.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::closing::{ARRIVING, COPIED, MOVE, Move, read, write};
use super::super::{DaemonLock, Store, StoreError, leads, meta};
use super::reading::Reader;
use super::tables::{META, Table, carried};
use super::value::{Row, Step, Tally, Value};
use super::verifying::verify;
use super::writing::{clear, first_filled, insert};
use super::{Progress, TransferError};
use crate::domain::to_hex;

/// How many random bytes tell a copy from any other.
const ID_BYTES: usize = 16;

/// What was carried: how many rows of each table, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Tables and rows.
    pub tables: Vec<(String, u64)>,
    /// It had been done before: nothing was carried now.
    pub was_done: bool,
}

/// How far a copy has come, as its target knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Arriving {
    /// Which copy: [`Move::id`].
    id: String,
    /// The key of the database that it comes from.
    fingerprint: Option<String>,
    tables: BTreeMap<String, Arrived>,
}

/// What has arrived of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Arrived {
    rows: u64,
    sum: String,
    last: Option<Row>,
    is_whole: bool,
}

impl Arrived {
    fn tally(&self) -> Tally {
        Tally { rows: self.rows, sum: u128::from_str_radix(&self.sum, 16).unwrap_or_default() }
    }
}

/// Both ends of a copy, and who is told how it goes.
struct Copy<'a> {
    from: &'a Store,
    to: &'a Store,
    names: (&'a str, &'a str),
    tables: Vec<Table>,
    tell: &'a (dyn Fn(Progress<'_>) + Sync),
}

impl Store {
    /// Carries everything into `to` and closes this database for good; one that was begun before goes on where it was.
    /// `names` are what people call the two. Both were opened by [`Store::open_closed`].
    ///
    /// # Errors
    /// When a daemon works with either, `to` holds anything else, a database does not answer, or what arrived differs.
    pub async fn copy_to(
        &self,
        to: &Store,
        names: (&str, &str),
        now: DateTime<Utc>,
        tell: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Copied, TransferError> {
        if names.0 == names.1 {
            return Err(TransferError::Itself { database: names.1.to_owned() });
        }
        let _locks = (self.lock_unused(names.0, now).await?, to.lock_unused(names.1, now).await?);
        let copy = Copy { from: self, to, names, tables: carried().await?, tell };
        let Some((moving, mut arriving)) = copy.begin(now).await? else {
            let tables = copy.tables.iter().map(|table| (table.name.clone(), 0)).collect();
            return Ok(Copied { tables, was_done: true });
        };
        copy.carry(&mut arriving).await?;
        let left = |table: &str| arriving.tables.get(table).map(Arrived::tally).unwrap_or_default();
        verify(to, &copy.tables, left, tell).await?;
        copy.finish(moving, &arriving).await?;
        let tables = arriving.tables.iter().map(|(name, arrived)| (name.clone(), arrived.rows)).collect();
        Ok(Copied { tables, was_done: false })
    }

    /// Keeps daemons out, where one works the database is refused.
    pub(super) async fn lock_unused(&self, name: &str, now: DateTime<Utc>) -> Result<DaemonLock, TransferError> {
        let in_use = || TransferError::InUse { database: name.to_owned() };
        let lock = self
            .lock_daemon()
            .map_err(|error| if matches!(error, StoreError::InUse(_)) { in_use() } else { error.into() })?;
        if self.is_shared() && self.lead_is_held(now).await? {
            return Err(in_use());
        }
        Ok(lock)
    }
}

impl Copy<'_> {
    /// Closes the source and readies the target; `None` when all of it was done before.
    async fn begin(&self, now: DateTime<Utc>) -> Result<Option<(Move, Arriving)>, TransferError> {
        let (from, to) = (self.names.0.to_owned(), self.names.1.to_owned());
        self.clear_given_up().await?;
        let mut source = self.from.begin_closed().await?;
        let fingerprint = meta::get(&mut source, meta::KEY_FINGERPRINT).await?;
        let mut target = self.to.begin_closed().await?;
        let before = Move::read(&mut source).await?;
        let there = read::<Arriving>(&mut target, ARRIVING).await?;
        if let Some(other) = before.as_ref().filter(|before| before.to != to) {
            return Err(TransferError::MovingElsewhere { to: other.to.clone() });
        }
        if let (Some(before), None) = (&before, &there)
            && meta::get(&mut target, COPIED).await?.as_ref() == Some(&before.id)
        {
            return Ok(None);
        }
        let moving = match before {
            Some(before) => before,
            None => Move { id: new_id()?, to: to.clone(), is_verified: false },
        };
        let arriving = match there {
            Some(there) if there.id == moving.id => there,
            Some(there) if there.fingerprint != fingerprint => return Err(TransferError::OtherCopy { database: to }),
            there => {
                if let Some(table) = first_filled(&mut target, &self.tables).await? {
                    let not_empty = TransferError::NotEmpty { database: to, table: table.to_owned() };
                    return Err(if there.is_some() { TransferError::Raced } else { not_empty });
                }
                Arriving { id: moving.id.clone(), fingerprint, tables: BTreeMap::new() }
            }
        };
        moving.write(&mut source).await?;
        // Whoever took the lead since it was looked for has it by now; whoever comes later finds the mark.
        if self.from.is_shared() && leads::is_held(&mut source, now).await? {
            return Err(TransferError::InUse { database: from });
        }
        source.commit().await?;
        // Nobody works with the source: whoever held a claim is gone, and gets no other.
        self.from.void_leases(None, now).await?;
        write(&mut target, ARRIVING, &arriving).await?;
        target.commit().await?;
        Ok(Some((moving, arriving)))
    }

    /// Empties the target of a copy that was given up at its source since: of no use to anybody. It may take longer than
    /// a transaction of the source may stand idle.
    async fn clear_given_up(&self) -> Result<(), TransferError> {
        let mut source = self.from.read.acquire().await?;
        let fingerprint = meta::get(&mut source, meta::KEY_FINGERPRINT).await?;
        let moving = Move::read(&mut source).await?;
        drop(source);
        let mut target = self.to.begin_closed().await?;
        let Some(there) = read::<Arriving>(&mut target, ARRIVING).await? else { return Ok(()) };
        let is_wanted = moving.is_some_and(|moving| moving.to != self.names.1 || moving.id == there.id);
        if !is_wanted && there.fingerprint == fingerprint {
            clear(&mut target, &self.tables).await?;
            write(&mut target, ARRIVING, &Arriving { tables: BTreeMap::new(), ..there }).await?;
            target.commit().await?;
        }
        Ok(())
    }

    async fn carry(&self, arriving: &mut Arriving) -> Result<(), TransferError> {
        let mut source = self.from.snapshot().await?;
        let mut all_rows = arriving.tables.values().map(|arrived| arrived.rows).sum();
        for table in self.tables.iter().filter(|table| table.name != META) {
            let arrived = arriving.tables.get(&table.name).cloned().unwrap_or_default();
            if arrived.is_whole {
                continue;
            }
            let (mut tally, mut reader) = (arrived.tally(), Reader::new(table, arrived.last.clone()));
            let mut buffer = Vec::new();
            loop {
                let rows = reader.next(&mut source).await?;
                for row in &rows {
                    buffer.clear();
                    tally.add(row, &mut buffer)?;
                }
                let (count, last) = (rows.len() as u64, rows.last().map(|row| super::value::key_of(row, table)));
                let is_whole = last.is_none();
                let before = serde_json::to_string(arriving).unwrap_or_default();
                let arrived = arriving.tables.entry(table.name.clone()).or_default();
                let last = last.or_else(|| arrived.last.take());
                *arrived = Arrived { rows: tally.rows, sum: format!("{:x}", tally.sum), last, is_whole };
                self.write(table, rows, &before, arriving).await?;
                all_rows += count;
                (self.tell)(Progress { step: Step::Carry, table: &table.name, rows: tally.rows, all_rows });
                if is_whole {
                    break;
                }
            }
        }
        source.rollback().await?;
        Ok(())
    }

    /// One piece, and how far the copy has come with it; refused when that is not what was there `before`.
    async fn write(
        &self,
        table: &Table,
        rows: Vec<Row>,
        before: &str,
        arriving: &Arriving,
    ) -> Result<(), TransferError> {
        let mut target = self.to.begin_closed().await?;
        let text = serde_json::to_string(arriving).unwrap_or_default();
        let done = sqlx::query("UPDATE meta SET value = $1 WHERE key = $2 AND value = $3")
            .bind(text)
            .bind(ARRIVING)
            .bind(before)
            .execute(&mut *target)
            .await?;
        if done.rows_affected() != 1 {
            return Err(TransferError::Raced);
        }
        insert(self.to.engine, &mut target, table, rows).await?;
        target.commit().await?;
        Ok(())
    }

    /// Closes the source for good, then lets the target be worked with: never both. The move may have been given up, or
    /// brought to its end by another, since it began.
    async fn finish(&self, moving: Move, arriving: &Arriving) -> Result<(), TransferError> {
        let mut source = self.from.begin_closed().await?;
        if !moving.verified(&mut source).await? {
            return Err(TransferError::GivenUp { to: moving.to });
        }
        source.commit().await?;
        let mut source = self.from.snapshot().await?;
        let mut target = self.to.begin_closed().await?;
        if read::<Arriving>(&mut target, ARRIVING).await?.is_none_or(|there| there.id != arriving.id) {
            return Err(TransferError::Raced);
        }
        let Some(table) = self.tables.iter().find(|table| table.name == META) else { return Ok(()) };
        clear(&mut target, std::slice::from_ref(table)).await?;
        let mut reader = Reader::new(table, None);
        loop {
            let rows = reader.next(&mut source).await?;
            if rows.is_empty() {
                break;
            }
            insert(self.to.engine, &mut target, table, rows.into_iter().filter(|row| !is_own(row)).collect()).await?;
        }
        meta::put(&mut target, COPIED, Some(&arriving.id)).await?;
        Move::none(&mut target).await?;
        target.commit().await?;
        source.rollback().await?;
        Ok(())
    }
}

/// Whether a single value is about a transfer of its database, and so not about what the database holds.
pub(super) fn is_own(row: &Row) -> bool {
    [MOVE, ARRIVING, COPIED].iter().any(|own| row.first() == Some(&Value::Text((*own).to_owned())))
}

fn new_id() -> Result<String, StoreError> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(StoreError::Random)?;
    Ok(to_hex(&bytes))
}
