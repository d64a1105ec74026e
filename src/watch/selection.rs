//! What of a folder is looked at: everything but what no release can be in, or, of a whole Jekyll site, what it shows.

use crate::content::{JekyllConfig, never_holds_releases};
use crate::domain::SourcePath;

/// Which files and folders below the content folder count.
#[derive(Debug, Default)]
pub(super) struct Selection {
    jekyll: Option<JekyllConfig>,
}

impl Selection {
    pub(super) fn new(jekyll: Option<JekyllConfig>) -> Self {
        Self { jekyll }
    }

    /// Whether a folder is not entered, for what it is called or since the site excludes it.
    pub(super) fn leaves_out_folder(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        never_holds_releases(name) || self.jekyll.as_ref().is_some_and(|jekyll| jekyll.leaves_out(path))
    }

    /// Whether a file is none of the releases of the site, though it is a text.
    pub(super) fn leaves_out_file(&self, path: &str) -> bool {
        self.jekyll
            .as_ref()
            .is_some_and(|jekyll| !jekyll.may_be_release(&SourcePath::new(path)) || jekyll.leaves_out(path))
    }
}
