//! The file of a SQLite database, made with its folder at first start: its owner's alone, and no other file in its place.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::StoreError;

/// The whole path of the file.
pub(super) fn absolute(path: &Utf8Path) -> Result<Utf8PathBuf, StoreError> {
    camino::absolute_utf8(path).map_err(|source| StoreError::File { path: path.to_owned(), source })
}

/// Makes the database's folder and an empty file, where they are missing. A file that is there is left unopened: SQLite
/// would lose its locks when we close it.
pub(super) fn make_file(path: &Utf8Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    match owner_only().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_file(path),
        Err(error) => Err(failed(error)),
    }
}

/// Refuses a file that is something else at once; SQLite would be asked again and again. An empty one is a database.
fn check_file(path: &Utf8Path) -> Result<(), StoreError> {
    const SQLITE: &[u8] = b"SQLite format 3\0";
    let mut first = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(SQLITE.len() as u64).read_to_end(&mut first));
    opened.map_err(|source| StoreError::File { path: path.to_owned(), source })?;
    if first.is_empty() || first == SQLITE { Ok(()) } else { Err(StoreError::NotADatabase(path.to_owned())) }
}

/// How files that only their owner may read are opened.
pub(super) fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
