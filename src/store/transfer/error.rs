//! What can go wrong with a backup, and with a copy into another database.

use camino::Utf8PathBuf;

use super::super::StoreError;

/// Why nothing was carried, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It would be mixed with what is there.
    #[error(
        "the database {database} is not empty (its table `{table}` holds rows): name an empty one, or move this one away"
    )]
    NotEmpty {
        /// Which, without a password.
        database: String,
        /// What was found in it.
        table: String,
    },
    /// A daemon works there.
    #[error(
        "a daemon or another command works with the database {database}: stop `depeche serve` first, or let the command end"
    )]
    InUse {
        /// Which, without a password.
        database: String,
    },
    /// The target is the source.
    #[error("{database} is the database itself: name another")]
    Itself {
        /// Which, without a password.
        database: String,
    },
    /// A copy to another place was begun.
    #[error(
        "this database is being moved to {to}: finish that with the same address, or give it up with `depeche database reopen`"
    )]
    MovingElsewhere {
        /// Where to, without a password.
        to: String,
    },
    /// It was moved.
    #[error(
        "everything was moved to {to}, which may be served by now; two databases that send would write to everybody \
         twice. If it was never served, say `--force`"
    )]
    CompleteElsewhere {
        /// Where to, without a password.
        to: String,
    },
    /// The target holds a part of something else.
    #[error("the database {database} holds an unfinished copy of another database: name an empty one")]
    OtherCopy {
        /// Which, without a password.
        database: String,
    },
    /// Two copies at once.
    #[error("another copy into the same database is at work: let it finish")]
    Raced,
    /// The move is not the one under way any more.
    #[error("the move to {to} was given up meanwhile (`depeche database reopen`): nothing was switched over")]
    GivenUp {
        /// Where to, without a password.
        to: String,
    },
    /// What arrived is not what left.
    #[error(
        "table `{table}` did not arrive as it was ({left} left, {arrived} arrived): nothing was switched over; empty the target and try again"
    )]
    Differs {
        /// Which.
        table: String,
        /// What was read.
        left: String,
        /// What was found.
        arrived: String,
    },
    /// The file cannot be read or written.
    #[error("cannot use the backup file `{path}`")]
    File {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another backup has the same name.
    #[error("another backup into `{0}` is being written: let it finish, or name another file")]
    BeingWritten(Utf8PathBuf),
    /// A backup would take the place of something that is none.
    #[error("`{0}` is there and is no backup: name another file")]
    SomethingElse(Utf8PathBuf),
    /// Something else than a backup.
    #[error("`{0}` is no backup of Depeche")]
    NotABackup(Utf8PathBuf),
    /// Written by a later version.
    #[error(
        "`{path}` was written in format {found}, and this version of Depeche reads format {known}: use a later one"
    )]
    LaterFormat {
        /// Which file.
        path: Utf8PathBuf,
        /// Its format.
        found: u32,
        /// The one known here.
        known: u32,
    },
    /// The tables in it are not those of this version.
    #[error(
        "`{path}` was made of a database with schema {found}, and this version of Depeche has schema {known}: restore \
         it with the version that made it ({program}), and update then"
    )]
    OtherSchema {
        /// Which file.
        path: Utf8PathBuf,
        /// The schema it was made of.
        found: i64,
        /// The one known here.
        known: i64,
        /// What made it.
        program: String,
    },
    /// Cut off or altered.
    #[error("`{path}` is damaged ({what}): restore another backup")]
    Damaged {
        /// Which file.
        path: Utf8PathBuf,
        /// What was noticed.
        what: &'static str,
    },
}

impl From<sqlx::Error> for TransferError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
