//! What the mailbox shows before anything is sent.

use crate::draft::{pdf, release};
use crate::newsroom::TestNewsroom;

/// The links to previews on a page.
fn links(page: &str) -> Vec<&str> {
    let links = page.split("href=\"/mailbox/previews/").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|link| !link.is_empty()).collect()
}

/// The plain text of a letter on its page.
fn text(page: &str) -> &str {
    page.split("<pre class=\"letter\" tabindex=\"0\">").nth(1).unwrap().split("</pre>").next().unwrap()
}

pub(crate) async fn every_letter_can_be_looked_at_before_it_is_sent(mut room: TestNewsroom) {
    room.upload("CP_bac.pdf", &pdf("bac"));
    let ferry = release("Un bac électrique", "2026-11-20 10:00:00").labels("Discours", "Bacs");
    room.save("2026-11-20-bac.md", &ferry.document("/uploads/CP_bac.pdf", "Le communiqué"));
    let bridge = release("A bridge opens", "2026-11-21 10:00:00").labels("Agenda", "Ponts");
    room.save("2026-11-21-bridge.md", &bridge.with("lang: en\ncorrection: \"It opens on the 4th.\""));
    room.save("2026-11-22-seul.md", &release("Un communiqué sans rubrique", "2026-11-22 10:00:00"));
    let gone = release("Un bilan", "2026-11-19 10:00:00").with("withdrawn: \"Les chiffres étaient faux.\"");
    room.save("2026-11-19-bilan.md", &gone);
    room.save("2026-12-01-coming.md", &release("À venir", "2026-12-01 10:00:00").labels("Agenda", "Ponts"));
    room.start("2026-11-23T09:00:00Z").await;
    let list = room.admin_get("/mailbox/previews/").await.text();
    let mut seen = Vec::new();
    for link in links(&list) {
        let answer = room.admin_get(&format!("/mailbox/previews/{link}")).await;
        assert_eq!(answer.status, 200, "{link}");
        let page = answer.text();
        assert!(!page.contains("mark-"), "{link} shows a mark");
        seen.push((link.split('-').next().unwrap().to_owned(), link.rsplit('-').next().unwrap().to_owned(), page));
    }
    let of = |kind: &str, language: &str| -> Vec<&str> {
        let letters = seen.iter().filter(|(known, other, _)| known == kind && other == language);
        letters.map(|(_, _, page)| text(page)).collect()
    };
    let kinds = ["announcement", "office", "correction", "withdrawal", "digest", "confirmation", "request", "notice"];
    assert_eq!(kinds.map(|kind| of(kind, "fr").len()), [4, 4, 3, 4, 2, 1, 6, 1]);
    assert_eq!(kinds.map(|kind| of(kind, "en").len()), [4, 0, 3, 4, 2, 1, 6, 0]);
    let corrections = of("correction", "fr");
    assert!(corrections.iter().any(|letter| letter.contains("It opens on the 4th.")), "{corrections:?}");
    assert!(corrections.iter().any(|letter| letter.contains("Exemple\u{a0}:")), "{corrections:?}");
    let withdrawals = of("withdrawal", "en");
    assert!(withdrawals.iter().any(|letter| letter.contains("Les chiffres étaient faux.")), "{withdrawals:?}");
    assert!(!withdrawals.iter().any(|letter| letter.contains("/espace-presse/")), "{withdrawals:?}");
    insta::assert_snapshot!("digest", of("digest", "fr")[0]);
    assert_eq!(room.admin_get("/mailbox/previews/digest-hourly-fr").await.status, 404);
}
