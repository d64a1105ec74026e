//! Which files of the content folder are releases' files, by their names and kinds alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::slice::ParallelSliceMut as _;

use super::look::{Unreadable, UnreadableReason};
use super::selection::Selection;
use crate::content::is_conflict_copy;
use crate::domain::SourcePath;

/// What a walk through the content folder came upon.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// What has a release's ending and is no folder, by path.
    pub(super) files: Vec<SourcePath>,
    /// Those of them that are symbolic links.
    pub(super) links: BTreeSet<SourcePath>,
    /// The folders that were listed, the root as an empty path.
    pub(super) folders: BTreeSet<String>,
    /// What sync programs left of two versions.
    pub(super) conflicts: BTreeSet<SourcePath>,
    /// Files and folders that cannot be looked at.
    pub(super) unreadable: Vec<Unreadable>,
    /// Folders and files that hold no releases of the site.
    pub(super) left_out: BTreeSet<String>,
    /// Folders that could not be listed; what lies below them is not known to be gone.
    pub(super) closed_folders: Vec<String>,
}

/// What the name of a file or folder says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Of no interest, and not spoken of.
    Nothing,
    /// A folder that may hold releases.
    Folder,
    /// A folder or text of a Jekyll site that is none of its releases.
    LeftOut,
    /// What a sync program left of two versions.
    Conflict,
    /// A release, if it can be read.
    Release,
}

/// What a walk goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The content folder, links followed.
    pub(super) root: &'a Utf8Path,
    /// The uploads folder, links followed.
    pub(super) uploads: Option<&'a Utf8Path>,
    /// What counts below the content folder.
    pub(super) selection: &'a Selection,
}

impl Place<'_> {
    /// What is to be made of `below`, a path below the root.
    pub(super) fn sort(&self, below: &str, is_folder: bool) -> Sort {
        let name = below.rsplit('/').next().unwrap_or(below);
        if is_left_out(name) {
            Sort::Nothing
        } else if is_folder {
            if name == "_drafts" || self.uploads == Some(self.root.join(below).as_path()) {
                Sort::Nothing
            } else if self.selection.leaves_out_folder(below) {
                Sort::LeftOut
            } else {
                Sort::Folder
            }
        } else if !is_release_name(name) {
            Sort::Nothing
        } else if self.selection.leaves_out_file(below) {
            Sort::LeftOut
        } else if is_conflict_copy(name) {
            Sort::Conflict
        } else {
            Sort::Release
        }
    }
}

/// Walks the root of `place`, leaving out the folder `uploads` and what the selection does. Folders that are symbolic
/// links are not entered, so that a walk always ends. No file is looked at.
///
/// # Errors
/// When the root itself cannot be listed.
pub(super) fn walk(place: &Place<'_>) -> io::Result<Walk> {
    let mut walk = Walk::default();
    let mut waiting: Vec<(Utf8PathBuf, String)> = Vec::new();
    walk.list(place.root, "", place, &mut waiting)?;
    while let Some((folder, relative)) = waiting.pop() {
        match walk.list(&folder, &relative, place, &mut waiting) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                walk.unreadable.push(Unreadable::new(&relative, UnreadableReason::Io(error.kind())));
                walk.closed_folders.push(relative);
            }
        }
    }
    // Whoever walks outside a pool does so aside, and does not call others for it.
    if rayon::current_thread_index().is_some() {
        walk.files.par_sort_unstable();
    } else {
        walk.files.sort_unstable();
    }
    Ok(walk)
}

impl Walk {
    fn list(
        &mut self,
        folder: &Utf8Path,
        relative: &str,
        place: &Place<'_>,
        waiting: &mut Vec<(Utf8PathBuf, String)>,
    ) -> io::Result<()> {
        let mut below = String::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            below.clear();
            if !relative.is_empty() {
                below.push_str(relative);
                below.push('/');
            }
            below.push_str(&shown);
            if name.to_str().is_none() {
                let may_count = is_release_name(&shown) || entry.file_type().is_ok_and(|kind| kind.is_dir());
                if may_count && !is_left_out(&shown) {
                    self.unreadable.push(Unreadable::new(&below, UnreadableReason::NameNotUtf8));
                }
                continue;
            }
            match entry.file_type() {
                Ok(kind) => match place.sort(&below, kind.is_dir()) {
                    Sort::Nothing => {}
                    Sort::Folder => waiting.push((place.root.join(&below), below.clone())),
                    Sort::LeftOut => {
                        self.left_out.insert(below.clone());
                    }
                    Sort::Conflict => {
                        self.conflicts.insert(SourcePath::new(below.as_str()));
                    }
                    Sort::Release => {
                        let path = SourcePath::new(below.as_str());
                        if kind.is_symlink() {
                            self.links.insert(path.clone());
                        }
                        self.files.push(path);
                    }
                },
                // A file that vanished while the folder was being listed is no failure.
                Err(error) if error.kind() == io::ErrorKind::NotFound || is_left_out(&shown) => {}
                Err(error) => self.unreadable.push(Unreadable::new(&below, UnreadableReason::Io(error.kind()))),
            }
        }
        self.folders.insert(relative.to_owned());
        Ok(())
    }
}

/// Dot files and what editors and sync programs leave while they work: `x~`, `#x#`, `.#x`, `.x.swp`, `~$x`,
/// `~syncthing~x`. Other temporary files have endings that no release has.
pub(super) fn is_left_out(name: &str) -> bool {
    name.starts_with('.')
        || name.starts_with("~$")
        || name.starts_with("~syncthing~")
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'))
}

/// Whether a file of this name may be a release.
pub(super) fn is_release_name(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("md") || ending.eq_ignore_ascii_case("markdown"))
}
