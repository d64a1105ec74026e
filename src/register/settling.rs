//! What is settled between releases once each file's own record is known: copies, addresses, and what is live.

use std::collections::BTreeMap;

use chrono::SubsecRound as _;
use foldhash::{HashMap, HashSet, HashSetExt as _};

use super::outcome::Clash;
use super::record::{Announcement, NeverReason, Record};
use super::seen::Seen;
use super::step::Step;
use crate::domain::{Digest, Permalink, Release, ReleaseId};

/// The decision about a copy.
const COPY: Announcement = Announcement::Never(NeverReason::Copy);

impl Step<'_> {
    /// A release that says what another beside it says is a copy and no news; one that says something else by now is.
    pub(super) fn settle_copies(&mut self) {
        let mut open = self.new.clone();
        // Of what was not touched, nothing is to be settled.
        let touched = self.records.touched().filter(|id| self.is_to_be_settled(id) && self.files.contains_key(id));
        let mut known: Vec<_> = touched.cloned().collect();
        known.sort_by_key(|id| (self.before.records.get(id).map(|record| record.first_seen), id.clone()));
        open.splice(0..0, known);
        if open.is_empty() {
            return;
        }
        let waiting: HashSet<&ReleaseId> = open.iter().collect();
        // The first release with these words.
        let mut words: HashMap<Digest, ReleaseId> = HashMap::default();
        // A backup of the words before today's edit is a copy, too.
        let mut former: HashMap<Digest, ReleaseId> = HashMap::default();
        for record in self.records.known().filter(|record| record.missing_since.is_none()) {
            if !stands_for_others(record) {
                continue;
            }
            if !waiting.contains(&record.id) {
                words.entry(record.significant).or_insert_with(|| record.id.clone());
            }
            let before = self.before.records.get(&record.id).map(|before| before.significant);
            former
                .extend(before.filter(|before| *before != record.significant).map(|words| (words, record.id.clone())));
        }
        for id in open {
            let Some(record) = self.records.change(&id) else { continue };
            let is_new = !self.before.records.contains_key(&id);
            let twin = words.get(&record.significant).or_else(|| former.get(&record.significant).filter(|_| is_new));
            let (is_copy, was_copy) = (twin.is_some(), record.announcement == COPY);
            let why = twin.map(|twin| format!("it is a copy of {twin}, which stands beside it"));
            if is_copy {
                record.announcement = COPY;
            } else if was_copy {
                record.announcement = Announcement::Undecided;
                record.publishable_since = record.publishable_since.map(|_| self.now);
            }
            if stands_for_others(record) {
                words.entry(record.significant).or_insert_with(|| id.clone());
            }
            match why {
                Some(why) if !was_copy => self.decide(&id, "never", why),
                None if was_copy => self.decide(&id, "news", "it says something else than what it was a copy of"),
                Some(_) | None => {}
            }
        }
    }

    /// Whether a known release must be looked at again: a copy or an undecided release whose words changed, or an
    /// undecided one that is meant to be public only from now on.
    fn is_to_be_settled(&self, id: &ReleaseId) -> bool {
        let (Some(before), Some(after)) = (self.before.records.get(id), self.records.get(id)) else {
            return false;
        };
        let reworded = before.significant != after.significant;
        match after.announcement {
            COPY => reworded,
            Announcement::Undecided => {
                reworded || (before.publishable_since.is_none() && after.publishable_since.is_some())
            }
            Announcement::Opened | Announcement::Never(_) => false,
        }
    }

    /// One address, one release: the one that is live there keeps it, else the one first seen; but one that is not to be
    /// seen yields.
    fn precedence<'r>(before: Option<&Record>, record: &'r Record) -> impl Ord + use<'r> {
        let lives_there = before.is_some_and(|before| {
            before.permalink == record.permalink && before.live_since.is_some() && before.missing_since.is_none()
        });
        (record.publishable_since.is_none(), !lives_there, record.first_seen, &record.path)
    }

    /// Leaves out each release whose address another has; it is not live meanwhile.
    pub(super) fn settle_addresses(&mut self) {
        let kept = self.kept.iter().filter(|id| !self.files.contains_key(id));
        let standing: Vec<&Record> = self.files.keys().chain(kept).filter_map(|id| self.records.get(id)).collect();
        let mut addresses: HashSet<&Permalink> = HashSet::with_capacity(standing.len());
        let contested: HashSet<&Permalink> =
            standing.iter().map(|record| &record.permalink).filter(|permalink| !addresses.insert(permalink)).collect();
        let mut records: Vec<&Record> =
            standing.into_iter().filter(|record| contested.contains(&record.permalink)).collect();
        records.sort_by_cached_key(|record| Self::precedence(self.before.records.get(&record.id), record));
        let mut holders: BTreeMap<&Permalink, &Record> = BTreeMap::new();
        let mut left_out = Vec::new();
        for record in records {
            let Some(holder) = holders.get(&record.permalink) else {
                holders.insert(&record.permalink, record);
                continue;
            };
            let (path, keeper, permalink) = (record.path.clone(), holder.path.clone(), record.permalink.clone());
            let clash = Clash::Permalink { path, keeper, permalink };
            left_out.push((record.id.clone(), holder.id.clone(), clash));
        }
        for (id, holder, clash) in left_out {
            self.clashes.push(clash);
            self.yielding.push((id.clone(), holder));
            self.files.remove(&id);
            self.kept.remove(&id);
            let is_live = self.records.get(&id).is_some_and(|record| record.live_since.is_some());
            if is_live && let Some(record) = self.records.change(&id) {
                record.live_since = None;
            }
        }
    }

    /// Whether each address would stay with the same release if nothing changed until the next look, to which what is now
    /// is what was before.
    pub(super) fn addresses_stay(&self) -> bool {
        let rank = |id: &ReleaseId| self.records.get(id).map(|record| Self::precedence(Some(record), record));
        self.yielding.iter().all(|(left_out, holder)| rank(holder) < rank(left_out))
    }

    /// Marks releases live from the moment their embargo is over.
    pub(super) fn go_live(&mut self, good: &[Seen<'_>]) {
        let (of_file, known) = (std::mem::take(&mut self.of_file), std::mem::take(&mut self.known));
        for ((seen, id), known) in good.iter().zip(&of_file).zip(known) {
            let Some(id) = id else { continue };
            if known.is_some_and(|record| self.has_nothing_to_do(record, seen.release)) {
                continue;
            }
            if self.files.contains_key(id) {
                self.go_live_one(id, seen.release);
            } else if self.first && seen.release.is_publishable_at(self.now) {
                // It lost its address to another: no news either on the day that is mended.
                self.silence(id);
            }
        }
    }

    /// Whether a release that was live stays so and has no old addresses of its own, or its time has not come.
    fn has_nothing_to_do(&self, record: &Record, release: &Release) -> bool {
        let stays = match record.live_since {
            Some(_) => release.redirect_from.is_empty(),
            None => !release.is_publishable_at(self.now),
        };
        stays && !self.records.is_touched(&record.id)
    }

    fn go_live_one(&mut self, id: &ReleaseId, release: &Release) {
        let Some(record) = self.records.get(id) else { return };
        if record.live_since.is_none() && release.is_publishable_at(self.now) {
            let stated = release.stated_change().min(self.now).trunc_subsecs(3);
            // What returns unchanged is not updated, unless its date came meanwhile.
            let stays = record.first_live.is_some() && record.updated >= stated;
            let updated = if stays { record.updated } else { self.instant(stated, None) };
            if let Some(record) = self.records.change(id) {
                record.live_since = Some(self.now);
                record.first_live = record.first_live.or(Some(self.now));
                record.updated = updated;
            }
            self.decide(id, "live", "its date has come and it is published");
            // A copy too: it would be news once somebody mends a comma in it.
            if self.first {
                self.silence(id);
            }
        }
        if !release.redirect_from.is_empty() && self.records.get(id).is_some_and(|record| record.live_since.is_some()) {
            self.keep_redirects(id, release);
        }
    }

    fn silence(&mut self, id: &ReleaseId) {
        if let Some(record) = self.records.change(id) {
            record.announcement = Announcement::Never(NeverReason::LiveAtFirstStart);
            self.decide(id, "never", "it was live when Depeche first started");
        }
    }

    /// Old addresses that a live release names stay its own, unless they were another's before.
    fn keep_redirects(&mut self, id: &ReleaseId, release: &Release) {
        for old in &release.redirect_from {
            let known = self.after.aliases.get(old).is_some_and(|holder| self.records.contains(holder));
            if !known && *old != release.permalink {
                self.remember(old.clone(), id);
            }
        }
    }
}

/// Whether a copy of this release is no news: it was, is or will be announced itself, or never will be on purpose.
fn stands_for_others(record: &Record) -> bool {
    record.publishable_since.is_some() || record.announcement != Announcement::Undecided
}
