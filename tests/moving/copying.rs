//! A database moved in the middle of an edition: nobody gets the letter twice, and nobody is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use depeche::config::{DatabaseSettings, DatabaseUrl, OnLostReply, SqliteSync};
use depeche::domain::{
    Delivery, EditionId, EditionKind, EditionState, EndReason, Frequency, LetterKind, NewEdition, NewSubscriber,
    RenderedLetter, SubscriberId, TokenKey, Topic,
};
use depeche::language::Language;
use depeche::policy::{Audience, Followers};
use depeche::store::{
    Added, Begin, Closed, Fence, Finished, Hold, Outcome, Progress, Proof, Step, Store, StoreError, TransferError,
};
use tokio::sync::Notify;

use crate::postgres::Postgres;
use crate::press_room::{PressRoom, text, until};

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
    while store.deliver_chunk(id, &everybody, 500, now()).await.unwrap().end.is_none() {}
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_stood_still_while_its_database_was_moved_sends_nothing_afterwards() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = DatabaseUrl::Sqlite(folder.path().join("moved").try_into().unwrap());
    let url = postgres.database("source");
    let (stopped, source, target) = (opened(url.clone()).await, opened(url).await, empty(file).await);
    subscribe(&source).await;
    let edition = sending(&source).await;
    let lasts = TimeDelta::seconds(30);
    assert!(stopped.take_lead("editor", "stopped", now(), lasts).await.unwrap());
    let held = stopped.claim("stopped", 5, now(), LEASE).await.unwrap();
    let later = now() + TimeDelta::minutes(1);
    source.copy_to(&target, ("source", "target"), later, &silent).await.unwrap();

    // It goes on: what it had claimed is not its own any more, and it gets nothing else.
    let (letter, contents) = (held[0].letter, held[0].contents.clone());
    let until = later + LEASE;
    let begin = Begin { fence: fence(&held[0], "stopped"), letter, contents, until, at: later };
    assert_eq!(stopped.exchange(None, Some(begin)).await.unwrap().begun, Some(Hold::Lost));
    let is_moved = |error: StoreError| matches!(error, StoreError::NotServed(Closed::Moved { to }) if to == "target");
    assert!(is_moved(stopped.claim("stopped", 5, later, LEASE).await.unwrap_err()));
    assert!(is_moved(stopped.claim_singles("stopped", 5, later, LEASE).await.unwrap_err()));
    assert!(is_moved(stopped.take_lead("editor", "stopped", later, lasts).await.unwrap_err()));
    let everybody = Audience::Followers(Followers::new(BTreeSet::from([Topic::All]), Frequency::Immediate, later));
    assert!(is_moved(stopped.open_edition(edition, &[], None, later).await.unwrap_err()));
    assert!(is_moved(stopped.deliver_chunk(edition, &everybody, 500, later).await.unwrap_err()));
    // Nor is anything written there that would be missed where it was moved to.
    assert!(is_moved(stopped.end(held[0].subscriber.unwrap(), EndReason::Unsubscribed, later).await.unwrap_err()));
    let proof = Proof { words: String::new(), source: "web".to_owned() };
    assert!(is_moved(stopped.resume(held[0].subscriber.unwrap(), &proof, later).await.unwrap_err()));
    assert_eq!(stopped.closed(), Some(Closed::Moved { to: "target".to_owned() }));

    let mut inboxes = BTreeMap::new();
    while send(&target, "second", 500, later, &mut inboxes).await > 0 {}
    assert_eq!((inboxes.len(), inboxes.values().max()), (READERS, Some(&1)));

    // Open again, it works as before.
    assert_eq!(source.reopen("source", true, later).await.unwrap().as_deref(), Some("target"));
    assert!(stopped.take_lead("editor", "stopped", later, lasts).await.unwrap());
    assert_eq!(stopped.closed(), None);
    assert_eq!(stopped.claim("stopped", 5, later, LEASE).await.unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_claimed_while_a_move_begins_leaves_from_one_database() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let url = postgres.database("source");
    let (working, source) = (opened(url.clone()).await, opened(url).await);
    subscribe(&source).await;
    sending(&source).await;
    let target = empty(DatabaseUrl::Sqlite(folder.path().join("moved").try_into().unwrap())).await;
    let claims = std::sync::Arc::new(AtomicU64::new(0));
    let counted = claims.clone();
    let working = tokio::spawn(async move {
        let mut inboxes = BTreeMap::new();
        loop {
            let claimed = match working.claim("working", 20, now(), LEASE).await {
                Ok(claimed) => claimed,
                Err(StoreError::NotServed(_)) => return inboxes,
                Err(error) => panic!("{error}"),
            };
            counted.fetch_add(1, Ordering::Relaxed);
            assert!(!claimed.is_empty(), "the move came too late to show anything");
            for delivery in claimed {
                let (letter, contents, fence) =
                    (delivery.letter, delivery.contents.clone(), fence(&delivery, "working"));
                let begin = Begin { fence: fence.clone(), letter, contents, until: now() + LEASE, at: now() };
                if working.exchange(None, Some(begin)).await.unwrap().begun == Some(Hold::Kept) {
                    *inboxes.entry(delivery.subscriber.unwrap()).or_default() += 1;
                    let done = Finished { fence, outcome: Outcome::Sent, attempt: None, at: now() };
                    working.exchange(Some(done), None).await.unwrap();
                }
            }
        }
    });
    until("it works", || (claims.load(Ordering::Relaxed) > 3).then_some(()));
    source.copy_to(&target, ("source", "target"), now(), &silent).await.unwrap();
    let mut inboxes: BTreeMap<SubscriberId, u32> = working.await.unwrap();
    assert!(inboxes.len() < READERS);
    target.bind_key(&TokenKey::new([7; 32])).await.unwrap();
    while send(&target, "second", 500, now(), &mut inboxes).await > 0 {}
    assert_eq!((inboxes.len(), inboxes.values().max()), (READERS, Some(&1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_given_up_while_it_goes_on_switches_nothing_over() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = (postgres.database("source"), folder.path().join("moved"));
    let file = DatabaseUrl::Sqlite(path.try_into().unwrap());
    let (source, target) = (opened(url.clone()).await, empty(file.clone()).await);
    subscribe(&source).await;
    // Reopened at its last piece but the end.
    let given_up = std::sync::Mutex::new(None);
    let tell = |progress: Progress<'_>| {
        if progress.step == Step::Verify {
            let other = url.clone();
            given_up.lock().unwrap().get_or_insert_with(|| {
                let reopening = async move { opened(other).await.reopen("source", false, now()).await.unwrap() };
                std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(reopening)).join().unwrap()
            });
        }
    };
    let done = source.copy_to(&target, ("source", "target"), now(), &tell).await;
    assert!(matches!(&done, Err(TransferError::GivenUp { to }) if to == "target"), "{done:?}");
    let settings = |url| DatabaseSettings { url, sync: SqliteSync::Normal };
    let refused = Store::open(&settings(file), now()).await;
    assert!(matches!(refused, Err(StoreError::NotServed(Closed::Arriving))), "{refused:?}");
    Store::open(&settings(url), now()).await.unwrap();
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
