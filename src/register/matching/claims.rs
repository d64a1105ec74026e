//! What speaks for a file being a release, weighed.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::HashMap;

use super::Rule;
use crate::domain::ReleaseId;
use crate::register::Seen;
use crate::register::comparing::Comparisons;
use crate::register::likeness::Likeness;
use crate::register::record::Record;
use crate::register::texts::Texts;

/// From here on, a file at a known path is still the same release.
pub(super) const SAME_PATH_LIKE: f64 = 0.3;
/// From here on, a file elsewhere is a vanished release under another name; below it and above [`SAME_PATH_LIKE`] it is
/// a new one whose announcement a person must look at.
pub(super) const ELSEWHERE_LIKE: f64 = 0.6;

/// How much an equal title weighs beside the likeness of the text: templates of one another differ in little else.
const TITLE: f64 = 0.2;
/// How much better a claim from elsewhere must be than that of the file that stands where the release always stood.
const HOME: f64 = 0.25;
/// How much the file's name, or its address, adds.
const NAME: f64 = 0.2;
const ADDRESS: f64 = 0.15;
/// The editor's own word, above all others.
const WORD: f64 = 1.5;

/// The texts compared in one look, each fetched and prepared once.
pub(super) struct Likenesses<'a> {
    seen: &'a [Seen<'a>],
    texts: &'a dyn Texts,
    /// What files have in common with the releases at their places.
    pub(super) at_home: Comparisons<'a>,
    files: RefCell<HashMap<usize, Rc<Likeness>>>,
    records: RefCell<HashMap<ReleaseId, Rc<Likeness>>>,
}

impl<'a> Likenesses<'a> {
    pub(super) fn new(seen: &'a [Seen<'a>], texts: &'a dyn Texts, at_home: Comparisons<'a>) -> Self {
        Self { seen, texts, at_home, files: RefCell::default(), records: RefCell::default() }
    }

    pub(super) fn of_file(&self, index: usize) -> Rc<Likeness> {
        let make = || Rc::new(likeness_of_file(&self.seen[index], self.texts));
        self.files.borrow_mut().entry(index).or_insert_with(make).clone()
    }

    /// The same of a release that may not be asked for again: there may be very many of them.
    pub(super) fn of_record_once(&self, record: &Record) -> Likeness {
        likeness_of_record(record, self.texts)
    }

    fn of_record(&self, record: &Record) -> Rc<Likeness> {
        if let Some(known) = self.records.borrow().get(&record.id) {
            return known.clone();
        }
        let made = Rc::new(likeness_of_record(record, self.texts));
        self.records.borrow_mut().insert(record.id.clone(), made.clone());
        made
    }
}

/// The likeness of a file; of its title alone when its text is not to be had any more.
fn likeness_of_file(seen: &Seen<'_>, texts: &dyn Texts) -> Likeness {
    let text = texts.of_file(seen.path, seen.digest);
    Likeness::of(&seen.release.title, text.as_deref().unwrap_or_default())
}

/// The likeness of a known release; of its title alone when it has no text.
fn likeness_of_record(record: &Record, texts: &dyn Texts) -> Likeness {
    Likeness::of(&record.title, texts.of_record(record).as_deref().unwrap_or_default())
}

/// What a file and a release have in common.
#[derive(Debug, Clone, Copy)]
pub(in crate::register) struct Evidence {
    pub(super) like: f64,
    pub(super) title: bool,
    pub(super) date: bool,
}

impl Evidence {
    pub(super) fn of(likenesses: &Likenesses<'_>, index: usize, record: &Record) -> Self {
        let file = &likenesses.seen[index];
        let like = match likenesses.at_home.get(record, file) {
            Some(compared) => compared.like,
            None => likenesses.of_file(index).similarity(&likenesses.of_record(record)),
        };
        Self::with_like(file, record, like)
    }

    /// The same of texts that are so much alike.
    pub(in crate::register) fn with_like(file: &Seen<'_>, record: &Record, like: f64) -> Self {
        Self { like, title: record.title == file.release.title, date: record.date == file.release.date }
    }

    /// Title, date or text: one of them is enough where the place is the same.
    pub(super) fn says_the_same(self) -> bool {
        self.date || self.says_the_same_without_date()
    }

    pub(in crate::register) fn says_the_same_without_date(self) -> bool {
        self.title || self.like >= SAME_PATH_LIKE
    }

    /// Whether a file that stands where the release always stood is beyond doubt that release, edited.
    pub(super) fn holds_home(self) -> bool {
        self.like >= ELSEWHERE_LIKE || (self.title && self.date)
    }

    /// Whether no claim from elsewhere can be better than this one at home.
    pub(in crate::register) fn is_unbeatable_at_home(self) -> bool {
        self.title && self.like + TITLE >= 1.0
    }

    /// How much it weighs as a claim by `rule`.
    pub(super) fn weight(self, rule: Rule) -> f64 {
        let text = self.like + if self.title { TITLE } else { 0.0 };
        match rule {
            Rule::PinnedId | Rule::Redirect => WORD,
            Rule::SamePathAndBytes | Rule::SameBytes | Rule::SamePath | Rule::SameSpelling => text + HOME,
            Rule::FileName => text + NAME,
            Rule::Permalink | Rule::TitleAndDate => text + ADDRESS,
            Rule::Likeness | Rule::Survivor => text,
        }
    }
}
