//! Plain edits come to what a whole look would.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::newsroom::{BODY, Newsroom, OTHER, THIRD, minutes};
use crate::domain::Release;
use crate::register::{Announcement, KeptRegister, Record};

const PATHS: [&str; 5] = ["2026-11-23-a.md", "b.md", "c.md", "x/c.md", "d.md"];
const TITLES: [&str; 3] = ["Un pont", "Un bac", "Une halte"];

fn body(number: usize) -> String {
    match number {
        0 => BODY.to_owned(),
        1 => format!("{BODY} Enfin."),
        2 => BODY.replace("lundi", "mardi"),
        3 => OTHER.to_owned(),
        4 => format!("{OTHER} Enfin."),
        _ => THIRD.to_owned(),
    }
}

/// What may happen between two looks. Words are by their numbers.
#[derive(Debug, Clone)]
enum Act {
    Save { path: usize, title: usize, body: usize },
    Reword { path: usize, body: usize },
    Retitle { path: usize, title: usize },
    Both { bodies: [usize; 2] },
    Swap,
    Change { path: usize, what: usize },
    Remove { path: usize },
    Rename { from: usize, to: usize },
    Copy { from: usize, to: usize },
    Break { path: usize },
    Announce { path: usize },
    Wait { minutes: i64 },
}

fn act() -> impl Strategy<Value = Act> {
    let path = || 0..PATHS.len();
    prop_oneof![
        2 => (path(), 0..3_usize, 0..6_usize).prop_map(|(path, title, body)| Act::Save { path, title, body }),
        6 => (path(), 0..6_usize).prop_map(|(path, body)| Act::Reword { path, body }),
        2 => (path(), 0..3_usize).prop_map(|(path, title)| Act::Retitle { path, title }),
        2 => (0..6_usize, 0..6_usize).prop_map(|(one, other)| Act::Both { bodies: [one, other] }),
        1 => Just(Act::Swap),
        3 => (path(), 0..10_usize).prop_map(|(path, what)| Act::Change { path, what }),
        1 => path().prop_map(|path| Act::Remove { path }),
        1 => (path(), path()).prop_map(|(from, to)| Act::Rename { from, to }),
        1 => (path(), path()).prop_map(|(from, to)| Act::Copy { from, to }),
        1 => path().prop_map(|path| Act::Break { path }),
        2 => path().prop_map(|path| Act::Announce { path }),
        1 => (0..90_i64).prop_map(|minutes| Act::Wait { minutes }),
    ]
}

fn change(release: &mut Release, what: usize, now: DateTime<Utc>) {
    match what {
        0 => release.published = !release.published,
        1 => release.date = now + minutes(40),
        2 => release.date = now - minutes(40),
        3 => release.withdrawn = release.withdrawn.is_none().then(|| "erreur".to_owned()),
        4 => release.permalink = "/espace-presse/ailleurs/".parse().unwrap(),
        5 => release.redirect_from = vec!["/espace-presse/c/".parse().unwrap()],
        6 => release.redirect_from.clear(),
        7 => release.pinned_id = Some("tag:presse.example.org,2026:epingle".parse().unwrap()),
        8 => release.pinned_id = Some("tag:presse.example.org,2026:b".parse().unwrap()),
        _ => release.pinned_id = None,
    }
}

fn play(room: &mut Newsroom, act: &Act) {
    match act {
        Act::Save { path, title, body: words } => drop(room.save(PATHS[*path], TITLES[*title], &body(*words)).clone()),
        Act::Reword { path, body: words } => reword(room, PATHS[*path], *words),
        Act::Retitle { path, title } => {
            if let Some(release) = room.files.get_mut(PATHS[*path]) {
                release.title = TITLES[*title].into();
            }
        }
        Act::Both { bodies } => {
            let paths: Vec<String> = room.files.keys().take(2).cloned().collect();
            paths.iter().zip(bodies).for_each(|(path, words)| reword(room, path, *words));
        }
        Act::Swap => {
            let paths: Vec<String> = room.files.keys().take(2).cloned().collect();
            if let [one, other] = &paths[..] {
                let (first, second) = (room.files[one].clone(), room.files[other].clone());
                room.files.get_mut(one).unwrap().body = second.body;
                room.files.get_mut(other).unwrap().body = first.body;
            }
        }
        Act::Change { path, what } => {
            let now = room.now;
            if let Some(release) = room.files.get_mut(PATHS[*path]) {
                change(release, *what, now);
            }
        }
        Act::Remove { path } => drop(room.files.remove(PATHS[*path])),
        Act::Rename { from, to } if room.files.contains_key(PATHS[*from]) => room.rename(PATHS[*from], PATHS[*to]),
        Act::Copy { from, to } if from != to && room.files.contains_key(PATHS[*from]) => {
            room.copy(PATHS[*from], PATHS[*to]);
        }
        Act::Break { path } => {
            let path = crate::domain::SourcePath::new(PATHS[*path]);
            room.files.remove(path.as_str());
            room.broken.push(path);
        }
        Act::Announce { path } => {
            let id = room.find(PATHS[*path]).filter(|id| room.register.records[id].live_since.is_some());
            if let Some(record) = id.and_then(|id| room.register.records.get_mut(&id))
                && record.announcement == Announcement::Undecided
            {
                record.announcement = Announcement::Opened;
            }
        }
        Act::Wait { minutes: time } => room.wait(minutes(*time)),
        Act::Rename { .. } | Act::Copy { .. } => {}
    }
}

fn reword(room: &mut Newsroom, path: &str, words: usize) {
    if let Some(release) = room.files.get_mut(path) {
        let other = crate::domain::sample_release(path, "", &body(words));
        release.body = other.body;
    }
}

/// When the next of the files' dates comes after `looked`.
fn next_change(files: &BTreeMap<String, Release>, looked: DateTime<Utc>) -> Option<DateTime<Utc>> {
    files
        .values()
        .filter(|release| release.is_publishable())
        .map(|release| release.date)
        .filter(|at| *at > looked)
        .min()
}

/// Plays acts with a look after each, and compares the two ways wherever the short one answers; says how often it did.
fn compare(acts: &[Act]) -> usize {
    let mut room = Newsroom::new();
    for (path, title) in PATHS.into_iter().zip(TITLES) {
        room.save(path, title, &body(title.len() % 6));
    }
    room.look();
    let mut kept = KeptRegister::new(room.register.clone());
    let (mut answered, mut looked) = (0, room.now);
    for act in acts {
        let (files, broken) = (room.files.clone(), std::mem::take(&mut room.broken));
        play(&mut room, act);
        room.broken.retain(|path| !room.files.contains_key(path.as_str()));
        room.register.records.values().for_each(|record| kept.put(Record::clone(record)));
        let only_edits = files.keys().eq(room.files.keys()) && room.broken.is_empty() && broken.is_empty();
        let is_settled = room.last.as_ref().is_some_and(|last| last.settled);
        let short =
            (only_edits && is_settled).then(|| room.plain_edits(&kept, &files, next_change(&files, looked))).flatten();
        let before = room.last.as_ref().map(|last| (last.files.clone(), last.kept.clone(), last.clashes.clone()));
        looked = room.now;
        let whole = room.look().clone();
        if let Some(short) = short {
            answered += 1;
            assert_eq!(short.changes, whole.changes, "{act:?}");
            assert!(whole.settled);
            assert_eq!(short.register, whole.register, "{act:?}");
            assert_eq!(before, Some((whole.files, whole.kept, whole.clashes)), "{act:?}");
        }
        kept = take_in(kept, &room);
        assert_eq!(kept.index(), KeptRegister::new(room.register.clone()).index(), "{act:?}");
        room.wait(TimeDelta::milliseconds(1));
    }
    answered
}

/// As the store does after each look.
fn take_in(mut kept: KeptRegister, room: &Newsroom) -> KeptRegister {
    let register = &room.register;
    kept.settle(register.authority.clone(), register.started, register.alarm);
    room.last.iter().flat_map(|last| &last.changes.records).for_each(|record| kept.put(Record::clone(record)));
    register.aliases.iter().for_each(|(old, id)| kept.put_alias(old.clone(), id.clone()));
    assert_eq!(kept.register(), register);
    kept
}

proptest! {
    #[test]
    fn plain_edits_come_to_what_a_whole_look_would(acts in prop::collection::vec(act(), 1..24)) {
        compare(&acts);
    }
}

#[test]
fn an_address_that_two_want_is_settled_when_the_same_would_have_it_again() {
    let withdraw = |path| Act::Change { path, what: 3 };
    compare(&[withdraw(2), Act::Copy { from: 0, to: 3 }, withdraw(3), Act::Announce { path: 0 }]);
}

#[test]
fn an_edit_of_one_file_is_plain() {
    let reword = |path, body| Act::Reword { path, body };
    assert_eq!(compare(&[reword(0, 1), reword(0, 2), reword(0, 0)]), 3);
    assert_eq!(compare(&[Act::Retitle { path: 0, title: 1 }, Act::Both { bodies: [2, 3] }]), 1);
    // Its address, and its place among copies, are settled among all.
    assert_eq!(compare(&[Act::Change { path: 0, what: 4 }, Act::Copy { from: 0, to: 4 }, reword(4, 3)]), 0);
}
