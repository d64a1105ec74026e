//! A history lived in a real newsroom and in the model at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use chrono::TimeDelta;
use depeche::domain::{Frequency, NewSubscriber, Topic};
use depeche::language::Language;

use crate::check::Checked;
use crate::history::{History, Step, What};
use crate::lineage::{Content, Lineage, MARK, Place, Text};
use crate::model::Model;
use crate::newsroom::TestNewsroom;

/// Has every letter at once.
pub(crate) const ANN: &str = "ann@example.org";
/// Has a digest each morning.
pub(crate) const DAN: &str = "dan@example.org";
/// When every history begins: a Monday morning.
const START: &str = "2031-11-24T09:00:00Z";
/// How alike a text in its own place must be to stay the same release, with a margin: the rule says 0.3.
const LIKE_AT_HOME: f64 = 0.36;
/// The same elsewhere: the rule says 0.6.
const LIKE_ELSEWHERE: f64 = 0.66;
/// Where files stand.
pub(crate) const FOLDERS: [&str; 4] = ["", "archives/", "2031/", "2031/automne/"];

/// What a history came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) histories: u64,
    pub(crate) steps: BTreeMap<What, u64>,
    /// Steps that found nothing to act on.
    pub(crate) idle: u64,
    pub(crate) releases: u64,
    pub(crate) checked: Checked,
}

impl Totals {
    pub(crate) fn add(&mut self, other: &Self) {
        self.histories += other.histories;
        self.idle += other.idle;
        self.releases += other.releases;
        self.checked.add(&other.checked);
        for (what, count) in &other.steps {
            *self.steps.entry(*what).or_default() += count;
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, steps, idle, releases, checked } = self;
        let taken: u64 = steps.values().sum();
        writeln!(f, "{histories} histories, {releases} releases, {taken} steps taken, {idle} with nothing to act on")?;
        let by_kind: Vec<String> = steps.iter().map(|(what, count)| format!("{what} {count}")).collect();
        write!(f, "  {}\n  {checked}", by_kind.join(", "))
    }
}

/// A history being lived.
pub(crate) struct Play {
    pub(crate) room: TestNewsroom,
    pub(crate) model: Model,
    pub(crate) checked: Checked,
    /// The names of releases that were public once.
    pub(crate) seen_names: BTreeSet<String>,
    /// What happened, in words.
    pub(crate) trace: Vec<String>,
    /// A rule that was broken in the middle of a step.
    broken: Option<String>,
    /// The next number for a name, a version, a second.
    number: usize,
}

/// Lives `history` to its end; a rule that was broken is said with everything that led to it.
pub(crate) async fn live(history: &History) -> Result<Totals, String> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let mut play = Play {
        room: TestNewsroom::in_folder(folder.unwrap(), None, false),
        model: Model::new(START.parse().unwrap()),
        checked: Checked::default(),
        seen_names: BTreeSet::new(),
        trace: Vec::new(),
        broken: None,
        number: 0,
    };
    let mut totals = Totals { histories: 1, ..Totals::default() };
    let lived = play.live(history, &mut totals).await;
    // Letters of a history that broke a rule are nobody's concern any more.
    for reader in [ANN, DAN] {
        play.room.inbox(reader);
    }
    totals.releases = play.model.lineages.len() as u64;
    totals.checked = play.checked.clone();
    lived.map_err(|broken| format!("{}\n=> {broken}", play.trace.join("\n")))?;
    Ok(totals)
}

impl Play {
    async fn live(&mut self, history: &History, totals: &mut Totals) -> Result<(), String> {
        self.room.at(START);
        for first in 0..history.first {
            self.save_new(first * 7, first % 6 == 5);
            if first % 7 == 4 {
                self.break_file(first, first);
            }
        }
        self.room.start(START).await;
        for (address, frequency) in [(ANN, Frequency::Immediate), (DAN, Frequency::Daily)] {
            self.subscribe(address, frequency).await;
        }
        self.model.look();
        self.check()?;
        for step in &history.steps {
            let happened = self.act(*step).await;
            if let Some(broken) = self.broken.take() {
                return Err(broken);
            }
            if happened.is_none() {
                totals.idle += 1;
                continue;
            }
            *totals.steps.entry(step.what).or_default() += 1;
            let is_editors = matches!(step.what, What::Words(_) | What::Files(_));
            if step.look || !is_editors {
                self.look().await?;
            }
        }
        self.end().await
    }

    /// A reader of long standing: whatever the clock is set to, the subscription is older.
    async fn subscribe(&self, address: &str, frequency: Frequency) {
        let reader = NewSubscriber {
            address: address.parse().unwrap(),
            name: None,
            organisation: None,
            language: Language::French,
            frequency,
            topics: [Topic::All].into(),
            source: "history".to_owned(),
        };
        let since = self.model.now() - TimeDelta::days(10_000);
        self.room.newsroom().store.add_active(&reader, since).await.unwrap();
    }

    /// One step. `None` where there is nothing to act on.
    async fn act(&mut self, step: Step) -> Option<()> {
        let is_mounted = !self.model.is_unmounted;
        match step.what {
            What::Words(words) if is_mounted => self.write(words, step).await,
            What::Files(files) if is_mounted => self.arrange(files, step).await,
            What::Words(_) | What::Files(_) => None,
            What::Office(office) => self.rule(office, step.who).await,
            What::Machine(machine) => self.suffer(machine, step.amount).await,
        }
    }

    /// Both look, and are compared.
    pub(crate) async fn look(&mut self) -> Result<(), String> {
        self.room.look().await;
        self.model.look();
        self.check()
    }

    pub(crate) fn say(&mut self, what: impl Into<String>) {
        let now = self.model.now();
        self.trace.push(format!("{} {}", now.format("%F %T"), what.into()));
    }

    pub(crate) fn next(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    pub(crate) fn lineage(&mut self, who: usize) -> &mut Lineage {
        &mut self.model.lineages[who]
    }

    /// The one of those for which `fits` holds that the number chooses.
    pub(crate) fn pick(&self, number: usize, fits: impl Fn(usize, &Lineage) -> bool) -> Option<usize> {
        let lineages = self.model.lineages.iter().enumerate();
        let fitting: Vec<usize> = lineages.filter(|(who, lineage)| fits(*who, lineage)).map(|(who, _)| who).collect();
        (!fitting.is_empty()).then(|| fitting[number % fitting.len()])
    }

    /// Whether a release and a silent copy of it stand side by side, and this is one of the two.
    pub(crate) fn is_paired(&self, who: usize) -> bool {
        self.model.lineages[who].copy_of.is_some() || self.model.copy_beside(who).is_some()
    }

    /// A release whose good file may be changed.
    pub(crate) fn pick_good(&self, number: usize) -> Option<usize> {
        self.pick(number, |who, lineage| lineage.good().is_some() && !self.is_paired(who))
    }

    /// Looks first where something was done to `who` that nobody has seen: one thing at a time happens to a release.
    pub(crate) async fn settle(&mut self, who: usize) {
        if self.model.lineages[who].is_unseen && !self.model.is_in_doubt() {
            self.look_between().await;
        }
    }

    /// Looks first, so that nothing else happens at once; not while nothing is believed.
    pub(crate) async fn settle_all(&mut self) -> Option<()> {
        self.look_between().await;
        (!self.model.is_in_doubt()).then_some(())
    }

    /// A look in the middle of a step; what it finds wrong is said at its end.
    async fn look_between(&mut self) {
        if let Err(broken) = self.look().await {
            self.broken.get_or_insert(broken);
        }
    }

    pub(crate) fn text(&self, who: usize) -> Text {
        let file = self.model.lineages[who].file.as_ref().or(self.model.lineages[who].away.as_ref());
        file.expect("it has a file, or had one").content.text().clone()
    }

    pub(crate) fn path(&self, who: usize) -> String {
        let file = self.model.lineages[who].file.as_ref().or(self.model.lineages[who].away.as_ref());
        file.expect("it has a file, or had one").path.clone()
    }

    /// Whether the rules say that `text` at `path` is still release `who`.
    pub(crate) fn is_recognisable(&self, who: usize, path: &str, text: &Text) -> bool {
        let lineage = &self.model.lineages[who];
        let Some((last_path, last)) = &lineage.last else { return true };
        let like = last.likeness(text);
        if last_path == path { like >= LIKE_AT_HOME } else { last == text || like >= LIKE_ELSEWHERE }
    }

    /// Writes a release's file.
    pub(crate) fn put(&mut self, who: usize, path: &str, content: Content) {
        self.room.save(path, &content.file());
        let lineage = self.lineage(who);
        if let Some(before) = lineage.file.as_ref().map(|file| file.content.text().clone())
            && before != *content.text()
        {
            lineage.older.push(before);
        }
        (lineage.file, lineage.is_unseen) = (Some(Place { path: path.to_owned(), content }), true);
    }

    pub(crate) fn fresh_name(&mut self, amount: usize) -> String {
        format!("{}{MARK}x{}x.md", FOLDERS[amount % FOLDERS.len()], self.next())
    }
}
