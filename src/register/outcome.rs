//! What a look needs to give ids, and what comes of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::record::{Register, RegisterChanges};
use crate::domain::{Permalink, ReleaseId, SourcePath};

/// What ids are minted with.
#[derive(Debug, Clone, Copy)]
pub struct Minting<'a> {
    /// Names the site at first start; the one settled then stays.
    pub authority: &'a str,
    /// The site's zone: the year in an id is that of the release's date there.
    pub zone: Tz,
}

/// Two files that cannot both be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash {
    /// Both pin one id.
    Id {
        /// The file that is left out.
        path: SourcePath,
        /// The file that keeps the id.
        keeper: SourcePath,
        /// The id.
        id: ReleaseId,
    },
    /// Both would stand at one address.
    Permalink {
        /// The file that is left out.
        path: SourcePath,
        /// The file that keeps the address.
        keeper: SourcePath,
        /// The address.
        permalink: Permalink,
    },
}

/// What a look comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciled {
    /// The register after the look.
    pub register: Register,
    /// What to save; empty when nothing changed.
    pub changes: RegisterChanges,
    /// Which file is which release now: the good ones of this look.
    pub files: BTreeMap<ReleaseId, SourcePath>,
    /// Releases whose file is broken, and which stay with their last good source.
    pub kept: BTreeSet<ReleaseId>,
    /// Files left out because another has their id or address.
    pub clashes: Vec<Clash>,
    /// Whether the same files would come to the same again: the look was believed, no file pins an id that another release
    /// has, and where two want one address the same would have it again.
    pub settled: bool,
}
