//! Which revision the register is at: a number that every transaction which changes the register raises and leaves in the
//! rows it writes. Whoever keeps the register in memory asks what came since the revision it knows.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::{StoreError, ids};

/// Counts the changes of the register.
const CHANGES: &str = "register";
/// Counts the changes of ids, which no row can tell: the whole register is read again after one.
const IDS: &str = "register-ids";

/// Another by chance after each change: of two databases that counted to one number on their own, one restored from the
/// other's backup, it tells which is which.
const MARK: &str = "register-mark";

/// How much of the register's history is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    changes: i64,
    ids: i64,
    mark: i64,
}

impl Revision {
    /// The change from which on `self` knows nothing of what is there at `present`; `None` when that cannot be told: ids
    /// changed, or the database is another than it was.
    pub(super) fn since(self, present: Self) -> Option<i64> {
        (self.ids == present.ids && self.changes < present.changes).then_some(self.changes)
    }

    /// Everything in it, to be kept.
    #[must_use]
    pub const fn to_numbers(self) -> [i64; 3] {
        [self.changes, self.ids, self.mark]
    }

    /// The revision that `numbers` were made of.
    #[must_use]
    pub const fn from_numbers(numbers: [i64; 3]) -> Self {
        let [changes, ids, mark] = numbers;
        Self { changes, ids, mark }
    }
}

/// Raises the revision, and gives the number for the rows that are written. To be called before any of them is touched:
/// whoever else writes to the register waits here until this transaction is over, so that no revision is seen before an
/// earlier one, and no two writers wait for each other's rows.
pub(super) async fn raise(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let revision = ids::next(connection, CHANGES).await?;
    let mark = getrandom::u64().map_err(StoreError::Random)? >> 1;
    sqlx::query(
        "INSERT INTO counters (name, last) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET last = excluded.last",
    )
    .bind(MARK)
    .bind(mark.cast_signed())
    .execute(connection)
    .await?;
    Ok(revision)
}

/// Raises the revision for a change of ids.
pub(super) async fn raise_for_ids(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let revision = raise(connection).await?;
    ids::next(connection, IDS).await?;
    Ok(revision)
}

/// The revision that is committed.
pub(super) async fn present(pool: &AnyPool) -> Result<Revision, StoreError> {
    let rows = sqlx::query("SELECT name, last FROM counters WHERE name IN ($1, $2, $3)")
        .bind(CHANGES)
        .bind(IDS)
        .bind(MARK)
        .fetch_all(pool)
        .await?;
    let mut revision = Revision { changes: 0, ids: 0, mark: 0 };
    for row in rows {
        let (name, last): (String, i64) = (row.try_get("name")?, row.try_get("last")?);
        match name.as_str() {
            CHANGES => revision.changes = last,
            IDS => revision.ids = last,
            _ => revision.mark = last,
        }
    }
    Ok(revision)
}
