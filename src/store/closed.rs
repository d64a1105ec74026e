//! Why a database may not be worked with, in words.

/// Why a database may not be worked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// It was moved.
    #[error(
        "this database was moved to {to}: name that one in `database.url`. Only if it was never served there and you \
         want to go on here: `depeche database reopen --force`"
    )]
    Moved {
        /// Where to, without a password.
        to: String,
    },
    /// It is being moved.
    #[error(
        "a copy of this database to {to} was begun and is not finished: `depeche database copy --to …` with the same \
         address finishes it, `depeche database reopen` gives it up and goes on here"
    )]
    Moving {
        /// Where to, without a password.
        to: String,
    },
    /// A copy into it is not finished.
    #[error(
        "not everything was copied into this database yet: run `depeche database copy --to …` again, with the \
         configuration of the database that it comes from"
    )]
    Arriving,
    /// A backup is not wholly restored.
    #[error("a backup was not wholly restored into this database: run `depeche restore FILE` again")]
    Restoring,
}
