//! What is announced, to whom, and what is not news.

use std::collections::BTreeSet;

use depeche::domain::{EndReason, Frequency};

use crate::draft::{Draft, pdf, png, release};
use crate::newsroom::{SITE, TestNewsroom};

/// A release with everything: accents, labels, a picture, a document.
fn lantern() -> Draft {
    release("Les éclusiers fêtent l’été à Brumeval", "2026-11-20 09:00:00 +01:00")
        .labels("Communiqué de presse", "Voies d’eau|Été")
        .with("une-ou-diaporama:\n- image: /uploads/été.png\n  alternative-textuelle: Une écluse au soleil")
        .document("/uploads/CP_été.pdf", "Télécharger le communiqué")
}

fn bridge() -> Draft {
    release("Un pont neuf à Sainte-Orbe", "2026-11-23 10:00:00 +01:00").labels("Discours", "Ponts|Sainte-Orbe")
}

const BRIDGE: &str = "Un pont neuf à Sainte-Orbe";

/// A newsroom whose release about the bridge, in this file, was announced to Ann.
async fn bridge_announced(room: &mut TestNewsroom, file: &str) {
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save(file, &bridge());
    room.look().await;
    room.pass("10m").await;
    room.letter("ann@example.org");
}

pub(crate) async fn a_folder_of_live_releases_is_not_news(mut room: TestNewsroom) {
    room.upload("été.png", &png("été"));
    room.upload("CP_été.pdf", &pdf("été"));
    room.save("2026-11-20-écluses.md", &lantern());
    room.save("2026-11-23-pont.md", &bridge());
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.look().await;
    room.pass("1h").await;
    room.restart().await;
    assert_eq!(room.editions().await, []);
    assert_eq!(room.office(), [""; 0]);
    assert_eq!(room.titles().await, [BRIDGE, "Les éclusiers fêtent l’été à Brumeval"]);
    for feed in ["tag/ete", "tag/voies-d-eau", "category/communique-de-presse"] {
        let text = room.feed(&format!("/feeds/{feed}.atom")).await;
        assert!(text.contains("Les éclusiers") && !text.contains("Sainte-Orbe"), "{feed}");
        assert!(text.contains(&format!("{SITE}/uploads/CP_%C3%A9t%C3%A9.pdf")), "{feed}");
    }
}

pub(crate) async fn a_new_release_reaches_each_who_follows_it_once(mut room: TestNewsroom) {
    room.save("2026-11-20-écluses.md", &lantern());
    room.start("2026-11-23T09:30:00Z").await;
    let receivers = [
        ("all@example.org", "all"),
        ("category@example.org", "category:discours"),
        ("tag@example.org", "tag:ponts"),
        ("several@example.org", "all category:discours tag:ponts tag:sainte-orbe"),
    ];
    for (address, topics) in receivers {
        room.subscriber(address, topics).await;
    }
    room.subscriber("other@example.org", "tag:ete").await;
    room.subscriber_with("daily@example.org", "all", Frequency::Daily).await;
    room.subscriber_with("weekly@example.org", "all", Frequency::Weekly).await;
    for (address, reason) in [
        ("left@example.org", EndReason::Unsubscribed),
        ("dead@example.org", EndReason::Bounced),
        ("angry@example.org", EndReason::Complained),
    ] {
        let id = room.subscriber(address, "all").await;
        room.end(id, reason).await;
    }
    room.post("/subscribe", "email=pending%40example.org&topic=all&website=").await;
    room.look().await;
    assert!(room.letter("pending@example.org").link("/confirm/").len() > "/confirm/".len());

    room.save("2026-11-23-pont.md", &bridge());
    room.look().await;
    assert_eq!(room.state(BRIDGE).await, "waiting");
    room.pass("599s").await;
    assert_eq!(room.unread(), [""; 0]);
    room.pass("1s").await;
    let mut ids = BTreeSet::new();
    for (address, _) in receivers {
        let letter = room.letter(address);
        assert_eq!(letter.shown.subject, BRIDGE);
        assert!(letter.shown.text.contains("En bref : Un pont neuf à Sainte-Orbe."));
        ids.insert(letter.header("Message-ID").to_owned());
    }
    assert_eq!(ids.len(), receivers.len());
    room.subscriber("late@example.org", "all").await;
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0]);
    let edition = room.edition(BRIDGE).await;
    assert_eq!((edition.state.as_str(), edition.tally.sent, edition.tally.total()), ("done", 4, 4));
}

/// The id of every entry, which all formats of a feed agree on.
async fn ids(room: &TestNewsroom) -> Vec<String> {
    let ids: Vec<String> = room.json_items().await.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    let (rss, atom) = (room.feed("/feeds/all.rss").await, room.feed("/feeds/all.atom").await);
    for id in &ids {
        assert!(rss.contains(&format!("<guid isPermaLink=\"false\">{id}</guid>")), "{rss}");
        assert!(atom.contains(&format!("<id>{id}</id>")), "{atom}");
    }
    ids
}

pub(crate) async fn what_happens_to_a_file_afterwards_is_no_news(mut room: TestNewsroom) {
    room.save("2026-11-20-écluses.md", &lantern());
    bridge_announced(&mut room, "2026-11-23-pont.md").await;
    let before = ids(&room).await;
    assert_eq!(before.len(), 2);

    room.save("2026-11-23-pont.md", &bridge());
    room.pass("1h").await;
    room.save("2026-11-23-pont.md", &bridge().chapeau("Un autre chapeau."));
    room.pass("1h").await;
    assert!(room.feed("/feeds/all.atom").await.contains("Un autre chapeau."));
    room.rename("2026-11-23-pont.md", "archives/2026-11-23-le-pont-neuf.md");
    room.pass("1h").await;
    room.save("archives/2026-11-23-le-pont-neuf.md", &bridge().chapeau("Un autre chapeau.").body("Un autre texte."));
    room.pass("1h").await;
    let redated = bridge().to_string().replace("2026-11-23 10:00", "2026-11-23 11:30");
    assert_ne!(redated, bridge().to_string());
    room.save("archives/2026-11-23-le-pont-neuf.md", &redated);
    room.pass("1h").await;
    room.restart().await;
    room.pass("1h").await;
    assert_eq!(ids(&room).await, before);
    assert_eq!(room.editions().await.len(), 1);
}

pub(crate) async fn what_goes_away_and_returns_is_no_news(mut room: TestNewsroom) {
    room.save("2026-11-20-écluses.md", &lantern());
    bridge_announced(&mut room, "2026-11-23-pont.md").await;
    let before = ids(&room).await;
    let postponed = bridge().to_string().replace("2026-11-23 10:00", "2026-11-24 10:00");
    for absent in [bridge().with("published: false").to_string(), postponed] {
        room.save("2026-11-23-pont.md", &absent);
        room.pass("1h").await;
        assert_eq!(ids(&room).await.len(), 1, "{absent}");
        room.save("2026-11-23-pont.md", &bridge());
        room.pass("1h").await;
        assert_eq!(ids(&room).await, before);
    }
    room.remove("2026-11-23-pont.md");
    room.pass("1h").await;
    assert_eq!(room.get("/espace-presse/pont/").await.status, 404);
    room.restart().await;
    room.pass("24h").await;
    room.save("2026-11-25-le-pont.md", &bridge());
    room.pass("1h").await;
    assert_eq!(ids(&room).await, before);
    // A copy beside it is silent until it differs.
    room.save("2026-11-25-copie.md", &bridge());
    room.pass("1h").await;
    assert_eq!((ids(&room).await.len(), room.editions().await.len()), (3, 1));
}

/// The bridge with each space of its text written so.
fn spaced(space: &str) -> Draft {
    bridge().body(&format!("Le détail de « {BRIDGE} » tient en une phrase.").replace(' ', space))
}

pub(crate) async fn a_copy_is_silent_however_it_is_spaced(mut room: TestNewsroom) {
    bridge_announced(&mut room, "2026-11-23-pont.md").await;
    // One copied and spaced otherwise afterwards, one that is spaced otherwise from the first.
    room.save("2026-11-23-copie.md", &bridge());
    room.pass("1h").await;
    room.save("2026-11-23-copie.md", &spaced("  "));
    room.save("2026-11-23-autre.md", &spaced("\n"));
    room.pass("1h").await;
    assert_eq!(room.editions().await.len(), 1);
    // The original may be spaced otherwise as well.
    room.save("2026-11-23-pont.md", &spaced("\u{a0} "));
    room.pass("1h").await;
    assert_eq!(room.editions().await.len(), 1);
    room.save("2026-11-23-copie.md", &bridge().body("Un autre pont."));
    room.look().await;
    room.pass("10m").await;
    room.letter("ann@example.org");
    assert_eq!(room.editions().await.len(), 2);
}

pub(crate) async fn what_takes_the_place_of_a_release_with_a_copy_is_news(mut room: TestNewsroom) {
    bridge_announced(&mut room, "2026-11-23-une.md").await;
    let id = room.json_items().await[0]["id"].clone();
    room.save("2026-11-23-sauvegarde.md", &bridge());
    room.pass("1h").await;
    room.save("2026-11-23-une.md", &spaced("  "));
    room.pass("1h").await;
    let other = "Le marché de Noël ouvre à Brumeval";
    let market = release(other, "2026-11-23 10:00:00 +01:00").chapeau("Quarante étals attendent les enfants.");
    room.save("2026-11-23-une.md", &market.body("Du vin chaud, des santons et un manège de bois."));
    room.look().await;
    room.pass("10m").await;
    assert!(room.letter("ann@example.org").shown.subject.contains(other));
    let items = room.json_items().await;
    let of = |title: &str| items.iter().find(|item| item["title"] == title).unwrap()["id"].clone();
    assert!(of(BRIDGE) == id && of(other) != id, "{items:?}");
}

pub(crate) async fn a_story_that_forgets_a_letter_fails(mut room: TestNewsroom) {
    room.save("2026-11-20-écluses.md", &lantern());
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save("2026-11-23-pont.md", &bridge());
    room.look().await;
    room.pass("10m").await;
    assert_eq!(room.unread(), ["ann@example.org"]);
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(room)));
    assert!(dropped.is_err());
}
