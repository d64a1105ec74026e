//! Files that break, vanish and return.

use chrono::TimeDelta;

use super::newsroom::{BODY, Newsroom, OTHER, minutes};
use crate::domain::SourcePath;
use crate::register::{Announcement, Register};

#[test]
fn a_broken_file_keeps_the_last_good_release() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.save("b.md", "Un bac", OTHER);
    room.look();
    let id = room.id_of("a.md");
    room.files.remove("a.md");
    room.broken.push(SourcePath::new("a.md"));
    let look = room.look();
    assert!(look.kept.contains(&id));
    assert_eq!(room.register.records[&id].missing_since, None);
}

#[test]
fn losing_most_releases_at_once_is_not_believed_for_fifteen_minutes() {
    let mut room = Newsroom::new();
    for number in 0..12 {
        room.save(&format!("r{number}.md"), &format!("Communiqué {number}"), &format!("Texte {number}"));
    }
    room.look();
    let whole = std::mem::take(&mut room.files);
    room.save("r0.md", "Communiqué 0", "Texte 0");
    let look = room.look();
    assert_eq!(look.kept.len(), 12);
    let alarm = look.changes.alarm.unwrap();
    assert_eq!((alarm.missing, alarm.of), (11, 12));
    room.wait(minutes(14));
    assert_eq!(room.look().kept.len(), 12);
    room.wait(minutes(1));
    let look = room.look();
    assert_eq!((look.files.len(), look.changes.alarm), (1, None));
    room.files = whole;
    room.look();
    assert!(room.register.records.values().all(|record| record.missing_since.is_none()));
    assert_eq!(room.register.records.len(), 12);
}

#[test]
fn an_emptied_folder_is_not_believed_and_its_return_is_no_event() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    let whole = std::mem::take(&mut room.files);
    assert!(room.look().changes.alarm.is_some());
    room.files = whole;
    let look = room.look();
    assert_eq!((look.changes.alarm, look.changes.decisions.len(), look.files.len()), (None, 0, 1));
}

#[test]
fn a_confirmed_alarm_is_believed_at_once() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    room.files.clear();
    room.look();
    room.register.alarm.as_mut().unwrap().confirmed = true;
    assert_eq!(room.look().kept.len(), 0);
}

#[test]
fn what_is_deleted_returns_as_what_it_was_even_after_months_under_another_name_and_mended() {
    for (name, body) in [("a.md", BODY.to_owned()), ("b.md", BODY.to_owned()), ("b.md", BODY.replace("lundi", "mardi"))]
    {
        let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("z.md", "Un bac", OTHER)]);
        room.announce("a.md");
        let id = room.id_of("a.md");
        room.files.remove("a.md");
        room.look();
        assert_eq!(room.register.records[&id].missing_since, Some(room.now));
        room.wait(TimeDelta::days(200));
        room.save(name, "Un pont", &body);
        room.look();
        assert_eq!(room.id_of(name), id);
        let record = room.record(name);
        assert_eq!((record.missing_since, record.announcement), (None, Announcement::Opened));
        assert_eq!(room.decided()[0], "returned");
    }
}

#[test]
fn a_rename_in_two_looks_is_one_even_if_words_change_meanwhile() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("z.md", "Un bac", OTHER)]);
    let id = room.id_of("a.md");
    room.files.remove("a.md");
    room.look();
    room.wait(TimeDelta::days(2));
    room.save("nouveau.md", "Un pont", &format!("{OTHER} {BODY}"));
    room.look();
    assert_eq!(room.id_of("nouveau.md"), id);
}

#[test]
fn a_branch_that_takes_hundreds_away_and_brings_them_back_is_no_event() {
    let mut room = Newsroom::new();
    for number in 0..300 {
        room.save(&format!("r{number}.md"), &format!("Communiqué {number}"), &format!("Texte {number} {BODY}"));
    }
    room.look();
    let before = room.register.clone();
    let whole = room.files.clone();
    room.files.retain(|path, _| path.ends_with("7.md"));
    room.look();
    for minute in 0..20 {
        room.wait(minutes(1));
        room.look();
        assert_eq!(room.last.as_ref().unwrap().changes.alarm.is_some(), minute < 14);
    }
    room.files = whole;
    room.look();
    let identities = |register: &Register| -> Vec<_> {
        register.records.values().map(|r| (r.id.clone(), r.path.clone(), r.updated, r.announcement)).collect()
    };
    assert_eq!(identities(&room.register), identities(&before));
}

#[test]
fn a_file_in_pieces_keeps_what_was_there_and_its_id() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY)]);
    let id = room.id_of("a.md");
    let whole = room.files.remove("a.md").unwrap();
    room.broken.push(SourcePath::new("a.md"));
    assert!(room.look().kept.contains(&id));
    // While it is in pieces its bytes appear elsewhere: a copy, no move.
    room.save("b.md", "Un pont", BODY);
    room.look();
    assert_ne!(room.id_of("b.md"), id);
    room.broken.clear();
    room.files.insert("a.md".to_owned(), whole);
    room.look();
    assert_eq!((room.id_of("a.md"), room.news()), (id, 1));
}

#[test]
fn an_undecided_release_stays_undecided_whatever_happens_to_its_file() {
    let mut room = Newsroom::with(&[("z.md", "Un bac", OTHER)]);
    room.save("a.md", "Un pont", BODY).date = room.now + minutes(60);
    room.look();
    let id = room.id_of("a.md");
    room.rename("a.md", "b.md");
    room.look();
    room.files.get_mut("b.md").unwrap().date = room.now + minutes(90);
    room.look();
    room.files.get_mut("b.md").unwrap().published = false;
    room.look();
    assert_eq!(room.record("b.md").publishable_since, None);
    let draft = room.files.remove("b.md").unwrap();
    room.look();
    room.wait(minutes(30));
    room.files.insert("c.md".to_owned(), crate::domain::Release { path: SourcePath::new("c.md"), ..draft });
    room.files.get_mut("c.md").unwrap().published = true;
    room.look();
    let record = room.record("c.md");
    assert_eq!((&record.id, record.announcement, record.first_live), (&id, Announcement::Undecided, None));
    assert_eq!(record.publishable_since, Some(room.now));
    assert_eq!(room.register.aliases.len(), 0, "an address nobody saw is no old address");
}

#[test]
fn what_was_public_once_is_known_for_ever() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY)]);
    let first = room.record("a.md").first_live.unwrap();
    room.files.get_mut("a.md").unwrap().published = false;
    room.look();
    let record = room.record("a.md");
    assert_eq!((record.live_since, record.first_live), (None, Some(first)));
    room.files.get_mut("a.md").unwrap().published = true;
    room.look();
    assert_eq!((room.record("a.md").live_since, room.record("a.md").first_live), (Some(room.now), Some(first)));
}
