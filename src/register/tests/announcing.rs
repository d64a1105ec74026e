//! What the register says of going live, of `updated`, and of what is no news.

use chrono::TimeDelta;

use super::newsroom::{BODY, Newsroom, OTHER, minutes};
use crate::domain::{Digest, Document, DocumentState, Target, UploadPath};
use crate::register::{Announcement, FolderLook, Minting, NeverReason, NoTexts, Register, RegisterChanges};

#[test]
fn the_first_look_announces_nothing_that_is_live() {
    let mut room = Newsroom::new();
    room.save("2026-11-23-pont.md", "Un pont", BODY);
    room.save("2026-11-24-bac.md", "Un bac", OTHER).date += TimeDelta::days(1);
    room.look();
    assert_eq!(room.record("2026-11-23-pont.md").announcement, Announcement::Never(NeverReason::LiveAtFirstStart));
    assert_eq!(room.record("2026-11-24-bac.md").announcement, Announcement::Undecided);
    assert_eq!(room.id_of("2026-11-23-pont.md").as_str(), "tag:presse.example.org,2026:2026-11-23-pont");
}

#[test]
fn a_folder_that_is_not_there_is_no_first_start() {
    let register = Register::default();
    let minting = Minting { authority: "presse.example.org", zone: chrono_tz::Europe::Paris };
    let (good, broken) = (Vec::new(), Vec::new());
    let look = FolderLook { good, broken, folder_missing: true, texts: &NoTexts, keeps_reasons: true };
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    assert_eq!(register.reconcile(&look, now, &minting).register, register);
}

#[test]
fn what_comes_later_is_undecided_and_live_at_its_instant() {
    let mut room = Newsroom::new();
    room.look();
    room.save("2026-11-24-bac.md", "Un bac", OTHER).date = room.now + minutes(30);
    room.look();
    assert_eq!(room.record("2026-11-24-bac.md").live_since, None);
    room.wait(minutes(30));
    room.look();
    let record = room.record("2026-11-24-bac.md");
    assert_eq!((record.live_since, record.announcement), (Some(room.now), Announcement::Undecided));
}

#[test]
fn a_clock_going_back_does_not_unmake_what_is_live_and_a_new_date_does() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    room.wait(-TimeDelta::days(3));
    room.look();
    assert!(room.record("a.md").live_since.is_some());
    let later = room.now + TimeDelta::days(9);
    room.files.get_mut("a.md").unwrap().date = later;
    room.look();
    assert_eq!(room.record("a.md").live_since, None);
}

#[test]
fn updated_moves_with_the_text_and_not_with_labels_or_dates_alone() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    let first = room.record("a.md").updated;
    assert_eq!(first, room.files["a.md"].date);
    room.wait(minutes(5));
    room.files.get_mut("a.md").unwrap().tags = vec![crate::domain::Label::new("Ponts").unwrap()];
    room.look();
    assert_eq!(room.record("a.md").updated, first);
    room.save("a.md", "Un pont", &format!("{BODY} Enfin."));
    room.look();
    assert_eq!(room.record("a.md").updated, room.now);
}

#[test]
fn no_two_releases_share_an_updated_instant() {
    let mut room = Newsroom::new();
    for number in 0..20 {
        room.save(&format!("r{number}.md"), &format!("Communiqué {number}"), &format!("Texte {number}"));
    }
    room.look();
    let instants: std::collections::BTreeSet<_> = room.register.records.values().map(|record| record.updated).collect();
    assert_eq!(instants.len(), 20);
    assert!(instants.iter().all(|instant| *instant <= room.now));
}

#[test]
fn a_look_without_a_change_changes_nothing() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    room.wait(minutes(60));
    assert_eq!(room.look().changes, RegisterChanges::default());
}

#[test]
fn a_change_of_documents_alone_is_told_apart() {
    let document = |bytes: &[u8]| Document {
        target: Target::Upload(UploadPath::from_decoded("plan.pdf").unwrap()),
        title: "Le plan".to_owned(),
        state: DocumentState::Present { bytes: 1, digest: Digest::of(bytes) },
    };
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY)]);
    let updated = room.record("a.md").updated;
    for (bytes, body, expected) in [
        (b"one", BODY, &["documents-changed"][..]),
        (b"two", BODY, &["documents-changed"]),
        (b"six", OTHER, &["edited", "documents-changed"]),
        (b"six", BODY, &["edited"]),
    ] {
        room.save("a.md", "Un pont", body).documents = vec![document(bytes)];
        room.wait(minutes(1));
        room.look();
        assert_eq!(room.decided(), expected);
        assert_eq!(room.record("a.md").documents, room.files["a.md"].documents_digest());
        assert!(room.record("a.md").updated > updated);
    }
}

#[test]
fn a_release_withdrawn_before_the_first_start_had_been_public() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY).withdrawn = Some("Il n’existe pas.".to_owned());
    room.save("b.md", "Un bac", OTHER).withdrawn = Some("Trop tôt.".to_owned());
    room.files.get_mut("b.md").unwrap().date += TimeDelta::days(3);
    room.look();
    assert_eq!((room.record("a.md").first_live, room.record("b.md").first_live), (Some(room.now), None));
}

#[test]
fn what_returns_unchanged_is_not_updated_and_what_changed_meanwhile_is() {
    let mut room = Newsroom::with(&[("a.md", "Un pont", BODY)]);
    room.save("a.md", "Un pont", &format!("{BODY} Enfin."));
    room.look();
    let updated = room.record("a.md").updated;
    assert_eq!(updated, room.now);
    for published in [false, true] {
        room.files.get_mut("a.md").unwrap().published = published;
        room.wait(minutes(5));
        room.look();
    }
    assert_eq!(room.record("a.md").updated, updated);
    room.save("a.md", "Un pont", BODY).published = false;
    room.look();
    let changed = room.now;
    room.files.get_mut("a.md").unwrap().published = true;
    room.wait(minutes(5));
    room.look();
    assert_eq!(room.record("a.md").updated, changed);
    let later = room.now + minutes(60);
    room.files.get_mut("a.md").unwrap().date = later;
    room.look();
    room.wait(minutes(60));
    room.look();
    assert_eq!(room.record("a.md").updated, later, "not before its date");
}
