//! Digests: once a civil day, what each reader follows and has not had.

use std::collections::{BTreeMap, BTreeSet};

use depeche::domain::{Frequency, Topic};
use depeche::language::Language;
use depeche::store::{Names, Preferences, Proof};

use crate::draft::{Draft, pdf, release};
use crate::newsroom::{Letter, TestNewsroom};

fn ferry(number: usize, date: &str) -> Draft {
    release(&format!("Le bac numéro {number:03}"), date)
        .body(&format!("{} Ce bac est le numéro {number:03}.", "Un pas de plus. ".repeat(number % 17 + 1)))
}

/// The numbers of the ferries that a letter is about.
fn ferries(letter: &Letter) -> BTreeSet<usize> {
    let text = &letter.shown.text;
    text.match_indices("Le bac numéro ").filter_map(|(at, words)| text[at + words.len()..][..3].parse().ok()).collect()
}

async fn choose(room: &TestNewsroom, address: &str, frequency: Frequency) {
    let store = &room.newsroom().store;
    let subscriber = store.find(&address.parse().unwrap()).await.unwrap().unwrap();
    let preferences =
        Preferences { topics: subscriber.topics, frequency, language: Language::French, names: Names::Stay };
    let proof = Proof { words: String::new(), source: "story".to_owned() };
    assert!(store.change_preferences(subscriber.id, &preferences, &proof, room.now()).await.unwrap());
}

pub(crate) async fn a_daily_digest_holds_the_day_and_a_weekly_one_the_week(mut room: TestNewsroom) {
    room.upload("CP_bac.pdf", &pdf("bac"));
    room.start("2026-11-23T09:00:00Z").await;
    room.subscriber_with("day@example.org", "all", Frequency::Daily).await;
    room.subscriber_with("tag@example.org", "tag:quais", Frequency::Daily).await;
    room.subscriber_with("week@example.org", "all", Frequency::Weekly).await;
    room.look().await;
    let daily = room.edition("Les communiqués du mardi 24 novembre 2026").await;
    assert_eq!(daily.state.as_str(), "waiting", "the office sees it coming");
    room.save(
        "1.md",
        &ferry(1, "2026-11-23 10:00:00").labels("Agenda", "Quais").document("/uploads/CP_bac.pdf", "Le communiqué"),
    );
    room.look().await;
    room.pass("1h").await;
    room.save("2.md", &ferry(2, "2026-11-23 11:00:00").labels("Discours", "Rives"));
    room.pass("12h").await;
    assert_eq!(room.unread(), [""; 0]);
    room.start_of("2026-11-24T07:29:59Z").await;
    assert_eq!(room.unread(), [""; 0]);
    assert!(room.office().iter().any(|subject| subject.starts_with("[Copie] Les communiqués du mardi 24")));
    room.pass("1s").await;
    let (day, tag) = (room.letter("day@example.org"), room.letter("tag@example.org"));
    assert_eq!(day.shown.subject, "Les communiqués du mardi 24 novembre 2026");
    assert_eq!((ferries(&day), ferries(&tag)), (BTreeSet::from([1, 2]), BTreeSet::from([1])));
    let text = &day.shown.text;
    assert!(text.find("Agenda").unwrap() < text.find("Discours").unwrap(), "{text}");
    assert!(text.contains("CP_bac.pdf") && day.shown.html.contains("CP_bac.pdf") && text.contains("En bref : Le bac"));
    assert!(!day.shown.html.contains("mark-") && day.link("/u/").len() > 3);
    assert!(room.office().iter().any(|subject| subject.contains("24 novembre")));
    // Nothing new: nothing is sent, not even an empty letter; and no summary.
    room.start_of("2026-11-25T09:00:00Z").await;
    assert_eq!((room.unread(), room.office()), (Vec::<String>::new(), Vec::new()));
    room.save("3.md", &ferry(3, "2026-11-25 10:00:00"));
    room.look().await;
    for day in ["2026-11-25T20:00:00Z", "2026-11-26T07:30:00Z", "2026-11-27T09:00:00Z", "2026-11-29T20:00:00Z"] {
        room.start_of(day).await;
    }
    assert_eq!(ferries(&room.letter("day@example.org")), BTreeSet::from([3]));
    room.start_of("2026-11-30T07:30:00Z").await;
    let week = room.letter("week@example.org");
    assert_eq!(
        (week.shown.subject.as_str(), ferries(&week)),
        ("Les communiqués de la semaine – lundi 30 novembre 2026", BTreeSet::from([1, 2, 3]))
    );
    room.restart().await;
    room.pass("1h").await;
    assert_eq!(room.unread(), [""; 0]);
    room.office();
}

pub(crate) async fn what_was_missed_is_caught_up_once(mut room: TestNewsroom) {
    room.start("2026-11-23T09:00:00Z").await;
    room.subscriber_with("day@example.org", "all", Frequency::Daily).await;
    room.save("1.md", &ferry(1, "2026-11-23 10:00:00"));
    room.look().await;
    room.pass("1h").await;
    room.close().await;
    // Nobody was there on Tuesday, Wednesday and Thursday at the hour.
    room.start("2026-11-26T12:00:00Z").await;
    room.look().await;
    let digest = room.letter("day@example.org");
    assert_eq!(digest.shown.subject, "Les communiqués du jeudi 26 novembre 2026");
    assert_eq!(ferries(&digest), BTreeSet::from([1]));
    room.start_of("2026-11-27T09:00:00Z").await;
    assert_eq!(room.unread(), [""; 0]);
    room.office();
}

pub(crate) async fn changing_frequency_loses_and_doubles_nothing(mut room: TestNewsroom) {
    room.start("2026-11-23T06:00:00Z").await;
    let readers = [
        ("ann@example.org", Frequency::Immediate, Frequency::Daily),
        ("bob@example.org", Frequency::Daily, Frequency::Immediate),
        ("cat@example.org", Frequency::Weekly, Frequency::Daily),
        ("dan@example.org", Frequency::Daily, Frequency::Weekly),
        ("eve@example.org", Frequency::Weekly, Frequency::Immediate),
    ];
    for (address, before, _) in readers {
        room.subscriber_with(address, "all", before).await;
    }
    let mut got: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut collect = |room: &mut TestNewsroom| {
        for (address, ..) in readers {
            for letter in room.inbox(address) {
                got.entry(address).or_default().extend(ferries(&letter));
            }
        }
    };
    let save = |room: &TestNewsroom, number: usize| {
        let local = room.now().with_timezone(&chrono_tz::Europe::Paris).format("%Y-%m-%d %H:%M:%S").to_string();
        room.save(&format!("{number}.md"), &ferry(number, &local));
    };
    for (number, hour) in [(1, "09:00"), (2, "11:30")] {
        room.start_of(&format!("2026-11-23T{hour}:00Z")).await;
        save(&room, number);
        room.look().await;
    }
    // At noon, while the second one is in its grace.
    room.start_of("2026-11-23T11:35:00Z").await;
    for (address, _, after) in readers {
        choose(&room, address, after).await;
    }
    room.start_of("2026-11-23T11:40:00Z").await;
    collect(&mut room);
    for (number, hour) in [(3, "15:00"), (4, "18:00")] {
        room.start_of(&format!("2026-11-23T{hour}:00Z")).await;
        save(&room, number);
        room.look().await;
        room.pass("10m").await;
        collect(&mut room);
    }
    // To and fro within a minute.
    choose(&room, "bob@example.org", Frequency::Daily).await;
    choose(&room, "bob@example.org", Frequency::Immediate).await;
    for day in [
        "2026-11-24T07:30:00Z",
        "2026-11-25T07:30:00Z",
        "2026-11-27T07:30:00Z",
        "2026-11-30T07:30:00Z",
        "2026-12-07T07:30:00Z",
    ] {
        room.start_of(day).await;
        collect(&mut room);
    }
    for (address, ..) in readers {
        let mut own = got.remove(address).unwrap_or_default();
        own.sort_unstable();
        assert_eq!(own, [1, 2, 3, 4], "{address}");
    }
    room.office();
}

pub(crate) async fn a_digest_may_be_held_approved_and_cancelled(mut room: TestNewsroom) {
    room.configure("newsletter.approval", "true");
    room.start("2026-11-23T09:00:00Z").await;
    room.subscriber_with("day@example.org", "all", Frequency::Daily).await;
    room.save("1.md", &ferry(1, "2026-11-23 10:00:00"));
    room.look().await;
    let announcement = room.edition("Le bac numéro 001").await.id;
    assert_eq!(room.admin_post(&format!("/mailbox/editions/{announcement}"), "do=send").await.status, 303);
    room.pass("1h").await;
    room.start_of("2026-11-24T08:00:00Z").await;
    assert_eq!(room.unread(), [""; 0]);
    let title = "Les communiqués du mardi 24 novembre 2026";
    assert_eq!(room.state(title).await, "held: approval");
    let digest = room.edition(title).await.id;
    assert_eq!(room.admin_post(&format!("/mailbox/editions/{digest}"), "do=send").await.status, 303);
    room.look().await;
    assert_eq!(ferries(&room.letter("day@example.org")), BTreeSet::from([1]));
    room.start_of("2026-11-24T10:00:00Z").await;
    let next = room.edition("Les communiqués du mercredi 25 novembre 2026").await.id;
    assert_eq!(room.admin_post(&format!("/mailbox/editions/{next}"), "do=cancel").await.status, 303);
    room.start_of("2026-11-25T09:00:00Z").await;
    assert_eq!(room.unread(), [""; 0]);
    room.office();
}

/// Two instances share a database, a folder and a clock, and take turns around the hour on both nights on which clocks
/// change; what 200 readers get is what a plain filter says.
pub(crate) async fn two_instances_make_one_digest_on_nights_that_change_the_clock(mut room: TestNewsroom) {
    let mut readers: BTreeMap<String, BTreeSet<Topic>> = BTreeMap::new();
    let topics = ["all", "tag:quais", "tag:rives", "category:agenda", "category:discours", "tag:ecluses"];
    for (start, before, hour, after) in [
        ("2026-03-28T06:00:00Z", "2026-03-29T06:25:00Z", "2026-03-29T06:30:00Z", "2026-03-29T06:31:00Z"),
        ("2026-10-24T06:00:00Z", "2026-10-25T07:25:00Z", "2026-10-25T07:30:00Z", "2026-10-25T07:31:00Z"),
    ] {
        room.configure("newsletter.digest_days", "sat, sun");
        room.configure("newsletter.grace", "0s");
        room.configure("newsletter.hold_above", "100");
        room.start(start).await;
        let mut seed = 7_u64;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for number in 0..200 {
            let follows: BTreeSet<&str> = (0..=draw(2)).map(|_| topics[usize::try_from(draw(6)).unwrap()]).collect();
            let address = format!("reader{number}@{}.example.org", &start[5..7]);
            let follows: Vec<&str> = follows.into_iter().collect();
            room.subscriber_with(&address, &follows.join(" "), Frequency::Daily).await;
            readers.insert(address, follows.iter().map(|topic| topic.parse().unwrap()).collect());
        }
        room.start_of(&start.replace("06:00:00", "07:45:00")).await;
        let mut labelled: BTreeMap<usize, BTreeSet<Topic>> = BTreeMap::new();
        for number in 0..12 {
            let number = number + if start.contains("-10-") { 100 } else { 0 };
            let (category, tag) = (
                [("Agenda", "agenda"), ("Discours", "discours")][usize::try_from(draw(2)).unwrap()],
                [("Quais", "quais"), ("Rives", "rives"), ("Écluses", "ecluses")][usize::try_from(draw(3)).unwrap()],
            );
            room.save(
                &format!("{}-{number}.md", &start[5..7]),
                &ferry(number, &format!("{} 08:00:00", &start[..10])).labels(category.0, tag.0),
            );
            let own = ["all".to_owned(), format!("category:{}", category.1), format!("tag:{}", tag.1)];
            labelled.insert(number, own.iter().map(|topic| topic.parse().unwrap()).collect());
        }
        room.look().await;
        let mut other = room.beside("other").await;
        for instant in [before, hour, after] {
            other.start_of(instant).await;
            room.look().await;
            room.restart().await;
        }
        other.close().await;
        let mut other = room.beside("third").await;
        room.close().await;
        other.start_of(&after.replace(":31:00", ":59:00")).await;
        other.pass("2h").await;
        other.close().await;
        let mut letters = 0;
        for (address, follows) in &readers {
            let expected: BTreeSet<usize> =
                labelled.iter().filter(|(_, own)| !own.is_disjoint(follows)).map(|(number, _)| *number).collect();
            let inbox = room.inbox(address);
            let found: Vec<BTreeSet<usize>> = inbox.iter().map(ferries).collect();
            let expected: Vec<BTreeSet<usize>> = if expected.is_empty() { Vec::new() } else { vec![expected] };
            assert_eq!(found, expected, "{address} at {hour}");
            letters += found.len();
        }
        println!("{hour}: {letters} digests for {} readers, from three instances", readers.len());
        room.office();
    }
}
