//! The contest: files that changed or appeared against releases whose file changed or is gone.
//!
//! Every plausible pair is a claim with a weight; the heaviest are granted first. So of two files that were swapped and
//! edited at once, each goes to the release whose text it has, whatever their dates. Likeness is computed for open
//! files and free releases only; where both are many, a sketch of each text finds the pairs worth comparing.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use foldhash::{HashMap, HashSet};

use super::claims::{ELSEWHERE_LIKE, Evidence, Likenesses, SAME_PATH_LIKE};
use super::{Match, Matching, Rule, folded, is_lost_copy};
use crate::domain::Permalink;
use crate::register::record::{Announcement, NeverReason, Record};

/// Up to this many pairs of texts are all compared.
const PAIRS_COMPARED: usize = 100_000;
/// A word pair in more sketches than this tells nothing.
const COMMONPLACE: usize = 64;
/// Two claims this close to each other are no decision.
const CLOSE: f64 = 0.05;
/// How long after a release vanished something half like it is still looked at by a person.
const DOUBT_LASTS: TimeDelta = TimeDelta::days(7);

/// One file's claim to be one release.
struct Claim<'a> {
    file: usize,
    record: &'a Record,
    rule: Rule,
    weight: f64,
}

impl<'a> Matching<'a> {
    pub(super) fn by_contest(&mut self) {
        self.edited_at_home();
        let open = self.open();
        let free: Vec<&'a Record> =
            self.register.records.values().filter(|record| self.is_free(record) && !self.is_broken(record)).collect();
        if open.is_empty() || free.is_empty() {
            return;
        }
        let (mut claims, mut doubts) = (self.claims_by_place(&open, &free), HashMap::default());
        for (file, record) in pairs_to_compare(&open, &free, &self.likenesses) {
            self.claim_by_likeness(file, record, &mut claims, &mut doubts);
        }
        // A copy that went unheard has no say where another release has.
        let wanted: HashSet<usize> =
            claims.iter().filter(|claim| !is_lost_copy(claim.record)).map(|claim| claim.file).collect();
        claims.retain(|claim| !is_lost_copy(claim.record) || !wanted.contains(&claim.file));
        claims.sort_by(|a, b| {
            b.weight.total_cmp(&a.weight).then_with(|| (a.file, &a.record.id).cmp(&(b.file, &b.record.id)))
        });
        self.grant(&claims, &mut doubts);
        for index in self.open() {
            if let Some(record) = doubts.get(&index).filter(|record| self.is_free(record)) {
                self.found[index] = Some(Match::Doubtful(record.id.clone()));
            }
        }
    }

    /// Files at their own place whose text leaves no doubt: nothing more is computed for them.
    fn edited_at_home(&mut self) {
        for index in self.open() {
            if let Some(record) = self.home_record(index)
                && self.evidence(index, record).is_unbeatable_at_home()
            {
                self.take(index, record, Rule::SamePath);
            }
        }
    }

    /// Whether the file at `record`'s own place is still the release beyond doubt.
    fn is_held_at_home(&self, record: &Record) -> bool {
        self.home_file(record).is_some_and(|home| self.evidence(home, record).holds_home())
    }

    /// Claims by path, `redirect_from`, file name, permalink, and by title and date together.
    fn claims_by_place(&self, open: &[usize], free: &[&'a Record]) -> Vec<Claim<'a>> {
        let (mut spelled, mut names) = (HashMap::default(), HashMap::default());
        let (mut links, mut titles) = (HashMap::default(), HashMap::default());
        for record in free {
            links.entry(&record.permalink).or_insert_with(Vec::new).push(*record);
            if self.home_file(record).is_none() {
                spelled.entry(folded(&record.path)).or_insert_with(Vec::new).push(*record);
                names.entry(record.path.file_name()).or_insert_with(Vec::new).push(*record);
                titles.entry((&*record.title, record.date)).or_insert_with(Vec::new).push(*record);
            }
        }
        let mut claims = Vec::new();
        let mut claim = |file: usize, record: &'a Record, rule: Rule, evidence: Evidence| {
            claims.push(Claim { file, record, rule, weight: evidence.weight(rule) });
        };
        for &index in open {
            let file = &self.seen[index];
            let evidence = |record: &Record| self.evidence(index, record);
            let home = self.home_record(index);
            if let Some(record) = home {
                // A pin that names nobody yet says that this is another release, unless the words say otherwise.
                let evidence = evidence(record);
                let by_words = evidence.says_the_same_without_date();
                let by_date = evidence.date && file.release.pinned_id.is_none();
                if !is_stranger(record, evidence) && (by_words || (by_date && !self.lives_on_in_a_copy(record))) {
                    claim(index, record, Rule::SamePath, evidence);
                }
            }
            let away = |record: &&&'a Record| home.is_none_or(|home| home.id != record.id);
            for record in file.release.redirect_from.iter().flat_map(|old| self.known_at(old, &links)) {
                if away(&&record) && !self.is_held_at_home(record) {
                    claim(index, record, Rule::Redirect, evidence(record));
                }
            }
            let listed = [
                (Rule::SameSpelling, spelled.get(&folded(file.path))),
                (Rule::FileName, names.get(file.path.file_name())),
                (Rule::Permalink, links.get(&file.release.permalink)),
                (Rule::TitleAndDate, titles.get(&(&*file.release.title, file.release.date))),
            ];
            for (rule, records) in listed {
                for record in records.into_iter().flatten().filter(away) {
                    let evidence = evidence(record);
                    let is_same = evidence.says_the_same() && !is_stranger(record, evidence);
                    if is_same && self.home_file(record).is_none() {
                        claim(index, record, rule, evidence);
                    }
                }
            }
        }
        claims
    }

    /// The free releases at an address now or before.
    fn known_at(&self, old: &Permalink, links: &HashMap<&Permalink, Vec<&'a Record>>) -> Vec<&'a Record> {
        let alias = self.register.aliases.get(old).and_then(|id| self.register.records.get(id));
        let alias = alias.filter(|record| self.is_free(record) && !self.is_broken(record));
        links.get(old).into_iter().flatten().copied().chain(alias).collect()
    }

    fn claim_by_likeness(
        &self,
        file: usize,
        record: &'a Record,
        claims: &mut Vec<Claim<'a>>,
        doubts: &mut HashMap<usize, &'a Record>,
    ) {
        let home = self.home_record(file);
        if home.is_some_and(|home| home.id == record.id && home.missing_since.is_none()) {
            return;
        }
        let evidence = self.evidence(file, record);
        if evidence.like < SAME_PATH_LIKE {
            return;
        }
        // Where the release still stands at its own place, a file of a new name is a copy of it.
        let contested = self.home_file(record).is_some_and(|home| home != file);
        if contested && (home.is_none() && self.is_held_at_home(record)) {
            return;
        }
        if evidence.like >= ELSEWHERE_LIKE && !is_stranger(record, evidence) {
            claims.push(Claim { file, record, rule: Rule::Likeness, weight: evidence.weight(Rule::Likeness) });
        } else if !contested && (evidence.like >= ELSEWHERE_LIKE || self.is_recent(record)) {
            doubts.entry(file).or_insert(record);
        }
    }

    /// Whether a silent copy has the words that `record` had: then a file of other words at its place is another release,
    /// even if both are of one day.
    fn lives_on_in_a_copy(&self, record: &Record) -> bool {
        self.register.records.values().any(|copy| {
            copy.announcement == Announcement::Never(NeverReason::Copy)
                && copy.significant == record.significant
                && copy.missing_since.is_none()
                && self.present.contains(&copy.path)
        })
    }

    /// Whether `record` vanished in this look or not long before it.
    fn is_recent(&self, record: &Record) -> bool {
        record.missing_since.is_none_or(|since| self.now - since <= DOUBT_LASTS)
    }

    fn grant(&mut self, claims: &[Claim<'a>], doubts: &mut HashMap<usize, &'a Record>) {
        let (mut of_file, mut of_record) = (HashMap::default(), HashMap::default());
        for (place, claim) in claims.iter().enumerate() {
            of_file.entry(claim.file).or_insert_with(Vec::new).push(place);
            of_record.entry(&claim.record.id).or_insert_with(Vec::new).push(place);
        }
        for claim in claims {
            if self.found[claim.file].is_some() || !self.is_free(claim.record) {
                continue;
            }
            let near = |other: &&Claim<'a>| {
                other.weight + CLOSE > claim.weight
                    && self.found[other.file].is_none()
                    && self.is_free(other.record)
                    && (other.file, &other.record.id) != (claim.file, &claim.record.id)
            };
            let others = of_file[&claim.file].iter().chain(&of_record[&claim.record.id]).map(|place| &claims[*place]);
            // Rivals that say the same words are none: any choice among them is right.
            let is_rival = |other: &Claim<'a>| {
                if other.file == claim.file {
                    other.record.significant != claim.record.significant
                } else {
                    self.seen[other.file].significance.whole != self.seen[claim.file].significance.whole
                }
            };
            let is_sure = matches!(claim.rule, Rule::SamePath | Rule::SameSpelling | Rule::Redirect);
            if is_sure || !others.filter(near).any(is_rival) {
                self.take(claim.file, claim.record, claim.rule);
            } else {
                doubts.insert(claim.file, claim.record);
            }
        }
    }
}

/// Whether `record` was deleted before this look and has neither the file's title nor its date: next year's release on
/// the same template, even of the same name, must not be taken for it.
fn is_stranger(record: &Record, evidence: Evidence) -> bool {
    record.missing_since.is_some() && !evidence.title && !evidence.date
}

/// The pairs of open files and free releases whose texts are worth comparing: all of them, or those whose sketches meet.
fn pairs_to_compare<'a>(open: &[usize], free: &[&'a Record], likenesses: &Likenesses<'_>) -> Vec<(usize, &'a Record)> {
    if open.len().saturating_mul(free.len()) <= PAIRS_COMPARED {
        return open.iter().flat_map(|file| free.iter().map(|record| (*file, *record))).collect();
    }
    let mut sketches: HashMap<u64, Vec<usize>> = HashMap::default();
    for (place, record) in free.iter().enumerate() {
        for pair in likenesses.of_record_once(record).sketch() {
            sketches.entry(*pair).or_default().push(place);
        }
    }
    let mut pairs = BTreeSet::new();
    for &file in open {
        for places in likenesses.of_file(file).sketch().iter().filter_map(|pair| sketches.get(pair)) {
            pairs.extend(places.iter().filter(|_| places.len() <= COMMONPLACE).map(|place| (file, *place)));
        }
    }
    pairs.into_iter().map(|(file, place)| (file, free[place])).collect()
}
