//! Ids that files pin, and two files that want one id or one address.

use chrono::TimeDelta;

use super::newsroom::{BODY, Newsroom, OTHER, THIRD, minutes};
use crate::domain::{ReleaseId, SourcePath};
use crate::register::Clash;

#[test]
fn an_id_pinned_later_makes_no_other_release_of_a_known_file() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    let id = room.id_of("a.md");
    for _ in 0..2 {
        room.save("a.md", "Un pont", BODY).pinned_id = Some("tag:x.example,2026:p".parse().unwrap());
        room.look();
        assert_eq!(room.id_of("a.md"), id);
    }
}

#[test]
fn the_older_of_two_files_keeps_a_pinned_id_and_an_address() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY).pinned_id = Some("tag:x.example,2026:p".parse().unwrap());
    room.look();
    room.wait(minutes(1));
    room.save("0.md", "Un bac", OTHER).pinned_id = Some("tag:x.example,2026:p".parse().unwrap());
    let link = room.files["a.md"].permalink.clone();
    room.save("c.md", "Une île", "Texte").permalink = link.clone();
    let look = room.look();
    let (a, zero, c) = (SourcePath::new("a.md"), SourcePath::new("0.md"), SourcePath::new("c.md"));
    assert_eq!(
        look.clashes,
        [
            Clash::Id { path: zero, keeper: a.clone(), id: "tag:x.example,2026:p".parse().unwrap() },
            Clash::Permalink { path: c, keeper: a, permalink: link },
        ]
    );
    assert_eq!(look.files.len(), 1);
}

#[test]
fn a_draft_takes_no_address_from_a_release() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un brouillon", OTHER).published = false;
    room.look();
    room.wait(minutes(1));
    let link = room.files["a.md"].permalink.clone();
    room.save("b.md", "Un pont", BODY).permalink = link.clone();
    let clashes = room.look().clashes.clone();
    let (draft, keeper) = (SourcePath::new("a.md"), SourcePath::new("b.md"));
    assert_eq!(clashes, [Clash::Permalink { path: draft, keeper, permalink: link }]);
    room.record("b.md");
}

fn pin(id: &str) -> ReleaseId {
    id.parse().unwrap()
}

const PIN: &str = "tag:x.example,2026:p";

#[test]
fn the_minted_id_pinned_carries_the_release_anywhere() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("z.md", "Une halte", THIRD)]);
    let id = room.id_of("a.md");
    let updated = room.record("a.md").updated;
    room.files.get_mut("a.md").unwrap().pinned_id = Some(id.clone());
    room.look();
    assert_eq!((room.id_of("a.md"), room.decided().len(), room.record("a.md").updated), (id.clone(), 0, updated));
    room.files.remove("a.md");
    let release = room.save("b.md", "Un bac", OTHER);
    (release.pinned_id, release.date) = (Some(id.clone()), release.date - TimeDelta::days(9));
    room.look();
    assert_eq!((room.id_of("b.md"), room.register.records.len()), (id, 2));
}

#[test]
fn a_pin_that_goes_or_changes_leaves_the_id() {
    let mut room = Newsroom::with(&[("z.md", "Un bac", OTHER)]);
    room.save("a.md", "Un pont", BODY).pinned_id = Some(pin(PIN));
    room.look();
    assert_eq!(room.id_of("a.md").as_str(), PIN);
    for pinned in [None, Some(pin("tag:x.example,2026:q")), Some(pin(PIN)), None] {
        room.files.get_mut("a.md").unwrap().pinned_id = pinned;
        room.look();
        assert_eq!(room.id_of("a.md").as_str(), PIN);
    }
    room.rename("a.md", "b.md");
    room.look();
    assert_eq!((room.id_of("b.md").as_str(), room.register.records.len()), (PIN, 2));
}

#[test]
fn a_pin_of_a_release_that_stands_elsewhere_is_told_and_takes_nothing() {
    let mut room = Newsroom::with(&[("z.md", "Un pont", BODY)]);
    let id = room.id_of("z.md");
    room.save("a.md", "Un bac", OTHER).pinned_id = Some(id.clone());
    for edited in [false, true] {
        if edited {
            room.save("z.md", "Un pont", &format!("{BODY} Enfin."));
        }
        let clash = Clash::Id { path: SourcePath::new("a.md"), keeper: SourcePath::new("z.md"), id: id.clone() };
        assert_eq!(room.look().clashes, [clash]);
        assert_eq!((room.id_of("z.md"), room.find("a.md")), (id.clone(), None));
    }
    // Its file in pieces is still its file.
    room.files.remove("z.md");
    room.broken.push(SourcePath::new("z.md"));
    assert_eq!(room.look().clashes.len(), 1);
    room.broken.clear();
    room.look();
    assert_eq!(room.id_of("a.md"), id);
    assert_eq!(room.register.records.len(), 1);
}

#[test]
fn a_known_release_that_pins_anothers_id_stays_what_it_is() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("b.md", "Un bac", OTHER)]);
    let (a, b) = (room.id_of("a.md"), room.id_of("b.md"));
    room.files.get_mut("a.md").unwrap().pinned_id = Some(b.clone());
    room.look();
    assert_eq!((room.id_of("a.md"), room.id_of("b.md")), (a, b));
}

#[test]
fn pins_that_are_swapped_swap_nothing_else() {
    let mut room = Newsroom::new();
    room.look();
    room.save("a.md", "Un pont", BODY).pinned_id = Some(pin(PIN));
    room.save("b.md", "Un bac", OTHER).pinned_id = Some(pin("tag:x.example,2026:q"));
    room.look();
    let (a, b) = (room.files.remove("a.md").unwrap(), room.files.remove("b.md").unwrap());
    room.files.insert("a.md".to_owned(), b);
    room.files.insert("b.md".to_owned(), a);
    room.look();
    assert_eq!(room.id_of("b.md").as_str(), PIN);
    assert_eq!(room.register.records.len(), 2);
}

#[test]
fn a_copy_with_its_pin_is_left_out_and_lives_on_when_the_original_goes() {
    let mut room = Newsroom::new();
    room.look();
    room.save("a.md", "Un pont", BODY).pinned_id = Some(pin(PIN));
    room.look();
    room.copy("a.md", "0.md");
    assert_eq!(room.look().clashes.len(), 1);
    assert_eq!((room.id_of("a.md").as_str(), room.register.records.len()), (PIN, 1));
    room.files.remove("a.md");
    room.look();
    assert_eq!((room.id_of("0.md").as_str(), room.register.records.len()), (PIN, 1));
}

#[test]
fn who_is_live_at_an_address_keeps_it_from_an_older_release_that_moves_there() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY)]);
    room.save("b.md", "Un bac", OTHER);
    room.look();
    let (a, updated) = (room.id_of("a.md"), room.record("a.md").updated);
    let link = room.files["b.md"].permalink.clone();
    let own = std::mem::replace(&mut room.files.get_mut("a.md").unwrap().permalink, link);
    for _ in 0..3 {
        room.wait(minutes(1));
        assert_eq!(room.look().clashes.len(), 1);
        assert_eq!((room.find("a.md"), room.find("b.md").is_some()), (None, true));
        assert_eq!(room.register.records[&a].live_since, None);
    }
    room.files.get_mut("a.md").unwrap().permalink = own;
    room.look();
    assert_eq!((room.id_of("a.md"), room.record("a.md").live_since), (a, Some(room.now)));
    assert_eq!(room.record("a.md").updated, updated, "nothing readers see has changed");
}
