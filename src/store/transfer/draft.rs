//! The file that a backup is written to before it has its name: removed when that comes to nothing, and taken over from one
//! that was killed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};

/// How often a file that others are at is tried.
const TRIES: u32 = 100;

/// A file that is removed unless it was given its name.
pub(super) struct Draft {
    path: Option<Utf8PathBuf>,
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Draft {
    /// A new file at `path`, which nobody else writes as long as it is open. What was left there by a backup that was killed
    /// is removed; one that is written now is left alone.
    pub(super) fn begin(path: Utf8PathBuf) -> io::Result<(Self, File)> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        for _ in 0..TRIES {
            match options.open(&path) {
                Ok(file) => {
                    // Whoever takes it for one that was left may be faster. Some folders know no locks.
                    let is_ours = !matches!(file.try_lock(), Err(TryLockError::WouldBlock));
                    if is_ours && is_at(&file, &path)? {
                        return Ok((Self { path: Some(path) }, file));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => remove_left(&path)?,
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Gives the file its name.
    pub(super) fn rename_to(mut self, path: &Utf8Path) -> io::Result<()> {
        if let Some(written) = &self.path {
            std::fs::rename(written, path)?;
        }
        self.path = None;
        Ok(())
    }
}

/// Removes a file that nobody holds any more.
fn remove_left(path: &Utf8Path) -> io::Result<()> {
    let left = match File::open(path) {
        Ok(left) => left,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    match left.try_lock() {
        Ok(()) if is_at(&left, path)? => std::fs::remove_file(path),
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::ResourceBusy.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether this open file is the one that stands at `path`.
fn is_at(file: &File, path: &Utf8Path) -> io::Result<bool> {
    let there = match std::fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let open = file.metadata()?;
    Ok((there.dev(), there.ino()) == (open.dev(), open.ino()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_a_kill_left_is_taken_over_and_what_is_written_now_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join(".today.part");
        std::fs::write(&path, "left by a kill").unwrap();
        let (draft, mut file) = Draft::begin(path.clone()).unwrap();
        let second = Draft::begin(path.clone()).map(|_| ()).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::ResourceBusy);
        file.write_all(b"new").unwrap();
        draft.rename_to(&path.with_file_name("today")).unwrap();
        assert_eq!(std::fs::read_to_string(path.with_file_name("today")).unwrap(), "new");
        // The same again: it is not confused with the one before, which is open still.
        drop(Draft::begin(path.clone()).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn of_several_at_once_one_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join(".today.part");
        for _ in 0..50 {
            std::fs::write(&path, "left by a kill").unwrap();
            let begun: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| Draft::begin(path.clone()))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(begun.iter().filter(|draft| draft.is_ok()).count(), 1);
        }
    }
}
