//! The first start on a folder of many releases, ten of them under embargo: ten letters at their times and nothing else,
//! whatever becomes of the database or the folder.
//!
//! `DEPECHE_RELEASES=5000 cargo test --release --test first_start -- --nocapture` is the full size.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

#[path = "support/draft.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod draft;
#[path = "support/http_client.rs"]
mod http_client;
#[path = "support/newsroom.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod newsroom;
#[path = "support/prose.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod prose;

use draft::release;
use newsroom::TestNewsroom;
use prose::prose;

/// How many releases there are, where the environment does not say.
const RELEASES: usize = 300;
/// How many of them are under embargo at the first start.
const EMBARGOED: usize = 10;
/// Who follows everything.
const READER: &str = "ann@example.org";

fn start() -> DateTime<Utc> {
    "2019-03-04T06:00:00Z".parse().unwrap()
}

fn size() -> usize {
    std::env::var("DEPECHE_RELEASES").map_or(RELEASES, |count| count.parse().unwrap())
}

/// A newsroom, not started, whose folder holds `count` releases, the last of them under embargo; their titles by the
/// instants at which they end.
fn full_folder(room: &TestNewsroom, count: usize) -> BTreeMap<DateTime<Utc>, String> {
    let mut embargoed = BTreeMap::new();
    for number in 0..count {
        let prose = prose(number);
        let date = match (number + EMBARGOED).checked_sub(count) {
            // Every seven minutes, and seconds: several within what counts as a crowd.
            Some(place) => start() + TimeDelta::seconds(3_600 + 431 * i64::try_from(place).unwrap()),
            None => start() - TimeDelta::hours(7 * i64::try_from(number).unwrap() + 1),
        };
        if date > start() {
            embargoed.insert(date, prose.title.clone());
        }
        let draft = release(&prose.title, &date.format("%Y-%m-%d %H:%M:%S +00:00").to_string())
            .labels(["Discours", "Communiqué de presse"][number % 2], ["Ponts", "Bacs", "Fêtes"][number % 3])
            .chapeau(&prose.chapeau)
            .body(&prose.sentences.join(" "));
        room.save(&format!("{}/{}-{}.md", date.format("%Y"), date.format("%Y-%m-%d"), prose.slug), &draft);
    }
    embargoed
}

/// Everything a subscriber of feeds sees.
async fn feeds(room: &TestNewsroom) -> Vec<String> {
    let mut feeds = Vec::new();
    for topic in ["all", "category/discours", "tag/ponts", "tag/fetes"] {
        for format in ["rss", "atom", "json"] {
            feeds.push(room.feed(&format!("/feeds/{topic}.{format}")).await);
        }
    }
    feeds.push(room.feed("/").await);
    feeds
}

/// Moves the release files away, or back, but for those whose place in the order of their names is kept; how many.
fn move_files(room: &TestNewsroom, (from, to): (&str, &str), is_kept: impl Fn(usize) -> bool) -> usize {
    let (from, to) = (room.root().join(from), room.root().join(to));
    let mut names: Vec<String> = Vec::new();
    let folders = from.read_dir_utf8().unwrap().map(|folder| folder.unwrap());
    for folder in folders.filter(|folder| folder.file_name() != "uploads") {
        let files = folder.path().read_dir_utf8().unwrap();
        names.extend(files.map(|file| format!("{}/{}", folder.file_name(), file.unwrap().file_name())));
    }
    names.sort();
    let moved: Vec<&String> =
        names.iter().enumerate().filter(|(place, _)| !is_kept(*place)).map(|(_, name)| name).collect();
    for name in &moved {
        std::fs::create_dir_all(to.join(name).parent().unwrap()).unwrap();
        std::fs::rename(from.join(name), to.join(name)).unwrap();
    }
    moved.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_embargoes_among_many_releases_make_ten_letters() {
    let count = size();
    let mut room = TestNewsroom::new(None);
    let embargoed = full_folder(&room, count);
    assert_eq!(embargoed.len(), EMBARGOED);
    let begun = Instant::now();
    room.start(&start().to_rfc3339()).await;
    let first_look = begun.elapsed();
    room.subscriber(READER, "all").await;
    let begun = Instant::now();
    room.pass("1m").await;
    let next_look = begun.elapsed();
    let live = |room: &TestNewsroom| room.newsroom().current().resources.live().releases().len();
    assert_eq!(live(&room), count - EMBARGOED);

    let mut letters = 0;
    for (number, (date, title)) in embargoed.iter().enumerate() {
        for (instant, expected) in [(*date - TimeDelta::seconds(1), 0), (*date, 1), (*date + TimeDelta::seconds(1), 0)]
        {
            room.at(&instant.to_rfc3339());
            room.look().await;
            let subjects = newsroom::subjects(&room.inbox(READER));
            assert_eq!(subjects.len(), expected, "{title} at {instant}: {subjects:?}");
            assert!(subjects.iter().all(|subject| subject == title));
            letters += subjects.len();
        }
        if number == EMBARGOED / 2 {
            room.restart().await;
        }
    }
    room.pass("240h").await;
    assert_eq!((room.unread(), live(&room)), (vec![], count));
    assert_eq!(room.editions().await.len(), EMBARGOED);
    println!(
        "{count} releases, {EMBARGOED} under embargo: {letters} letters at their seconds; first start in {:.2} s, a look \
         at what is known in {:.2} s",
        first_look.as_secs_f64(),
        next_look.as_secs_f64(),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_database_or_a_folder_that_vanishes_makes_no_letter() {
    let count = size();
    let mut room = TestNewsroom::new(None);
    let embargoed = full_folder(&room, count);
    let (last, _) = embargoed.last_key_value().unwrap();
    room.start(&start().to_rfc3339()).await;
    room.subscriber(READER, "all").await;
    // All ten are out, and were mailed.
    for date in embargoed.keys() {
        room.at(&date.to_rfc3339());
        room.look().await;
    }
    assert_eq!(room.inbox(READER).len(), EMBARGOED);
    room.at(&(*last + TimeDelta::days(1)).to_rfc3339());
    room.look().await;
    let before = feeds(&room).await;
    let ids = ids(&room);

    // An emptied folder.
    let moved = move_files(&room, ("content", "away"), |_| false);
    check_in_doubt(&mut room, &before).await;
    assert_eq!(move_files(&room, ("away", "content"), |_| false), moved);
    check_back(&mut room, &before).await;
    // A folder that is not mounted.
    std::fs::rename(room.root().join("content"), room.root().join("unmounted")).unwrap();
    check_in_doubt(&mut room, &before).await;
    std::fs::rename(room.root().join("unmounted"), room.root().join("content")).unwrap();
    check_back(&mut room, &before).await;
    // Half a checkout: a little more than half of the files are not there yet.
    let moved = move_files(&room, ("content", "away"), |place| place.is_multiple_of(2) && place != 0);
    assert!(moved * 2 > count && moved * 2 <= count + 2, "{moved}");
    check_in_doubt(&mut room, &before).await;
    move_files(&room, ("away", "content"), |_| false);
    check_back(&mut room, &before).await;
    // A little less than half is believed at once, and its return is no news.
    let moved = move_files(&room, ("content", "away"), |place| place.is_multiple_of(2) || place < 3);
    assert!(moved * 2 < count);
    room.look().await;
    room.pass("5m").await;
    assert!(feeds(&room).await != before);
    move_files(&room, ("away", "content"), |_| false);
    check_back(&mut room, &before).await;

    // The same folder and an empty database: what is live is no news, and keeps its id.
    let mut anew = TestNewsroom::new(None);
    std::fs::remove_dir_all(anew.root().join("content")).unwrap();
    std::fs::rename(room.root().join("content"), anew.root().join("content")).unwrap();
    anew.start(&room.now().to_rfc3339()).await;
    anew.subscriber(READER, "all").await;
    for duration in ["1s", "1h", "240h"] {
        anew.pass(duration).await;
    }
    assert_eq!((anew.unread(), anew.editions().await.len()), (vec![], 0));
    assert_eq!(self::ids(&anew), ids);
    println!(
        "{count} releases: emptied, not mounted, half there, and with an empty database: 0 letters, the same feeds"
    );
}

fn ids(room: &TestNewsroom) -> BTreeMap<String, String> {
    let current = room.newsroom().current();
    current.register.records.values().map(|record| (record.path.to_string(), record.id.to_string())).collect()
}

/// For five minutes the folder is in doubt: nothing changes, and nothing is mailed.
async fn check_in_doubt(room: &mut TestNewsroom, before: &[String]) {
    room.look().await;
    for minute in 0..5 {
        assert_eq!(room.admin_get("/ready").await.status, 503);
        assert!(feeds(room).await == before, "what is public changed");
        if minute == 2 {
            room.restart().await;
        }
        room.pass("1m").await;
    }
    assert_eq!(room.unread(), [""; 0]);
}

/// Everything is there again, and an hour passes.
async fn check_back(room: &mut TestNewsroom, before: &[String]) {
    room.look().await;
    room.pass("1h").await;
    assert_eq!((room.unread(), room.admin_get("/ready").await.status), (vec![], 200));
    assert_eq!(room.editions().await.len(), EMBARGOED);
    assert!(feeds(room).await == before, "what is public changed");
}
