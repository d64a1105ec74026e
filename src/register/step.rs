//! The work on one believed look: each file's record is made or brought up to date.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, SubsecRound as _, Utc};
use chrono_tz::Tz;
use foldhash::HashMap;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use unicode_normalization::UnicodeNormalization as _;

use super::comparing::Comparisons;
use super::draft::Draft;
use super::instants::Instants;
use super::matching::{Match, Rule};
use super::outcome::{Clash, Minting, Reconciled};
use super::pool::{both, is_in_pool, sort_by};
use super::present::Present;
use super::record::{Announcement, Decision, Record, Register, RegisterChanges};
use super::seen::Seen;
use super::texts::Texts;
use crate::domain::{HoldReason, Permalink, ReleaseId, SourcePath};

/// The work on one believed look.
pub(super) struct Step<'a> {
    pub(super) before: &'a Register,
    /// What is left of the register beside its records.
    pub(super) after: Register,
    pub(super) records: Draft<'a>,
    pub(super) changes: RegisterChanges,
    pub(super) files: HashMap<ReleaseId, SourcePath>,
    pub(super) kept: BTreeSet<ReleaseId>,
    pub(super) clashes: Vec<Clash>,
    /// The releases left out because another has their address, each with that other.
    pub(super) yielding: Vec<(ReleaseId, ReleaseId)>,
    /// Which release each file of the look is, by its index; and the record it had before.
    pub(super) of_file: Vec<Option<ReleaseId>>,
    pub(super) known: Vec<Option<&'a Record>>,
    /// Whether each file that pins an id has it.
    settled: bool,
    /// Releases first seen in this look, in the order of their dates, then of their paths.
    pub(super) new: Vec<ReleaseId>,
    /// The `updated` instants in use, so that no two releases share one.
    instants: Instants<'a>,
    pub(super) now: DateTime<Utc>,
    zone: Tz,
    texts: &'a dyn Texts,
    compared: Comparisons<'a>,
    pub(super) first: bool,
    keeps_reasons: bool,
}

impl<'a> Step<'a> {
    /// A look at all files.
    pub(super) fn new(before: &'a Register, texts: &'a dyn Texts, now: DateTime<Utc>, minting: &Minting<'_>) -> Self {
        let instants = before.records.values().map(|record| (record.updated, 1)).collect();
        Self::beginning(before, Cow::Owned(instants), texts, now, minting)
    }

    /// A look in which known releases were edited and nothing else; `instants` are the `updated` of all.
    pub(super) fn of_edits(
        before: &'a Register,
        instants: &'a HashMap<DateTime<Utc>, usize>,
        texts: &'a dyn Texts,
        now: DateTime<Utc>,
    ) -> Self {
        let minting = Minting { authority: "", zone: Tz::UTC };
        Self::beginning(before, Cow::Borrowed(instants), texts, now, &minting)
    }

    fn beginning(
        before: &'a Register,
        instants: Cow<'a, HashMap<DateTime<Utc>, usize>>,
        texts: &'a dyn Texts,
        now: DateTime<Utc>,
        minting: &Minting<'_>,
    ) -> Self {
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
        Self {
            before,
            after,
            records: Draft::new(&before.records),
            changes,
            files: HashMap::default(),
            kept: BTreeSet::new(),
            clashes: Vec::new(),
            yielding: Vec::new(),
            of_file: Vec::new(),
            known: Vec::new(),
            settled: true,
            new: Vec::new(),
            instants: Instants::new(instants),
            now,
            zone: minting.zone,
            texts,
            compared: Comparisons::default(),
            first,
            keeps_reasons: true,
        }
    }

    /// The same, with what was compared already.
    pub(super) fn with_compared(self, compared: Comparisons<'a>) -> Self {
        Self { compared, ..self }
    }

    /// The same, but why each release becomes what it is, is not kept.
    pub(super) fn without_reasons(self) -> Self {
        Self { keeps_reasons: false, ..self }
    }

    pub(super) fn decide(&mut self, release: &ReleaseId, what: &'static str, why: impl Into<Cow<'static, str>>) {
        if !self.keeps_reasons {
            return;
        }
        self.changes.decisions.push(Decision { release: release.clone(), at: self.now, what, why: why.into() });
    }

    /// The good files: known releases first, then new ones in the order of their dates, so that a lost database mints
    /// ids in the order in which the releases once came.
    pub(super) fn take_in(&mut self, good: &[Seen<'_>], matches: &[Match<'a>]) {
        self.of_file = vec![None; good.len()];
        self.known = matches.iter().map(Match::known).collect();
        let mut new = Vec::new();
        for (index, (seen, found)) in good.iter().zip(matches).enumerate() {
            match found {
                Match::DuplicateId(keeper) => {
                    let id = seen.release.pinned_id.clone();
                    self.clashes.extend(id.map(|id| Clash::Id { path: seen.path.clone(), keeper: keeper.clone(), id }));
                }
                Match::Known(record, rule) => {
                    self.update(record, seen, rule.why());
                    if *rule == Rule::Survivor {
                        self.inherit(&record.id, seen.path);
                    }
                    self.of_file[index] = Some(record.id.clone());
                }
                Match::New => new.push((index, None, Cow::Borrowed("no known release is like it"))),
                Match::Doubtful(like) => new.push((
                    index,
                    Some(HoldReason::DoubtfulIdentity),
                    format!("somewhat like {like}, whose file is gone").into(),
                )),
            }
        }
        self.records.reserve(new.len());
        // At a first start, each is new, live, and never to be announced.
        let decisions = if self.first { 3 * new.len() } else { new.len() };
        self.changes.decisions.reserve(if self.keeps_reasons { decisions } else { 0 });
        let order = |(index, ..): &(usize, _, _)| (good[*index].release.date, good[*index].path);
        sort_by(&mut new, |a, b| order(a).cmp(&order(b)));
        let authority = self.after.authority.clone().unwrap_or_default();
        let names = Names { authority: &authority, zone: self.zone };
        let first = |(index, ..): &(usize, _, _)| names.first(&good[*index]);
        let wanted: Vec<ReleaseId> =
            if is_in_pool() { new.par_iter().map(first).collect() } else { new.iter().map(first).collect() };
        for ((index, hold, why), wanted) in new.into_iter().zip(wanted) {
            let seen = &good[index];
            let id = if self.records.contains(&wanted) { names.free(seen, &self.records) } else { wanted };
            self.add(id.clone(), seen, hold, why);
            self.of_file[index] = Some(id);
        }
        for (seen, id) in good.iter().zip(&self.of_file) {
            self.settled &= seen.release.pinned_id.is_none() || seen.release.pinned_id == *id;
        }
        let files = good.iter().zip(&self.of_file);
        self.files = files.filter_map(|(seen, id)| Some((id.clone()?, seen.path.clone()))).collect();
    }

    fn add(&mut self, id: ReleaseId, seen: &Seen<'_>, hold: Option<HoldReason>, why: Cow<'static, str>) {
        let release = seen.release;
        // What was withdrawn before Depeche came had been public.
        let withdrawn_before = self.first && release.published && release.withdrawn.is_some();
        let record = Record {
            id: id.clone(),
            path: seen.path.clone(),
            permalink: release.permalink.clone(),
            missing_since: None,
            file_digest: seen.digest,
            significant: seen.significance.whole,
            documents: seen.significance.documents,
            title: release.title.clone(),
            date: release.date,
            first_seen: self.now,
            publishable_since: release.is_publishable().then_some(self.now),
            live_since: None,
            first_live: (withdrawn_before && release.date <= self.now).then_some(self.now),
            updated: release.stated_change().min(self.now),
            announcement: Announcement::Undecided,
            hold: hold.map(Box::new),
        };
        self.decide(&id, "new", why);
        self.records.put(record);
        self.new.push(id);
    }

    /// A file of a known release: its record is brought up to date.
    pub(super) fn update(&mut self, before: &Record, seen: &Seen<'_>, why: &'static str) {
        if is_as_remembered(before, seen) {
            return;
        }
        let (id, mut record, release) = (&before.id, before.clone(), seen.release);
        if record.missing_since.take().is_some() {
            self.decide(id, "returned", why);
        }
        if record.path != *seen.path {
            self.decide(id, "renamed", format!("{why}: {} is now {}", record.path, seen.path));
            record.path = seen.path.clone();
        }
        if record.permalink != release.permalink {
            // An address that nobody could see before the embargo's end is no old address.
            if record.first_live.is_some() {
                self.remember(record.permalink.clone(), id);
            }
            record.permalink = release.permalink.clone();
        }
        let postponed = record.date != release.date && release.date > self.now;
        if postponed || !release.is_publishable() {
            record.live_since = None;
        }
        self.compare_words(&mut record, seen);
        record.documents = seen.significance.documents;
        record.file_digest = seen.digest;
        release.title.clone_into(&mut record.title);
        record.date = release.date;
        record.publishable_since =
            if release.is_publishable() { record.publishable_since.or(Some(self.now)) } else { None };
        if record != *before {
            self.records.put(record);
        }
    }

    /// Whether the release changed in what readers would call a change.
    fn compare_words(&mut self, record: &mut Record, seen: &Seen<'_>) {
        let significant = seen.significance.whole;
        if record.significant == significant {
            return;
        }
        let same_documents = seen.significance.documents == record.documents;
        let by_digest = || seen.release.significant_digest_with(record.documents) == record.significant;
        let same_words =
            (!same_documents && by_digest()) || (record.file_digest != seen.digest && self.reads_as(record, seen));
        if same_words && same_documents {
            // Written otherwise, read the same.
            record.significant = significant;
            return;
        }
        if same_words {
            self.decide(&record.id, "documents-changed", "its documents changed, and nothing else");
        } else {
            self.decide(&record.id, "edited", "title, chapeau, text, image or correction changed");
            if !same_documents {
                self.decide(&record.id, "documents-changed", "its documents changed with its text");
            }
        }
        // Readers saw the words before, even if they cannot see them now.
        record.updated = if record.first_live.is_some() {
            self.instant(self.now.trunc_subsecs(3), Some(record.updated))
        } else {
            seen.release.stated_change().min(self.now)
        };
        record.significant = significant;
    }

    /// Whether a file that is written otherwise than the release was shows its readers the same words.
    fn reads_as(&self, record: &Record, seen: &Seen<'_>) -> bool {
        if let Some(compared) = self.compared.get(record, seen) {
            return compared.reads_same;
        }
        self.texts.of_record(record).is_some_and(|was| self.texts.reads_as(record, &was, seen, None))
    }

    /// `wanted`, or the nearest millisecond to it that no other release has, later than `after` and not in the future.
    pub(super) fn instant(&mut self, wanted: DateTime<Utc>, after: Option<DateTime<Utc>>) -> DateTime<Utc> {
        self.instants.take(wanted, after, self.now)
    }

    /// Files that are there and broken: a live release stays with its last good source.
    pub(super) fn keep(&mut self, broken: &[&SourcePath]) {
        if broken.is_empty() {
            return;
        }
        let there = self.before.records.values().filter(|record| record.missing_since.is_none());
        let by_path: HashMap<&SourcePath, &Record> = there.map(|record| (&record.path, record)).collect();
        let known = broken.iter().filter_map(|path| by_path.get(path));
        let kept = known.filter(|record| !self.files.contains_key(&record.id)).map(|record| record.id.clone());
        self.kept.extend(kept);
    }

    /// Releases whose file is gone.
    pub(super) fn let_go(&mut self, present: &Present<'_>) {
        let is_gone = |record: &&Record| {
            record.missing_since.is_none() && !self.files.contains_key(&record.id) && !self.kept.contains(&record.id)
        };
        let gone: Vec<&Record> = self.before.records.values().filter(is_gone).collect();
        for record in gone {
            if let Some(record) = self.records.change(&record.id) {
                record.missing_since = Some(self.now);
            }
            let overwritten = present.contains(&record.path);
            let why = if overwritten { "its file holds another release now" } else { "its file is gone" };
            self.decide(&record.id, "missing", why);
        }
    }

    /// The old addresses of the copy at `path` lead to `id` from now on: it has taken over its file.
    fn inherit(&mut self, id: &ReleaseId, path: &SourcePath) {
        let is_copy = |record: &&Record| record.path == *path && record.missing_since.is_none() && record.id != *id;
        let Some(copy) = self.before.records.values().find(is_copy) else { return };
        for (old, _) in self.before.aliases.iter().filter(|(_, holder)| **holder == copy.id) {
            self.remember(old.clone(), id);
        }
    }

    /// Keeps an old address.
    pub(super) fn remember(&mut self, old: Permalink, id: &ReleaseId) {
        if self.after.aliases.get(&old) != Some(id) {
            self.after.aliases.insert(old.clone(), id.clone());
            self.changes.aliases.push((old, id.clone()));
        }
    }

    pub(super) fn finish(mut self) -> Reconciled {
        let settled = self.settled && self.addresses_stay();
        let (records, files) = (self.records, self.files);
        let by_id = || {
            let mut files: Vec<_> = files.into_iter().collect();
            sort_by(&mut files, |(id, _), (other, _)| id.cmp(other));
            files.into_iter().collect()
        };
        let files;
        ((self.after.records, self.changes.records), files) = both(|| records.finish(), by_id);
        let text_before = |id: &ReleaseId| self.before.records.get(id).map(|record| record.file_digest);
        let new_texts =
            self.changes.records.iter().filter(|record| text_before(&record.id) != Some(record.file_digest));
        self.changes.new_texts = new_texts.map(|record| record.id.clone()).collect();
        Reconciled {
            register: self.after,
            changes: self.changes,
            files,
            kept: self.kept,
            clashes: self.clashes,
            settled,
        }
    }
}

/// New ids: the one pinned, else minted from the file's stem, from its path when another release has that.
#[derive(Debug, Clone, Copy)]
struct Names<'a> {
    authority: &'a str,
    zone: Tz,
}

impl Names<'_> {
    /// The first choice: nearly always it is free.
    fn first(&self, seen: &Seen<'_>) -> ReleaseId {
        seen.release.pinned_id.clone().unwrap_or_else(|| self.mint(seen, &seen.path.stem()))
    }

    /// The best choice that none of `records` has.
    fn free(&self, seen: &Seen<'_>, records: &Draft<'_>) -> ReleaseId {
        let path = seen.path.as_str();
        let whole: String = path.rsplit_once('.').map_or(path, |(stem, _)| stem).nfc().collect();
        let names = (0_u64..).map(|turn| match turn {
            0 => seen.path.stem(),
            1 => whole.clone(),
            number => format!("{whole}-{number}"),
        });
        names
            .map(|name| self.mint(seen, &name))
            .find(|id| !records.contains(id))
            .expect("one of endlessly many numbers is free")
    }

    fn mint(&self, seen: &Seen<'_>, name: &str) -> ReleaseId {
        ReleaseId::mint(self.authority, seen.release.date.with_timezone(&self.zone).year(), name)
    }
}

/// Whether a file says of its release what is remembered of it: so it is with nearly all of them in nearly every look.
fn is_as_remembered(record: &Record, seen: &Seen<'_>) -> bool {
    let release = seen.release;
    record.missing_since.is_none()
        && record.file_digest == seen.digest
        && record.path == *seen.path
        && record.permalink == release.permalink
        && record.title == release.title
        && record.date == release.date
        && record.publishable_since.is_some() == release.is_publishable()
        && (record.live_since.is_none() || release.is_publishable())
        && record.documents == seen.significance.documents
        && record.significant == seen.significance.whole
}
