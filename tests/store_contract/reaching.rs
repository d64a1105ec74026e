//! A PostgreSQL that cannot be reached says why at once, and what to do.

use std::error::Error as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use depeche::config::{DatabaseSettings, DatabaseUrl, SqliteSync};
use depeche::store::Store;

use crate::postgres::Postgres;
use crate::room::minute;

/// What is said of the database at `url`, which does not open, with every cause.
async fn refused(url: String) -> String {
    let settings = DatabaseSettings { url: DatabaseUrl::Postgres(url), sync: SqliteSync::Normal };
    let error = Store::open(&settings, minute(0)).await.unwrap_err();
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said} / {error}");
        cause = error.source();
    }
    said
}

#[tokio::test]
async fn where_nothing_listens_is_said_at_once_and_without_the_password() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let begun = Instant::now();
    let said = refused(format!("postgres://depeche:verysecret@{free}/x")).await;
    assert!(said.contains(&free.to_string()) && said.contains("nothing listens there"), "{said}");
    assert!(said.contains("refused") && !said.contains("verysecret"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_host_or_a_folder_that_is_not_there_is_told_from_a_server_that_is_not() {
    let said = refused("postgres://depeche@no-such-host.invalid/x".to_owned()).await;
    assert!(said.contains("its host is not found"), "{said}");
    let said = refused("postgres://depeche@localhost/x?host=/nowhere/at/all".to_owned()).await;
    assert!(said.contains("there is no socket"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgresql_refuses_is_said_without_a_line_of_its_source() {
    let Some(postgres) = Postgres::start() else { return };
    let DatabaseUrl::Postgres(url) = postgres.database("there") else { panic!("another database") };
    let said = refused(url.replace("/there?", "/nodb?")).await;
    assert!(said.contains("make it (`createdb`)") && said.contains("\"nodb\" does not exist"), "{said}");
    assert!(!said.contains("at line"), "{said}");
    let said = refused(url.replace("postgres@", "nobody@")).await;
    assert!(said.contains("it does not let us in") && !said.contains("at line"), "{said}");
}
