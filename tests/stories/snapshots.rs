//! One letter and one feed as people see them.

use crate::draft::{pdf, png, release};
use crate::newsroom::{Letter, TestNewsroom};

/// A letter's headers and plain text, with a boundary, an id and tokens that are the same every time.
fn redacted(letter: &Letter) -> String {
    let headers: Vec<String> = letter.shown.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let headers = headers.join("\n");
    let boundary = headers.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let id = letter.header("Message-ID").split('@').next().unwrap().trim_start_matches('<').to_owned();
    let mut text =
        format!("{headers}\n\n{}", letter.shown.text).replace(&boundary, "BOUNDARY").replace(&id, "MESSAGE-ID");
    for link in letter.links() {
        for start in ["/u/", "/preferences/"] {
            if let Some(token) = link.strip_prefix(start) {
                text = text.replace(token, "TOKEN");
            }
        }
    }
    text
}

pub(crate) async fn a_letter_and_its_feed_are_as_people_see_them(mut room: TestNewsroom) {
    room.start("2026-11-23T09:00:00Z").await;
    room.subscriber("ann@example.org", "tag:voies-d-eau category:communique-de-presse").await;
    room.upload("été.png", &png("été"));
    room.upload("CP_été.pdf", &pdf("été"));
    let draft = release("Les éclusiers fêtent l’été à Brumeval", "2026-11-23 09:55:00 +01:00")
        .labels("Communiqué de presse", "Voies d’eau|Été")
        .with("une-ou-diaporama:\n- image: /uploads/été.png\n  alternative-textuelle: Une écluse au soleil")
        .document("/uploads/CP_été.pdf", "Télécharger le communiqué")
        .with("contact-presse:\n  name: Zoé Lamarre\n  tel: 01 99 00 12 34\n  email: zoe.lamarre@presse.example.org")
        .chapeau("Trois jours, **neuf écluses** et [un bal](/espace-presse/bal/).");
    room.save("2026-11-23-été-des-écluses.md", &draft);
    room.look().await;
    room.pass("10m").await;
    let letter = room.letter("ann@example.org");
    insta::assert_snapshot!("letter", redacted(&letter));
    insta::assert_snapshot!("feed", room.feed("/feeds/tag/ete.atom").await);
}
