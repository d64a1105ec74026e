//! Everything arrives, once, whatever stops a transfer on its way; and what is closed stays closed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;

use super::super::{Closed, Store, StoreError, ids};
use super::tables::{Kind, META, Table, carried};
use super::value::{Row, Value};
use super::writing::insert;
use super::{Backup, BackupKey, Progress, TransferError, verifying};
use crate::config::{DatabaseSettings, DatabaseUrl, SqliteSync};
use crate::domain::TokenKey;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
/// More than one piece of rows.
const MANY: i64 = 120;

fn settings(folder: &Utf8Path, name: &str) -> DatabaseSettings {
    DatabaseSettings { url: DatabaseUrl::Sqlite(folder.join(name)), sync: SqliteSync::Normal }
}

async fn empty(folder: &Utf8Path, name: &str) -> Store {
    Store::open_closed(&settings(folder, name), NOW).await.unwrap()
}

/// A folder with a database whose every table, also one that is made tomorrow, holds rows with every kind of value.
async fn filled() -> (tempfile::TempDir, Utf8PathBuf, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
    let store = empty(&path, "source").await;
    store.bind_key(&TokenKey::new([7; 32])).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    for table in carried().await.unwrap().iter().filter(|table| table.name != META) {
        let rows = if table.name == "subscribers" { MANY } else { 3 };
        insert(store.engine, &mut transaction, table, (0..rows).map(|number| row(table, number)).collect())
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    (folder, path, store)
}

/// A row whose numbers are all `number`, so that whatever it refers to is there.
fn row(table: &Table, number: i64) -> Row {
    let value = |(at, column): (usize, &super::tables::Column)| match column.kind {
        Kind::Number => Value::Number(number),
        Kind::Text => Value::Text(format!("{number} l’été {at}")),
        Kind::Bytes => Value::Bytes(vec![0, 255, u8::try_from(number % 200).unwrap()]),
    };
    table.columns.iter().enumerate().map(value).collect()
}

async fn tallies(store: &Store) -> Vec<(String, super::value::Tally)> {
    let (mut snapshot, mut found) = (store.snapshot().await.unwrap(), Vec::new());
    for table in carried().await.unwrap().iter().filter(|table| table.name != META) {
        found.push((table.name.clone(), verifying::tally(&mut snapshot, table, |_| ()).await.unwrap()));
    }
    found
}

/// All but the numbers that are left out after a restoring.
async fn without_counters(store: &Store) -> Vec<(String, super::value::Tally)> {
    without_counters_of(tallies(store).await)
}

fn without_counters_of(mut tallies: Vec<(String, super::value::Tally)>) -> Vec<(String, super::value::Tally)> {
    tallies.retain(|(table, _)| table != "counters");
    tallies
}

fn silent(_: Progress<'_>) {}

async fn execute(store: &Store, statement: &str) {
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&store.write).await.unwrap();
}

#[tokio::test]
async fn every_row_of_every_table_is_copied_and_the_source_is_closed() {
    let (_folder, path, source) = filled().await;
    let before = tallies(&source).await;
    let target = empty(&path, "target").await;
    let copied = source.copy_to(&target, ("source", "target"), NOW, &silent).await.unwrap();
    assert!(!copied.was_done);
    assert_eq!(tallies(&target).await, before);
    let counted: u64 = before.iter().map(|(_, tally)| tally.rows).sum();
    assert_eq!(copied.tables.iter().map(|(_, rows)| rows).sum::<u64>(), counted);

    let refused = Store::open(&settings(&path, "source"), NOW).await.unwrap_err();
    let moved = Closed::Moved { to: "target".to_owned() };
    assert!(matches!(&refused, StoreError::NotServed(why) if *why == moved), "{refused}");
    let served = Store::open(&settings(&path, "target"), NOW).await.unwrap();
    served.bind_key(&TokenKey::new([7; 32])).await.unwrap();
    let other = served.bind_key(&TokenKey::new([8; 32])).await;
    assert!(matches!(other, Err(StoreError::OtherKey { .. })), "the key goes with it: {other:?}");

    assert!(source.copy_to(&target, ("source", "target"), NOW, &silent).await.unwrap().was_done);
    let elsewhere = source.copy_to(&empty(&path, "x").await, ("source", "x"), NOW, &silent).await;
    assert!(matches!(elsewhere, Err(TransferError::MovingElsewhere { .. })), "{elsewhere:?}");
    assert!(matches!(source.reopen("source", false, NOW).await, Err(TransferError::CompleteElsewhere { .. })));
    assert_eq!(source.reopen("source", true, NOW).await.unwrap().as_deref(), Some("target"));
    Store::open(&settings(&path, "source"), NOW).await.unwrap();
}

#[tokio::test]
async fn a_copy_that_is_killed_goes_on_where_it_was() {
    let (_folder, path, source) = filled().await;
    let before = tallies(&source).await;
    let target = empty(&path, "target").await;
    // Dropped at each of its pieces in turn, as a kill would stop it.
    let mut tries = 0_u64;
    loop {
        let (seen, stop) = (AtomicU64::new(0), tokio::sync::Notify::new());
        let tell = |_: Progress<'_>| {
            if seen.fetch_add(1, Ordering::Relaxed) == tries {
                stop.notify_one();
            }
        };
        let done = tokio::select! {
            biased;
            () = stop.notified() => None,
            done = source.copy_to(&target, ("source", "target"), NOW, &tell) => Some(done.unwrap()),
        };
        if done.is_some() {
            break;
        }
        tries += 1;
        let refused = Store::open(&settings(&path, "source"), NOW).await.unwrap_err().to_string();
        // It may have been stopped behind its last step.
        if refused.contains("was moved to") {
            continue;
        }
        assert!(refused.contains("begun and is not finished"), "{refused}");
        let refused = Store::open(&settings(&path, "target"), NOW).await.unwrap_err().to_string();
        assert!(refused.contains("not everything was copied"), "{refused}");
    }
    assert!(tries > 3, "it was stopped {tries} times only");
    assert_eq!(tallies(&target).await, before);
}

#[tokio::test]
async fn a_copy_given_up_is_begun_anew_with_what_changed_since() {
    let (_folder, path, source) = filled().await;
    let target = empty(&path, "target").await;
    execute(&target, "CREATE TRIGGER full BEFORE INSERT ON suppressions BEGIN SELECT RAISE(ABORT, 'full'); END").await;
    source.copy_to(&target, ("source", "target"), NOW, &silent).await.unwrap_err();
    execute(&target, "DROP TRIGGER full").await;
    assert_eq!(source.reopen("source", false, NOW).await.unwrap().as_deref(), Some("target"));
    assert_eq!(source.reopen("source", false, NOW).await.unwrap(), None);
    execute(&source, "UPDATE subscribers SET name = 'Ann' WHERE id = 1").await;
    source.copy_to(&target, ("source", "target"), NOW, &silent).await.unwrap();
    assert_eq!(tallies(&target).await, tallies(&source).await);

    let stranger = empty(&path, "stranger").await;
    stranger.bind_key(&TokenKey::new([9; 32])).await.unwrap();
    let half = empty(&path, "half").await;
    execute(&source, "DELETE FROM meta WHERE key = 'move'").await;
    execute(&half, "CREATE TRIGGER full BEFORE INSERT ON suppressions BEGIN SELECT RAISE(ABORT, 'full'); END").await;
    source.copy_to(&half, ("source", "half"), NOW, &silent).await.unwrap_err();
    let mixed = stranger.copy_to(&half, ("stranger", "half"), NOW, &silent).await;
    assert!(matches!(mixed, Err(TransferError::OtherCopy { .. })), "{mixed:?}");
}

#[tokio::test]
async fn the_source_is_free_while_what_a_given_up_copy_left_is_cleared_away() {
    let (_folder, path, source) = filled().await;
    let target = empty(&path, "target").await;
    execute(&target, "CREATE TRIGGER full BEFORE INSERT ON suppressions BEGIN SELECT RAISE(ABORT, 'full'); END").await;
    source.copy_to(&target, ("source", "target"), NOW, &silent).await.unwrap_err();
    execute(&target, "DROP TRIGGER full").await;
    source.reopen("source", false, NOW).await.unwrap();
    // The copy waits for the target, as long as another holds it: as long as it would take to clear that.
    let held = target.begin().await.unwrap();
    let copying = tokio::spawn({
        let (source, target) = (source.clone(), target.clone());
        async move { source.copy_to(&target, ("source", "target"), NOW, &silent).await }
    });
    for _ in 0..20 {
        let begun = tokio::time::timeout(std::time::Duration::from_secs(5), source.begin()).await;
        drop(begun.expect("the source stands idle in a transaction").unwrap());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(held);
    copying.await.unwrap().unwrap();
    assert_eq!(tallies(&target).await, tallies(&source).await);
}

#[tokio::test]
async fn nothing_is_reopened_while_a_copy_of_it_is_under_way() {
    let (_folder, path, source) = filled().await;
    let target = empty(&path, "target").await;
    let (other, refused) = (empty(&path, "source").await, Mutex::new(None));
    let tell = |_: Progress<'_>| {
        let other = other.clone();
        let reopening = || {
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(other.reopen("source", true, NOW))
            })
        };
        refused.lock().unwrap().get_or_insert_with(|| reopening().join().unwrap());
    };
    source.copy_to(&target, ("source", "target"), NOW, &tell).await.unwrap();
    let refused = refused.lock().unwrap().take().unwrap();
    assert!(matches!(refused, Err(TransferError::InUse { .. })), "{refused:?}");
}

#[tokio::test]
async fn what_arrives_otherwise_is_noticed_and_nothing_is_switched_over() {
    let (_folder, path, source) = filled().await;
    let target = empty(&path, "target").await;
    execute(
        &target,
        "CREATE TRIGGER odd AFTER INSERT ON consents BEGIN UPDATE consents SET words = 'other' WHERE id = new.id; END",
    )
    .await;
    let differs = source.copy_to(&target, ("source", "target"), NOW, &silent).await;
    assert!(matches!(&differs, Err(TransferError::Differs { table, .. }) if table == "consents"), "{differs:?}");
    let refused = Store::open(&settings(&path, "target"), NOW).await;
    assert!(matches!(refused, Err(StoreError::NotServed(Closed::Arriving))), "{refused:?}");
}

#[tokio::test]
async fn a_copy_is_refused_where_it_would_mix_or_where_somebody_works() {
    let (_folder, path, source) = filled().await;
    let itself = source.copy_to(&source.clone(), ("source", "source"), NOW, &silent).await;
    assert!(matches!(itself, Err(TransferError::Itself { .. })), "{itself:?}");
    let target = empty(&path, "target").await;
    execute(&target, "INSERT INTO suppressions (address_hash, reason, at) VALUES ('a', 'b', 0)").await;
    let mixed = source.copy_to(&target, ("source", "target"), NOW, &silent).await;
    assert!(matches!(&mixed, Err(TransferError::NotEmpty { table, .. }) if table == "suppressions"), "{mixed:?}");
    let serving = source.lock_daemon().unwrap();
    let target = empty(&path, "other").await;
    let used = source.copy_to(&target, ("source", "other"), NOW, &silent).await;
    assert!(matches!(used, Err(TransferError::InUse { .. })), "{used:?}");
    drop(serving);
    Store::open(&settings(&path, "source"), NOW).await.unwrap();
}

fn keys() -> Vec<BackupKey> {
    vec![BackupKey { name: "key".to_owned(), text: "07".repeat(32) }]
}

#[tokio::test]
async fn a_backup_holds_one_instant_and_comes_back_whole() {
    let (_folder, path, source) = filled().await;
    let before = tallies(&source).await;
    let file = path.join("today.backup");
    // Another connection goes on writing from the first piece on.
    let (writing, noted) = (source.clone(), Mutex::new(None));
    let tell = |_: Progress<'_>| {
        let writing = writing.clone();
        noted.lock().unwrap().get_or_insert_with(|| {
            tokio::spawn(async move { execute(&writing, "UPDATE subscribers SET name = 'later'").await })
        });
    };
    source.back_up(&file, "source", &keys(), NOW + TimeDelta::hours(1), &tell).await.unwrap();
    let written = noted.lock().unwrap().take().unwrap();
    written.await.unwrap();
    assert_ne!(tallies(&source).await, before);

    let backup = Backup::open(&file).unwrap();
    assert_eq!((&backup.keys, backup.fingerprint()), (&keys(), Some(TokenKey::new([7; 32]).fingerprint().as_str())));
    let target = empty(&path, "target").await;
    let restored = target.restore(backup, "target", NOW, &silent).await.unwrap();
    assert_eq!((restored.source.as_str(), restored.made), ("source", NOW + TimeDelta::hours(1)));
    assert_eq!(without_counters(&target).await, without_counters_of(before));
    let again = target.begin_restore("target", NOW).await;
    assert!(matches!(again, Err(TransferError::NotEmpty { .. })), "{again:?}");
    let served = Store::open(&settings(&path, "target"), NOW).await.unwrap();
    assert_eq!(served.take_up(NOW, TimeDelta::days(2)).await.unwrap().unwrap().since, NOW + TimeDelta::hours(1));
    assert_eq!(served.restored_at().await.unwrap(), Some(NOW));
    assert_eq!(served.take_up(NOW, TimeDelta::days(2)).await.unwrap(), None, "it is found once");
}

#[tokio::test]
async fn a_backup_half_restored_is_not_served_and_is_restored_again() {
    let (_folder, path, source) = filled().await;
    let file = path.join("today.backup");
    // It is noted in the source afterwards, when a backup was made.
    let before = tallies(&source).await;
    source.back_up(&file, "source", &keys(), NOW, &silent).await.unwrap();
    let target = empty(&path, "target").await;
    execute(&target, "CREATE TRIGGER full BEFORE INSERT ON suppressions BEGIN SELECT RAISE(ABORT, 'full'); END").await;
    target.restore(Backup::open(&file).unwrap(), "target", NOW, &silent).await.unwrap_err();
    let refused = Store::open(&settings(&path, "target"), NOW).await;
    assert!(matches!(refused, Err(StoreError::NotServed(Closed::Restoring))), "{refused:?}");
    execute(&target, "DROP TRIGGER full").await;
    target.restore(Backup::open(&file).unwrap(), "target", NOW, &silent).await.unwrap();
    assert_eq!(without_counters(&target).await, without_counters_of(before));
    Store::open(&settings(&path, "target"), NOW).await.unwrap();
}

#[tokio::test]
async fn what_may_have_left_since_a_backup_is_not_sent_again_by_itself() {
    let (_folder, path, source) = filled().await;
    let states = [("leased", "1"), ("in_flight", "1"), ("unknown", "1"), ("queued", "1"), ("queued", "NULL")];
    for table in ["attempts", "bounces", "deliveries"] {
        execute(&source, &format!("DELETE FROM {table}")).await;
    }
    for (number, (state, edition)) in states.iter().enumerate() {
        execute(
            &source,
            &format!(
                "INSERT INTO deliveries (id, letter, edition, subscriber, recipient_address, address_hash, language, topics, \
                 contents, state, due, since, owner, attempt, lost, created) VALUES ({number}, 1, {edition}, \
                 {number}, 'a@example.org', 'a', 'fr', '', '', '{state}', 0, 0, 'dead', 1, 0, 0)"
            ),
        )
        .await;
    }
    let file = path.join("today.backup");
    source.back_up(&file, "source", &keys(), NOW, &silent).await.unwrap();
    let target = empty(&path, "target").await;
    target.restore(Backup::open(&file).unwrap(), "target", NOW, &silent).await.unwrap();
    let rows = sqlx::query_as::<_, (String, i64, i64)>("SELECT state, attempt, lost FROM deliveries ORDER BY id");
    let found: Vec<(String, i64, i64)> = rows.fetch_all(&target.read).await.unwrap();
    let found: Vec<(&str, i64, i64)> =
        found.iter().map(|(state, attempt, lost)| (state.as_str(), *attempt, *lost)).collect();
    assert_eq!(found, [("queued", 0, 0), ("unknown", 1, 2), ("unknown", 1, 2), ("queued", 1, 0), ("skipped", 1, 0)]);
}

#[tokio::test]
async fn numbers_that_may_have_been_given_since_a_backup_are_not_given_again() {
    let (_folder, path, source) = filled().await;
    execute(&source, "INSERT INTO counters (name, last) VALUES ('deliveries', 5000)").await;
    let file = path.join("today.backup");
    source.back_up(&file, "source", &keys(), NOW, &silent).await.unwrap();
    let target = empty(&path, "target").await;
    target.restore(Backup::open(&file).unwrap(), "target", NOW, &silent).await.unwrap();
    let mut transaction = target.begin().await.unwrap();
    assert_eq!(ids::next(&mut transaction, "deliveries").await.unwrap(), 5001 + (1 << 32));
    // None had been given by then.
    assert_eq!(ids::next(&mut transaction, "editions").await.unwrap(), 1001);
}

#[tokio::test]
async fn damage_that_is_noticed_late_does_not_claim_that_nothing_was_changed() {
    let (_folder, path, source) = filled().await;
    let file = path.join("today.backup");
    source.back_up(&file, "source", &keys(), NOW, &silent).await.unwrap();
    // Written so: its checksum is right, and rows come before their table.
    let (mut reader, crooked) = (super::file::Reader::open(&file).unwrap(), path.join("crooked.backup"));
    let mut writer = super::file::Writer::begin(&crooked).unwrap();
    let (frame, bytes) = reader.next().unwrap();
    writer.frame(frame, &bytes).unwrap();
    writer.frame(super::file::Frame::Rows, b"").unwrap();
    writer.finish().unwrap();
    let target = empty(&path, "target").await;
    let damaged = target.restore(Backup::open(&crooked).unwrap(), "target", NOW, &silent).await.unwrap_err();
    let said = damaged.to_string();
    assert!(said.contains("is damaged") && !said.contains("nothing was changed"), "{said}");
    target.restore(Backup::open(&file).unwrap(), "target", NOW, &silent).await.unwrap();
}
