//! What becomes of a release when its file is renamed, moved, swapped, overwritten.

use chrono::TimeDelta;

use super::newsroom::{BODY, Newsroom, OTHER, THIRD, minutes};
use crate::domain::HoldReason;
use crate::register::{Announcement, Register};

#[test]
fn a_renamed_file_keeps_its_id_and_its_old_address_leads_on() {
    let mut room = Newsroom::new();
    room.save("2026-11-23-pont.md", "Un pont", BODY);
    room.look();
    let id = room.id_of("2026-11-23-pont.md");
    let old = room.record("2026-11-23-pont.md").permalink.clone();
    room.rename("2026-11-23-pont.md", "2026-11-23-ouverture-du-pont.md");
    room.look();
    assert_eq!(room.id_of("2026-11-23-ouverture-du-pont.md"), id);
    assert_eq!(room.register.aliases[&old], id);
    let why: Vec<_> = room.last.as_ref().unwrap().changes.decisions.iter().map(|decision| decision.what).collect();
    assert_eq!(why, ["renamed"]);
}

#[test]
fn a_file_renamed_and_edited_at_once_is_recognised_by_its_text() {
    let mut room = Newsroom::new();
    room.save("pont.md", "Un pont", BODY);
    room.save("bac.md", "Un bac", OTHER);
    room.look();
    let id = room.id_of("pont.md");
    room.files.remove("pont.md");
    room.save("ouverture.md", "Un pont s’ouvre", &BODY.replace("lundi", "mardi"));
    room.look();
    assert_eq!(room.id_of("ouverture.md"), id);
}

#[test]
fn two_swapped_names_stay_two_releases() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.save("b.md", "Un bac", OTHER);
    room.look();
    let (a, b) = (room.id_of("a.md"), room.id_of("b.md"));
    room.save("a.md", "Un bac", OTHER);
    room.save("b.md", "Un pont", BODY);
    room.look();
    assert_eq!((room.id_of("a.md"), room.id_of("b.md")), (b, a));
}

#[test]
fn last_weeks_file_overwritten_is_a_new_release() {
    let mut room = Newsroom::new();
    room.save("hebdo.md", "Un pont", BODY);
    room.look();
    let id = room.id_of("hebdo.md");
    room.save("hebdo.md", "Un bac", OTHER).date += minutes(10);
    room.look();
    assert_ne!(room.id_of("hebdo.md"), id);
    assert_eq!(room.register.records[&id].missing_since, Some(room.now));
    assert_eq!(room.id_of("hebdo.md").as_str(), "tag:presse.example.org,2026:hebdo-2");
}

#[test]
fn a_file_overwritten_and_then_edited_is_still_the_newer_release() {
    let (mut room, path) = (Newsroom::new(), "communiques/hebdo.md");
    room.save(path, "Un pont", BODY);
    room.look();
    room.save(path, "Un bac", OTHER).date += minutes(10);
    room.look();
    let id = room.id_of(path);
    assert_eq!(id.as_str(), "tag:presse.example.org,2026:communiques/hebdo");
    room.save(path, "Un bac", &format!("{OTHER} Dès lundi.")).date += minutes(10);
    room.look();
    assert_eq!(room.id_of(path), id);
    assert_eq!(room.register.records.len(), 2);
}

#[test]
fn a_doubtful_match_is_new_and_held() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.save("z.md", "Un bac", OTHER);
    room.look();
    room.files.remove("a.md");
    let half = "Le pont de la Vire ouvre lundi à la circulation. La fanfare jouera, le maire parlera, on dansera jusqu’au soir sur la place.";
    room.save("b.md", "La fête", half).date += minutes(1);
    room.look();
    assert_eq!(room.record("b.md").hold.as_deref(), Some(&HoldReason::DoubtfulIdentity));
}

#[test]
fn the_year_in_an_id_is_that_of_the_sites_zone() {
    let mut room = Newsroom::new();
    room.save("siecle.md", "Le siècle", BODY).date = "2098-12-31T23:00:00Z".parse().unwrap();
    room.look();
    assert_eq!(room.id_of("siecle.md").as_str(), "tag:presse.example.org,2099:siecle");
}

/// Something an editor does.
type Step<'a> = &'a dyn Fn(&mut Newsroom);

#[test]
fn whatever_is_done_to_the_file_the_id_stays_and_it_is_news_once() {
    let mut room = Newsroom::with(&[("2026-11-23-pont.md", "Un pont", BODY), ("bac.md", "Un bac", OTHER)]);
    let id = room.id_of("2026-11-23-pont.md");
    room.announce("2026-11-23-pont.md");
    let first = "2026-11-23-pont.md";
    let steps: [(&str, Step<'_>); 6] = [
        (first, &|room| room.files.get_mut(first).unwrap().title = "Le pont est là".into()),
        (first, &|room| room.files.get_mut(first).unwrap().date -= TimeDelta::days(3)),
        (first, &|room| room.files.get_mut(first).unwrap().permalink = "/ponts/vire/".parse().unwrap()),
        ("2026/pont.md", &|room| room.rename(first, "2026/pont.md")),
        ("2026/Pont.md", &|room| {
            room.rename("2026/pont.md", "2026/Pont.md");
            room.files.get_mut("2026/Pont.md").unwrap().body =
                crate::domain::SafeHtml::trust_sanitised(format!("<p>{BODY} {OTHER} Enfin.</p>")).into();
        }),
        ("un-nouveau-slug.md", &|room| room.rename("2026/Pont.md", "un-nouveau-slug.md")),
    ];
    for (path, step) in steps {
        step(&mut room);
        room.wait(minutes(5));
        room.look();
        assert_eq!(room.id_of(path), id);
        assert_eq!(room.record(path).announcement, Announcement::Opened);
    }
    assert_eq!((room.register.records.len(), room.news()), (2, 2));
    let old: Vec<String> =
        room.register.aliases.iter().filter(|(_, of)| **of == id).map(|(old, _)| old.to_string()).collect();
    assert_eq!(old, ["/espace-presse/Pont/", "/espace-presse/pont/", "/ponts/vire/"]);
}

#[test]
fn another_site_address_mints_with_the_authority_of_the_first_day() {
    let mut room = Newsroom::with(&[("pont.md", "Un pont", BODY)]);
    let id = room.id_of("pont.md");
    room.authority = "nouveau.example.org";
    room.save("bac.md", "Un bac", OTHER);
    room.look();
    assert_eq!(room.id_of("pont.md"), id);
    assert_eq!(room.id_of("bac.md").as_str(), "tag:presse.example.org,2026:bac");
}

#[test]
fn names_swapped_while_both_texts_are_edited_keep_their_ids() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY), ("b.md", "Un bac", OTHER)]);
    let (a, b) = (room.id_of("a.md"), room.id_of("b.md"));
    assert_eq!(room.record("a.md").date, room.record("b.md").date);
    room.save("a.md", "Le bac", &OTHER.replace("foins", "moissons"));
    room.save("b.md", "Le pont", &BODY.replace("lundi", "mardi"));
    room.look();
    assert_eq!((room.id_of("a.md"), room.id_of("b.md")), (b, a));
    assert_eq!(room.register.records.len(), 2);
}

/// Monthly figures on one template, told apart by title and number.
fn figures(month: &str, number: u32) -> (String, String) {
    let text = "passages ont été comptés aux écluses du canal, un nombre que la navigation de plaisance explique";
    (format!("Chiffres de {month}"), format!("{number} {text}. Le mois de {month} est sans surprise."))
}

#[test]
fn two_of_one_template_swapped_and_edited_keep_their_ids() {
    let ((t7, b7), (t8, b8)) = (figures("juillet", 812), figures("octobre", 644));
    let mut room = Newsroom::with(&[("a.md", &t7, &b7), ("b.md", &t8, &b8)]);
    let (a, b) = (room.id_of("a.md"), room.id_of("b.md"));
    room.save("a.md", &t8, &b8.replace("surprise", "histoire"));
    room.save("b.md", &t7, &b7.replace("surprise", "éclat"));
    room.look();
    assert_eq!((room.id_of("a.md"), room.id_of("b.md")), (b, a));
}

#[test]
fn names_that_rotate_or_move_up_a_chain_keep_their_ids() {
    for (steps, edit) in [("abc", false), ("abc", true), ("abcd", false), ("abcd", true)] {
        let texts = [("Un pont", BODY), ("Un bac", OTHER), ("Une halte", THIRD)];
        let mut room = Newsroom::new();
        room.look();
        for (name, (title, body)) in "abc".chars().zip(texts) {
            room.save(&format!("{name}.md"), title, body);
        }
        room.look();
        let ids = ["a.md", "b.md", "c.md"].map(|path| room.id_of(path));
        let names: Vec<char> = steps.chars().collect();
        room.files.clear();
        for (at, (title, body)) in texts.into_iter().enumerate() {
            let body = if edit { body.replace(" de ", " de la ") } else { body.to_owned() };
            room.save(&format!("{}.md", names[(at + 1) % names.len()]), title, &body);
        }
        room.look();
        for (at, id) in ids.iter().enumerate() {
            assert_eq!(room.id_of(&format!("{}.md", names[(at + 1) % names.len()])), *id, "{steps} {edit}");
        }
        assert_eq!(room.register.records.len(), 3, "{steps} {edit}");
    }
}

#[test]
fn old_text_moved_away_while_another_release_takes_its_file() {
    let mut room = Newsroom::with(&[("hebdo.md", "Un pont", BODY)]);
    let id = room.id_of("hebdo.md");
    room.rename("hebdo.md", "archives/hebdo-47.md");
    room.save("hebdo.md", "Un bac", OTHER);
    room.look();
    assert_eq!(room.id_of("archives/hebdo-47.md"), id);
    assert_ne!(room.id_of("hebdo.md"), id);
    assert_eq!((room.register.records.len(), room.register.records[&id].missing_since), (2, None));
    // The same with a word mended on the way.
    let newer = room.id_of("hebdo.md");
    room.save("archives/hebdo-48.md", "Un bac", &OTHER.replace("foins", "moissons"));
    room.save("hebdo.md", "Une halte", THIRD);
    room.look();
    assert_eq!(room.id_of("archives/hebdo-48.md"), newer);
    assert_eq!(room.register.records.len(), 3);
}

#[test]
fn a_name_is_the_same_whatever_its_capitals_and_however_its_accents_are_composed() {
    for (old, new) in [("Été.md", "été.md"), ("e\u{301}te\u{301}.md", "été.md"), ("été.md", "e\u{301}te\u{301}.md")]
    {
        let mut room = Newsroom::with(&[(old, "Un pont", BODY), ("z.md", "Un bac", OTHER)]);
        let id = room.id_of(old);
        room.files.remove(old);
        room.save(new, "Un pont", "Tout autre chose, et en peu de mots.");
        room.look();
        assert_eq!(room.id_of(new), id, "{old} {new}");
    }
}

#[test]
fn twins_of_one_name_are_told_and_are_no_news_twice() {
    let mut room = Newsroom::with(&[("été.md", "Un pont", BODY)]);
    let id = room.id_of("été.md");
    for body in [BODY, OTHER] {
        room.save("e\u{301}te\u{301}.md", "Un pont", body);
        let clashes = room.look().clashes.len();
        assert_eq!((room.id_of("été.md"), clashes, room.last.as_ref().unwrap().files.len()), (id.clone(), 1, 1));
    }
    let twin = room.register.records.values().find(|record| record.id != id).unwrap();
    assert_eq!((twin.id.as_str(), twin.first_live), ("tag:presse.example.org,2026:%C3%A9t%C3%A9-2", None));
}

#[test]
fn a_lost_database_mints_the_same_ids() {
    let mut room = Newsroom::with(&[("z/pont.md", "Un pont", BODY)]);
    let later = room.save("a/pont.md", "Un bac", OTHER);
    (later.date, later.permalink) = (later.date + minutes(5), "/bac/".parse().unwrap());
    room.look();
    let ids = [room.id_of("a/pont.md"), room.id_of("z/pont.md")];
    assert_eq!(ids[0].as_str(), "tag:presse.example.org,2026:a/pont");
    room.register = Register::default();
    room.look();
    assert_eq!([room.id_of("a/pont.md"), room.id_of("z/pont.md")], ids);
}

#[test]
fn the_editors_word_about_an_old_address_is_taken_when_all_else_is_new() {
    let mut room = Newsroom::with(&[("pont.md", "Un pont", BODY), ("z.md", "Une halte", THIRD)]);
    let id = room.id_of("pont.md");
    room.files.remove("pont.md");
    let release = room.save("bac.md", "Un bac", OTHER);
    release.date += TimeDelta::days(-4);
    release.redirect_from = vec!["/espace-presse/pont/".parse().unwrap()];
    room.look();
    assert_eq!(room.id_of("bac.md"), id);
}

#[test]
fn no_word_takes_the_id_of_a_release_that_still_stands() {
    let mut room = Newsroom::with(&[("pont.md", "Un pont", BODY)]);
    let id = room.id_of("pont.md");
    room.save("pont.md", "Un pont", &format!("{BODY} Enfin."));
    room.save("bac.md", "Un bac", OTHER).redirect_from = vec!["/espace-presse/pont/".parse().unwrap()];
    room.look();
    assert_eq!(room.id_of("pont.md"), id);
    assert_eq!(room.news(), 2);
}

#[test]
fn an_equal_file_name_in_another_folder_needs_words_to_go_with_it() {
    let mut room = Newsroom::with(&[("2025/index.md", "Un pont", BODY), ("z.md", "Un quai", "Un quai de plus.")]);
    let id = room.id_of("2025/index.md");
    room.files.remove("2025/index.md");
    room.save("2026/index.md", "Un bac", OTHER).date += TimeDelta::days(2);
    room.look();
    assert_ne!(room.id_of("2026/index.md"), id);
    room.files.remove("2026/index.md");
    room.save("archives/index.md", "Un pont", "Ce texte n’a plus rien de commun.").date += TimeDelta::days(1);
    room.look();
    assert_eq!(room.id_of("archives/index.md"), id);
}

#[test]
fn next_years_release_on_a_template_is_not_the_one_deleted_long_ago() {
    let ((old_title, old), (title, body)) = (figures("juillet", 812), figures("octobre", 644));
    let mut room = Newsroom::with(&[("2025.md", &old_title, &old), ("z.md", "Un bac", OTHER)]);
    let id = room.id_of("2025.md");
    room.files.remove("2025.md");
    room.look();
    room.wait(TimeDelta::days(200));
    room.save("2026.md", &title, &body).date = room.now;
    room.look();
    assert_ne!(room.id_of("2026.md"), id);
    assert_eq!(room.record("2026.md").hold.as_deref(), Some(&HoldReason::DoubtfulIdentity));
}

#[test]
fn hundreds_of_files_edited_and_moved_at_once_are_told_apart_by_a_sketch() {
    let mut room = Newsroom::new();
    let body =
        |n: usize| (0..60).map(|w| format!("mot{}", (n * 7919 + w * w * 31) % 5003)).collect::<Vec<_>>().join(" ");
    for number in 0..400 {
        room.save(&format!("r{number}.md"), &format!("Communiqué {number}"), &body(number));
    }
    room.look();
    let ids: Vec<_> = (0..400).map(|number| room.id_of(&format!("r{number}.md"))).collect();
    room.files.clear();
    for number in 0..400 {
        room.save(&format!("d/s{number}.md"), &format!("Le communiqué {number}"), &format!("{} fin", body(number)));
    }
    room.look();
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(room.id_of(&format!("d/s{number}.md")), *id);
    }
}

#[test]
fn title_and_date_together_are_enough_where_every_word_was_changed() {
    let mut room = Newsroom::with(&[("pont.md", "Un pont", BODY), ("z.md", "Un bac", OTHER)]);
    let id = room.id_of("pont.md");
    room.files.remove("pont.md");
    room.save("ouverture.md", "Un pont", THIRD);
    room.look();
    assert_eq!(room.id_of("ouverture.md"), id);
}

#[test]
fn a_new_release_of_the_name_and_template_of_a_deleted_one_is_not_swallowed() {
    for (name, days) in [("hebdo.md", 3), ("hebdo.md", 90), ("2026/hebdo.md", 3)] {
        let ((old_title, old), (title, body)) = (figures("juillet", 812), figures("octobre", 644));
        let mut room = Newsroom::with(&[("hebdo.md", &old_title, &old), ("z.md", "Un bac", OTHER)]);
        room.announce("hebdo.md");
        let id = room.id_of("hebdo.md");
        room.files.remove("hebdo.md");
        room.look();
        room.wait(TimeDelta::days(days));
        room.save(name, &title, &body).date = room.now;
        room.look();
        assert_ne!(room.id_of(name), id, "{name} {days}");
        let record = room.record(name);
        assert_eq!(record.announcement, Announcement::Undecided);
        assert_eq!(record.hold.as_deref(), Some(&HoldReason::DoubtfulIdentity), "{name} {days}");
    }
}
