//! What is not live is nowhere: not its text, its documents, its address, its labels, its count.

use std::collections::BTreeSet;

use crate::draft::{Draft, pdf, png, release};
use crate::newsroom::{Letter, OFFICE, SITE, TestNewsroom};

/// A word that stands in every part of the release that says `published: false`, and in nothing else.
const HIDDEN: &str = "zibeline";
/// The same for the release of tomorrow.
const TOMORROW: &str = "quetzal";

/// A release whose every part names `word`: file, title, text, labels, picture, document, old address.
fn canary(room: &TestNewsroom, word: &str, date: &str, line: &str) -> Draft {
    room.upload(&format!("{word}.png"), &png(word));
    room.upload(&format!("{word}.pdf"), &pdf(word));
    release(&format!("Le {word} paraît"), date)
        .labels(&format!("Dossier {word}"), &format!("{word}|Ponts"))
        .with(&format!("une-ou-diaporama:\n- image: /uploads/{word}.png\n  alternative-textuelle: Un {word}"))
        .document(&format!("/uploads/{word}.pdf"), &format!("Le dossier {word}"))
        .with(&format!("redirect_from: /ancien-{word}/\n{line}"))
        .body(&format!("Le {word} est là. ![Un {word}](/uploads/{word}.png)"))
}

/// The addresses at which `word` would stand.
fn addresses(word: &str) -> [String; 9] {
    [
        format!("/espace-presse/{word}/"),
        format!("/espace-presse/{word}"),
        format!("/ancien-{word}/"),
        format!("/uploads/{word}.pdf"),
        format!("/uploads/{word}.png"),
        format!("/feeds/tag/{word}/"),
        format!("/feeds/tag/{word}.atom"),
        format!("/feeds/category/dossier-{word}/"),
        format!("/feeds/category/dossier-{word}.json"),
    ]
}

fn names(bytes: &[u8], word: &str) -> bool {
    String::from_utf8_lossy(bytes).to_lowercase().contains(word)
}

/// Every address below the site that `text` mentions, as a page's link or in full.
fn mentioned(text: &str) -> BTreeSet<String> {
    let plain = text.replace("\\/", "/").replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&");
    let full = plain.match_indices(SITE).map(|(at, _)| &plain[at + SITE.len()..]);
    let links = plain.match_indices("=\"/").map(|(at, _)| &plain[at + 2..]);
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '#' | '\\' | ',');
    let paths = full.chain(links).map(|rest| rest.split(ends).next().unwrap());
    paths.filter(|path| path.starts_with('/')).map(str::to_owned).collect()
}

/// Follows every link of every public page and feed; returns all addresses, after looking for `words` in all answers.
async fn crawl(room: &TestNewsroom, words: &[&str]) -> BTreeSet<String> {
    let mut known: BTreeSet<String> = ["/", "/subscribe", "/feeds/", "/feeds/all.atom"].map(str::to_owned).into();
    let mut ahead: Vec<String> = known.iter().cloned().collect();
    while let Some(path) = ahead.pop() {
        let answer = room.get(&path).await;
        assert_eq!(answer.status, 200, "{path} is linked and leads nowhere");
        let head = format!("{:?}", answer.headers);
        for word in words {
            assert!(!names(&answer.body, word) && !names(head.as_bytes(), word), "{path} names {word}");
        }
        if let Ok(text) = String::from_utf8(answer.body) {
            ahead.extend(mentioned(&text).into_iter().filter(|path| known.insert(path.clone())));
        }
    }
    known
}

/// Looks for `words` in every file of the folder that a static server would publish, and in their names.
fn search_published(room: &TestNewsroom, words: &[&str]) -> usize {
    let mut folders = vec![room.root().join("public")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            assert!(!words.iter().any(|word| names(path.file_name().unwrap().as_bytes(), word)), "{path}");
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                assert!(!words.iter().any(|word| names(&bytes, word)), "{path}");
                files += 1;
            }
        }
    }
    files
}

/// Nothing that is public names `words`.
async fn check_absent(room: &TestNewsroom, words: &[&str]) {
    let addresses_found = crawl(room, words).await;
    assert!(addresses_found.contains("/espace-presse/pont/"), "{addresses_found:?}");
    assert!(addresses_found.contains("/feeds/tag/ponts.rss"), "{addresses_found:?}");
    assert!(search_published(room, words) > 10);
    for word in words {
        for path in addresses(word) {
            let answer = room.get(&path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert!(!names(&answer.body, word), "{path}");
        }
    }
    for letter in room.all_letters() {
        let shown = depeche::mail::read_letter(&letter).unwrap();
        for part in [shown.subject, shown.text, shown.html, format!("{:?}", shown.headers)] {
            assert!(!words.iter().any(|word| names(part.as_bytes(), word)), "{part}");
        }
    }
}

/// Everything of the release that names `word` is public.
async fn check_present(room: &TestNewsroom, word: &str) {
    for path in addresses(word) {
        let expected = if path.contains("ancien") || path == format!("/espace-presse/{word}") { 301 } else { 200 };
        assert_eq!(room.get(&path).await.status, expected, "{path}");
    }
}

pub(crate) async fn what_is_not_live_is_nowhere(mut room: TestNewsroom) {
    room.configure("publish.folder", "public");
    room.save("2026-11-20-pont.md", &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.subscriber("bob@example.org", &format!("tag:{TOMORROW}")).await;
    let hidden = canary(&room, HIDDEN, "2026-11-23 10:00:00", "published: false");
    room.save(&format!("2026-11-23-{HIDDEN}.md"), &hidden);
    let tomorrow = canary(&room, TOMORROW, "2026-11-24 09:00:00 +01:00", "lang: fr");
    room.save(&format!("2026-11-24-{TOMORROW}.md"), &tomorrow);
    room.save("2026-11-23-quai.md", &release("Un quai", "2026-11-23 10:00:00").labels("Discours", "Ponts"));
    room.look().await;
    check_absent(&room, &[HIDDEN, TOMORROW]).await;
    room.pass("10m").await;
    let quay = room.letter("ann@example.org");
    assert_eq!(quay.shown.subject, "Un quai");
    check_absent(&room, &[HIDDEN, TOMORROW]).await;
    room.restart().await;
    room.at("2026-11-24T07:59:59Z");
    room.look().await;
    check_absent(&room, &[HIDDEN, TOMORROW]).await;
    let copies = room.inbox(OFFICE);
    let marked = copies.iter().filter(|letter| letter.shown.text.contains("EMBARGO"));
    assert!(marked.clone().all(|letter| letter.shown.subject.to_lowercase().contains(TOMORROW)) && marked.count() > 0);
    assert!(!copies.iter().any(|letter| names(letter.shown.text.as_bytes(), HIDDEN)));

    room.pass("1s").await;
    check_present(&room, TOMORROW).await;
    // The same search finds it now.
    let public = crawl(&room, &[HIDDEN]).await;
    assert!(addresses(TOMORROW).iter().filter(|path| public.contains(*path)).count() >= 6, "{public:?}");
    check_absent(&room, &[HIDDEN]).await;
    for address in ["ann@example.org", "bob@example.org"] {
        let letter = room.letter(address);
        assert_eq!(letter.shown.subject, format!("Le {TOMORROW} paraît"));
        assert_eq!(room.get(&letter.link("/uploads/")).await.body, pdf(TOMORROW));
    }
    let published = canary(&room, HIDDEN, "2026-11-23 10:00:00", "published: true");
    room.save(&format!("2026-11-23-{HIDDEN}.md"), &published);
    room.look().await;
    check_present(&room, HIDDEN).await;
    room.pass("10m").await;
    room.letter("ann@example.org");
    // Taken back: everything of it is gone again, save for the labels that were seen.
    let hidden = canary(&room, HIDDEN, "2026-11-23 10:00:00", "published: false");
    room.save(&format!("2026-11-23-{HIDDEN}.md"), &hidden);
    room.look().await;
    for path in addresses(HIDDEN).into_iter().filter(|path| !path.contains("/feeds/")) {
        assert_eq!(room.get(&path).await.status, 404, "{path}");
    }
}

pub(crate) async fn an_embargo_of_the_first_start_ends_with_a_letter(mut room: TestNewsroom) {
    room.save("2026-11-20-pont.md", &release("Un pont", "2026-11-20 10:00:00"));
    room.save("2026-11-24-bac.md", &release("Un bac", "2026-11-24 09:00:00 +01:00"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.restart().await;
    assert_eq!(room.titles().await, ["Un pont"]);
    room.at("2026-11-24T07:59:59Z");
    room.look().await;
    assert_eq!(room.unread(), [""; 0]);
    room.pass("1s").await;
    assert_eq!(room.letter("ann@example.org").shown.subject, "Un bac");
    assert_eq!(room.titles().await, ["Un bac", "Un pont"]);
    // A clock that goes back does not unmake it.
    room.at("2026-11-24T07:00:00Z");
    room.restart().await;
    assert_eq!(room.titles().await, ["Un bac", "Un pont"]);
}

const POSTPONED: &str = "Le bac de minuit";

/// A release prepared for tomorrow and postponed twice, the second time at the last second; returns the office's copy.
async fn postponed_twice(room: &mut TestNewsroom) -> Letter {
    room.save("2026-11-20-pont.md", &release("Un pont", "2026-11-20 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let dated = |date: &str| release(POSTPONED, date).labels("Discours", "Minuit");
    room.save("2026-11-24-minuit.md", &dated("2026-11-24 09:00:00 +01:00"));
    room.look().await;
    let copy = room.letter(OFFICE);
    assert!(copy.shown.subject.contains(POSTPONED), "{}", copy.shown.subject);
    room.pass("1h").await;
    room.save("2026-11-24-minuit.md", &dated("2026-11-25 09:00:00 +01:00"));
    for instant in ["2026-11-23T11:00:00Z", "2026-11-24T08:00:00Z", "2026-11-25T07:59:59Z"] {
        room.at(instant);
        room.look().await;
        check_postponed(room).await;
    }
    room.save("2026-11-24-minuit.md", &dated("2026-11-27 09:00:00 +01:00"));
    room.pass("1s").await;
    check_postponed(room).await;
    room.restart().await;
    room.pass("24h").await;
    check_postponed(room).await;
    assert_eq!(room.state(POSTPONED).await, "waiting");
    copy
}

/// Nobody but the office has heard of it.
async fn check_postponed(room: &TestNewsroom) {
    assert_eq!((room.unread(), room.titles().await), (vec![], vec!["Un pont".to_owned()]));
    for path in ["/espace-presse/minuit/", "/feeds/tag/minuit/", "/feeds/tag/minuit.atom"] {
        assert_eq!(room.get(path).await.status, 404, "{path}");
    }
}

pub(crate) async fn postponed_twice_then_cancelled_no_letter_leaves(mut room: TestNewsroom) {
    let copy = postponed_twice(&mut room).await;
    assert_eq!(room.post(&copy.link("/office/"), "do=cancel").await.status, 200);
    room.at("2026-11-27T07:59:59Z");
    room.look().await;
    check_postponed(&room).await;
    room.restart().await;
    // The office cancelled the letter: the file is there, and its page appears at its date.
    room.pass("1s").await;
    assert_eq!(room.titles().await, [POSTPONED, "Un pont"]);
    room.pass("240h").await;
    assert_eq!((room.state(POSTPONED).await.as_str(), room.unread()), ("cancelled", vec![]));
    assert_eq!(room.all_letters().len(), 0);
}

pub(crate) async fn postponed_twice_then_deleted_nothing_is_ever_seen(mut room: TestNewsroom) {
    postponed_twice(&mut room).await;
    room.remove("2026-11-24-minuit.md");
    for instant in ["2026-11-26T09:00:00Z", "2026-11-27T08:00:00Z", "2026-12-07T08:00:00Z"] {
        room.at(instant);
        room.look().await;
        check_postponed(&room).await;
        room.restart().await;
        check_postponed(&room).await;
    }
    assert_eq!(room.state(POSTPONED).await, "cancelled");
    assert_eq!(room.all_letters().len(), 0);
}
