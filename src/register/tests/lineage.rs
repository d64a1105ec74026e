//! Whatever happens to a folder, in whatever order: an id follows its text. Random events, and a model of which text is
//! whose that knows nothing of paths, bytes or likeness.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::newsroom::{Newsroom, minutes};
use crate::domain::{Release, ReleaseId, SafeHtml, SourcePath};
use crate::register::{Announcement, NeverReason, RegisterChanges};

/// Where files may stand.
const PLACES: [&str; 7] = ["a.md", "b.md", "c.md", "d/e.md", "d/f.md", "été.md", "G.md"];

/// What may happen to the folder between two looks.
#[derive(Debug, Clone, Copy)]
enum Event {
    Write(usize),
    Edit(usize),
    Retitle(usize),
    Redate(usize),
    Rename(usize, usize),
    Swap(usize, usize),
    Rotate(usize, usize, usize),
    Delete(usize),
    Restore(usize, usize),
    Toggle(usize),
    Copy(usize, usize),
}

/// The folder, and which text is whose.
struct Folder {
    room: Newsroom,
    /// The text at each place, by the number it was written with.
    texts: BTreeMap<String, usize>,
    /// Texts that were deleted, with what they said last.
    deleted: BTreeMap<usize, Release>,
    written: usize,
    ids: BTreeMap<usize, ReleaseId>,
    edits: usize,
    /// All releases have one date, as those of a day often do. Then nothing is deleted: what takes the place of a deleted
    /// release of the same day is taken for it.
    one_day: bool,
}

/// A text that shares next to nothing with any other.
fn words(number: usize) -> String {
    (0..40).map(|word| format!("mot{number}x{word}")).collect::<Vec<_>>().join(" ")
}

impl Folder {
    fn new(one_day: bool) -> Self {
        // One file that nothing happens to: an emptied folder is another story.
        let room = Newsroom::with(&[("z.md", "Un quai", "Le quai reste.")]);
        let (texts, deleted, ids) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { room, texts, deleted, ids, written: 0, edits: 0, one_day }
    }

    fn is_free(&self, place: usize) -> bool {
        !self.texts.contains_key(PLACES[place])
    }

    fn relocate(&mut self, moves: &[(usize, usize)]) {
        let mut taken = Vec::new();
        for (from, to) in moves {
            let text = self.texts.remove(PLACES[*from]).unwrap();
            self.room.rename(PLACES[*from], &format!("moving/{to}.md"));
            taken.push((text, *to));
        }
        for (text, to) in taken {
            self.room.rename(&format!("moving/{to}.md"), PLACES[to]);
            self.texts.insert(PLACES[to].to_owned(), text);
        }
    }

    fn change(&mut self, at: usize, how: impl FnOnce(&mut Release)) {
        self.room.files.get_mut(PLACES[at]).map(how).unwrap_or_default();
    }

    fn happen(&mut self, event: Event) {
        self.edits += 1;
        let edits = self.edits;
        match event {
            Event::Write(at) if self.is_free(at) => {
                let number = self.written;
                self.written += 1;
                let release = self.room.save(PLACES[at], &format!("Titre {number}"), &words(number));
                if !self.one_day {
                    release.date -= TimeDelta::minutes(i64::try_from(number).unwrap());
                }
                self.texts.insert(PLACES[at].to_owned(), number);
            }
            Event::Restore(at, which) if self.is_free(at) && !self.deleted.is_empty() => {
                let number = *self.deleted.keys().nth(which % self.deleted.len()).unwrap();
                let release = self.deleted.remove(&number).unwrap();
                self.room.files.insert("moving/0.md".to_owned(), release);
                self.room.rename("moving/0.md", PLACES[at]);
                self.texts.insert(PLACES[at].to_owned(), number);
            }
            Event::Rename(from, to) if !self.is_free(from) && self.is_free(to) => self.relocate(&[(from, to)]),
            Event::Swap(a, b) if a != b && !self.is_free(a) && !self.is_free(b) => self.relocate(&[(a, b), (b, a)]),
            Event::Rotate(a, b, c) if a != b && b != c && a != c && ![a, b, c].iter().any(|at| self.is_free(*at)) => {
                self.relocate(&[(a, b), (b, c), (c, a)]);
            }
            Event::Delete(at) if !self.is_free(at) && !self.one_day => {
                let number = self.texts.remove(PLACES[at]).unwrap();
                self.deleted.insert(number, self.room.files.remove(PLACES[at]).unwrap());
            }
            Event::Copy(from, to) if !self.is_free(from) && self.is_free(to) => {
                self.room.copy(PLACES[from], PLACES[to]);
            }
            Event::Edit(at) => self.change(at, |release| {
                let body = release.body().unwrap().as_str().replacen(' ', &format!(" édité{edits} "), 1);
                release.body = SafeHtml::trust_sanitised(body).into();
            }),
            Event::Retitle(at) => self.change(at, |release| release.title = format!("Autre titre {edits}").into()),
            Event::Redate(at) if !self.one_day => {
                self.change(at, |release| release.date -= TimeDelta::seconds(i64::try_from(edits).unwrap()));
            }
            Event::Toggle(at) => self.change(at, |release| release.published = !release.published),
            Event::Write(_)
            | Event::Redate(_)
            | Event::Restore(..)
            | Event::Rename(..)
            | Event::Swap(..)
            | Event::Rotate(..)
            | Event::Delete(_)
            | Event::Copy(..) => {}
        }
    }

    /// Looks, and checks what holds after every look.
    fn look(&mut self) {
        let before = self.room.register.clone();
        self.room.wait(minutes(7));
        let look = self.room.look();
        let places: std::collections::BTreeSet<_> = look.files.values().collect();
        assert_eq!(places.len(), look.files.len(), "two ids for one file");
        for (id, record) in before.records.iter() {
            let after = &self.room.register.records[id];
            assert!(after.first_live >= record.first_live);
            if record.announcement != Announcement::Undecided {
                let freed = record.announcement == Announcement::Never(NeverReason::Copy)
                    && after.announcement == Announcement::Undecided;
                assert!(after.announcement == record.announcement || freed, "{id} was decided");
            }
        }
        let again = self.room.look();
        assert_eq!(again.changes, RegisterChanges::default(), "nothing happened between these looks");
    }

    /// Every text has the id it had first.
    fn check_lineage(&mut self) {
        for (place, text) in self.texts.clone() {
            let id = self.room.id_of(&place);
            let first = self.ids.entry(text).or_insert_with(|| id.clone());
            assert_eq!(*first, id, "text {text} at {place}");
        }
        assert_eq!(self.room.register.records.len(), 1 + self.ids.len(), "a release too many");
    }

    /// A moment in which files at these places cannot be read.
    fn break_for_a_look(&mut self, places: &[usize]) {
        let whole = self.room.files.clone();
        for at in places {
            if self.room.files.remove(PLACES[*at]).is_some() {
                self.room.broken.push(SourcePath::new(PLACES[*at]));
            }
        }
        self.look();
        self.room.broken.clear();
        self.room.files = whole;
        self.look();
    }
}

fn event() -> impl Strategy<Value = Event> {
    let place = || 0..PLACES.len();
    prop_oneof![
        3 => place().prop_map(Event::Write),
        2 => place().prop_map(Event::Edit),
        1 => place().prop_map(Event::Retitle),
        1 => place().prop_map(Event::Redate),
        3 => (place(), place()).prop_map(|(a, b)| Event::Rename(a, b)),
        2 => (place(), place()).prop_map(|(a, b)| Event::Swap(a, b)),
        2 => (place(), place(), place()).prop_map(|(a, b, c)| Event::Rotate(a, b, c)),
        1 => place().prop_map(Event::Delete),
        2 => (place(), place()).prop_map(|(a, b)| Event::Restore(a, b)),
        1 => place().prop_map(Event::Toggle),
    ]
}

fn events_with_copies() -> impl Strategy<Value = Event> {
    let place = || 0..PLACES.len();
    prop_oneof![4 => event(), 1 => (place(), place()).prop_map(|(a, b)| Event::Copy(a, b))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn an_id_follows_its_text_through_anything(
        one_day in any::<bool>(),
        looks in prop::collection::vec((prop::collection::vec(event(), 1..4), prop::collection::vec(0..PLACES.len(), 0..3)), 1..25)
    ) {
        let mut folder = Folder::new(one_day);
        for (events, broken) in looks {
            for event in events {
 folder.happen(event);
}
            folder.look();
            folder.check_lineage();
            folder.break_for_a_look(&broken);
            folder.check_lineage();
            for place in folder.texts.keys().cloned().collect::<Vec<_>>() {
                folder.room.announce(&place);
            }
        }
    }

    #[test]
    fn copies_upset_nothing(looks in prop::collection::vec(prop::collection::vec(events_with_copies(), 1..4), 1..25)) {
        let mut folder = Folder::new(false);
        for events in looks {
            for event in events {
 folder.happen(event);
}
            folder.look();
            // Texts that never were but copies are no news.
            let mut news: Vec<_> = folder.room.files.keys().filter_map(|path| folder.room.find(path)).collect();
            news.retain(|id| !matches!(folder.room.register.records[id].announcement, Announcement::Never(_)));
            let digests: std::collections::BTreeSet<_> =
                news.iter().map(|id| folder.room.register.records[id].significant.to_string()).collect();
            let publishable = news.iter().all(|id| folder.room.register.records[id].publishable_since.is_some());
            prop_assert!(!publishable || digests.len() == news.len(), "the same words are news twice");
        }
    }
}
