//! What a look at the content folder tells.

use std::io;

use crate::domain::{Digest, SourcePath};

/// What a look at the folder found; `T` is what was made of each file that changed.
#[derive(Debug)]
pub struct Look<T> {
    /// Files that appeared, changed or can be read again since the last look, by path.
    pub changed: Vec<ChangedFile<T>>,
    /// Files that are no longer there, by path.
    pub vanished: Vec<SourcePath>,
    /// What sync programs left of two versions of a file, by path: told at each look, and no releases of their own.
    pub conflicts: Vec<SourcePath>,
    /// Folders and texts that hold no releases of the Jekyll site they are in.
    pub left_out: Vec<String>,
    /// Files that are there and cannot be read, by path: told at each look as long as that lasts.
    pub unreadable: Vec<Unreadable>,
    /// The folder itself is not there, or cannot be listed; then every file counts as vanished.
    pub root_missing: bool,
    /// Files that were being written; they are as they were before, and the next look should come soon.
    pub unsettled: Vec<SourcePath>,
}

/// A file that changed, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile<T> {
    /// Its path below the folder, spelled as on disk.
    pub path: SourcePath,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What was made of it.
    pub taken: T,
}

/// A file or folder that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path; what is not UTF-8 in it is replaced.
    pub path: SourcePath,
    /// Why.
    pub reason: UnreadableReason,
}

/// Why a file or folder cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableReason {
    /// Larger than 4 MiB.
    #[error("{bytes} bytes are more than the 4 MiB a release may have")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// A pipe, a device, a folder, or a link to nothing.
    #[error("this is not a regular file")]
    NotRegular,
    /// Its name cannot be read as text.
    #[error("the name is not UTF-8")]
    NameNotUtf8,
    /// The system refused.
    #[error("{0}")]
    Io(io::ErrorKind),
}

impl Unreadable {
    pub(super) fn new(path: &str, reason: UnreadableReason) -> Self {
        Self { path: SourcePath::new(path), reason }
    }
}

impl<T> Look<T> {
    /// Everything by path.
    pub(super) fn in_order(mut self) -> Self {
        self.changed.sort_by(|a, b| a.path.cmp(&b.path));
        self.vanished.sort();
        self.unreadable.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }
}

impl<T> Default for Look<T> {
    fn default() -> Self {
        Self {
            changed: Vec::new(),
            vanished: Vec::new(),
            conflicts: Vec::new(),
            left_out: Vec::new(),
            unreadable: Vec::new(),
            root_missing: false,
            unsettled: Vec::new(),
        }
    }
}
