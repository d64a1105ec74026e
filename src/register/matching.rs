//! Which file is which known release.
//!
//! The rules, in order: a pinned id; the same path with the same bytes; the same bytes elsewhere, when the old place is
//! empty or explained in the same way. What is left is a contest: each file that changed or appeared against each
//! release whose file changed or is gone, the best evidence first. A release that vanished while a silent copy of it
//! stands lives on in the copy. What is left is new.

mod claims;
mod contest;
mod exact;
mod pins;
mod survivors;

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization as _;

pub(super) use self::claims::Evidence;
use self::claims::Likenesses;
use super::Seen;
use super::comparing::Comparisons;
use super::present::Present;
use super::record::{Announcement, NeverReason, Record, Register};
use super::texts::Texts;
use crate::domain::{ReleaseId, SourcePath};

/// What a file was found to be.
#[derive(Debug, Clone)]
pub(super) enum Match<'a> {
    /// A known release, and by which rule.
    Known(&'a Record, Rule),
    /// One not seen before.
    New,
    /// One not seen before, somewhat like a vanished one.
    Doubtful(ReleaseId),
    /// A file that pins an id which another file has.
    DuplicateId(SourcePath),
}

impl<'a> Match<'a> {
    /// The known release it is.
    pub(super) const fn known(&self) -> Option<&'a Record> {
        match self {
            Self::Known(record, _) => Some(record),
            Self::New | Self::Doubtful(_) | Self::DuplicateId(_) => None,
        }
    }
}

/// The rule that recognised a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    PinnedId,
    SamePathAndBytes,
    SameBytes,
    SamePath,
    SameSpelling,
    Redirect,
    FileName,
    Permalink,
    TitleAndDate,
    Likeness,
    Survivor,
}

impl Rule {
    /// The reason, for the decisions kept.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::PinnedId => "its file pins the id",
            Self::SamePathAndBytes => "same file, same bytes",
            Self::SameBytes => "same bytes under another name",
            Self::SamePath => "same file, like text",
            Self::SameSpelling => "same file but for capitals or accents, like text",
            Self::Redirect => "its file redirects from the known address",
            Self::FileName => "same file name in another folder, like text",
            Self::Permalink => "same permalink, like text",
            Self::TitleAndDate => "same title and date under another name",
            Self::Likeness => "like title and text under another name",
            Self::Survivor => "the copy is left of the two",
        }
    }
}

/// Finds for each file in `seen` (by its index) what it is. `seen` is sorted by path; `present` are all files of the
/// folder, readable or not: a release whose file is there but broken has not vanished. What was compared on the way is
/// given with it.
pub(super) fn match_files<'a>(
    register: &'a Register,
    seen: &'a [Seen<'a>],
    present: &'a Present<'a>,
    texts: &'a dyn Texts,
    now: DateTime<Utc>,
) -> (Vec<Match<'a>>, Comparisons<'a>) {
    let by_path = by_path(register);
    let mut matching = Matching {
        register,
        seen,
        present,
        likenesses: Likenesses::new(seen, texts, rewritten_at_home(seen, &by_path, texts)),
        by_path,
        found: vec![None; seen.len()],
        taken: HashSet::default(),
        now,
    };
    matching.by_pinned_id();
    matching.by_path_and_bytes();
    matching.by_moved_bytes();
    matching.by_contest();
    matching.survivors();
    matching.settle_new_pins();
    let found = matching.found.into_iter().map(|found| found.unwrap_or(Match::New)).collect();
    (found, matching.likenesses.at_home)
}

/// Each file compared with the release at its place, where their bytes differ.
fn rewritten_at_home<'a>(
    seen: &'a [Seen<'a>],
    by_path: &HashMap<&'a SourcePath, &'a Record>,
    texts: &dyn Texts,
) -> Comparisons<'a> {
    let at_home = seen.iter().filter_map(|file| Some((*by_path.get(file.path)?, file)));
    let rewritten: Vec<_> = at_home.filter(|(record, file)| record.file_digest != file.digest).collect();
    Comparisons::of(&rewritten, texts)
}

/// The record that each path belongs to: the one that is not missing, else the one that went last, a silent copy only
/// when nothing else was there.
fn by_path(register: &Register) -> HashMap<&SourcePath, &Record> {
    let mut records: Vec<&Record> = register.records.values().collect();
    records.sort_by_key(|record| (record.missing_since.is_none(), !is_lost_copy(record), record.missing_since));
    records.into_iter().map(|record| (&record.path, record)).collect()
}

/// A path that differs from another only in capitals or in how accents are composed.
fn folded(path: &SourcePath) -> String {
    path.as_str().nfc().flat_map(char::to_lowercase).collect()
}

/// Whether `record` was never anything but a silent copy, and its file is gone.
fn is_lost_copy(record: &Record) -> bool {
    record.missing_since.is_some() && record.announcement == Announcement::Never(NeverReason::Copy)
}

struct Matching<'a> {
    register: &'a Register,
    seen: &'a [Seen<'a>],
    present: &'a Present<'a>,
    likenesses: Likenesses<'a>,
    by_path: HashMap<&'a SourcePath, &'a Record>,
    found: Vec<Option<Match<'a>>>,
    taken: HashSet<&'a ReleaseId>,
    now: DateTime<Utc>,
}

impl<'a> Matching<'a> {
    fn take(&mut self, index: usize, record: &'a Record, rule: Rule) {
        self.taken.insert(&record.id);
        self.found[index] = Some(Match::Known(record, rule));
    }

    fn is_free(&self, record: &Record) -> bool {
        !self.taken.contains(&record.id)
    }

    /// What the file and the release have in common.
    fn evidence(&self, index: usize, record: &Record) -> Evidence {
        Evidence::of(&self.likenesses, index, record)
    }

    /// Files nothing was found for yet.
    fn open(&self) -> Vec<usize> {
        (0..self.seen.len()).filter(|index| self.found[*index].is_none()).collect()
    }

    /// The free record that a file's own path belongs to.
    fn home_record(&self, index: usize) -> Option<&'a Record> {
        self.by_path.get(self.seen[index].path).copied().filter(|record| self.is_free(record))
    }

    /// The open file at the path that is `record`'s own.
    fn home_file(&self, record: &Record) -> Option<usize> {
        let owner = self.by_path.get(&record.path).is_some_and(|owner| owner.id == record.id);
        self.present.place_of(&record.path).filter(|index| owner && self.found[*index].is_none())
    }

    /// Whether `record`'s file is there and cannot be read: it is neither changed nor gone.
    fn is_broken(&self, record: &Record) -> bool {
        record.missing_since.is_none()
            && self.present.contains(&record.path)
            && self.present.place_of(&record.path).is_none()
    }
}
