//! Which database it is, and what one of the two wants said otherwise than the other.
//!
//! On SQLite, transactions that write begin as `IMMEDIATE`, so that they wait for each other instead of failing half-way.

use sqlx::{Any, AnyPool, Transaction};

use super::StoreError;
use crate::config::DatabaseUrl;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// What makes concurrent claims pass each other's rows by; SQLite has one writer and needs nothing.
    pub(super) const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE OF d SKIP LOCKED",
        }
    }

    /// How many groups of exchanges are committed at the same time; SQLite has one writer.
    pub(super) const fn commits_at_once(self) -> u32 {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => 2,
        }
    }

    /// How many exchanges share a commit at most: fewer where the next group can be under way meanwhile.
    pub(super) const fn largest_group(self) -> usize {
        match self {
            Self::Sqlite => 256,
            Self::Postgres => 128,
        }
    }

    /// What keeps a row as it is until the commit of whoever reads it; on SQLite there is one writer.
    pub(super) const fn share(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR SHARE",
        }
    }

    /// The schema's `statements` as this database wants them: SQLite keeps rows in the order of their numbers where these are
    /// called `INTEGER`, or in that of another key where there are no numbers, and needs no index for them.
    pub(super) fn schema(self, statements: &'static str) -> String {
        match self {
            Self::Sqlite => statements
                .replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
                .replace("/* WITHOUT ROWID */", "WITHOUT ROWID"),
            Self::Postgres => statements.to_owned(),
        }
    }

    /// Begins a transaction that writes and need not be on the disk at its end: should the server fail, it is as if it had not
    /// been. Whatever is committed later brings it to the disk with itself, the beginning of a letter among it.
    pub(super) async fn begin_lightly(self, pool: &AnyPool) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self {
            Self::Sqlite => self.begin(pool).await?,
            Self::Postgres => pool.begin_with("BEGIN; SET LOCAL synchronous_commit = off").await?,
        })
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(self, pool: &AnyPool) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self {
            Self::Sqlite => pool.begin_with("BEGIN IMMEDIATE").await?,
            Self::Postgres => pool.begin().await?,
        })
    }
}

/// A database's address as people are shown it: without user and password.
#[must_use]
pub fn describe(url: &DatabaseUrl) -> String {
    format!("{url:?}")
}
