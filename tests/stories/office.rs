//! What the office sees first, and what it decides.

use crate::draft::{pdf, release};
use crate::newsroom::{Letter, OFFICE, TestNewsroom};

const TITLE: &str = "Les bacs de nuit reprennent";

/// A newsroom with one subscriber and one release that waits, and the office's copy of its letter.
async fn waiting(room: &mut TestNewsroom) -> Letter {
    room.save("2026-11-01-ancien.md", &release("Un communiqué plus ancien", "2026-11-01 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save("2026-11-23-bacs.md", &release(TITLE, "2026-11-23 10:00:00"));
    room.look().await;
    assert_eq!(room.state(TITLE).await, "waiting");
    room.letter(OFFICE)
}

pub(crate) async fn the_office_sees_each_letter_first_and_how_it_went(mut room: TestNewsroom) {
    let copy = waiting(&mut room).await;
    assert!(copy.shown.subject.contains(TITLE), "{}", copy.shown.subject);
    assert!(copy.shown.text.contains("***") && copy.shown.text.contains("En bref : Les bacs de nuit reprennent."));
    for header in ["List-Unsubscribe", "List-Unsubscribe-Post"] {
        assert_eq!(copy.header(header), "");
    }
    assert!(!copy.links().iter().any(|link| link.starts_with("/u/") || link.starts_with("/preferences/")));
    room.pass("10m").await;
    let letter = room.letter("ann@example.org");
    assert_eq!(letter.shown.subject, TITLE);
    assert!(!letter.links().iter().any(|link| link.starts_with("/office/")) && !letter.shown.text.contains("***"));
    let summary = room.letter(OFFICE);
    assert!(summary.shown.text.contains(TITLE), "{}", summary.shown.text);
    room.pass("1h").await;
    assert_eq!(room.office(), [""; 0]);
}

pub(crate) async fn what_the_office_holds_stays_until_it_lets_go(mut room: TestNewsroom) {
    let link = waiting(&mut room).await.link("/office/");
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(room.request(method, &link).send().await.status, 200);
    }
    room.look().await;
    assert_eq!(room.state(TITLE).await, "waiting");
    assert_eq!(room.post(&link, "do=hold").await.status, 200);
    room.pass("24h").await;
    room.restart().await;
    assert_eq!(room.state(TITLE).await, "held: office");
    assert_eq!(room.unread(), [""; 0]);
    assert!(room.titles().await.contains(&TITLE.to_owned()));
    assert_eq!(room.post(&link, "do=send").await.status, 200);
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, TITLE);
}

pub(crate) async fn the_office_may_send_before_grace_is_over(mut room: TestNewsroom) {
    let link = waiting(&mut room).await.link("/office/");
    assert_eq!(room.post(&link, "do=send").await.status, 200);
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, TITLE);
    room.pass("1h").await;
    assert_eq!(room.post(&link, "do=cancel").await.status, 200);
    assert_eq!(room.state(TITLE).await, "done");
}

pub(crate) async fn what_the_office_cancels_is_never_sent(mut room: TestNewsroom) {
    let link = waiting(&mut room).await.link("/office/");
    assert_eq!(room.post(&link, "do=cancel").await.status, 200);
    room.pass("1h").await;
    room.save("2026-11-23-bacs.md", &release(TITLE, "2026-11-23 10:00:00").chapeau("Un autre chapeau."));
    room.pass("1h").await;
    assert_eq!(room.post(&link, "do=send").await.status, 200);
    room.restart().await;
    room.pass("24h").await;
    assert_eq!(room.state(TITLE).await, "cancelled");
    assert!(room.titles().await.contains(&TITLE.to_owned()));
}

pub(crate) async fn an_edition_may_wait_for_approval(mut room: TestNewsroom) {
    room.configure("newsletter.approval", "true");
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save("2026-11-23-bacs.md", &release(TITLE, "2026-11-23 10:00:00"));
    room.pass("1h").await;
    assert_eq!(room.state(TITLE).await, "held: approval");
    assert_eq!(room.unread(), [""; 0]);
    let edition = room.edition(TITLE).await.id;
    assert_eq!(room.admin_post(&format!("/mailbox/editions/{edition}"), "do=send").await.status, 303);
    room.look().await;
    room.pass("1h").await;
    room.letter("ann@example.org");
}

pub(crate) async fn a_missing_document_holds_the_letter_until_it_arrives(mut room: TestNewsroom) {
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let draft = release(TITLE, "2026-11-23 10:00:00").document("/uploads/horaires.pdf", "Les horaires d’hiver");
    room.save("2026-11-23-bacs.md", &draft);
    room.look().await;
    room.pass("1h").await;
    assert_eq!(room.state(TITLE).await, "held: document-missing");
    assert_eq!(room.unread(), [""; 0]);
    let told = room.inbox(OFFICE);
    assert!(told.iter().all(|letter| letter.shown.text.contains("Les horaires d’hiver")), "{told:?}");
    assert!(!told.is_empty() && !told.iter().any(|letter| letter.shown.html.contains("horaires.pdf")));
    let page = "/espace-presse/bacs/";
    for path in [page, "/feeds/all.rss", "/feeds/all.atom", "/feeds/all.json"] {
        let text = room.feed(path).await;
        assert!(text.contains("Les horaires d’hiver") && !text.contains("horaires.pdf"), "{path}: {text}");
    }
    assert_eq!(room.get("/uploads/horaires.pdf").await.status, 404);

    room.upload("horaires.pdf", &pdf("horaires"));
    room.look().await;
    let letter = room.letter("ann@example.org");
    let link = letter.link("/uploads/");
    assert!(letter.shown.text.contains("- Les horaires d’hiver (PDF, "), "{}", letter.shown.text);
    let document = room.get(&link).await;
    assert_eq!((document.status, document.body), (200, pdf("horaires")));
    assert_eq!(document.headers.iter().filter(|(name, _)| name == "content-type").count(), 1);
    assert!(room.feed("/feeds/all.rss").await.contains("<enclosure url="));
    room.pass("1h").await;
}
