//! Copies beside their originals, and which of two files lives on.

use super::newsroom::{BODY, Newsroom, OTHER, minutes};
use crate::register::{Announcement, NeverReason};

#[test]
fn a_copy_that_was_live_at_the_first_start_is_no_news_when_it_is_mended() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.save("b.md", "Un pont", BODY);
    room.look();
    room.save("b.md", "Un pont !", BODY);
    room.look();
    for path in ["a.md", "b.md"] {
        assert_eq!(room.record(path).announcement, Announcement::Never(NeverReason::LiveAtFirstStart), "{path}");
    }
}

#[test]
fn a_copy_is_new_and_silent_until_it_differs() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    let original = room.id_of("a.md");
    room.save("b.md", "Un pont", BODY);
    room.look();
    assert_eq!(room.id_of("a.md"), original);
    assert_eq!(room.record("b.md").announcement, Announcement::Never(NeverReason::Copy));
    room.save("b.md", "Un second pont", BODY);
    room.look();
    assert_eq!(room.record("b.md").announcement, Announcement::Undecided);
}

#[test]
fn a_copy_whose_original_goes_later_lives_on_as_the_original() {
    for (edit, original_edited) in [(false, false), (true, false), (false, true)] {
        let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("z.md", "Un bac", OTHER)]);
        room.announce("a.md");
        let id = room.id_of("a.md");
        room.copy("a.md", "b0.md");
        room.look();
        room.rename("b0.md", "b.md");
        room.look();
        assert_ne!(room.id_of("b.md"), id);
        room.wait(minutes(30));
        if original_edited {
            room.save("a.md", "Un pont", &format!("{BODY} Enfin."));
            room.look();
        }
        room.files.remove("a.md");
        if edit {
            room.save("b.md", "Un pont", &BODY.replace("lundi", "mardi"));
        }
        room.look();
        assert_eq!(room.id_of("b.md"), id, "{edit} {original_edited}");
        assert_eq!(room.record("b.md").announcement, Announcement::Opened);
        for old in ["/espace-presse/a/", "/espace-presse/b0/"] {
            assert_eq!(room.register.aliases[&old.parse().unwrap()], id);
        }
        // The original comes back beside it: silent, too.
        room.wait(minutes(30));
        room.save("a.md", "Un pont", BODY);
        room.look();
        assert_eq!((room.id_of("b.md"), room.news()), (id, 2));
        assert_eq!(room.register.records.len(), 3);
    }
}

#[test]
fn a_backup_made_in_the_look_of_an_edit_is_a_copy_and_the_edited_file_keeps_its_id() {
    for edited in [format!("{BODY} Enfin."), format!("{BODY} {OTHER}")] {
        let mut room = Newsroom::with(&[("a.md", "Un pont", BODY)]);
        let id = room.id_of("a.md");
        room.copy("a.md", "a-sauvegarde.md");
        room.save("a.md", "Un pont", &edited);
        room.look();
        assert_eq!(room.id_of("a.md"), id);
        assert_eq!(room.record("a-sauvegarde.md").announcement, Announcement::Never(NeverReason::Copy));
        // The backup goes again, then returns.
        room.files.remove("a-sauvegarde.md");
        room.look();
        room.save("a-sauvegarde.md", "Un pont", BODY);
        room.look();
        assert_eq!((room.id_of("a.md"), room.news()), (id, 1));
    }
}

#[test]
fn a_copy_edited_together_with_its_original_stays_a_copy() {
    let mut room = Newsroom::with(&[("b.md", "Un pont", BODY)]);
    room.copy("b.md", "a.md");
    room.look();
    for path in ["a.md", "b.md"] {
        room.save(path, "Un pont", &format!("{BODY} Enfin."));
    }
    room.look();
    assert_eq!(room.record("a.md").announcement, Announcement::Never(NeverReason::Copy));
    room.save("a.md", "Un pont", &format!("{BODY} Et un bac."));
    room.look();
    assert_eq!(room.decided(), ["edited", "news"]);
}

#[test]
fn of_two_new_files_with_equal_bytes_one_is_news_and_either_may_be_renamed() {
    let mut room = Newsroom::new();
    room.look();
    room.save("a.md", "Un pont", BODY);
    room.save("b.md", "Un pont", BODY);
    room.look();
    assert_eq!(room.news(), 1);
    let (a, b) = (room.id_of("a.md"), room.id_of("b.md"));
    room.rename("b.md", "c.md");
    room.look();
    assert_eq!((room.id_of("a.md"), room.id_of("c.md")), (a.clone(), b.clone()));
    room.rename("a.md", "d.md");
    room.look();
    assert_eq!((room.id_of("d.md"), room.id_of("c.md")), (a.clone(), b.clone()));
    room.rename("d.md", "x/d.md");
    room.rename("c.md", "x/c.md");
    room.look();
    assert_eq!((room.id_of("x/d.md"), room.id_of("x/c.md")), (a, b));
    room.rename("x/d.md", "e.md");
    room.rename("x/c.md", "f.md");
    room.look();
    assert_eq!((room.register.records.len(), room.news()), (2, 1));
}

#[test]
fn the_public_copy_of_a_draft_is_news_and_the_draft_is_not_news_again() {
    let mut room = Newsroom::with(&[("z.md", "Un bac", OTHER)]);
    room.save("brouillon.md", "Un pont", BODY).published = false;
    room.look();
    room.save("pont.md", "Un pont", BODY);
    room.look();
    assert_eq!(room.record("pont.md").announcement, Announcement::Undecided);
    room.announce("pont.md");
    room.files.get_mut("brouillon.md").unwrap().published = true;
    room.look();
    assert_eq!(room.record("brouillon.md").announcement, Announcement::Never(NeverReason::Copy));
}

#[test]
fn an_archived_copy_lives_on_when_its_original_is_written_over_the_same_day() {
    for in_one_look in [false, true] {
        let mut room = Newsroom::with(&[("actualite.md", "Un pont", BODY)]);
        room.announce("actualite.md");
        let id = room.id_of("actualite.md");
        room.copy("actualite.md", "archives/pont.md");
        if !in_one_look {
            room.look();
        }
        room.save("actualite.md", "Un bac", OTHER);
        room.look();
        assert_eq!(room.id_of("archives/pont.md"), id, "{in_one_look}");
        assert_eq!(room.record("archives/pont.md").announcement, Announcement::Opened);
        assert_eq!(room.record("actualite.md").announcement, Announcement::Undecided, "{in_one_look}");
    }
}

/// A backup beside the release, which goes again, must not take the release's place when its words return.
#[test]
fn a_copy_that_went_takes_nothing_from_its_original() {
    let half = "Le pont de la Vire ouvre lundi : la fanfare jouera jusqu’au soir, on dansera sur la place et le maire parlera.";
    let small = BODY.replace("lundi", "mardi");
    for (new_path, between, after) in [
        ("a.md", half.to_owned(), BODY.to_owned()),
        ("c.md", small.clone(), BODY.to_owned()),
        ("c.md", small.clone(), small.replace("deux", "trois")),
    ] {
        let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("z.md", "Un bac", OTHER)]);
        room.announce("a.md");
        let id = room.id_of("a.md");
        room.copy("a.md", "b.md");
        room.look();
        room.files.remove("b.md");
        room.look();
        room.save("a.md", "Un pont", &between);
        room.look();
        room.files.remove("a.md");
        room.save(new_path, "Un pont", &after);
        room.look();
        assert_eq!(room.id_of(new_path), id, "{new_path}: {between} {after}");
        assert_eq!(room.record(new_path).announcement, Announcement::Opened);
    }
}

#[test]
fn a_copy_that_went_comes_back_as_itself() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("z.md", "Un bac", OTHER)]);
    let id = room.id_of("a.md");
    room.copy("a.md", "b.md");
    room.look();
    let copy = room.id_of("b.md");
    room.files.remove("b.md");
    room.look();
    room.copy("a.md", "c.md");
    room.look();
    assert_eq!((room.id_of("a.md"), room.id_of("c.md")), (id, copy));
}

#[test]
fn a_release_that_lives_on_in_its_copy_goes_and_returns_as_itself() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("z.md", "Un bac", OTHER)]);
    let id = room.id_of("a.md");
    room.copy("a.md", "b.md");
    room.look();
    // All in one instant: nothing but what they are tells the two apart.
    room.files.remove("a.md");
    room.look();
    let file = room.files.remove("b.md").unwrap();
    room.look();
    room.files.insert("b.md".to_owned(), file);
    room.look();
    assert_eq!(room.id_of("b.md"), id);
}
