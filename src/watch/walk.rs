//! Which files of the content folder are releases' files, by their names and kinds alone.

use std::fs::{self, Metadata};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::folder::{Unreadable, UnreadableReason};
use super::selection::Selection;
use crate::content::is_conflict_copy;
use crate::domain::SourcePath;

/// What a walk through the content folder came upon.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Regular files with a release's ending.
    pub(super) files: Vec<(SourcePath, Metadata)>,
    /// What sync programs left of two versions.
    pub(super) conflicts: Vec<SourcePath>,
    /// Files and folders that cannot be looked at.
    pub(super) unreadable: Vec<Unreadable>,
    /// Folders and files that hold no releases of the site.
    pub(super) left_out: Vec<String>,
    /// Folders that could not be listed; what lies below them is not known to be gone.
    pub(super) closed_folders: Vec<String>,
}

/// Walks `root`, leaving out the folder `uploads` and what the selection does. Folders that are symbolic links are not entered, so that a walk
/// always ends; a file that is one is taken when it leads to a regular file.
///
/// # Errors
/// When the root itself cannot be listed.
pub(super) fn walk(root: &Utf8Path, uploads: Option<&Utf8Path>, selection: &Selection) -> io::Result<Walk> {
    let place = Place { uploads, selection };
    let mut walk = Walk::default();
    let mut waiting: Vec<(Utf8PathBuf, String)> = Vec::new();
    walk.list(root, "", &place, &mut waiting)?;
    while let Some((folder, relative)) = waiting.pop() {
        match walk.list(&folder, &relative, &place, &mut waiting) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                walk.unreadable.push(Unreadable::new(&relative, UnreadableReason::Io(error.kind())));
                walk.closed_folders.push(relative);
            }
        }
    }
    walk.conflicts.sort();
    walk.left_out.sort();
    walk.files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(walk)
}

/// What a walk goes by.
struct Place<'a> {
    uploads: Option<&'a Utf8Path>,
    selection: &'a Selection,
}

impl Walk {
    fn list(
        &mut self,
        folder: &Utf8Path,
        relative: &str,
        place: &Place<'_>,
        waiting: &mut Vec<(Utf8PathBuf, String)>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            let below = if relative.is_empty() { shown.to_string() } else { format!("{relative}/{shown}") };
            if is_left_out(&shown) {
                continue;
            }
            let Some(name) = name.to_str() else {
                if is_release_name(&shown) || entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    self.unreadable.push(Unreadable::new(&below, UnreadableReason::NameNotUtf8));
                }
                continue;
            };
            let path = folder.join(name);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    if place.uploads == Some(path.as_path()) || name == "_drafts" {
                        continue;
                    }
                    if place.selection.leaves_out_folder(&below) {
                        self.left_out.push(below);
                    } else {
                        waiting.push((path, below));
                    }
                }
                Ok(_) if is_release_name(name) && place.selection.leaves_out_file(&below) => self.left_out.push(below),
                Ok(_) if is_release_name(name) && is_conflict_copy(&SourcePath::new(name)) => {
                    self.conflicts.push(SourcePath::new(below));
                }
                Ok(_) if is_release_name(name) => self.take(&path, below),
                Ok(_) => {}
                Err(error) => self.fail(&below, &error),
            }
        }
        Ok(())
    }

    fn take(&mut self, path: &Utf8Path, below: String) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => self.files.push((SourcePath::new(below), metadata)),
            Ok(_) => self.unreadable.push(Unreadable::new(&below, UnreadableReason::NotRegular)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                self.unreadable.push(Unreadable::new(&below, UnreadableReason::NotRegular));
            }
            Err(error) => self.fail(&below, &error),
        }
    }

    /// A file that vanished while the folder was being listed is no failure.
    fn fail(&mut self, below: &str, error: &io::Error) {
        if error.kind() != io::ErrorKind::NotFound {
            self.unreadable.push(Unreadable::new(below, UnreadableReason::Io(error.kind())));
        }
    }
}

/// Dot files and what editors and sync programs leave while they work: `x~`, `#x#`, `.#x`, `.x.swp`, `~$x`,
/// `~syncthing~x`. Other temporary files have endings that no release has.
fn is_left_out(name: &str) -> bool {
    name.starts_with('.')
        || name.starts_with("~$")
        || name.starts_with("~syncthing~")
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'))
}

fn is_release_name(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("md") || ending.eq_ignore_ascii_case("markdown"))
}
