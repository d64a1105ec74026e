//! What can go wrong with the database.

use std::error::Error;
use std::fmt;

use camino::Utf8PathBuf;

use super::ailment::{Ailment, of_driver};
use super::closed::Closed;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused, or cannot be reached.
    #[error("the database does not answer as it should")]
    Database(#[source] DriverError),
    /// There is no connection to PostgreSQL.
    #[error("cannot open the database {database}: {advice}")]
    Unreached {
        /// Which, without user and password.
        database: String,
        /// What to look at.
        advice: &'static str,
        /// What was said.
        #[source]
        source: DriverError,
    },
    /// The schema could not be brought up to date.
    #[error("the database's schema cannot be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A state of Depeche before its first version made this database.
    #[error(
        "the database was made by Depeche before its first version, and cannot be read by this one: move it away, and a \
         new one is made; no release that is live by then is announced again"
    )]
    EarlierSchema,
    /// A later version of Depeche has used this database.
    #[error(
        "the database has schema {found}, and this version of Depeche knows schemas up to {known}: use a later one"
    )]
    NewerSchema {
        /// The schema of the database.
        found: i64,
        /// The last one known here.
        known: i64,
    },
    /// It was moved away, or is not complete yet.
    #[error(transparent)]
    NotServed(Closed),
    /// The database belongs to another key.
    #[error(
        "the database belongs to another secret key (fingerprint {stored}, not {given}): put the key's file back, or \
         links in letters already sent would stop working"
    )]
    OtherKey {
        /// What the database remembers.
        stored: String,
        /// The fingerprint of the key it was shown.
        given: String,
    },
    /// [`crate::store::Store::bind_key`] was not called: addresses cannot be hashed.
    #[error("the database was opened without its secret key")]
    NoKey,
    /// A row holds what no version of Depeche writes.
    #[error("row {row} of table {table} holds a `{column}` that cannot be read: {why}")]
    Row {
        /// The table, or what was read of it.
        table: &'static str,
        /// Its key.
        row: String,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The file of the database holds something else.
    #[error("`{0}` is not a SQLite database: move it away and a new one is made, or name another in `database.url`")]
    NotADatabase(Utf8PathBuf),
    /// Another daemon uses the database.
    #[error("another `depeche serve` uses this database (it holds `{0}`)")]
    InUse(Utf8PathBuf),
    /// A file or folder of the database could not be made or opened.
    #[error("cannot use `{path}` for the database")]
    File {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The machine gave no random number.
    #[error("the machine gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// Somebody else's failure says that the database cannot do it now either.
    #[error("{}", .0.words())]
    Ill(Ailment),
    /// The store is shutting down.
    #[error("the database is closed")]
    Closed,
}

impl StoreError {
    /// What ails the database, where that is the reason and no single request.
    #[must_use]
    pub fn ailment(&self) -> Option<Ailment> {
        match self {
            Self::Database(error) | Self::Unreached { source: error, .. } => of_driver(&error.0),
            Self::Ill(ailment) => Some(*ailment),
            Self::Migration(_)
            | Self::EarlierSchema
            | Self::NewerSchema { .. }
            | Self::OtherKey { .. }
            | Self::NoKey
            | Self::NotServed(_)
            | Self::Row { .. }
            | Self::NotADatabase(_)
            | Self::InUse(_)
            | Self::File { .. }
            | Self::Random(_)
            | Self::Closed => None,
        }
    }
}

/// What the database or its driver said.
///
/// PostgreSQL adds the line of its own source at which it failed; that helps nobody and is left out.
#[derive(Debug)]
pub struct DriverError(pub(super) sqlx::Error);

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let sqlx::Error::Database(error) = &self.0 {
            f.write_str(error.message())
        } else if matches!(self.0, sqlx::Error::PoolTimedOut) {
            f.write_str("no connection could be had in time")
        } else {
            self.0.fmt(f)
        }
    }
}

impl Error for DriverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if matches!(self.0, sqlx::Error::Database(_)) { None } else { self.0.source() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DriverError(error))
    }
}
