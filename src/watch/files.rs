//! The files of the content folder, read one by one.

use std::io;

use camino::Utf8PathBuf;

use super::reading::{Reading, read};
use crate::content::SourceFile;
use crate::domain::SourcePath;

/// The files of the content folder, to be read one by one.
#[derive(Debug, Clone)]
pub struct FolderFiles {
    pub(super) root: Utf8PathBuf,
}

impl FolderFiles {
    /// The file at `path` as it is now.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn read(&self, path: &SourcePath) -> io::Result<SourceFile> {
        match read(&self.root.join(path.as_str()), None) {
            Reading::Read { bytes, .. } => Ok(SourceFile::new(path.clone(), bytes)),
            Reading::Gone => Err(io::ErrorKind::NotFound.into()),
            Reading::Same | Reading::Unsettled => Err(io::ErrorKind::ResourceBusy.into()),
            Reading::Refused(reason) => Err(io::Error::other(reason)),
        }
    }
}
