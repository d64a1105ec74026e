//! `subscribers import`: a list from another tool or a spreadsheet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use camino::Utf8Path;
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::{Format, ImportArguments};
use super::sheet::csv_line;
use super::terminal::Terminal;
use super::wording::{called, labelled};
use super::{Exit, opening, topics};
use crate::domain::squeezed;
use crate::import::{Defaults, Entry, Fault, ImportError, Kind, KnownTopics, Listing, Outcome, Seen, Standing, Why};
use crate::language::{grouped, say, say_count};
use crate::task::Newsroom;

/// How many lines go into one transaction: a daemon waits for no more than that.
const BATCH: usize = 256;
/// How many names of lists that are none of ours are told.
const FOREIGN_TOLD: usize = 20;
/// How often the bar moves when nothing happens.
const TICK: Duration = Duration::from_millis(200);

pub(super) async fn import(
    newsroom: &Newsroom,
    arguments: &ImportArguments,
    terminal: Terminal,
) -> anyhow::Result<Exit> {
    let ImportArguments { file, source, topics, frequency, language, dry_run, ignored: _, report, format } = arguments;
    let topics = topics::followed(newsroom, topics, terminal).await?;
    let defaults = Defaults {
        language: language.unwrap_or(newsroom.language()),
        frequency: *frequency,
        topics,
        source: source.clone(),
    };
    let input = Input::open(file).with_context(|| format!("cannot read `{file}`"))?;
    let refused = |error| refused(newsroom, file, error);
    let looking = bar(terminal, input.size.unwrap_or_default());
    let looked_through = input.listing(arguments, &looking);
    looking.finish_and_clear();
    let mut listing = looked_through.map_err(refused)?;
    look_for_noes(newsroom, listing.kind(), terminal)?;
    if listing.kind().names_topics {
        listing = listing.knowing(known_topics(newsroom).await?);
    }
    let report = report.as_deref().map(|path| new_report(newsroom, path)).transpose()?;
    let mut work = Work {
        newsroom,
        defaults,
        is_dry: *dry_run,
        terminal,
        bar: bar(terminal, input.size.unwrap_or_default()),
        report: report.map(BufWriter::new),
        seen: Seen::default(),
        batch: Vec::new(),
        tally: Tally::default(),
    };
    work.begin()?;
    while let Some(line) = listing.next_line().map_err(refused)? {
        work.bar.set_position(listing.read());
        work.take(line.number, line.said).await?;
    }
    work.flush().await?;
    let tally = work.end()?;
    match format {
        Format::Json => terminal.line(serde_json::to_string_pretty(&tally.as_json(*dry_run, listing.kind()))?),
        Format::Text => {
            for line in tally.lines(newsroom, *dry_run, listing.kind()) {
                terminal.line(line);
            }
        }
    }
    Ok(if tally.unreadable > 0 { Exit::Failed } else { Exit::Done })
}

/// Where a list is read.
struct Input {
    opened: File,
    /// Where it begins.
    start: u64,
    /// How long it is. `None`: that is not known, and it can be read once.
    size: Option<u64>,
}

impl Input {
    fn open(file: &Utf8Path) -> io::Result<Self> {
        let mut opened =
            if file == "-" { File::from(io::stdin().as_fd().try_clone_to_owned()?) } else { File::open(file)? };
        let known = opened.metadata()?;
        if !known.is_file() {
            return Ok(Self { opened, start: 0, size: None });
        }
        let start = opened.stream_position()?;
        let size = Some(known.len().saturating_sub(start));
        Ok(Self { opened, start, size })
    }

    /// The list. What can be read twice is read to its end before, so that nothing is written of one with a column that may
    /// say "no"; with what cannot, each line is looked at as it comes.
    fn listing(&self, arguments: &ImportArguments, bar: &ProgressBar) -> Result<Listing<&File>, ImportError> {
        let name = arguments.file.file_name().unwrap_or_default();
        let list = || Listing::without(&self.opened, name, &arguments.ignored);
        let listing = list()?;
        if self.size.is_none() {
            return Ok(listing);
        }
        let doubtful = listing.doubtful(|read| bar.set_position(read))?;
        (&self.opened).seek(SeekFrom::Start(self.start))?;
        Ok(list()?.with_doubts(doubtful))
    }
}

/// Why a list is not taken in, in words for who brought it.
fn refused(newsroom: &Newsroom, file: &Utf8Path, error: ImportError) -> anyhow::Error {
    let language = newsroom.language();
    let key = match error {
        ImportError::NotText => "cli.import.no-text",
        ImportError::Empty => "cli.import.empty",
        ImportError::Read(error) => return anyhow::Error::new(error).context(format!("cannot read `{file}`")),
    };
    anyhow!(say(language, key, &[("path", file.as_str())]))
}

/// Refuses a list that may tell who receives no letters in a column that is not understood, and says of one that it does
/// not tell.
fn look_for_noes(newsroom: &Newsroom, kind: &Kind, terminal: Terminal) -> anyhow::Result<()> {
    let language = newsroom.language();
    if !kind.doubtful.is_empty() {
        bail!(say(language, "cli.import.doubtful", &[("columns", &kind.doubtful.join(", "))]));
    }
    if kind.hides_who_left && kind.everybody == Standing::Subscribed {
        terminal.tell(say(language, "cli.import.listmonk", &[]));
    }
    Ok(())
}

/// Makes the file of the report. It holds addresses; and in the place of another it could destroy the list itself.
fn new_report(newsroom: &Newsroom, path: &Utf8Path) -> anyhow::Result<File> {
    match File::options().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!(say(newsroom.language(), "cli.import.report-exists", &[("path", path.as_str())]))
        }
        made => made.with_context(|| format!("cannot write `{path}`")),
    }
}

/// The topics that releases are filed under now.
async fn known_topics(newsroom: &Newsroom) -> anyhow::Result<KnownTopics> {
    let (current, _) = opening::look(&newsroom.config).await?;
    let live = current.resources.live();
    Ok(KnownTopics::new(live.topics().iter().map(|entry| (&entry.topic, entry.label.as_str()))))
}

/// A line on standard error at a terminal, nothing elsewhere. How long it will take is known for a file alone.
fn bar(terminal: Terminal, size: u64) -> ProgressBar {
    if !terminal.shows_progress() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match size {
        0 => (ProgressBar::new_spinner(), "{spinner} {elapsed} {msg}"),
        size => (ProgressBar::new(size), "{elapsed} {bar:30} {percent} % {msg}"),
    };
    let style = ProgressStyle::with_template(template);
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(TICK);
    bar
}

/// What was done so far.
#[derive(Debug, Default)]
struct Tally {
    lines: u64,
    unreadable: u64,
    /// By the code of the outcome.
    outcomes: BTreeMap<&'static str, u64>,
    /// Those added who follow what holds for lines that name nothing of ours.
    unfiled: u64,
    foreign: BTreeSet<String>,
}

/// A line that waits for those before it.
enum Waiting {
    /// To be taken in; no other one has its address.
    Entering(Entry),
    /// An earlier line says as much of its address.
    Seen(Entry),
    /// It says nothing.
    Faulty(Fault),
}

/// An import on its way.
struct Work<'n> {
    newsroom: &'n Newsroom,
    defaults: Defaults,
    is_dry: bool,
    terminal: Terminal,
    bar: ProgressBar,
    report: Option<BufWriter<File>>,
    seen: Seen,
    /// Lines that wait, in order.
    batch: Vec<(u64, Waiting)>,
    tally: Tally,
}

impl Work<'_> {
    fn begin(&mut self) -> io::Result<()> {
        match &mut self.report {
            Some(report) => report.write_all(csv_line(["line", "address", "outcome", "words"]).as_bytes()),
            None => Ok(()),
        }
    }

    async fn take(&mut self, number: u64, said: Result<Entry, Fault>) -> anyhow::Result<()> {
        self.tally.lines += 1;
        let waiting = match said {
            Err(fault) => Waiting::Faulty(fault),
            Ok(entry) if self.seen.notes(&entry.address, entry.standing) => Waiting::Seen(entry),
            Ok(entry) => {
                if entry.standing > Standing::Subscribed && self.waits(&entry) {
                    // The earlier line of this address is done before.
                    self.flush().await?;
                }
                Waiting::Entering(entry)
            }
        };
        self.batch.push((number, waiting));
        if self.batch.len() >= BATCH {
            self.flush().await?;
        }
        Ok(())
    }

    /// Whether another line with this address waits.
    fn waits(&self, entry: &Entry) -> bool {
        let folded = entry.address.folded();
        self.batch.iter().any(|(_, waiting)| match waiting {
            Waiting::Entering(other) => other.address.folded() == folded,
            Waiting::Seen(_) | Waiting::Faulty(_) => false,
        })
    }

    /// Does what waits, in one transaction, and tells what became of each line, in order.
    async fn flush(&mut self) -> anyhow::Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let entering = batch.iter().filter_map(|(_, waiting)| match waiting {
            Waiting::Entering(entry) => Some(entry),
            Waiting::Seen(_) | Waiting::Faulty(_) => None,
        });
        let entries: Vec<&Entry> = entering.collect();
        let store = &self.newsroom.store;
        let outcomes = if self.is_dry {
            store.foresee_import(&entries).await?
        } else {
            store.import(&entries, &self.defaults, self.newsroom.now()).await?
        };
        let mut outcomes = outcomes.into_iter();
        for (number, waiting) in &batch {
            match waiting {
                Waiting::Faulty(fault) => self.refuse(*number, fault)?,
                Waiting::Seen(entry) => self.note(*number, entry, Outcome::Duplicate)?,
                Waiting::Entering(entry) => {
                    let outcome = outcomes.next().expect("there is one for each entry");
                    self.note(*number, entry, outcome)?;
                }
            }
        }
        self.bar.set_message(self.tally.lines.to_string());
        Ok(())
    }

    /// Counts what became of a line, and tells it unless somebody was simply added.
    fn note(&mut self, number: u64, entry: &Entry, outcome: Outcome) -> io::Result<()> {
        let (code, why) = coded(outcome);
        *self.tally.outcomes.entry(code).or_default() += 1;
        if outcome != Outcome::Added {
            let why = why.map(|why| called(self.newsroom, "ended", why)).unwrap_or_default();
            let words = say(self.newsroom.language(), &format!("cli.import.{code}"), &[("why", &why)]);
            return self.tell(number, entry.address.as_str(), code, &words);
        }
        if !entry.foreign.is_empty() {
            self.tally.unfiled += u64::from(entry.topics.is_empty());
            let room = FOREIGN_TOLD.saturating_sub(self.tally.foreign.len());
            self.tally.foreign.extend(entry.foreign.iter().take(room).cloned());
        }
        Ok(())
    }

    fn refuse(&mut self, number: u64, fault: &Fault) -> io::Result<()> {
        self.tally.unreadable += 1;
        let code = fault.as_str();
        let words = say(self.newsroom.language(), &format!("cli.import.{code}"), &[("what", fault.detail())]);
        self.tell(number, "", code, &words)
    }

    fn tell(&mut self, number: u64, address: &str, code: &str, words: &str) -> io::Result<()> {
        if let Some(report) = &mut self.report {
            return report.write_all(csv_line([&number.to_string(), address, code, words]).as_bytes());
        }
        let language = self.newsroom.language();
        let place = say(language, "cli.import.line", &[("number", &number.to_string())]);
        let told = if address.is_empty() { words.to_owned() } else { labelled(language, address, words) };
        self.bar.suspend(|| self.terminal.tell(labelled(language, &place, &told)));
        Ok(())
    }

    fn end(self) -> io::Result<Tally> {
        self.bar.finish_and_clear();
        if let Some(mut report) = self.report {
            report.flush()?;
        }
        Ok(self.tally)
    }
}

/// An outcome's code, and the code of what it is because of.
const fn coded(outcome: Outcome) -> (&'static str, Option<&'static str>) {
    match outcome {
        Outcome::Added => ("added", None),
        Outcome::AlreadyThere => ("already-there", None),
        Outcome::Ended(reason) => ("ended", Some(reason.as_str())),
        Outcome::Suppressed(reason) => ("suppressed", Some(reason.as_str())),
        Outcome::AlreadyOut => ("already-out", None),
        Outcome::LeftAlone(Why::Suppressed(reason)) => ("left-suppressed", Some(reason.as_str())),
        Outcome::LeftAlone(Why::HadLeft(reason)) => ("left-ended", Some(reason.as_str())),
        Outcome::LeftAlone(Why::Unconfirmed) => ("left-unconfirmed", None),
        Outcome::LeftAlone(Why::OwnWill) => ("left-own-will", None),
        Outcome::Duplicate => ("duplicate", None),
    }
}

/// The codes of all outcomes, in the order in which they are summed up.
const CODES: [&str; 10] = [
    "added",
    "already-there",
    "ended",
    "suppressed",
    "already-out",
    "left-suppressed",
    "left-ended",
    "left-unconfirmed",
    "left-own-will",
    "duplicate",
];

impl Tally {
    fn count(&self, code: &str) -> u64 {
        self.outcomes.get(code).copied().unwrap_or_default()
    }

    fn lines(&self, newsroom: &Newsroom, is_dry: bool, kind: &Kind) -> Vec<String> {
        let language = newsroom.language();
        let said = |key: &str, arguments: &[(&str, &str)]| say(language, &format!("cli.import.{key}"), arguments);
        let mut lines = Vec::new();
        let listed = |some: &[String]| some.iter().map(|one| squeezed(one)).collect::<Vec<_>>().join(", ");
        if !kind.read.is_empty() {
            lines.push(said("columns", &[("columns", &listed(&kind.read))]));
        }
        if !kind.unread.is_empty() {
            lines.push(said("columns-unread", &[("columns", &listed(&kind.unread))]));
        }
        if let Some(code) = everybody(kind) {
            lines.push(said("everybody", &[("why", &called(newsroom, "ended", code))]));
        }
        let first = if is_dry { "summary-dry" } else { "summary" };
        lines.push(say_count(language, &format!("cli.import.{first}"), self.lines));
        let sum = |code: &str, count| {
            let words = say_count(language, &format!("cli.import.sum.{code}"), count);
            format!("{:>11}  {words}", grouped(count, language))
        };
        let counts = CODES.into_iter().map(|code| (code, self.count(code)));
        lines.extend(
            counts.filter(|(code, count)| *count > 0 || *code == "added").map(|(code, count)| sum(code, count)),
        );
        if self.unreadable > 0 {
            lines.push(sum("unreadable", self.unreadable));
        }
        if !self.foreign.is_empty() {
            let lists: Vec<String> = self.foreign.iter().cloned().collect();
            lines.push(said("foreign", &[("lists", &listed(&lists)), ("count", &grouped(self.unfiled, language))]));
        }
        lines
    }

    fn as_json(&self, is_dry: bool, kind: &Kind) -> serde_json::Value {
        let outcomes: BTreeMap<&str, u64> = CODES.into_iter().map(|code| (code, self.count(code))).collect();
        serde_json::json!({
            "dry_run": is_dry,
            "lines": self.lines,
            "outcomes": outcomes,
            "unreadable": self.unreadable,
            "foreign_lists": self.foreign,
            "columns": { "read": kind.read, "unread": kind.unread },
            "everybody": everybody(kind),
        })
    }
}

/// How everybody in the file stands, when that is not as its lines say.
const fn everybody(kind: &Kind) -> Option<&'static str> {
    match kind.everybody {
        Standing::Subscribed => None,
        Standing::Unconfirmed => Some("unconfirmed"),
        Standing::Left(reason) => Some(reason.as_str()),
        Standing::Barred(reason) => Some(reason.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Language, word};

    #[test]
    fn everything_that_may_become_of_a_line_has_its_words() {
        let of_words =
            [Fault::BadAddress, Fault::UnknownStatus, Fault::UnknownFrequency, Fault::TooManyCells, Fault::MayBeANo];
        let faults = of_words.map(|fault| fault(String::new())).into_iter().chain([Fault::NoAddress, Fault::TooLong]);
        let faults: Vec<Fault> = faults.collect();
        for language in Language::ALL {
            for code in CODES {
                for many in ["one", "other"] {
                    let key = format!("cli.import.sum.{code}.{many}");
                    assert!(word(language, &key).is_some(), "{language:?} lacks {key}");
                }
                let is_told = word(language, &format!("cli.import.{code}")).is_some();
                assert!(is_told || code == "added", "{language:?} lacks {code}");
            }
            for code in faults.iter().map(Fault::as_str) {
                assert!(word(language, &format!("cli.import.{code}")).is_some(), "{language:?} lacks {code}");
            }
        }
    }
}
