//! The rules of the house in their simplest form: which time is believed, what a look at the folder makes of each release,
//! and what may be seen and mailed. Nothing here knows how Depeche does it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::lineage::{Content, Lineage, name_of};

/// How long a release waits after it was first seen publishable.
pub(crate) const GRACE: TimeDelta = TimeDelta::minutes(10);
/// How long a folder that lost most of its releases must stay so.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// The largest step forwards that is followed.
const LARGEST_STEP: TimeDelta = TimeDelta::hours(1);

/// The machine's clock, and which time is believed of it.
#[derive(Debug, Clone)]
pub(crate) struct Time {
    /// What the machine's clock shows.
    pub(crate) machine: DateTime<Utc>,
    /// The latest time believed, with what has passed since taken in.
    latest: DateTime<Utc>,
    pub(crate) is_doubted: bool,
}

impl Time {
    pub(crate) fn new(start: DateTime<Utc>) -> Self {
        Self { machine: start, latest: start, is_doubted: false }
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, time: TimeDelta) {
        self.machine += time;
        self.latest += time;
        self.judge();
    }

    /// Somebody sets the clock.
    pub(crate) fn step(&mut self, step: TimeDelta) {
        self.machine += step;
        self.judge();
    }

    /// A person says that it is right.
    pub(crate) fn accept(&mut self) {
        (self.latest, self.is_doubted) = (self.machine, false);
    }

    /// What a new process believes: the machine, unless its clock was doubted.
    pub(crate) fn restart(&mut self) {
        if !self.is_doubted {
            self.latest = self.machine;
        }
    }

    fn judge(&mut self) {
        self.is_doubted = self.machine - self.latest > LARGEST_STEP;
        if !self.is_doubted {
            self.latest = self.latest.max(self.machine);
        }
    }

    /// How far the clock is ahead of what is believed.
    pub(crate) fn ahead(&self) -> TimeDelta {
        self.machine - self.latest
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        if self.is_doubted { self.latest } else { self.machine }
    }
}

/// Releases that are gone and not believed to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alarm {
    since: DateTime<Utc>,
    pub(crate) is_confirmed: bool,
}

/// What should be so.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) time: Time,
    pub(crate) lineages: Vec<Lineage>,
    pub(crate) is_unmounted: bool,
    pub(crate) alarm: Option<Alarm>,
    has_started: bool,
}

impl Model {
    pub(crate) fn new(start: DateTime<Utc>) -> Self {
        Self { time: Time::new(start), lineages: Vec::new(), is_unmounted: false, alarm: None, has_started: false }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.time.now()
    }

    /// Whether nothing that a look finds is believed.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.alarm.is_some_and(|alarm| !alarm.is_confirmed && self.now() < alarm.since + PATIENCE)
    }

    /// Whose file stands at `path`.
    pub(crate) fn at(&self, path: &str) -> Option<usize> {
        self.lineages.iter().position(|lineage| lineage.file.as_ref().is_some_and(|file| file.path == path))
    }

    /// Whether a file of that name stands in any folder: its page would be at the same address.
    pub(crate) fn is_named(&self, path: &str) -> bool {
        let mut files = self.lineages.iter().filter_map(|lineage| lineage.file.as_ref());
        files.any(|file| name_of(&file.path) == name_of(path))
    }

    /// The copy that stands beside `original` and says the same.
    pub(crate) fn copy_beside(&self, original: usize) -> Option<usize> {
        self.lineages.iter().position(|lineage| lineage.copy_of == Some(original) && lineage.file.is_some())
    }

    /// The newsroom looks at the folder.
    pub(crate) fn look(&mut self) {
        if !self.has_started && self.is_unmounted {
            return;
        }
        self.raise_alarm();
        if self.is_in_doubt() {
            return;
        }
        let (first, now) = (!self.has_started, self.now());
        self.has_started = true;
        self.let_copies_take_over();
        let is_unmounted = self.is_unmounted;
        for lineage in &mut self.lineages {
            lineage.is_unseen = false;
            read(lineage, is_unmounted, first, now);
        }
    }

    fn raise_alarm(&mut self) {
        let is_file = |lineage: &&Lineage| match &lineage.file {
            // An empty file is a release's only where one is known.
            Some(file) => {
                let is_known = lineage.last.as_ref().is_some_and(|(path, _)| *path == file.path && !lineage.is_missing);
                is_known || !file.content.file().is_empty()
            }
            None => false,
        };
        let is_empty = self.is_unmounted || !self.lineages.iter().any(|lineage| is_file(&lineage));
        let live = self.lineages.iter().filter(|lineage| lineage.live_since.is_some() && !lineage.is_missing);
        let gone = |lineage: &&Lineage| {
            let path = lineage.last.as_ref().map(|(path, _)| path.as_str()).unwrap_or_default();
            let is_gone = lineage.file.is_none() && self.at(path).is_none();
            let copy = self.lineages.iter().position(|other| std::ptr::eq(other, *lineage));
            self.is_unmounted || (is_gone && copy.and_then(|original| self.copy_beside(original)).is_none())
        };
        let (of, missing) = (live.clone().count(), live.filter(gone).count());
        let is_alarming = if is_empty { missing > 0 } else { of >= 10 && missing * 2 > of };
        let before = self.alarm;
        self.alarm = is_alarming.then(|| before.unwrap_or(Alarm { since: self.now(), is_confirmed: false }));
    }

    /// A release whose file is gone lives on in the copy that is left.
    fn let_copies_take_over(&mut self) {
        if self.is_unmounted {
            return;
        }
        for copy in 0..self.lineages.len() {
            let Some(original) = self.lineages[copy].copy_of else { continue };
            if self.lineages[original].file.is_none() && self.lineages[copy].file.is_some() {
                self.lineages[original].file = self.lineages[copy].file.take();
                let spent = &mut self.lineages[copy];
                (spent.is_spent, spent.away, spent.is_missing, spent.copy_of) = (true, None, true, None);
            }
        }
    }

    /// What may be found in public: the words of these releases, and these names.
    pub(crate) fn may_be_seen(&self) -> (Vec<usize>, Vec<String>) {
        let mut names = Vec::new();
        let mut owners = Vec::new();
        for lineage in &self.lineages {
            if let Some(text) = lineage.shown() {
                owners.extend(text.owners());
                names.extend(lineage.last.as_ref().map(|(path, _)| name_of(path)));
                // An id that another had before is numbered: `…/name-2`.
                let number_free = lineage.id.as_ref().and_then(|id| id.rsplit([':', '/']).next()?.split('-').next());
                names.extend(number_free.map(str::to_owned));
            }
        }
        (owners, names)
    }
}

/// What a look makes of one release.
fn read(lineage: &mut Lineage, is_unmounted: bool, first: bool, now: DateTime<Utc>) {
    let Some(file) = lineage.file.as_ref().filter(|_| !is_unmounted) else {
        lineage.is_missing = lineage.last.is_some();
        return;
    };
    let text = match &file.content {
        Content::Good(text) => text,
        // The last good text stays, of a file that stands where it stood.
        Content::Broken(..) => {
            lineage.is_missing |= lineage.last.as_ref().is_some_and(|(path, _)| *path != file.path);
            return;
        }
    };
    let is_postponed = lineage.last.as_ref().is_some_and(|(_, last)| last.date != text.date && text.date > now);
    if is_postponed || !text.is_publishable() {
        lineage.live_since = None;
    }
    lineage.publishable_since = text.is_publishable().then(|| lineage.publishable_since.unwrap_or(now));
    if text.is_publishable() && text.date <= now && lineage.live_since.is_none() {
        (lineage.live_since, lineage.was_public) = (Some(now), true);
        lineage.is_old_news |= first;
    }
    lineage.is_missing = false;
    lineage.last = Some((file.path.clone(), text.clone()));
}
