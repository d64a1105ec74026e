//! What is special of SQLite: a file, its owner, and one daemon.

use depeche::config::{DatabaseSettings, DatabaseUrl, SqliteSync};
use depeche::domain::{EndReason, NewSubscriber};
use depeche::store::{Store, StoreError, SubscriberFilter};

use super::room::{Room, minute, newcomer};

#[tokio::test]
async fn the_file_is_made_with_its_folder_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b").join("depeche.sqlite");
    let settings =
        DatabaseSettings { url: DatabaseUrl::Sqlite(path.clone().try_into().unwrap()), sync: SqliteSync::Full };
    let store = Store::open(&settings, minute(0)).await.unwrap();
    store.record_run("housekeeping", minute(0)).await.unwrap();
    #[cfg(unix)]
    for name in ["depeche.sqlite", "depeche.sqlite-wal"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path.with_file_name(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    store.close().await;
    let again = Store::open(&settings, minute(1)).await.unwrap();
    assert_eq!(again.last_run("housekeeping").await.unwrap(), Some(minute(0)));
}

#[tokio::test]
async fn who_is_erased_is_not_found_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let settings = super::sqlite(&folder);
    let room = Room::new(settings.clone()).await;
    // So few that no page is divided: what is not used of one may keep a copy of what moved to another.
    for number in 0..5 {
        let new = NewSubscriber {
            name: Some(format!("Ondine Vermeil {number}")),
            ..newcomer(&format!("ondine{number}@example.org"), &["all"])
        };
        room.store.add_active(&new, minute(0)).await.unwrap();
    }
    room.sending("bridge").await;
    for one in room.store.list(&SubscriberFilter::default()).await.unwrap() {
        assert!(room.store.end(one.id, EndReason::Erased, minute(1)).await.unwrap());
    }
    room.store.close().await;
    let DatabaseUrl::Sqlite(path) = settings.url else { panic!("it is a file") };
    let files = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
    let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file).unwrap()).collect();
    assert!(memchr::memmem::find(&bytes, b"bridge").is_some());
    for word in ["ondine", "Vermeil"] {
        let found = memchr::memmem::find_iter(&bytes, word).count();
        assert_eq!(found, 0, "{word}");
    }
}

#[tokio::test]
async fn one_daemon_serves_and_commands_work_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = super::sqlite(&folder);
    let daemon = Store::open(&settings, minute(0)).await.unwrap();
    let lock = daemon.lock_daemon().unwrap();
    let command = Store::open(&settings, minute(0)).await.unwrap();
    command.record_run("command", minute(0)).await.unwrap();
    assert!(matches!(command.lock_daemon(), Err(StoreError::InUse(_))));
    drop(lock);
    assert!(command.lock_daemon().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let settings = super::sqlite(&folder);
    let starting: Vec<_> = (0..4)
        .map(|_| {
            let settings = settings.clone();
            tokio::spawn(async move { Store::open(&settings, minute(0)).await.map(drop) })
        })
        .collect();
    for start in starting {
        start.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "no folder").unwrap();
    let path = folder.path().join("file/depeche.sqlite").try_into().unwrap();
    let settings = DatabaseSettings { url: DatabaseUrl::Sqlite(path), sync: SqliteSync::Normal };
    let opened = Store::open(&settings, minute(0)).await.map(drop);
    assert!(matches!(opened, Err(StoreError::File { .. })), "{opened:?}");
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("depeche.sqlite");
    std::fs::write(&path, "une liste de courses").unwrap();
    let settings =
        DatabaseSettings { url: DatabaseUrl::Sqlite(path.clone().try_into().unwrap()), sync: SqliteSync::Normal };
    assert!(matches!(Store::open(&settings, minute(0)).await, Err(StoreError::NotADatabase(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "une liste de courses");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_postgresql_stays_empty_for_who_only_looks() {
    let Some(postgres) = crate::postgres::Postgres::start() else { return };
    let settings = DatabaseSettings { url: postgres.database("looked_at"), sync: SqliteSync::Normal };
    for _ in 0..2 {
        assert!(Store::open_to_look(&settings).await.unwrap().is_none());
    }
    Store::open(&settings, minute(0)).await.unwrap().close().await;
    let store = Store::open_to_look(&settings).await.unwrap().unwrap();
    assert!(!store.is_served(minute(0)).await.unwrap());
    store.close().await;
}
