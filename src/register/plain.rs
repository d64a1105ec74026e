//! Plain edits: files that changed and are beyond doubt the releases they were, while nothing else did.
//!
//! They are most of a press office's day, and readers wait for them. The rules are those of [`Register::reconcile`], which
//! is asked whenever one of them might say something else than that the words changed; whatever is answered here is what
//! it would say, at the cost of the edits alone. A property test holds the two together.

use chrono::{DateTime, Utc};
use foldhash::HashSet;

use super::comparing::Comparisons;
use super::kept::KeptRegister;
use super::matching::{Evidence, Rule};
use super::record::{Announcement, NeverReason, Record, Register, RegisterChanges};
use super::seen::Seen;
use super::step::Step;
use super::texts::Texts;
use crate::domain::{Digest, Release, ReleaseId};

/// A file that is not as the last look found it, and was a release then and is one now.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'a> {
    /// The release it was.
    pub id: &'a ReleaseId,
    /// What it said.
    pub before: &'a Release,
    /// The file as it is now.
    pub seen: Seen<'a>,
}

/// What plain edits come to. What the last look said of files, kept releases and clashes stays true.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainEdits {
    /// The register after the look.
    pub register: Register,
    /// What to save.
    pub changes: RegisterChanges,
}

impl KeptRegister {
    /// What a look comes to at `now` in which nothing but `edits` is otherwise than in the look before, which this
    /// register remembers; `None` when [`Register::reconcile`] must be asked.
    ///
    /// The caller answers for it that the last whole look was settled ([`super::Reconciled::settled`]), that the look before
    /// this one showed each of these releases from its own file,
    /// that no other file came, went, broke or was mended since, and no document or image of any other changed;
    /// `next_change` is when the date of the next release comes, as of the look before.
    #[must_use]
    pub fn plain_edits(
        &self,
        edits: &[Edit<'_>],
        texts: &dyn Texts,
        now: DateTime<Utc>,
        next_change: Option<DateTime<Utc>>,
    ) -> Option<PlainEdits> {
        let register = self.register();
        let is_quiet = register.started.is_some()
            && register.authority.is_some()
            && register.alarm.is_none()
            && next_change.is_none_or(|at| now < at);
        if !is_quiet {
            return None;
        }
        let mut known = Vec::with_capacity(edits.len());
        for edit in edits {
            known.push((edit, register.records.get(edit.id).filter(|record| stays_as_it_is(edit, record))?));
        }
        if !self.say_their_own(&known) {
            return None;
        }
        let rewritten = known.iter().filter(|(edit, record)| edit.seen.digest != record.file_digest);
        let rewritten: Vec<_> = rewritten.map(|(edit, record)| (*record, &edit.seen)).collect();
        let compared = Comparisons::of(&rewritten, texts);
        if !self.are_who_they_were(&known, &compared) {
            return None;
        }
        known.sort_by_key(|(edit, _)| edit.seen.path);
        let step = Step::of_edits(register, &self.index().instants, texts, now);
        let mut step = step.with_compared(compared);
        for (edit, record) in known {
            step.update(record, &edit.seen, Rule::SamePath.why());
        }
        let done = step.finish();
        Some(PlainEdits { register: done.register, changes: done.changes })
    }

    /// Whether nobody becomes or ceases to be a copy by these edits.
    fn say_their_own(&self, edits: &[(&Edit<'_>, &Record)]) -> bool {
        let mut new_words = HashSet::default();
        edits.iter().all(|(edit, record)| {
            let words = edit.seen.significance.whole;
            match record.announcement {
                _ if words == record.significant => true,
                Announcement::Never(NeverReason::Copy) => false,
                Announcement::Undecided => new_words.insert(words) && !self.index().words.contains_key(&words),
                Announcement::Opened | Announcement::Never(_) => new_words.insert(words),
            }
        })
    }

    /// Whether each file is beyond doubt the release that it was.
    fn are_who_they_were(&self, edits: &[(&Edit<'_>, &Record)], compared: &Comparisons<'_>) -> bool {
        let gone = &self.index().gone;
        // With a single file and no release that is gone there is nothing else it could be.
        let is_alone = edits.len() == 1 && gone.is_empty();
        let former: HashSet<Digest> = edits.iter().map(|(_, record)| record.file_digest).collect();
        edits.iter().all(|(edit, record)| {
            let Edit { id, seen, .. } = edit;
            if seen.digest == record.file_digest {
                return true;
            }
            // The bytes of another: it may have moved here.
            if gone.contains_key(&seen.digest) || former.contains(&seen.digest) {
                return false;
            }
            if seen.release.pinned_id.as_ref() == Some(*id) {
                return true;
            }
            compared.get(record, seen).is_some_and(|compared| {
                let evidence = Evidence::with_like(seen, record, compared.like);
                evidence.is_unbeatable_at_home() || (is_alone && evidence.says_the_same_without_date())
            })
        })
    }
}

/// Whether all but the words, the documents and the labels of a live release is as it was.
fn stays_as_it_is(edit: &Edit<'_>, record: &Record) -> bool {
    let Edit { id, before, seen } = edit;
    let release = seen.release;
    let pins_nobody_else = |release: &Release| release.pinned_id.as_ref().is_none_or(|pinned| pinned == *id);
    record.missing_since.is_none()
        && record.live_since.is_some()
        && record.first_live.is_some()
        && record.publishable_since.is_some()
        && record.path == *seen.path
        && record.permalink == release.permalink
        && record.date == release.date
        && (before.is_publishable() && release.is_publishable())
        && before.redirect_from == release.redirect_from
        && (pins_nobody_else(before) && pins_nobody_else(release))
}
