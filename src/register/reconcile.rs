//! One look at the folder → what the register remembers from now on.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::matching::match_files;
use super::outcome::{Minting, Reconciled};
use super::present::Present;
use super::record::Register;
use super::seen::Seen;
use super::step::Step;
use super::texts::Texts;
use crate::domain::SourcePath;

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
