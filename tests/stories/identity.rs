//! A release is the same whatever becomes of its file: announced once, found at every address it ever had.

use depeche::content::{Pinned, pin_id};
use depeche::domain::ReleaseId;
use depeche::language::Diagnosis;

use crate::draft::{Draft, release};
use crate::newsroom::TestNewsroom;

fn bridge() -> Draft {
    release("Un pont neuf", "2026-11-23 10:00:00 +01:00")
}

/// A newsroom whose release about the bridge was announced to Ann, at 10:50.
async fn announced(room: &mut TestNewsroom) {
    room.save("2026-11-01-ancien.md", &release("Un communiqué plus ancien", "2026-11-01 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save("2026-11-23-pont.md", &bridge());
    room.look().await;
    room.pass("10m").await;
    room.letter("ann@example.org");
    room.pass("10m").await;
}

async fn id(room: &TestNewsroom) -> String {
    room.json_items().await[0]["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn at(name: &str) -> String {
    format!("/espace-presse/{name}/")
}

pub(crate) async fn names_in_a_row_lead_on_for_ever(mut room: TestNewsroom) {
    announced(&mut room).await;
    let first = id(&room).await;
    let names = ["pont", "le-pont", "le-pont-neuf", "pont-neuf"];
    for two in names.windows(2) {
        room.rename(&format!("2026-11-23-{}.md", two[0]), &format!("2026-11-23-{}.md", two[1]));
        room.pass("1h").await;
    }
    room.restart().await;
    for old in &names[..3] {
        let answer = room.get(&at(old)).await;
        assert_eq!((answer.status, answer.header("location")), (301, at("pont-neuf").as_str()), "{old}");
    }
    assert_eq!((id(&room).await, room.editions().await.len()), (first, 1));
    // A later release at an old address has it, as long as it is there.
    room.save("2026-11-24-le-pont.md", &release("Un autre pont", "2026-11-01 11:00:00").with("newsletter: false"));
    room.pass("1h").await;
    assert_eq!(room.get(&at("le-pont")).await.status, 200);
    room.remove("2026-11-24-le-pont.md");
    room.pass("1h").await;
    assert_eq!(room.get(&at("le-pont")).await.header("location"), at("pont-neuf"));
    // While it is not public, neither are its addresses.
    room.save("2026-11-23-pont-neuf.md", &bridge().with("published: false"));
    room.pass("1h").await;
    for name in names {
        assert_eq!(room.get(&at(name)).await.status, 404, "{name}");
    }
    assert_eq!(room.unread(), [""; 0]);
}

pub(crate) async fn an_address_that_was_named_once_leads_on(mut room: TestNewsroom) {
    announced(&mut room).await;
    room.save("2026-11-23-pont.md", &bridge().with("redirect_from: /vieux/pont.html"));
    room.pass("1h").await;
    room.save("2026-11-23-pont.md", &bridge());
    room.pass("1h").await;
    assert_eq!(room.get("/vieux/pont.html").await.header("location"), at("pont"));
    room.save(
        "2026-11-01-ancien.md",
        &release("Un communiqué plus ancien", "2026-11-01 10:00:00").with("redirect_from: /vieux/pont.html"),
    );
    room.pass("1h").await;
    assert_eq!(room.get("/vieux/pont.html").await.header("location"), at("ancien"));
}

pub(crate) async fn a_rename_in_two_looks_is_no_news(mut room: TestNewsroom) {
    announced(&mut room).await;
    let first = id(&room).await;
    room.save("2026-11-23-copie.md", &bridge());
    room.pass("1h").await;
    assert_eq!(room.titles().await.len(), 3);
    room.remove("2026-11-23-pont.md");
    room.pass("1h").await;
    assert_eq!((id(&room).await, room.titles().await.len()), (first.clone(), 2));
    assert_eq!(room.get(&at("pont")).await.header("location"), at("copie"));
    room.restart().await;
    room.save("2026-11-23-copie.md", &bridge().chapeau("Un autre chapeau."));
    room.pass("1h").await;
    assert_eq!(id(&room).await, first);
    // Old gone first, new name days later.
    room.remove("2026-11-23-copie.md");
    room.pass("48h").await;
    room.save("2026-11-23-retour.md", &bridge().chapeau("Un autre chapeau.").body("Et un autre texte."));
    room.pass("1h").await;
    assert_eq!((id(&room).await, room.editions().await.len()), (first, 1));
    for old in ["pont", "copie"] {
        assert_eq!(room.get(&at(old)).await.header("location"), at("retour"), "{old}");
    }
}

pub(crate) async fn names_swapped_and_texts_edited_in_one_look_are_no_news(mut room: TestNewsroom) {
    announced(&mut room).await;
    let older = release("Un communiqué plus ancien", "2026-11-01 10:00:00");
    let before = room.json_items().await;
    room.save("2026-11-01-ancien.md", &bridge().chapeau("En bref : il est là."));
    room.save("2026-11-23-pont.md", &older.chapeau("En bref : il est vieux."));
    room.pass("1h").await;
    let after = room.json_items().await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&before["id"], &before["title"]), (&after["id"], &after["title"]));
    }
    assert_eq!(room.editions().await.len(), 1);
}

pub(crate) async fn a_deleted_release_is_gone_after_a_week_at_all_its_addresses(mut room: TestNewsroom) {
    announced(&mut room).await;
    room.rename("2026-11-23-pont.md", "2026-11-23-le-pont.md");
    room.pass("1h").await;
    let draft = release("Un quai", "2026-12-24 10:00:00");
    room.save("2026-12-24-quai.md", &draft);
    room.look().await;
    room.remove("2026-11-23-le-pont.md");
    room.remove("2026-12-24-quai.md");
    room.look().await;
    for (pause, expected) in [("0s", 404), ("167h", 404), ("59m", 404), ("1m", 410), ("24h", 410)] {
        room.pass(pause).await;
        for name in ["pont", "le-pont"] {
            assert_eq!(room.get(&at(name)).await.status, expected, "{name} after {pause}");
        }
        assert_eq!(room.get("/espace-presse/pont").await.status, expected);
        assert_eq!(room.get(&at("quai")).await.status, 404);
    }
    room.restart().await;
    assert_eq!(room.get(&at("le-pont")).await.status, 410);
    room.save("2026-11-23-le-pont.md", &bridge());
    room.pass("1h").await;
    assert_eq!((room.get(&at("le-pont")).await.status, room.get(&at("pont")).await.status), (200, 301));
    assert_eq!(room.editions().await.iter().filter(|edition| edition.title == "Un pont neuf").count(), 1);
    room.office();
}

pub(crate) async fn what_is_gone_is_gone_where_another_site_shows_releases(mut room: TestNewsroom) {
    room.configure("site.releases_url", "https://www.example.org");
    room.save("2026-11-23-pont.md", &bridge());
    room.start("2026-11-23T09:30:00Z").await;
    assert_eq!(room.get(&at("pont")).await.header("location"), "https://www.example.org/espace-presse/pont/");
    room.rename("2026-11-23-pont.md", "2026-11-23-le-pont.md");
    room.pass("1h").await;
    room.save("2026-11-23-le-pont.md", &bridge().with("withdrawn: \"Il n’existe pas.\""));
    room.pass("1h").await;
    for tidied in [false, true] {
        if tidied {
            room.remove("2026-11-23-le-pont.md");
            room.pass("1h").await;
        }
        for path in ["/espace-presse/pont/", "/espace-presse/le-pont/", "/espace-presse/le-pont"] {
            assert_eq!(room.get(path).await.status, 410, "{path} {tidied}");
        }
    }
    room.office();
}

pub(crate) async fn a_pinned_release_may_be_renamed_and_written_anew(mut room: TestNewsroom) {
    announced(&mut room).await;
    let before = room.json_items().await[0].clone();
    let id: ReleaseId = before["id"].as_str().unwrap().parse().unwrap();
    let path = room.root().join("content/2026-11-23-pont.md");
    let Ok(Pinned::Bytes(pinned)) = pin_id(&std::fs::read(&path).unwrap(), &id) else { panic!("not pinned") };
    room.save("2026-11-23-pont.md", &String::from_utf8(pinned).unwrap());
    room.pass("1h").await;
    assert_eq!(room.json_items().await[0], before);
    room.remove("2026-11-23-pont.md");
    let other = release("La halte fluviale", "2026-11-22 08:00:00").with(&format!("id: \"{id}\""));
    room.save("haltes/2026-11-22-halte.md", &other.body("Rien de ce texte ne rappelle l’ancien."));
    room.pass("1h").await;
    let after = room.json_items().await[0].clone();
    assert_eq!((&after["id"], &after["title"]), (&before["id"], &"La halte fluviale".into()));
    assert_eq!(room.get(&at("pont")).await.header("location"), at("halte"));
    assert_eq!(room.editions().await.len(), 1);
}

pub(crate) async fn what_a_sync_program_leaves_is_no_release(mut room: TestNewsroom) {
    announced(&mut room).await;
    let before = room.json_items().await;
    let copies =
        ["2026-11-23-pont.sync-conflict-20261123-101010-ABCDEFG.md", "2026-11-23-pont (conflicted copy 2026-11-23).md"];
    for name in copies {
        room.save(name, &bridge().chapeau("Une autre version."));
    }
    room.pass("1h").await;
    assert_eq!(room.json_items().await, before);
    let told: Vec<String> = room
        .diagnostics()
        .await
        .iter()
        .filter(|found| found.diagnosis == Diagnosis::ConflictCopy)
        .map(|found| found.path.to_string())
        .collect();
    assert_eq!(told, [copies[1], copies[0]]);
    assert_eq!(room.editions().await.len(), 1);
}

pub(crate) async fn a_file_that_is_empty_for_a_moment_changes_nothing(mut room: TestNewsroom) {
    announced(&mut room).await;
    let before = room.json_items().await;
    let whole = bridge().to_string();
    for piece in ["", "---\n", &whole[..40], "Plus d’en-tête.\n"] {
        room.save("2026-11-23-pont.md", &piece);
        room.pass("20m").await;
        assert_eq!(room.json_items().await, before, "{piece:?}");
        room.save("2026-11-23-pont.md", &whole);
        room.pass("20m").await;
        assert_eq!(room.json_items().await, before, "{piece:?}");
    }
    assert_eq!(room.editions().await.len(), 1);
    room.office();
}

pub(crate) async fn what_is_written_otherwise_and_reads_the_same_is_no_change(mut room: TestNewsroom) {
    announced(&mut room).await;
    room.save("2026-11-23-pont.md", &bridge().body("Le *pont* ouvre, et [le plan](/plan/) aussi."));
    room.pass("20m").await;
    let before = room.json_items().await;
    let written = "Le _pont_ ouvre, et [le plan][p]\naussi.\n\n[p]: /plan/\n\n{::comment}\nÀ relire.\n{:/comment}";
    room.save("2026-11-23-pont.md", &bridge().body(written));
    room.pass("20m").await;
    let items = room.json_items().await;
    assert_eq!(items[0]["date_modified"], before[0]["date_modified"]);
    room.save("2026-11-23-pont.md", &bridge().body("Le _pont_ ouvre, et [le plan](/carte/) aussi."));
    room.pass("20m").await;
    assert_ne!(room.json_items().await[0]["date_modified"], before[0]["date_modified"], "a link leads elsewhere");
}
