//! One file of a look at the content folder.

use crate::domain::{Digest, Release, Significance, SourcePath};

/// A file that was read as a release.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Where it stands.
    pub path: &'a SourcePath,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What it says.
    pub release: &'a Release,
    /// What tells a change of that ([`Release::significance`]).
    pub significance: Significance,
}
