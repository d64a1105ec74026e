//! A rename in two looks: the copy came first, the original went later.
//!
//! A copy that was never anything but a copy takes over the id of the release that vanished, and its own is let go: the
//! release keeps its id, and nobody hears of it a second time.

use super::claims::ELSEWHERE_LIKE;
use super::{Match, Matching, Rule};
use crate::register::record::{Announcement, NeverReason, Record};

impl<'a> Matching<'a> {
    pub(super) fn survivors(&mut self) {
        let mut copies: Vec<(usize, &'a Record)> = Vec::new();
        for (index, found) in self.found.iter().enumerate() {
            let Some(Match::Known(record, rule)) = found else { continue };
            if record.announcement == Announcement::Never(NeverReason::Copy) && *rule != Rule::PinnedId {
                copies.push((index, *record));
            }
        }
        if copies.is_empty() {
            return;
        }
        copies.sort_by_key(|(_, copy)| (copy.first_seen, &copy.path));
        let gone = |record: &&'a Record| {
            record.missing_since.is_none()
                && record.announcement != Announcement::Never(NeverReason::Copy)
                && self.is_free(record)
                && !self.is_broken(record)
        };
        let gone: Vec<&'a Record> = self.register.records.values().filter(gone).collect();
        for (index, copy) in copies {
            let of = |record: &&&'a Record| {
                self.is_free(record)
                    && (record.significant == copy.significant || self.evidence(index, record).like >= ELSEWHERE_LIKE)
            };
            if let Some(original) = gone.iter().find(of).copied() {
                self.taken.remove(&copy.id);
                self.take(index, original, Rule::Survivor);
            }
        }
    }
}
