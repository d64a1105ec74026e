//! Which file is which known release.
//!
//! The rules, in order: a pinned id; the same path with the same bytes; equal bytes, when that is unique; the same path
//! and still like it; a vanished release that the file redirects from, whose file name or permalink it has; a vanished
//! release of like title and body, when that is unique. What is left is new.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::record::{Record, Register};
use super::similarity::Likeness;
use super::{Seen, SourcePath};
use crate::domain::ReleaseId;

/// From here on, a file at a known path is still the same release.
const SAME_PATH_LIKE: f64 = 0.3;
/// From here on, a file elsewhere is a vanished release under another name; below it and above
/// [`SAME_PATH_LIKE`] it is a new one whose announcement a person must look at.
const ELSEWHERE_LIKE: f64 = 0.6;

/// What a file was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Match {
    /// A known release, and by which rule.
    Known(ReleaseId, Rule),
    /// One not seen before.
    New,
    /// One not seen before, somewhat like a vanished one.
    Doubtful(ReleaseId),
    /// A file that pins an id which another file has.
    DuplicateId(SourcePath),
}

/// The rule that recognised a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    PinnedId,
    SamePathAndBytes,
    SameBytes,
    SamePath,
    Redirect,
    FileName,
    Permalink,
    Likeness,
}

impl Rule {
    /// The reason, for the decisions kept.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::PinnedId => "its file pins the id",
            Self::SamePathAndBytes => "same file, same bytes",
            Self::SameBytes => "same bytes under another name",
            Self::SamePath => "same file, like text",
            Self::Redirect => "its file redirects from the known address",
            Self::FileName => "same file name in another folder",
            Self::Permalink => "same permalink",
            Self::Likeness => "like title and text under another name",
        }
    }
}

/// Finds for each file in `seen` (by its index) what it is. `present` are all paths in the folder, readable or not: a
/// release whose file is there but broken has not vanished.
pub(super) fn match_files(register: &Register, seen: &[Seen<'_>], present: &HashSet<&SourcePath>) -> Vec<Match> {
    let mut matching =
        Matching { register, seen, by_path: by_path(register), found: vec![None; seen.len()], taken: HashSet::new() };
    matching.by_pinned_id();
    matching.by_path_and_bytes();
    matching.by_bytes();
    matching.by_path();
    let vanished: Vec<&Record> = register
        .records
        .values()
        .filter(|record| !matching.taken.contains(&record.id) && !present.contains(&record.path))
        .collect();
    let vanished = matching.overwritten(vanished);
    matching.by_redirect(&vanished);
    matching.by_name_or_permalink(&vanished);
    matching.by_likeness(&vanished);
    matching.found.into_iter().map(|found| found.unwrap_or(Match::New)).collect()
}

/// The record that each path belongs to: the one that is not missing, else the one that went last.
fn by_path(register: &Register) -> BTreeMap<&SourcePath, &Record> {
    let mut records: Vec<&Record> = register.records.values().collect();
    records.sort_by_key(|record| (record.missing_since.is_none(), record.missing_since));
    records.into_iter().map(|record| (&record.path, record)).collect()
}

struct Matching<'a> {
    register: &'a Register,
    seen: &'a [Seen<'a>],
    /// A path that several records had belongs to the one that is not missing.
    by_path: BTreeMap<&'a SourcePath, &'a Record>,
    found: Vec<Option<Match>>,
    taken: HashSet<ReleaseId>,
}

impl<'a> Matching<'a> {
    fn take(&mut self, index: usize, id: &ReleaseId, rule: Rule) {
        self.taken.insert(id.clone());
        self.found[index] = Some(Match::Known(id.clone(), rule));
    }

    /// Files nothing was found for yet.
    fn open(&self) -> Vec<usize> {
        (0..self.seen.len()).filter(|index| self.found[*index].is_none()).collect()
    }

    fn by_pinned_id(&mut self) {
        let mut by_id: BTreeMap<&ReleaseId, Vec<usize>> = BTreeMap::new();
        for (index, file) in self.seen.iter().enumerate() {
            if let Some(id) = &file.release.pinned_id {
                by_id.entry(id).or_default().push(index);
            }
        }
        for (id, files) in by_id {
            let known_path = self.register.records.get(id).map(|record| &record.path);
            let keeper =
                files.iter().copied().find(|index| Some(self.seen[*index].path) == known_path).unwrap_or(files[0]);
            for index in files.into_iter().filter(|index| *index != keeper) {
                self.found[index] = Some(Match::DuplicateId(self.seen[keeper].path.clone()));
            }
            if known_path.is_some() {
                self.take(keeper, id, Rule::PinnedId);
            }
        }
    }

    fn by_path_and_bytes(&mut self) {
        for index in self.open() {
            let file = &self.seen[index];
            if let Some(record) = self.by_path.get(file.path).filter(|record| record.file_digest == file.digest) {
                let id = record.id.clone();
                if !self.taken.contains(&id) {
                    self.take(index, &id, Rule::SamePathAndBytes);
                }
            }
        }
    }

    fn by_bytes(&mut self) {
        let mut files: HashMap<_, Vec<usize>> = HashMap::new();
        for index in self.open() {
            files.entry(self.seen[index].digest).or_default().push(index);
        }
        let mut records: HashMap<_, Vec<&Record>> = HashMap::new();
        for record in self.register.records.values().filter(|record| !self.taken.contains(&record.id)) {
            records.entry(record.file_digest).or_default().push(record);
        }
        for (digest, files) in files {
            if let (&[index], Some([record])) = (files.as_slice(), records.get(&digest).map(Vec::as_slice)) {
                let id = record.id.clone();
                self.take(index, &id, Rule::SameBytes);
            }
        }
    }

    fn by_path(&mut self) {
        for index in self.open() {
            let file = &self.seen[index];
            let Some(record) = self.by_path.get(file.path).filter(|record| !self.taken.contains(&record.id)) else {
                continue;
            };
            let like = || {
                Likeness::of(&record.title, &record.source).similarity(&Likeness::of(&file.release.title, file.source))
            };
            if record.title == file.release.title || record.date == file.release.date || like() >= SAME_PATH_LIKE {
                let id = record.id.clone();
                self.take(index, &id, Rule::SamePath);
            }
        }
    }

    /// `vanished`, and the releases whose file now holds another release.
    fn overwritten(&self, mut vanished: Vec<&'a Record>) -> Vec<&'a Record> {
        for index in self.open() {
            if let Some(record) =
                self.by_path.get(self.seen[index].path).filter(|record| !self.taken.contains(&record.id))
            {
                vanished.push(record);
            }
        }
        vanished
    }

    fn by_redirect(&mut self, vanished: &[&Record]) {
        for index in self.open() {
            let file = &self.seen[index];
            let known = file.release.redirect_from.iter().find_map(|old| {
                let by_record = vanished.iter().find(|record| record.permalink == *old).map(|record| &record.id);
                let by_alias =
                    self.register.aliases.get(old).filter(|id| vanished.iter().any(|record| record.id == **id));
                by_record.or(by_alias).cloned()
            });
            if let Some(id) = known.filter(|id| !self.taken.contains(id)) {
                self.take(index, &id, Rule::Redirect);
            }
        }
    }

    fn by_name_or_permalink(&mut self, vanished: &[&Record]) {
        for index in self.open() {
            let file = &self.seen[index];
            // A file that overwrote another at the same path is not recognised by that path's name.
            let elsewhere = |record: &&&Record| record.path != *file.path && !self.taken.contains(&record.id);
            let mut by_name =
                vanished.iter().filter(elsewhere).filter(|record| record.path.file_name() == file.path.file_name());
            let mut by_link =
                vanished.iter().filter(elsewhere).filter(|record| record.permalink == file.release.permalink);
            let known = match (by_name.next(), by_name.next(), by_link.next(), by_link.next()) {
                (Some(record), None, _, _) => Some((record.id.clone(), Rule::FileName)),
                (_, _, Some(record), None) => Some((record.id.clone(), Rule::Permalink)),
                _ => None,
            };
            if let Some((id, rule)) = known {
                self.take(index, &id, rule);
            }
        }
    }

    fn by_likeness(&mut self, vanished: &[&Record]) {
        let gone: Vec<(&Record, Likeness)> = vanished
            .iter()
            .filter(|record| !self.taken.contains(&record.id))
            .map(|record| (*record, Likeness::of(&record.title, &record.source)))
            .collect();
        if gone.is_empty() {
            return;
        }
        let mut candidates: Vec<(usize, ReleaseId, f64)> = Vec::new();
        for index in self.open() {
            let file = &self.seen[index];
            let like = Likeness::of(&file.release.title, file.source);
            let elsewhere = gone.iter().filter(|(record, _)| record.path != *file.path);
            candidates.extend(elsewhere.map(|(record, known)| (index, record.id.clone(), known.similarity(&like))));
        }
        for index in self.open() {
            let near: Vec<_> =
                candidates.iter().filter(|(i, _, like)| *i == index && *like >= SAME_PATH_LIKE).collect();
            let sure: Vec<_> = near.iter().filter(|(_, _, like)| *like >= ELSEWHERE_LIKE).collect();
            let rivals = |id: &ReleaseId| {
                candidates.iter().filter(|(_, other, like)| other == id && *like >= ELSEWHERE_LIKE).count()
            };
            match (sure.as_slice(), near.as_slice()) {
                ([(_, id, _)], _) if rivals(id) == 1 => self.take(index, id, Rule::Likeness),
                (_, [(_, id, _), ..]) => self.found[index] = Some(Match::Doubtful(id.clone())),
                (_, []) => {}
            }
        }
    }
}
