//! A database moved in the middle of an edition: nobody gets the letter twice, and nobody is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use depeche::config::{DatabaseSettings, DatabaseUrl, OnLostReply, SqliteSync};
use depeche::domain::{
    Delivery, EditionId, EditionKind, EditionState, Frequency, LetterKind, NewEdition, NewSubscriber, RenderedLetter,
    SubscriberId, TokenKey, Topic,
};
use depeche::language::Language;
use depeche::policy::{Audience, Followers};
use depeche::store::{Added, Begin, Fence, Finished, Outcome, Progress, Store, StoreError, TransferError};
use tokio::sync::Notify;

use crate::postgres::Postgres;
use crate::press_room::{PressRoom, text};

/// How many readers there are.
const READERS: usize = 2_000;
const LEASE: TimeDelta = TimeDelta::minutes(15);
const RESEND_AFTER: TimeDelta = TimeDelta::minutes(15);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_420_800, 0).unwrap()
}

async fn opened(url: DatabaseUrl) -> Store {
    let store = Store::open_closed(&DatabaseSettings { url, sync: SqliteSync::Normal }, now()).await.unwrap();
    store.bind_key(&TokenKey::new([7; 32])).await.unwrap();
    store
}

async fn empty(url: DatabaseUrl) -> Store {
    Store::open_closed(&DatabaseSettings { url, sync: SqliteSync::Normal }, now()).await.unwrap()
}

async fn subscribe(store: &Store) {
    for number in 0..READERS {
        let new = NewSubscriber {
            address: format!("reader{number}@example.org").parse().unwrap(),
            name: None,
            organisation: None,
            language: if number % 2 == 0 { Language::French } else { Language::English },
            frequency: Frequency::Immediate,
            topics: BTreeSet::from([Topic::All]),
            source: "été".to_owned(),
        };
        assert!(matches!(store.add_active(&new, now()).await.unwrap(), Added::New(_)));
    }
}

/// An edition for everybody, of which every delivery is written.
async fn sending(store: &Store) -> EditionId {
    let edition = NewEdition {
        kind: EditionKind::Digest,
        release: None,
        subject: "repeat".to_owned(),
        dedup_key: "story".to_owned(),
        title: "Un pont neuf".to_owned(),
        state: EditionState::Waiting { due: now() },
    };
    let (id, _) = store.create_edition(&edition, &BTreeSet::from([Topic::All]), now()).await.unwrap();
    let letters = Language::ALL.map(|language| RenderedLetter {
        kind: LetterKind::Edition,
        edition: Some(id),
        language,
        subject: "Un pont neuf".to_owned(),
        text: "Le pont ouvre.\n".to_owned(),
        html: "<p>Le pont ouvre.</p>".to_owned(),
        date: now(),
        boundary: "0".repeat(32),
        reply_to: None,
        archive: None,
        topic_words: BTreeMap::new(),
        carries: String::new(),
    });
    assert!(store.open_edition(id, &letters, None, now()).await.unwrap());
    let everybody = Audience::Followers(Followers::new(BTreeSet::from([Topic::All]), Frequency::Immediate, now()));
    while !store.deliver_chunk(id, &everybody, 500, now()).await.unwrap().finished {}
    id
}

/// Hands over up to `limit` letters, as a dispatcher does.
async fn send(
    store: &Store,
    owner: &str,
    limit: u32,
    at: DateTime<Utc>,
    inboxes: &mut BTreeMap<SubscriberId, u32>,
) -> usize {
    let claimed = store.claim(owner, limit, at, LEASE).await.unwrap();
    for delivery in &claimed {
        begin(store, delivery, owner, at).await;
        *inboxes.entry(delivery.subscriber.unwrap()).or_default() += 1;
        let done = Finished { fence: fence(delivery, owner), outcome: Outcome::Sent, attempt: None, at };
        store.exchange(Some(done), None).await.unwrap();
    }
    claimed.len()
}

fn fence(delivery: &Delivery, owner: &str) -> Fence {
    Fence { delivery: delivery.id, owner: owner.to_owned(), claim: delivery.claim }
}

async fn begin(store: &Store, delivery: &Delivery, owner: &str, at: DateTime<Utc>) {
    let (letter, contents, fence) = (delivery.letter, delivery.contents.clone(), fence(delivery, owner));
    store.exchange(None, Some(Begin { fence, letter, contents, until: at + LEASE, at })).await.unwrap();
}

fn silent(_: Progress<'_>) {}

/// Carries everything over, stopped after its first pieces as by a kill, then to the end.
async fn move_in_two_goes(from: &Store, to: &Store, names: (&str, &str)) {
    let (pieces, stop) = (AtomicU64::new(0), Notify::new());
    let tell = |_: Progress<'_>| {
        if pieces.fetch_add(1, Ordering::Relaxed) == 12 {
            stop.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = stop.notified() => {}
        done = from.copy_to(to, names, now(), &tell) => panic!("it came to its end: {done:?}"),
    }
    assert!(!from.copy_to(to, names, now(), &silent).await.unwrap().was_done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_sent_edition_is_moved_there_and_back_and_reaches_each_once() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| DatabaseUrl::Sqlite(folder.path().join(name).try_into().unwrap());
    let sqlite = opened(file("first")).await;
    subscribe(&sqlite).await;
    let edition = sending(&sqlite).await;
    let mut inboxes = BTreeMap::new();
    assert_eq!(send(&sqlite, "first", 700, now(), &mut inboxes).await, 700);
    // It dies with some letters claimed, and two that the relay has taken already.
    let claimed = sqlite.claim("first", 5, now(), LEASE).await.unwrap();
    for delivery in &claimed[..2] {
        begin(&sqlite, delivery, "first", now()).await;
        *inboxes.entry(delivery.subscriber.unwrap()).or_default() += 1;
    }
    let lost: BTreeSet<SubscriberId> = claimed[..2].iter().map(|delivery| delivery.subscriber.unwrap()).collect();

    let server = empty(postgres.database("moved")).await;
    move_in_two_goes(&sqlite, &server, ("first", "server")).await;
    let tally = server.tally(edition).await.unwrap();
    assert_eq!((tally.sent, tally.unknown, tally.queued, tally.total()), (700, 2, 1_298, READERS as u64));
    server.bind_key(&TokenKey::new([7; 32])).await.unwrap();
    assert_eq!(send(&server, "second", 800, now(), &mut inboxes).await, 800);

    let back = empty(file("back")).await;
    move_in_two_goes(&server, &back, ("server", "back")).await;
    back.bind_key(&TokenKey::new([7; 32])).await.unwrap();
    while send(&back, "third", 500, now(), &mut inboxes).await > 0 {}
    let later = now() + RESEND_AFTER;
    back.sweep(later, OnLostReply::Resend, RESEND_AFTER).await.unwrap();
    while send(&back, "third", 500, later, &mut inboxes).await > 0 {}

    assert_eq!(inboxes.len(), READERS, "nobody is missed");
    let twice: BTreeSet<SubscriberId> =
        inboxes.iter().filter(|(_, letters)| **letters > 1).map(|(reader, _)| *reader).collect();
    assert_eq!(twice, lost, "nobody gets it twice but those whose reply was lost, as after any kill");
    let tally = back.tally(edition).await.unwrap();
    assert_eq!((tally.sent, tally.total()), (READERS as u64, READERS as u64));
    // A new row has a number of its own there, too.
    let new = sending_again(&back).await;
    assert!(new > edition);
}

async fn sending_again(store: &Store) -> EditionId {
    let edition = NewEdition {
        kind: EditionKind::Digest,
        release: None,
        subject: String::new(),
        dedup_key: "another".to_owned(),
        title: String::new(),
        state: EditionState::Waiting { due: now() },
    };
    store.create_edition(&edition, &BTreeSet::new(), now()).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_database_is_moved_from_under_a_daemon_on_postgresql() {
    let Some(postgres) = Postgres::start() else { return };
    let (source, target) = (opened(postgres.database("one")).await, empty(postgres.database("two")).await);
    assert!(source.take_lead("editor", "daemon", now(), TimeDelta::seconds(30)).await.unwrap());
    let used = source.copy_to(&target, ("one", "two"), now(), &silent).await;
    assert!(matches!(used, Err(TransferError::InUse { .. })), "{used:?}");
    let later = now() + TimeDelta::minutes(1);
    source.copy_to(&target, ("one", "two"), later, &silent).await.unwrap();
    assert!(!target.lead_is_held(now()).await.unwrap(), "who led there does not lead here");
    let refused = source.bind_key(&TokenKey::new([8; 32])).await;
    assert!(matches!(refused, Err(StoreError::OtherKey { .. })), "{refused:?}");
}

const LETTERS: &str =
    "[newsletter]\nfrom = \"presse@ministere.example\"\n[[relay]]\nkind = \"directory\"\n[database]\nurl = ";

#[test]
fn the_program_moves_its_database_and_never_serves_both() {
    let Some(postgres) = Postgres::start() else { return };
    let DatabaseUrl::Postgres(server) = postgres.database("press") else { unreachable!("a server's address") };
    let room = PressRoom::new(&format!("{LETTERS}\"sqlite://var/depeche.sqlite\"\n"));
    let daemon = room.serve();
    room.say(&["subscribers", "add", "ann@example.org"]);
    let refused = room.run(&["database", "copy", "--to", &server]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("stop `depeche serve` first"));
    daemon.stop();
    let said = room.say(&["database", "copy", "--to", &server]);
    assert!(said.contains("subscribers"), "{said}");
    for command in [&["serve"][..], &["subscribers", "add", "bob@example.org"]] {
        let refused = room.run(command);
        let told = text(&refused.stderr);
        assert!(!refused.status.success() && told.contains("was moved to postgres://…@localhost/press"), "{told}");
    }
    assert!(!room.run(&["database", "reopen"]).status.success());
    let settings = std::fs::read_to_string(room.path("config.toml")).unwrap();
    room.save("config.toml", &settings.replace("sqlite://var/depeche.sqlite", &server));
    let daemon = room.serve();
    assert!(room.say(&["subscribers", "list"]).contains("ann@example.org"));
    daemon.stop();
}
