//! Whether a look is to be believed: a folder that lost most of its releases at once may only be unmounted.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use foldhash::HashSet;

use super::matching::Match;
use super::outcome::Reconciled;
use super::present::Present;
use super::reconcile::FolderLook;
use super::record::{FolderAlarm, Record, Register, RegisterChanges};
use crate::domain::ReleaseId;

/// How long a folder that lost most of its releases must stay so before it is believed.
pub const ALARM_PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// From this many live releases on, losing more than half of them at once is not believed at first.
const ALARM_FROM: usize = 10;

impl FolderAlarm {
    /// Whether the look that raised it is not believed yet.
    pub(super) fn holds(&self, now: DateTime<Utc>) -> bool {
        !self.confirmed && now < self.since + ALARM_PATIENCE
    }
}

impl Register {
    /// Nothing of this look is believed: everything stays as it was.
    pub(super) fn unchanged(&self, alarm: Option<FolderAlarm>) -> Reconciled {
        let changes = RegisterChanges { alarm, ..RegisterChanges::default() };
        let mut register = self.clone();
        register.alarm = alarm;
        let there = self.records.values().filter(|record| record.missing_since.is_none());
        let kept = there.map(|record| record.id.clone()).collect();
        Reconciled { register, changes, files: BTreeMap::new(), kept, clashes: Vec::new(), settled: false }
    }

    /// Whether too many live releases are gone at once to believe it.
    pub(super) fn alarm_after(
        &self,
        matches: &[Match<'_>],
        look: &FolderLook<'_>,
        present: &Present<'_>,
        now: DateTime<Utc>,
    ) -> Option<FolderAlarm> {
        let live: Vec<&Record> = self
            .records
            .values()
            .filter(|record| record.live_since.is_some() && record.missing_since.is_none())
            .collect();
        let mut gone: Vec<&ReleaseId> =
            live.iter().filter(|record| !present.contains(&record.path)).map(|record| &record.id).collect();
        if !gone.is_empty() {
            let recognised: HashSet<&ReleaseId> =
                matches.iter().filter_map(Match::known).map(|record| &record.id).collect();
            gone.retain(|id| !recognised.contains(id));
        }
        let missing = gone.len();
        let emptied = look.folder_missing || present.is_empty();
        let alarming = if emptied { missing > 0 } else { live.len() >= ALARM_FROM && missing * 2 > live.len() };
        alarming.then(|| FolderAlarm {
            since: self.alarm.map_or(now, |alarm| alarm.since),
            missing: u32::try_from(missing).unwrap_or(u32::MAX),
            of: u32::try_from(live.len()).unwrap_or(u32::MAX),
            confirmed: self.alarm.is_some_and(|alarm| alarm.confirmed),
        })
    }
}
