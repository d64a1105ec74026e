//! After a restored backup or a long silence nothing leaves without a person's word, and nobody gets anything twice.

use camino::Utf8PathBuf;
use chrono::TimeDelta;
use depeche::domain::{EditionState, Frequency, HoldReason};
use depeche::store::{Backup, Store};
use depeche::task::{OfficeDecision, decide};

use crate::draft::release;
use crate::newsroom::{OFFICE, SITE, TestNewsroom};

const NIGHT: &str = "Les bacs de nuit reprennent";
const BRIDGE: &str = "Le pont rouvre";

/// A newsroom with one subscriber and one release that waits.
async fn waiting(room: &mut TestNewsroom) {
    room.save("2026-11-01-ancien.md", &release("Un communiqué plus ancien", "2026-11-01 10:00:00"));
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save("2026-11-23-bacs.md", &release(NIGHT, "2026-11-23 10:00:00"));
    room.look().await;
    assert_eq!(room.state(NIGHT).await, "waiting");
    room.letter(OFFICE);
}

/// Backs the newsroom's database up, as it is now.
async fn back_up(room: &TestNewsroom) -> Utf8PathBuf {
    let file = room.root().join("today.backup");
    room.newsroom().store.back_up(&file, "the newsroom", &[], room.now(), &|_| ()).await.unwrap();
    file
}

/// Puts a backup in the place of the newsroom's database, and opens it again at `instant`.
async fn restore(room: &mut TestNewsroom, file: &Utf8PathBuf, instant: &str) {
    put_back(room, file).await;
    room.start(instant).await;
}

/// Puts a backup in the place of the newsroom's database, which is closed.
async fn put_back(room: &mut TestNewsroom, file: &Utf8PathBuf) {
    let settings = room.newsroom().config.database.clone();
    room.close().await;
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(room.root().join(format!("depeche.sqlite{ending}")));
    }
    let store = Store::open_closed(&settings, room.now()).await.unwrap();
    store.restore(Backup::open(file).unwrap(), "the newsroom", room.now(), &|_| ()).await.unwrap();
    store.close().await;
}

async fn word(room: &mut TestNewsroom, title: &str, decision: OfficeDecision) {
    let id = room.edition(title).await.id;
    let decided = decide(&room.newsroom().store, id, decision, "story", room.now()).await.unwrap().unwrap();
    assert!(decided.1, "{decision:?} came too late for {title}");
    room.look().await;
}

pub(crate) async fn what_left_after_a_backup_does_not_leave_again(mut room: TestNewsroom) {
    waiting(&mut room).await;
    let backup = back_up(&room).await;
    room.pass("10m").await;
    assert_eq!(room.letter("ann@example.org").shown.subject, NIGHT);
    room.save("2026-11-23-pont.md", &release(BRIDGE, "2026-11-23 10:41:00"));
    room.look().await;
    room.pass("15m").await;
    assert_eq!(room.letter("ann@example.org").shown.subject, BRIDGE);
    room.save("2026-11-23-bacs.md", &release(NIGHT, "2026-11-23 10:00:00").with("correction: Du lundi au jeudi."));
    room.look().await;
    room.pass("15m").await;
    assert!(room.letter("ann@example.org").shown.subject.contains(NIGHT));
    drop(room.office());

    restore(&mut room, &backup, "2026-11-23T10:40:00Z").await;
    for title in [NIGHT, BRIDGE] {
        assert_eq!(room.state(title).await, "held: restored");
    }
    let told = room.office();
    let notices = told.iter().filter(|subject| subject.contains("restaurée depuis une sauvegarde"));
    assert_eq!(notices.count(), 1, "{told:?}");
    room.pass("48h").await;
    room.restart().await;
    assert!(!room.office().iter().any(|subject| subject.contains("restaurée")), "it is told once");

    // They had left: the office says so. What comes now is news as ever.
    for title in [NIGHT, BRIDGE] {
        word(&mut room, title, OfficeDecision::Cancel).await;
    }
    room.save("2026-11-25-phare.md", &release("Le phare est visible", "2026-11-25 12:00:00"));
    room.look().await;
    room.pass("3h").await;
    assert_eq!(room.letter("ann@example.org").shown.subject, "Le phare est visible");
    room.pass("24h").await;
    drop(room.office());
}

pub(crate) async fn what_had_not_left_before_a_backup_was_restored_may_be_let_go(mut room: TestNewsroom) {
    waiting(&mut room).await;
    room.pass_without_sending("10m").await;
    room.save("2026-11-23-pont.md", &release(BRIDGE, "2026-11-23 11:00:00"));
    room.pass_without_sending("1m").await;
    assert_eq!((room.state(NIGHT).await.as_str(), room.state(BRIDGE).await.as_str()), ("sending", "waiting"));
    let backup = back_up(&room).await;
    restore(&mut room, &backup, "2026-11-23T11:00:00Z").await;
    assert_eq!((room.state(NIGHT).await.as_str(), room.state(BRIDGE).await.as_str()), ("paused", "held: restored"));
    room.pass("1h").await;
    assert!(room.inbox("ann@example.org").is_empty());
    // Both stand among what waits, each with the reason and what can be decided.
    let page = room.admin_get("/mailbox/").await.text();
    let waiting = page.split("Partis ou annulés").next().unwrap();
    assert!(waiting.contains(NIGHT) && waiting.contains(BRIDGE), "{waiting}");
    assert_eq!(waiting.matches("a été restaurée depuis une sauvegarde").count(), 2, "{waiting}");
    assert!(waiting.contains(r#"value="resume""#), "{waiting}");
    word(&mut room, NIGHT, OfficeDecision::Resume).await;
    assert_eq!(room.letter("ann@example.org").shown.subject, NIGHT);
    word(&mut room, BRIDGE, OfficeDecision::Approve).await;
    assert_eq!(room.letter("ann@example.org").shown.subject, BRIDGE);
    drop(room.office());
}

pub(crate) async fn a_digest_that_had_left_before_a_restoring_is_not_repeated_by_the_next(mut room: TestNewsroom) {
    room.start("2026-11-23T08:00:00Z").await;
    room.subscriber_with("day@example.org", "all", Frequency::Daily).await;
    room.save("2026-11-23-pont.md", &release(BRIDGE, "2026-11-23 09:30:00"));
    room.look().await;
    room.pass("70m").await;
    let backup = back_up(&room).await;
    room.start_of("2026-11-24T07:30:00Z").await;
    room.look().await;
    let digest = room.letter("day@example.org").shown.subject;
    restore(&mut room, &backup, "2026-11-24T09:00:00Z").await;
    assert!(room.inbox("day@example.org").is_empty());
    room.save("2026-11-24-phare.md", &release("Le phare est visible", "2026-11-24 11:00:00"));
    room.look().await;
    room.pass("70m").await;
    // Nobody has said yet whether the first had left: the next one waits.
    room.start_of("2026-11-25T07:40:00Z").await;
    assert!(room.inbox("day@example.org").is_empty());
    let mut held = room.editions().await;
    held.retain(|edition| edition.state == EditionState::Held(HoldReason::Restored));
    assert_eq!(held.iter().map(|edition| edition.title.as_str()).collect::<Vec<_>>(), [digest.as_str()]);
    let title = held[0].title.clone();
    word(&mut room, &title, OfficeDecision::Cancel).await;
    let next = room.letter("day@example.org").shown.text;
    assert!(next.contains("Le phare est visible") && !next.contains(BRIDGE), "{next}");
    drop(room.office());
}

pub(crate) async fn after_a_long_silence_what_was_under_way_waits_for_a_person(mut room: TestNewsroom) {
    waiting(&mut room).await;
    room.save("2026-11-30-phare.md", &release("Le phare est visible", "2026-11-30 12:00:00"));
    room.pass_without_sending("10m").await;
    room.close().await;
    drop(room.office());
    room.start("2026-11-27T09:00:00Z").await;
    assert_eq!(room.state(NIGHT).await, "paused");
    assert_eq!(room.state("Le phare est visible").await, "held: silence");
    let told = room.office();
    assert_eq!(told.iter().filter(|subject| subject.contains("long silence")).count(), 1, "{told:?}");
    room.restart().await;
    room.pass("1h").await;
    assert!(room.inbox("ann@example.org").is_empty() && room.office().is_empty());
    word(&mut room, NIGHT, OfficeDecision::Resume).await;
    assert_eq!(room.letter("ann@example.org").shown.subject, NIGHT);
    // An embargo holds, whoever lets it go.
    word(&mut room, "Le phare est visible", OfficeDecision::Approve).await;
    assert!(room.inbox("ann@example.org").is_empty());
    room.at("2026-11-30T11:00:00Z");
    room.look().await;
    assert_eq!(room.letter("ann@example.org").shown.subject, "Le phare est visible");
    drop(room.office());
}

pub(crate) async fn after_standing_still_for_long_what_was_under_way_waits_for_a_person(mut room: TestNewsroom) {
    waiting(&mut room).await;
    room.save("2026-11-30-phare.md", &release("Le phare est visible", "2026-11-30 12:00:00"));
    room.pass_without_sending("10m").await;
    drop(room.office());
    assert_eq!(room.state(NIGHT).await, "sending");
    room.stand_still("72h").await;
    assert!(room.inbox("ann@example.org").is_empty() && room.office().is_empty(), "first it is settled");
    // Being stopped just then hides nothing.
    let longest = depeche::task::longest_silence(&room.newsroom().config);
    room.newsroom().store.still_alive(room.now(), longest).await.unwrap();
    room.look().await;
    assert_eq!(room.state(NIGHT).await, "paused");
    assert_eq!(room.state("Le phare est visible").await, "held: silence");
    let told = room.office();
    assert_eq!(told.iter().filter(|subject| subject.contains("long silence")).count(), 1, "{told:?}");
    room.pass("2m").await;
    room.restart().await;
    assert!(room.inbox("ann@example.org").is_empty() && room.office().is_empty());
    word(&mut room, NIGHT, OfficeDecision::Resume).await;
    assert_eq!(room.letter("ann@example.org").shown.subject, NIGHT);
    drop(room.office());
}

pub(crate) async fn the_office_hears_of_a_restoring_although_the_first_start_is_killed(mut room: TestNewsroom) {
    waiting(&mut room).await;
    let backup = back_up(&room).await;
    let settings = room.newsroom().config.database.clone();
    put_back(&mut room, &backup).await;
    // What was under way is held, and that is all that this start came to.
    let store = Store::open(&settings, room.now()).await.unwrap();
    store.take_up(room.now(), TimeDelta::days(2)).await.unwrap().unwrap();
    store.close().await;
    for _ in 0..2 {
        room.start("2026-11-23T09:35:00Z").await;
        assert_eq!(room.state(NIGHT).await, "held: restored");
        room.close().await;
    }
    let told = room.office();
    assert_eq!(told.iter().filter(|subject| subject.contains("restaurée")).count(), 1, "{told:?}");
}

pub(crate) async fn a_link_to_an_edition_that_is_lost_leads_to_no_other(mut room: TestNewsroom) {
    waiting(&mut room).await;
    let backup = back_up(&room).await;
    room.save("2026-11-23-pont.md", &release(BRIDGE, "2026-11-23 12:00:00"));
    room.look().await;
    let lost = (room.edition(BRIDGE).await.id, room.letter(OFFICE).link("/office/"));
    assert_eq!(room.get(&lost.1).await.status, 200);
    restore(&mut room, &backup, "2026-11-23T09:40:00Z").await;
    let again = room.edition(BRIDGE).await;
    assert!(again.id > lost.0, "{} was given before", again.id);
    assert_eq!(room.get(&lost.1).await.status, 404);

    // Whatever number it has: a link that was made before the edition is for another one.
    let path = |url: String| url.trim_start_matches(SITE).to_owned();
    let (before, since) = (room.now() - TimeDelta::minutes(1), room.now());
    let earlier = path(room.newsroom().office_url(again.id, before));
    assert_eq!(room.get(&earlier).await.status, 404);
    assert_eq!(room.post(&earlier, "do=cancel").await.status, 404);
    let own = path(room.newsroom().office_url(again.id, since));
    assert_eq!(room.get(&own).await.status, 200);
    assert_eq!(room.state(BRIDGE).await, "waiting");
    drop(room.office());
}

pub(crate) async fn whoever_waits_for_a_confirmation_after_a_restoring_asks_again(mut room: TestNewsroom) {
    const FORM: &str = "email=bea%40example.org&topic=all&frequency=immediate&website=";
    room.start("2026-11-23T09:30:00Z").await;
    assert!(room.post("/subscribe", FORM).await.status < 400);
    let backup = back_up(&room).await;
    restore(&mut room, &backup, "2026-11-23T10:30:00Z").await;
    assert!(room.inbox("bea@example.org").is_empty(), "it may have left");
    assert!(room.post("/subscribe", FORM).await.status < 400);
    room.look().await;
    assert!(room.letter("bea@example.org").link("/confirm/").starts_with("/confirm/"));
    drop(room.office());
}

pub(crate) async fn a_short_silence_stops_nothing(mut room: TestNewsroom) {
    waiting(&mut room).await;
    room.close().await;
    room.start("2026-11-24T09:00:00Z").await;
    assert_eq!(room.letter("ann@example.org").shown.subject, NIGHT);
    drop(room.office());
}
