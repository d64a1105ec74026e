//! One look at the folder → what the register remembers from now on.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::matching::match_files;
use super::present::Present;
use super::record::{Register, RegisterChanges};
use super::step::Step;
use super::texts::Texts;
use crate::domain::{Digest, Permalink, Release, ReleaseId, Significance, SourcePath};

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

/// One look at the content folder.
#[derive(Clone)]
pub struct FolderLook<'a> {
    /// The files that are releases, in any order.
    pub good: Vec<Seen<'a>>,
    /// Files that are there and could not be read as a release.
    pub broken: Vec<&'a SourcePath>,
    /// The folder itself is not there, or cannot be read.
    pub folder_missing: bool,
    /// The texts of its files and of known releases.
    pub texts: &'a dyn Texts,
    /// Whether it is to be kept why each release became what it is.
    pub keeps_reasons: bool,
}

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

impl Register {
    /// Compares the register with a look at the folder. The order of the look's files makes no difference.
    #[must_use]
    pub fn reconcile(&self, look: &FolderLook<'_>, now: DateTime<Utc>, minting: &Minting<'_>) -> Reconciled {
        // A folder that is not mounted yet is no first start: what it holds would be news the day it comes.
        if self.started.is_none() && look.folder_missing {
            return self.unchanged(None);
        }
        let mut good = Cow::Borrowed(look.good.as_slice());
        if !good.is_sorted_by_key(|seen| seen.path) {
            good.to_mut().sort_by_key(|seen| seen.path);
        }
        let present = Present::new(&good, &look.broken);
        let (matches, compared) = match_files(self, &good, &present, look.texts, now);
        let alarm = self.alarm_after(&matches, look, &present, now);
        if alarm.is_some_and(|alarm| alarm.holds(now)) {
            return self.unchanged(alarm);
        }
        let mut step = Step::new(self, look.texts, now, minting).with_compared(compared);
        if !look.keeps_reasons {
            step = step.without_reasons();
        }
        step.take_in(&good, &matches);
        step.keep(&look.broken);
        step.let_go(&present);
        step.settle_copies();
        step.settle_addresses();
        step.go_live(&good);
        step.finish()
    }
}
