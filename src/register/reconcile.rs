//! One look at the folder → what the register remembers from now on.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Datelike as _, SubsecRound as _, TimeDelta, Utc};
use chrono_tz::Tz;

use super::matching::{Match, match_files};
use super::record::{Announcement, Decision, FolderAlarm, NeverReason, Record, Register, RegisterChanges};
use crate::domain::{Digest, HoldReason, Permalink, Release, ReleaseId, SourcePath};

/// How long a folder that lost most of its releases must stay so before it is believed.
pub const ALARM_PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// From this many live releases on, losing more than half of them at once is not believed at first.
const ALARM_FROM: usize = 10;

/// A file that was read as a release.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Where it stands.
    pub path: &'a SourcePath,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its text.
    pub source: &'a str,
    /// What it says.
    pub release: &'a Release,
}

/// One look at the content folder.
#[derive(Debug, Clone, Default)]
pub struct FolderLook<'a> {
    /// The files that are releases.
    pub good: Vec<Seen<'a>>,
    /// Files that are there and could not be read as a release.
    pub broken: Vec<&'a SourcePath>,
    /// The folder itself is not there, or cannot be read.
    pub folder_missing: bool,
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
}

impl Register {
    /// Compares the register with a look at the folder.
    #[must_use]
    pub fn reconcile(&self, look: &FolderLook<'_>, now: DateTime<Utc>, minting: &Minting<'_>) -> Reconciled {
        // A folder that is not mounted yet is no first start: what it holds would be news the day it comes.
        if self.started.is_none() && look.folder_missing {
            return self.unchanged(None);
        }
        let present: HashSet<&SourcePath> =
            look.good.iter().map(|seen| seen.path).chain(look.broken.iter().copied()).collect();
        let matches = match_files(self, &look.good, &present);
        let alarm = self.alarm_after(&matches, look, &present, now);
        if alarm.is_some_and(|alarm| !alarm.confirmed && now < alarm.since + ALARM_PATIENCE) {
            return self.unchanged(alarm);
        }
        let mut step = Step::new(self, now, minting);
        step.changes.alarm = None;
        for (seen, found) in look.good.iter().zip(&matches) {
            step.take_in(seen, found);
        }
        for path in &look.broken {
            step.keep(path);
        }
        step.let_go(&present);
        step.settle_addresses();
        step.finish()
    }

    /// Nothing of this look is believed: everything stays as it was.
    fn unchanged(&self, alarm: Option<FolderAlarm>) -> Reconciled {
        let changes = RegisterChanges { alarm, ..RegisterChanges::default() };
        let mut register = self.clone();
        register.alarm = alarm;
        let kept = self
            .records
            .values()
            .filter(|record| record.missing_since.is_none())
            .map(|record| record.id.clone())
            .collect();
        Reconciled { register, changes, files: BTreeMap::new(), kept, clashes: Vec::new() }
    }

    /// Whether too many live releases are gone at once to believe it.
    fn alarm_after(
        &self,
        matches: &[Match],
        look: &FolderLook<'_>,
        present: &HashSet<&SourcePath>,
        now: DateTime<Utc>,
    ) -> Option<FolderAlarm> {
        let recognised: HashSet<&ReleaseId> = matches
            .iter()
            .filter_map(|found| match found {
                Match::Known(id, _) => Some(id),
                Match::New | Match::Doubtful(_) | Match::DuplicateId(_) => None,
            })
            .collect();
        let live: Vec<&Record> = self
            .records
            .values()
            .filter(|record| record.live_since.is_some() && record.missing_since.is_none())
            .collect();
        let missing =
            live.iter().filter(|record| !recognised.contains(&record.id) && !present.contains(&record.path)).count();
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

/// The work on one believed look.
struct Step<'a> {
    before: &'a Register,
    after: Register,
    changes: RegisterChanges,
    files: BTreeMap<ReleaseId, SourcePath>,
    kept: BTreeSet<ReleaseId>,
    clashes: Vec<Clash>,
    /// The `updated` instants in use, so that no two releases share one.
    instants: HashSet<DateTime<Utc>>,
    touched: BTreeSet<ReleaseId>,
    now: DateTime<Utc>,
    zone: Tz,
    first: bool,
}

impl<'a> Step<'a> {
    fn new(before: &'a Register, now: DateTime<Utc>, minting: &Minting<'_>) -> Self {
        let first = before.started.is_none();
        let mut after = before.clone();
        let mut changes = RegisterChanges::default();
        if before.authority.is_none() {
            after.authority = Some(minting.authority.to_owned());
            changes.authority.clone_from(&after.authority);
        }
        if first {
            after.started = Some(now);
            changes.started = after.started;
        }
        after.alarm = None;
        let instants = before.records.values().map(|record| record.updated).collect();
        let (files, kept, clashes, touched) = (BTreeMap::new(), BTreeSet::new(), Vec::new(), BTreeSet::new());
        Self { before, after, changes, files, kept, clashes, instants, touched, now, zone: minting.zone, first }
    }

    fn decide(&mut self, release: &ReleaseId, what: &'static str, why: impl Into<String>) {
        self.changes.decisions.push(Decision { release: release.clone(), at: self.now, what, why: why.into() });
    }

    /// One good file.
    fn take_in(&mut self, seen: &Seen<'_>, found: &Match) {
        let id = match found {
            Match::DuplicateId(keeper) => {
                let id = seen.release.pinned_id.clone();
                self.clashes.extend(id.map(|id| Clash::Id { path: seen.path.clone(), keeper: keeper.clone(), id }));
                return;
            }
            Match::Known(id, rule) => {
                self.update(id, seen, rule.why());
                id.clone()
            }
            Match::New => self.add(seen, None, "no known release is like it"),
            Match::Doubtful(like) => {
                self.add(seen, Some(HoldReason::DoubtfulIdentity), &format!("somewhat like {like}, whose file is gone"))
            }
        };
        self.files.insert(id, seen.path.clone());
    }

    fn add(&mut self, seen: &Seen<'_>, hold: Option<HoldReason>, why: &str) -> ReleaseId {
        let id = self.mint(seen);
        let significant = seen.release.significant_digest();
        let copy = self
            .after
            .records
            .values()
            .any(|record| record.missing_since.is_none() && record.significant == significant);
        let record = Record {
            id: id.clone(),
            path: seen.path.clone(),
            permalink: seen.release.permalink.clone(),
            missing_since: None,
            file_digest: seen.digest,
            significant,
            source: seen.source.to_owned(),
            title: seen.release.title.clone(),
            date: seen.release.date,
            first_seen: self.now,
            publishable_since: seen.release.is_publishable().then_some(self.now),
            live_since: None,
            updated: seen.release.stated_change().min(self.now),
            announcement: if copy { Announcement::Never(NeverReason::Copy) } else { Announcement::Undecided },
            hold,
        };
        self.decide(&id, "new", why);
        if copy {
            self.decide(&id, "never", "it is a copy of a release beside it");
        }
        self.after.records.insert(id.clone(), record);
        self.touched.insert(id.clone());
        self.go_live(&id, seen.release);
        id
    }

    /// A new id: the one pinned, else minted from the file's stem, from its path when another release has that.
    fn mint(&self, seen: &Seen<'_>) -> ReleaseId {
        if let Some(id) = &seen.release.pinned_id {
            return id.clone();
        }
        let authority = self.after.authority.as_deref().unwrap_or_default();
        let year = seen.release.date.with_timezone(&self.zone).year();
        let path = seen.path.as_str();
        let whole = path.rsplit_once('.').map_or(path, |(stem, _)| stem).to_owned();
        let numbered = (2..).map(|number| format!("{whole}-{number}"));
        [seen.path.stem(), whole.clone()]
            .into_iter()
            .chain(numbered)
            .map(|name| ReleaseId::mint(authority, year, &name))
            .find(|id| !self.after.records.contains_key(id))
            .expect("one of endlessly many numbers is free")
    }

    fn update(&mut self, id: &ReleaseId, seen: &Seen<'_>, why: &str) {
        let Some(before) = self.before.records.get(id) else { return };
        let mut record = before.clone();
        if record.missing_since.take().is_some() {
            self.decide(id, "returned", why);
        }
        if record.path != *seen.path {
            self.decide(id, "renamed", format!("{why}: {} is now {}", record.path, seen.path));
            record.path = seen.path.clone();
        }
        if record.permalink != seen.release.permalink {
            // An address that nobody could see before the embargo's end is no old address.
            if record.live_since.is_some() {
                self.remember(record.permalink.clone(), id);
            }
            record.permalink = seen.release.permalink.clone();
        }
        let postponed = record.date != seen.release.date && seen.release.date > self.now;
        if postponed || !seen.release.is_publishable() {
            record.live_since = None;
        }
        let significant = seen.release.significant_digest();
        if record.significant != significant {
            self.decide(id, "edited", "title, chapeau, text, image, documents or correction changed");
            if record.announcement == Announcement::Never(NeverReason::Copy) {
                record.announcement = Announcement::Undecided;
                record.publishable_since = seen.release.is_publishable().then_some(self.now);
            }
            record.updated = if record.live_since.is_some() {
                self.instant(self.now.trunc_subsecs(3), Some(record.updated))
            } else {
                seen.release.stated_change().min(self.now)
            };
            record.significant = significant;
        }
        if record.file_digest != seen.digest {
            record.file_digest = seen.digest;
            seen.source.clone_into(&mut record.source);
        }
        seen.release.title.clone_into(&mut record.title);
        record.date = seen.release.date;
        record.publishable_since =
            if seen.release.is_publishable() { record.publishable_since.or(Some(self.now)) } else { None };
        if record != *before {
            self.touched.insert(id.clone());
            self.after.records.insert(id.clone(), record);
        }
        self.go_live(id, seen.release);
    }

    /// Marks a release live from the moment its embargo is over.
    fn go_live(&mut self, id: &ReleaseId, release: &Release) {
        let Some(record) = self.after.records.get(id) else { return };
        if record.live_since.is_some() || !release.is_publishable_at(self.now) {
            return;
        }
        let first_time_updated = self.instant(release.stated_change().min(self.now).trunc_subsecs(3), None);
        let Some(record) = self.after.records.get_mut(id) else { return };
        record.live_since = Some(self.now);
        record.updated = first_time_updated;
        // A copy too: it would be news once somebody mends a comma in it.
        let silent = self.first;
        if silent {
            record.announcement = Announcement::Never(NeverReason::LiveAtFirstStart);
        }
        self.touched.insert(id.clone());
        self.decide(id, "live", "its date has come and it is published");
        if silent {
            self.decide(id, "never", "it was live when Depeche first started");
        }
    }

    /// `wanted`, or the nearest millisecond to it that no other release has, later than `after` and not in the future.
    fn instant(&mut self, wanted: DateTime<Utc>, after: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let step = TimeDelta::milliseconds(1);
        let floor = after.filter(|before| *before < self.now);
        let mut instant = wanted;
        while instant <= self.now && self.instants.contains(&instant) {
            instant += step;
        }
        if instant > self.now {
            instant = wanted;
            while self.instants.contains(&instant) && floor.is_none_or(|floor| instant > floor) {
                instant -= step;
            }
        }
        if let Some(floor) = floor.filter(|floor| instant <= *floor) {
            instant = floor + step;
        }
        self.instants.insert(instant);
        instant
    }

    /// A file that is there and broken: a live release stays with its last good source.
    fn keep(&mut self, path: &SourcePath) {
        let known = self.before.records.values().find(|record| record.path == *path && record.missing_since.is_none());
        if let Some(record) = known.filter(|record| !self.files.contains_key(&record.id)) {
            self.kept.insert(record.id.clone());
        }
    }

    /// Releases whose file is gone.
    fn let_go(&mut self, present: &HashSet<&SourcePath>) {
        let gone: Vec<ReleaseId> = self
            .before
            .records
            .values()
            .filter(|record| {
                record.missing_since.is_none()
                    && !self.files.contains_key(&record.id)
                    && !self.kept.contains(&record.id)
            })
            .map(|record| record.id.clone())
            .collect();
        for id in gone {
            let Some(record) = self.after.records.get_mut(&id) else { continue };
            record.missing_since = Some(self.now);
            let overwritten = present.contains(&record.path);
            self.touched.insert(id.clone());
            self.decide(
                &id,
                "missing",
                if overwritten { "its file holds another release now" } else { "its file is gone" },
            );
        }
    }

    fn remember(&mut self, old: Permalink, id: &ReleaseId) {
        self.after.aliases.insert(old.clone(), id.clone());
        self.changes.aliases.push((old, id.clone()));
    }

    /// One address, one release: the one first seen keeps it, but one that is not to be seen yields.
    fn settle_addresses(&mut self) {
        let mut holders: BTreeMap<Permalink, ReleaseId> = BTreeMap::new();
        let mut ids: Vec<&ReleaseId> = self.files.keys().chain(&self.kept).collect();
        ids.sort_by_key(|id| {
            let record = self.after.records.get(*id);
            record.map(|record| (record.publishable_since.is_none(), record.first_seen, record.path.clone()))
        });
        let mut left_out = Vec::new();
        for id in ids {
            let Some(record) = self.after.records.get(id) else { continue };
            match holders.get(&record.permalink) {
                None => {
                    holders.insert(record.permalink.clone(), id.clone());
                }
                Some(holder) => {
                    let keeper = self.after.records.get(holder).map(|record| record.path.clone());
                    let clash = keeper.map(|keeper| Clash::Permalink {
                        path: record.path.clone(),
                        keeper,
                        permalink: record.permalink.clone(),
                    });
                    self.clashes.extend(clash);
                    left_out.push(id.clone());
                }
            }
        }
        for id in left_out {
            self.files.remove(&id);
            self.kept.remove(&id);
        }
    }

    fn finish(mut self) -> Reconciled {
        self.changes.records = self.touched.iter().filter_map(|id| self.after.records.get(id).cloned()).collect();
        Reconciled {
            register: self.after,
            changes: self.changes,
            files: self.files,
            kept: self.kept,
            clashes: self.clashes,
        }
    }
}
