//! Where a file may stand below the folder, and how it gets there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};

use super::{LOCK, MANIFEST, PublishError, UNFINISHED};

/// The path itself, once it is sure to lead to a file below the folder that publishing does not need for itself.
pub(super) fn checked(path: &str) -> Result<&str, PublishError> {
    let crooked = path.split('/').any(|part| matches!(part, "" | "." | ".." | UNFINISHED))
        || path.contains(|c: char| c == '\\' || c.is_control())
        || matches!(path, MANIFEST | LOCK);
    if crooked { Err(PublishError::Path(path.to_owned())) } else { Ok(path) }
}

/// The folders between `folder` and the file at `path`, outermost first.
pub(super) fn folders_above<'a>(folder: &'a Utf8Path, path: &'a str) -> impl Iterator<Item = (&'a str, Utf8PathBuf)> {
    path.match_indices('/').map(move |(end, _)| (&path[..end], folder.join(&path[..end])))
}

/// Whether no folder on the way to `path` is a symbolic link.
pub(super) fn is_reached_plainly(folder: &Utf8Path, path: &str) -> bool {
    folders_above(folder, path).all(|(_, place)| fs::symlink_metadata(place).is_ok_and(|metadata| metadata.is_dir()))
}

/// Puts `bytes` at `target`, as if written at `time` where one is given: written beside it, then renamed over it, so that
/// nobody ever reads half a file.
pub(super) fn replace(target: &Utf8Path, bytes: &[u8], time: Option<SystemTime>) -> Result<(), PublishError> {
    let unfinished = target.with_file_name(UNFINISHED);
    match fs::remove_file(&unfinished) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(PublishError::io(&unfinished)(error)),
    }
    let write = || -> io::Result<()> {
        let mut file = File::create_new(&unfinished)?;
        file.write_all(bytes)?;
        if let Some(time) = time {
            file.set_modified(time)?;
        }
        drop(file);
        fs::rename(&unfinished, target)
    };
    write().map_err(|error| {
        // The half-written file is of no use; that it cannot be removed either says nothing new.
        let _ = fs::remove_file(&unfinished);
        PublishError::io(target)(error)
    })
}

/// Removes the folders above `path` that are empty now; the first that is not ends it.
pub(super) fn clear_empty_folders(folder: &Utf8Path, path: &str) {
    let above: Vec<_> = folders_above(folder, path).map(|(_, place)| place).collect();
    for place in above.iter().rev() {
        if fs::remove_dir(place).is_err() {
            return;
        }
    }
}
