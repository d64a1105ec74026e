//! What becomes of releases when files break, vanish, return or appear in a crowd.

use crate::draft::{Draft, release};
use crate::newsroom::{OFFICE, TestNewsroom};

const ADDRESSES: [&str; 4] = ["/feeds/all.rss", "/feeds/all.atom", "/feeds/all.json", "/"];

fn ford(number: usize) -> Draft {
    release(&format!("Le gué numéro {number}"), &format!("2026-11-{:02} 10:00:00", number + 1))
        .body(&format!("{}. Ce gué n’a pas son pareil.", "Encore un pas. ".repeat(number)))
}

fn ford_file(number: usize) -> String {
    format!("2026-11-{:02}-gue-{number}.md", number + 1)
}

/// A newsroom with twelve live releases and one subscriber.
async fn twelve(room: &mut TestNewsroom) {
    for number in 1..=12 {
        room.save(&ford_file(number), &ford(number));
    }
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
}

async fn shown(room: &TestNewsroom) -> Vec<String> {
    let mut shown = Vec::new();
    for address in ADDRESSES {
        shown.push(room.feed(address).await);
    }
    shown
}

pub(crate) async fn a_folder_that_empties_at_once_is_not_believed(mut room: TestNewsroom) {
    twelve(&mut room).await;
    let before = shown(&room).await;
    for number in 1..=12 {
        room.rename(&ford_file(number), &format!("../away/{number}.md"));
    }
    room.look().await;
    assert_eq!(room.admin_get("/ready").await.status, 503);
    let told = room.letter(OFFICE);
    assert!(told.shown.text.contains("12"), "{}", told.shown.text);
    room.pass("5m").await;
    room.restart().await;
    room.pass("9m").await;
    assert!(shown(&room).await == before, "what is public changed");
    assert_eq!((room.admin_get("/ready").await.status, room.office().len()), (503, 0));
    for number in 1..=12 {
        room.rename(&format!("../away/{number}.md"), &ford_file(number));
    }
    room.look().await;
    assert_eq!(room.admin_get("/ready").await.status, 200);
    assert!(shown(&room).await == before, "what is public changed");
    room.pass("1h").await;
    assert_eq!((room.editions().await.len(), room.office().len()), (0, 0));
}

pub(crate) async fn an_embargo_outlasts_a_folder_that_empties(mut room: TestNewsroom) {
    twelve(&mut room).await;
    room.save("2026-11-24-bac.md", &release("Le bac est à quai", "2026-11-24 09:00:00 +01:00"));
    room.look().await;
    room.inbox(OFFICE);
    let (content, away) = (room.root().join("content"), room.root().join("away"));
    std::fs::rename(&content, &away).unwrap();
    room.look().await;
    assert_eq!(room.admin_get("/ready").await.status, 503);
    assert_eq!(room.state("Le bac est à quai").await, "waiting");
    assert_eq!(room.office().len(), 1);
    std::fs::rename(&away, &content).unwrap();
    room.look().await;
    room.at("2026-11-24T08:00:00Z");
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, "Le bac est à quai");
}

pub(crate) async fn most_releases_gone_are_believed_in_the_end_and_return_in_silence(mut room: TestNewsroom) {
    twelve(&mut room).await;
    let ids = room.json_items().await;
    for number in 1..=7 {
        room.rename(&ford_file(number), &format!("../away/{number}.md"));
    }
    room.look().await;
    assert_eq!(room.titles().await.len(), 12);
    assert_eq!(room.admin_get("/ready").await.status, 503);
    room.pass("15m").await;
    assert_eq!((room.titles().await.len(), room.admin_get("/ready").await.status), (5, 200));
    assert_eq!(room.get("/espace-presse/gue-3/").await.status, 404);
    for number in 1..=7 {
        room.rename(&format!("../away/{number}.md"), &ford_file(number));
    }
    room.look().await;
    assert_eq!(room.json_items().await, ids);
    room.pass("1h").await;
    assert_eq!(room.editions().await, []);
}

pub(crate) async fn a_person_may_confirm_that_releases_are_gone(mut room: TestNewsroom) {
    twelve(&mut room).await;
    for number in 1..=12 {
        room.remove(&ford_file(number));
    }
    room.look().await;
    assert_eq!(room.titles().await.len(), 12);
    assert_eq!(room.admin_post("/mailbox/folder/confirm", "").await.status, 303);
    room.look().await;
    assert_eq!((room.titles().await.len(), room.admin_get("/ready").await.status), (0, 200));
}

pub(crate) async fn a_crowd_of_releases_waits_for_a_person(mut room: TestNewsroom) {
    room.save("2026-11-01-ancien.md", &release("Un communiqué plus ancien", "2026-11-01 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.pass("1m").await;
    for number in 18..=22 {
        room.save(&ford_file(number), &ford(number));
    }
    room.look().await;
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0]);
    let editions = room.editions().await;
    assert_eq!(editions.len(), 5);
    // The youngest is from this morning; the oldest would be held for their age as well.
    let title = "Le gué numéro 22";
    for edition in &editions {
        assert_eq!(room.state(&edition.title).await, "held: many-at-once");
    }
    assert_eq!(room.titles().await.len(), 6);
    // One question for all of them, and no copy of each before it is answered.
    let question = room.letter(OFFICE);
    assert_eq!(question.shown.subject, "Retenus\u{a0}: 5 communiqués apparus en même temps");
    assert!((18..=22).all(|number| question.shown.text.contains(&format!("Le gué numéro {number}"))));
    let approved = room.edition(title).await.id;
    assert_eq!(room.admin_post(&format!("/mailbox/editions/{approved}"), "do=send").await.status, 303);
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, title);
    room.restart().await;
    room.pass("24h").await;
    let held: Vec<_> = room.editions().await.into_iter().filter(|edition| edition.state.is_before_opening()).collect();
    assert_eq!(held.len(), 4);
    room.office();
    // One word lets go of all that are left, each with a copy for the office first.
    let page = question.link("/office/");
    assert!(room.get(&page).await.text().contains("value=\"send-all\""));
    assert_eq!(room.post(&page, "do=send-all").await.status, 200);
    room.look().await;
    let subjects: Vec<_> = room.inbox("ann@example.org").into_iter().map(|letter| letter.shown.subject).collect();
    assert_eq!(subjects.len(), 4, "{subjects:?}");
    assert!(room.office().iter().filter(|subject| subject.starts_with("[Copie]")).count() == 4);
}

pub(crate) async fn a_broken_file_keeps_what_was_public(mut room: TestNewsroom) {
    room.save("2026-11-20-gue.md", &ford(1));
    room.save("2026-11-21-autre.md", &ford(2));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let before = shown(&room).await;
    let page = room.feed("/espace-presse/gue/").await;
    for broken in [
        "---\ntitle: [\n---\nRien.\n",
        "---\ndate: 2026-11-20\n---\nSans titre.\n",
        "---\ntitle: \"Un g\u{fffd}",
        "Sans en-tête.\n",
        "",
    ] {
        room.save("2026-11-20-gue.md", &broken);
        room.pass("1m").await;
        assert!(shown(&room).await == before && room.feed("/espace-presse/gue/").await == page, "{broken}");
        let told = room.letter(OFFICE);
        assert!(told.shown.text.contains("2026-11-20-gue.md"), "{}", told.shown.text);
        room.restart().await;
        room.pass("1h").await;
        assert!(shown(&room).await == before && room.feed("/espace-presse/gue/").await == page, "{broken}");
        assert_eq!(room.office(), [""; 0]);
    }
    room.save("2026-11-20-gue.md", &ford(1).chapeau("Le gué est réparé."));
    room.pass("1h").await;
    assert!(room.feed("/espace-presse/gue/").await.contains("Le gué est réparé."));
    assert_eq!(room.editions().await, []);
}

pub(crate) async fn a_file_that_breaks_before_its_letter_holds_it(mut room: TestNewsroom) {
    room.save("2026-11-20-gue.md", &ford(1));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let draft = release("Le bac est à quai", "2026-11-24 09:00:00 +01:00");
    room.save("2026-11-24-bac.md", &draft);
    room.look().await;
    room.save("2026-11-24-bac.md", &draft.to_string().replace("title: ", "titel: "));
    room.pass("24h").await;
    assert_eq!(room.state("Le bac est à quai").await, "held: file-broken");
    assert_eq!((room.unread(), room.titles().await.len()), (vec![], 1));
    room.save("2026-11-24-bac.md", &draft);
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, "Le bac est à quai");
}

pub(crate) async fn last_weeks_file_overwritten_is_news(mut room: TestNewsroom) {
    room.save("communique.md", &release("La crue est passée", "2026-11-16 09:00:00 +01:00").body("L’eau redescend."));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let next = release("Huit passerelles repeintes", "2026-11-23 10:00:00 +01:00")
        .chapeau("Du vert partout, pour deux ans.")
        .body("Les peintres ont commencé par la plus haute, un lundi de grand vent.");
    room.save("communique.md", &next);
    room.look().await;
    room.pass("10m").await;
    assert_eq!(room.letter("ann@example.org").shown.subject, "Huit passerelles repeintes");
}
