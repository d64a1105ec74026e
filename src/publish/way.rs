//! What of ours stands in the way of a file, and goes.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use camino::Utf8Path;

use super::PublishError;
use super::manifest::Manifest;
use super::place::{clear_empty_folders, folders_above};

/// Makes the folders above `path`. A file of ours that stands where a folder is needed goes; anything else stays and is
/// an error. Returns how many files went.
pub(super) fn prepare_folder(folder: &Utf8Path, path: &str, manifest: &mut Manifest) -> Result<usize, PublishError> {
    let mut removed = 0;
    for (relative, place) in folders_above(folder, path) {
        match fs::symlink_metadata(&place) {
            Ok(metadata) if metadata.is_dir() => continue,
            Ok(_) if manifest.forget_if_ours(folder, relative)? => removed += 1,
            Ok(_) => return Err(PublishError::InTheWay(place)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(PublishError::io(&place)(error)),
        }
        fs::create_dir(&place).map_err(PublishError::io(&place))?;
    }
    Ok(removed)
}

/// Clears a folder that stands where the file at `path` belongs, when everything in it is ours and no longer published.
/// Returns how many files went.
pub(super) fn make_way(
    folder: &Utf8Path,
    path: &str,
    published: &BTreeSet<String>,
    manifest: &mut Manifest,
) -> Result<usize, PublishError> {
    let mut removed = 0;
    let place = folder.join(path);
    let is_folder = || fs::symlink_metadata(&place).is_ok_and(|metadata| metadata.is_dir());
    if !is_folder() {
        return Ok(removed);
    }
    let below = format!("{path}/");
    for old in manifest.paths_but(published).iter().filter(|old| old.starts_with(&below)) {
        if manifest.forget_if_ours(folder, old)? {
            removed += 1;
            clear_empty_folders(folder, old);
        }
    }
    if is_folder() { Err(PublishError::InTheWay(place)) } else { Ok(removed) }
}
