//! A git repository of 300 releases, each renamed at least once in its history: the newsroom follows a checkout of every
//! commit, forwards, backwards and forwards again. No release changes its id, and each letter comes once, as a model of
//! the history says.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use camino::Utf8Path;
use chrono::{DateTime, Duration, TimeDelta, Utc};

#[path = "support/git.rs"]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod git;
#[path = "support/http_client.rs"]
mod http_client;
#[path = "support/newsroom.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod newsroom;
#[path = "support/prose.rs"]
mod prose;

use git::Git;
use newsroom::TestNewsroom;
use prose::{Dice, Prose, another_sentence, another_word, prose};

/// How many releases there are in the end.
const RELEASES: usize = 300;
/// How many commits follow the first.
const COMMITS: usize = 48;
/// How many releases a commit adds, in turn; never more than are announced without a person's word.
const ADDED: [usize; 8] = [1, 2, 0, 1, 1, 0, 3, 1];
/// The last commit that adds any: what it adds must be renamed afterwards.
const LAST_ADDING: usize = 44;
/// The commits that add a crowd, and of how many.
const CROWDS: ([usize; 4], usize) = ([6, 18, 30, 42], 18);
/// The commits after which a branch is visited that lacks a third of the releases.
const BRANCHES: [usize; 2] = [16, 33];
/// Where files lie.
const FOLDERS: [&str; 5] = ["", "archives/", "2019/", "culture/été/", "brèves/"];
/// How long the newsroom stays with a commit.
const STAY: TimeDelta = Duration::hours(1);
/// `newsletter.grace`, by default.
const GRACE: TimeDelta = Duration::minutes(10);
/// `newsletter.hold_above`, by default.
const HOLD_ABOVE: usize = 3;
/// Who follows everything.
const READER: &str = "ann@example.org";

/// When the newsroom starts: long before the files are written, so that no look takes an unchanged stamp for proof.
fn start() -> DateTime<Utc> {
    "2019-03-04T06:00:00Z".parse().unwrap()
}

/// A release as one commit has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    path: String,
    date: DateTime<Utc>,
    prose: Prose,
}

impl Page {
    fn text(&self) -> String {
        let Prose { title, chapeau, sentences, .. } = &self.prose;
        let date = self.date.format("%Y-%m-%d %H:%M:%S +00:00");
        let mut text = format!("---\ntitle: \"{title}\"\ndate: {date}\nchapeau-text: \"{chapeau}\"\n---\n");
        for (number, sentence) in sentences.iter().enumerate() {
            write!(text, "{}{sentence}", if number % 4 == 0 { "\n\n" } else { " " }).unwrap();
        }
        text + "\n"
    }

    fn folder_and_name(&self) -> (&str, &str) {
        self.path
            .rsplit_once('/')
            .map_or(("", self.path.as_str()), |(folder, name)| (&self.path[..=folder.len()], name))
    }
}

/// Every release that a commit has, by its lineage: which release it is, whatever its file is called.
type Tree = BTreeMap<usize, Page>;

/// The history in the making.
struct Plan {
    dice: Dice,
    tree: Tree,
    /// Releases that were deleted and come back: with which commit, and what they were.
    away: BTreeMap<usize, (usize, Page)>,
    next: usize,
    /// How often each lineage was renamed.
    renames: Vec<usize>,
    /// Renames with an edit in the same commit.
    edited_renames: usize,
    deletions: usize,
    swaps: usize,
}

impl Plan {
    fn new() -> Self {
        Self {
            dice: Dice::new(42),
            tree: Tree::new(),
            away: BTreeMap::new(),
            next: 0,
            renames: vec![0; RELEASES],
            edited_renames: 0,
            deletions: 0,
            swaps: 0,
        }
    }

    fn add(&mut self, date: DateTime<Utc>) {
        let prose = prose(self.next);
        let folder = FOLDERS[self.dice.below(FOLDERS.len())];
        let path = format!("{folder}{}-{}.md", date.format("%Y-%m-%d"), prose.slug);
        self.tree.insert(self.next, Page { path, date, prose });
        self.next += 1;
    }

    /// The commit with this number.
    fn commit(&mut self, number: usize) {
        let now = start() + STAY * i32::try_from(number).unwrap();
        let known: Vec<usize> = self.tree.keys().copied().collect();
        self.bring_back(number);
        self.rename_some(number, &known, now);
        if number.is_multiple_of(5) {
            self.swap(number, &known);
        }
        if number.is_multiple_of(6) && number <= LAST_ADDING {
            self.delete(number);
        }
        if CROWDS.0.contains(&number) {
            for _ in 0..CROWDS.1 {
                self.add(now - TimeDelta::minutes(5));
            }
        } else if number <= LAST_ADDING {
            for _ in 0..ADDED[number % ADDED.len()] {
                // Some are prepared in advance.
                let prepared = self.dice.below(5) == 0;
                let date = if prepared { TimeDelta::minutes(150) } else { TimeDelta::minutes(-20) };
                self.add(now + date);
            }
        }
    }

    /// Renames those renamed least so far, and some others.
    fn rename_some(&mut self, number: usize, known: &[usize], now: DateTime<Utc>) {
        let mut least: Vec<usize> = known.to_vec();
        least.sort_by_key(|lineage| (self.renames[*lineage], Dice::new(number * RELEASES + lineage).below(1_000)));
        let never = least.iter().filter(|lineage| self.renames[**lineage] == 0).count();
        let mut chosen: BTreeSet<usize> =
            least.iter().copied().take(if number == COMMITS { never.max(8) } else { 8 }).collect();
        for _ in 0..4 {
            chosen.insert(known[self.dice.below(known.len())]);
        }
        for lineage in chosen {
            let kind = self.dice.below(6);
            self.rename(lineage, kind, number, now);
        }
    }

    fn rename(&mut self, lineage: usize, kind: usize, number: usize, now: DateTime<Utc>) {
        let turn = self.renames[lineage] + 1;
        let page = self.tree.get_mut(&lineage).unwrap();
        let (folder, name) = page.folder_and_name();
        let (folder, name) = (folder.to_owned(), name.to_owned());
        let other_folder = FOLDERS.into_iter().filter(|other| *other != folder).nth(self.dice.below(4)).unwrap();
        let word = another_word(&mut self.dice);
        let other_name = format!("{}-{word}-{}-{turn}.md", page.date.format("%Y-%m-%d"), page.prose.slug);
        page.path = match kind {
            0 | 3 | 5 => format!("{folder}{other_name}"),
            1 => format!("{other_folder}{name}"),
            _ => format!("{other_folder}{other_name}"),
        };
        let sentence = another_sentence(number * RELEASES + lineage);
        let place = self.dice.below(page.prose.sentences.len());
        match kind {
            3 => page.prose.title = format!("{}, {word}", page.prose.title),
            4 => {
                page.prose.sentences[place] = sentence;
                // An embargo is left alone: whoever moves it moves the letter.
                if page.date <= now {
                    page.date -= TimeDelta::minutes(90);
                }
            }
            5 => {
                page.prose.chapeau.clone_from(&sentence);
                page.prose.sentences.push(sentence);
            }
            _ => {}
        }
        self.edited_renames += usize::from(kind >= 3);
        self.renames[lineage] = turn;
    }

    /// Swaps the names of two, at times with an edit of both.
    fn swap(&mut self, number: usize, known: &[usize]) {
        let (one, other) =
            (known[self.dice.below(known.len() / 2)], known[known.len() / 2 + self.dice.below(known.len() / 2)]);
        let (first, second) = (self.tree[&one].path.clone(), self.tree[&other].path.clone());
        for (lineage, path) in [(one, second), (other, first)] {
            let page = self.tree.get_mut(&lineage).unwrap();
            page.path = path;
            if number.is_multiple_of(10) {
                page.prose.sentences[2] = another_sentence(number * RELEASES + lineage + 7);
            }
            self.renames[lineage] += 1;
        }
        self.swaps += 1;
    }

    /// Deletes three releases of the first commit for a while.
    fn delete(&mut self, number: usize) {
        for _ in 0..3 {
            let lineage = self.dice.below(100);
            if let Some(page) = self.tree.remove(&lineage) {
                self.away.insert(lineage, (number + 4, page));
                self.deletions += 1;
            }
        }
    }

    /// Restores what was deleted: as it was, under another name, or with another sentence, too.
    fn bring_back(&mut self, number: usize) {
        let due = self.away.iter().filter(|(_, (when, _))| *when == number).map(|(lineage, _)| *lineage);
        for (turn, lineage) in due.collect::<Vec<_>>().into_iter().enumerate() {
            let (_, mut page) = self.away.remove(&lineage).unwrap();
            if turn > 0 {
                page.path = format!("retour/{}", page.folder_and_name().1);
                self.renames[lineage] += 1;
            }
            if turn > 1 {
                page.prose.sentences[4] = another_sentence(number * RELEASES + lineage);
            }
            self.tree.insert(lineage, page);
        }
    }

    /// What a branch has that lacks every third release and calls some others by other names.
    fn branch(&self, turn: usize) -> Tree {
        let mut tree = self.tree.clone();
        tree.retain(|lineage, _| lineage % 3 != turn);
        for (_, page) in tree.iter_mut().filter(|(lineage, _)| *lineage % 30 == 2) {
            page.path = format!("branche/{}", page.folder_and_name().1);
        }
        tree
    }
}

/// One stop of the walk.
struct Stop {
    revision: String,
    tree: Tree,
}

/// Makes the repository; the stops in order, branches right after the commit they leave from.
fn build(git: &Git, content: &Utf8Path) -> (Vec<Stop>, Plan) {
    let mut plan = Plan::new();
    let ordinary = (1..=LAST_ADDING).filter(|number| !CROWDS.0.contains(number));
    let added: usize = ordinary.map(|number| ADDED[number % ADDED.len()]).sum();
    for number in 0..RELEASES - added - CROWDS.0.len() * CROWDS.1 {
        plan.add(start() - TimeDelta::hours(5 * i64::try_from(number).unwrap() + 1));
    }
    let mut stops: Vec<Stop> = Vec::new();
    let mut written = Tree::new();
    for number in 0..=COMMITS {
        if number > 0 {
            plan.commit(number);
        }
        write_tree(content, &written, &plan.tree);
        let revision = git.commit(&format!("Commit {number}"));
        stops.push(Stop { revision: revision.clone(), tree: plan.tree.clone() });
        written.clone_from(&plan.tree);
        if let Some(turn) = BRANCHES.iter().position(|commit| *commit == number) {
            let tree = plan.branch(turn);
            git.run(&["checkout", "--quiet", "-b", &format!("branche-{turn}")]);
            write_tree(content, &written, &tree);
            stops.push(Stop { revision: git.commit(&format!("Branch {turn}")), tree });
            git.checkout("main");
        }
    }
    assert_eq!((plan.next, plan.tree.len(), plan.away.len()), (RELEASES, RELEASES, 0));
    assert_eq!(plan.renames.iter().filter(|renames| **renames == 0).count(), 0, "each is renamed at least once");
    (stops, plan)
}

/// Makes the work tree hold `tree` instead of `before`.
fn write_tree(content: &Utf8Path, before: &Tree, tree: &Tree) {
    let by_path = |tree: &Tree| -> BTreeMap<String, String> {
        tree.values().map(|page| (page.path.clone(), page.text())).collect()
    };
    let (before, after) = (by_path(before), by_path(tree));
    assert_eq!(after.len(), tree.len(), "two releases of one commit share a path");
    for path in before.keys().filter(|path| !after.contains_key(*path)) {
        fs::remove_file(content.join(path)).unwrap();
    }
    for (path, text) in after.iter().filter(|(path, text)| before.get(*path) != Some(text)) {
        let path = content.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// What must have become of each lineage: its id, and whether its letter came.
#[derive(Default)]
struct Model {
    started: bool,
    /// When each lineage was first looked at.
    seen: BTreeMap<usize, DateTime<Utc>>,
    /// Those that need no letter any more: live at the first start, or announced.
    decided: BTreeSet<usize>,
    /// Those that wait for a person, since they came in a crowd.
    crowds: BTreeSet<usize>,
    ids: BTreeMap<usize, String>,
    compared: usize,
    changed: Vec<String>,
    letters: usize,
    looks: usize,
}

impl Model {
    /// The titles of the letters that a look at `tree` must bring.
    fn expect(&mut self, tree: &Tree, now: DateTime<Utc>) -> BTreeSet<String> {
        let new: Vec<usize> = tree.keys().copied().filter(|lineage| !self.seen.contains_key(lineage)).collect();
        self.seen.extend(new.iter().map(|lineage| (*lineage, now)));
        if !self.started {
            self.started = true;
            self.decided.extend(&new);
        } else if new.len() > HOLD_ABOVE {
            self.crowds.extend(&new);
        }
        let is_due = |lineage: &usize, page: &Page| page.date.max(self.seen[lineage] + GRACE) <= now;
        let open = tree.iter().filter(|(lineage, _)| !self.decided.contains(lineage) && !self.crowds.contains(lineage));
        let due: Vec<usize> =
            open.filter(|(lineage, page)| is_due(lineage, page)).map(|(lineage, _)| *lineage).collect();
        self.decided.extend(&due);
        due.iter().map(|lineage| tree[lineage].prose.title.clone()).collect()
    }

    /// Compares what the newsroom did at a look with what it should have done.
    fn check(&mut self, room: &mut TestNewsroom, tree: &Tree, place: &str) {
        self.looks += 1;
        let expected = self.expect(tree, room.now());
        let letters: Vec<String> = room.inbox(READER).into_iter().map(|letter| letter.shown.subject).collect();
        assert_eq!(letters.len(), expected.len(), "{place}: {letters:?}");
        assert_eq!(letters.iter().cloned().collect::<BTreeSet<_>>(), expected, "{place}");
        self.letters += letters.len();
        let current = room.newsroom().current();
        let there = current.register.records.values().filter(|record| record.missing_since.is_none());
        let by_path: BTreeMap<&str, &str> = there.map(|record| (record.path.as_str(), record.id.as_str())).collect();
        assert_eq!(by_path.len(), tree.len(), "{place}");
        for (lineage, page) in tree {
            let id = *by_path.get(page.path.as_str()).unwrap_or(&"none");
            let known = self.ids.entry(*lineage).or_insert_with(|| id.to_owned());
            self.compared += 1;
            if known != id {
                self.changed.push(format!("{place}: {} was {known} and is {id}", page.path));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_of_every_commit_changes_no_id_and_mails_nothing_twice() {
    let mut room = TestNewsroom::new(None);
    let content = room.root().join("content");
    let Some(git) = Git::init(content.as_std_path()) else { return };
    let (stops, plan) = build(&git, &content);
    let mut model = Model::default();

    git.checkout(&stops[0].revision);
    room.start("2019-03-04T06:00:00Z").await;
    room.subscriber(READER, "all").await;
    model.check(&mut room, &stops[0].tree, "first start");
    let last = stops.len() - 1;
    // In the end one leap over the whole history, and back.
    let walk = (1..=last).chain((0..last).rev()).chain(1..=last).chain([0, last]);
    let mut visited = 1;
    for (turn, place) in walk.enumerate() {
        let stop = &stops[place];
        git.checkout(&stop.revision);
        room.at(&(start() + STAY * i32::try_from(turn + 1).unwrap()).to_rfc3339());
        if turn % 25 == 24 {
            room.restart().await;
        } else {
            room.look().await;
        }
        model.check(&mut room, &stop.tree, &format!("stop {place}, turn {turn}"));
        visited += 1;
        if turn < last {
            room.pass("12m").await;
            model.check(&mut room, &stop.tree, &format!("stop {place}, turn {turn}, 12 minutes later"));
        }
    }

    let Plan { renames, edited_renames, deletions, swaps, .. } = &plan;
    println!(
        "{} commits, two on branches; {visited} checkouts, {} looks; {RELEASES} releases renamed {} times (1 to {} times \
         each, {edited_renames} with an edit), {swaps} swaps, {deletions} deleted and restored; {} letters, {} held in \
         crowds; {} ids compared, {} changed",
        stops.len(),
        model.looks,
        renames.iter().sum::<usize>(),
        renames.iter().max().unwrap(),
        model.letters,
        model.crowds.len(),
        model.compared,
        model.changed.len(),
    );
    assert_eq!(model.changed, Vec::<String>::new());
    assert_eq!(room.newsroom().current().register.records.len(), RELEASES);
    let editions = room.editions().await;
    let held = editions.iter().filter(|edition| edition.state.is_before_opening()).count();
    assert_eq!((held, editions.len() - held), (model.crowds.len(), model.letters));
    assert_eq!((model.crowds.len(), room.all_letters().len()), (CROWDS.0.len() * CROWDS.1, model.letters));
}
