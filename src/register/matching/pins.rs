//! Ids that files pin.

use std::collections::BTreeMap;

use super::{Match, Matching, Rule};
use crate::domain::ReleaseId;
use crate::register::record::Record;

impl<'a> Matching<'a> {
    /// Files that pin the id of a known release are that release, unless its own file still is. Whoever is turned down
    /// keeps the id it had; one that had none is left out.
    pub(super) fn by_pinned_id(&mut self) {
        let (seen, register) = (self.seen, self.register);
        for (id, files) in self.pinning() {
            let Some(record) = register.records.get(id) else { continue };
            let own = self.present.place_of(&record.path).filter(|_| record.missing_since.is_none());
            let keeper = match own {
                Some(own) if files.contains(&own) => own,
                Some(own) if self.is_still(own, record) => own,
                None if self.is_broken(record) => {
                    self.turn_down(&files, usize::MAX, &record.path.clone());
                    continue;
                }
                Some(_) | None => {
                    let likely = |index: &usize| {
                        let file = &seen[*index];
                        (file.digest != record.file_digest, self.by_path.contains_key(file.path), file.path)
                    };
                    files.iter().copied().min_by_key(likely).unwrap_or(files[0])
                }
            };
            if files.contains(&keeper) {
                self.take(keeper, record, Rule::PinnedId);
            }
            self.turn_down(&files, keeper, &seen[keeper].path.clone());
        }
    }

    /// Of the new files that pin one new id, the first keeps it.
    pub(super) fn settle_new_pins(&mut self) {
        for (id, files) in self.pinning() {
            let is_new = |index: &usize| matches!(self.found[*index], None | Some(Match::New | Match::Doubtful(_)));
            let mut new = files.into_iter().filter(is_new).collect::<Vec<_>>().into_iter();
            let keeper = match self.register.records.get(id) {
                Some(record) => Some(record.path.clone()),
                None => new.next().map(|index| self.seen[index].path.clone()),
            };
            if let Some(keeper) = keeper {
                new.for_each(|index| self.found[index] = Some(Match::DuplicateId(keeper.clone())));
            }
        }
    }

    /// The files that pin each id, in the order of their paths.
    fn pinning(&self) -> BTreeMap<&'a ReleaseId, Vec<usize>> {
        let mut files: BTreeMap<&ReleaseId, Vec<usize>> = BTreeMap::new();
        for (index, file) in self.seen.iter().enumerate() {
            if let Some(id) = &file.release.pinned_id {
                files.entry(id).or_default().push(index);
            }
        }
        files
    }

    /// Whether the file at `record`'s path, which does not pin its id, is still that release.
    fn is_still(&self, own: usize, record: &Record) -> bool {
        let file = &self.seen[own];
        let pins_another = file.release.pinned_id.as_ref().is_some_and(|id| self.register.records.contains_key(id));
        !pins_another
            && self.found[own].is_none()
            && (file.digest == record.file_digest || self.evidence(own, record).says_the_same_without_date())
    }

    fn turn_down(&mut self, files: &[usize], keeper: usize, path: &crate::domain::SourcePath) {
        for index in files.iter().copied().filter(|index| *index != keeper) {
            if self.home_record(index).is_none() && self.found[index].is_none() {
                self.found[index] = Some(Match::DuplicateId(path.clone()));
            }
        }
    }
}
