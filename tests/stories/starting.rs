//! A start that takes up what the last run kept shows what one that reads everything does.

use std::fs;
use std::path::Path;

use crate::draft::{pdf, release};
use crate::newsroom::TestNewsroom;

/// Long after every file of the story is written: their times are believed.
const FIRST_DAY: &str = "2040-01-05T09:00:00Z";
const SECOND_DAY: &str = "2040-01-06T09:00:00Z";
/// What is compared.
const ADDRESSES: [&str; 9] = [
    "/",
    "/feeds/",
    "/feeds/all.atom",
    "/feeds/all.rss",
    "/feeds/all.json",
    "/feeds/tag/ponts.atom",
    "/feeds.opml",
    "/sitemap.xml",
    "/uploads/dossier.pdf",
];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.unwrap(), to.to_owned());
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A newsroom with releases of every kind, closed after its first day; what it knew is kept.
async fn first_day() -> TestNewsroom {
    let mut room = TestNewsroom::new(None);
    room.at(FIRST_DAY);
    room.upload("dossier.pdf", &pdf("dossier"));
    for number in 0..12 {
        let (title, date) = (format!("Le pont {number}"), format!("2039-12-{:02} 09:00:00 +01:00", number + 1));
        let body = if number % 2 == 0 { "Un texte qui attend." } else { "Un <b>texte</b> lu." };
        let draft = release(&title, &date).labels("Discours", "Ponts|Été").body(body);
        room.save(&format!("pont-{number}.md"), &draft.document("/uploads/dossier.pdf", "Le dossier"));
    }
    room.save("demain.md", &release("Demain", "2040-01-06 08:00:00 +01:00"));
    room.save("lisez-moi.md", &"Aucun communiqué");
    room.start(FIRST_DAY).await;
    room.keep_for_next_start().await;
    room.close().await;
    room
}

/// After `change`, a start at `instant` shows what one shows in a copy of the whole folder, whose files are all others.
async fn check(what: &str, instant: &str, change: impl FnOnce(&mut TestNewsroom)) {
    let mut room = Box::pin(first_day()).await;
    change(&mut room);
    let temporary = tempfile::tempdir().unwrap();
    copy(room.root().as_std_path(), temporary.path());
    let mut fresh = TestNewsroom::in_folder(temporary, None, true);
    Box::pin(room.start(instant)).await;
    Box::pin(fresh.start(instant)).await;
    for address in ADDRESSES {
        let (mut own, mut other) = (room.get(address).await, fresh.get(address).await);
        // When each was answered is the machine's clock's to say.
        for answer in [&mut own, &mut other] {
            answer.headers.retain(|(name, _)| name != "date");
        }
        assert_eq!((own.status, &own.headers), (other.status, &other.headers), "{address} after {what}");
        assert!(own.body == other.body, "{address} differs after {what}");
    }
    let registers =
        (room.newsroom().store.load_register().await.unwrap(), fresh.newsroom().store.load_register().await.unwrap());
    assert_eq!(registers.0, registers.1, "after {what}");
}

/// Rewrites what was kept.
fn spoil(room: &TestNewsroom, spoiled: impl FnOnce(&mut Vec<u8>)) {
    let path = room.root().join("start.cache");
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 12 * 100, "it was kept");
    spoiled(&mut bytes);
    fs::write(&path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_shows_what_reading_everything_would() {
    let content = |room: &TestNewsroom, name: &str| room.root().join("content").join(name);
    check("nothing", FIRST_DAY, |_| {}).await;
    check("a day", SECOND_DAY, |_| {}).await;
    check("an edit of the same size", SECOND_DAY, |room| {
        let path = content(room, "pont-3.md");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("texte", "TEXTE")).unwrap();
    })
    .await;
    check("a file less", SECOND_DAY, |room| room.remove("pont-4.md")).await;
    check("a file more", SECOND_DAY, |room| room.save("neuf.md", &release("Neuf", "2040-01-05 08:00:00 +01:00"))).await;
    check("a rename", SECOND_DAY, |room| room.rename("pont-5.md", "pont-cinq.md")).await;
    check("another document", SECOND_DAY, |room| room.upload("dossier.pdf", &pdf("DOSSIER"))).await;
    check("no document", SECOND_DAY, |room| fs::remove_file(content(room, "uploads/dossier.pdf")).unwrap()).await;
    check("a broken file", SECOND_DAY, |room| room.save("pont-6.md", &"---\ntitle: [\n---\n")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_is_never_needed() {
    check("it is removed", SECOND_DAY, |room| fs::remove_file(room.root().join("start.cache")).unwrap()).await;
    check("it is cut", SECOND_DAY, |room| spoil(room, |bytes| bytes.truncate(bytes.len() / 2))).await;
    check("it is empty", SECOND_DAY, |room| spoil(room, Vec::clear)).await;
    check("a bit flips", SECOND_DAY, |room| spoil(room, |bytes| bytes[1_000] ^= 4)).await;
    check("another program comes", SECOND_DAY, |room| room.program = "depeche 2".to_owned()).await;
    check("a folder stands in its place", SECOND_DAY, |room| {
        let path = room.root().join("start.cache");
        fs::remove_file(&path).unwrap();
        fs::create_dir(path).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_another_day_is_not_taken_for_the_one_that_was_kept() {
    let mut room = first_day().await;
    let backup = tempfile::tempdir().unwrap();
    let databases = |from: &Path, to: &Path| {
        for name in ["depeche.sqlite", "depeche.sqlite-wal", "depeche.sqlite-shm"] {
            let _ = fs::remove_file(to.join(name));
            if from.join(name).exists() {
                fs::copy(from.join(name), to.join(name)).unwrap();
            }
        }
    };
    databases(room.root().as_std_path(), backup.path());
    // A day that the database forgets: its revision is raised as often as that of the other second day.
    room.rename("pont-7.md", "pont-sept.md");
    room.start(SECOND_DAY).await;
    room.keep_for_next_start().await;
    room.close().await;
    databases(backup.path(), room.root().as_std_path());
    room.start(SECOND_DAY).await;
    let register = room.newsroom().store.load_register().await.unwrap();
    let stands = |path: &str| {
        register.records.values().any(|record| record.path.as_str() == path && record.missing_since.is_none())
    };
    assert!(stands("pont-sept.md") && !stands("pont-7.md"), "what was forgotten is found out again");
}
