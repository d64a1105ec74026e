//! A database that somebody else holds, and one on a full disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::NEWSLETTER;
use crate::admin::admin_address;
use crate::press_room::PressRoom;
use crate::prometheus::Prometheus;
use crate::readers::{readers, subscribe};
use crate::small_disk::{fill, serve_on_small_disk};

pub(crate) const FIRED: [&str; 3] = ["DepecheDatabaseSlow", "DepecheDatabaseDown", "DepecheNotReady"];
pub(crate) const FIRED_ON_A_SMALL_DISK: [&str; 2] = ["DepecheDiskFilling", "DepecheDatabaseErrors"];

/// How long the lock is held at a time, and left free in between.
const HELD: Duration = Duration::from_secs(3);
const FREE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_slow_and_then_locked_is_told() {
    let room = PressRoom::new(&format!("{NEWSLETTER}[[relay]]\nkind = \"directory\"\nrate = 1\n"));
    subscribe(&room, readers(60)).await;
    let daemon = room.serve();
    let Some(prometheus) = Prometheus::start(&[("depeche", "salle", admin_address(&daemon))]) else { return };
    prometheus.is_quiet_but_for(1, &[]);

    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(room.path("var/depeche.sqlite"));
    let mut other = SqliteConnection::connect_with(&options.busy_timeout(Duration::from_secs(20))).await.unwrap();
    let is_held = Arc::new(AtomicBool::new(false));
    let hold = is_held.clone();
    let begun = Instant::now();
    let holding = tokio::spawn(async move {
        loop {
            other.execute("BEGIN IMMEDIATE").await.unwrap();
            tokio::time::sleep(HELD).await;
            if hold.load(Ordering::Relaxed) {
                return other;
            }
            other.execute("COMMIT").await.unwrap();
            tokio::time::sleep(FREE).await;
        }
    });
    room.say(&["new", "--now", "Un pont neuf"]);
    prometheus.fires(begun, &FIRED[..1]);
    let begun = Instant::now();
    is_held.store(true, Ordering::Relaxed);
    prometheus.fires(begun, &FIRED[1..]);
    drop(holding.await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_is_told() {
    const DISK: &str = "disque";
    let room = PressRoom::new(&format!(
        "[database]\nurl = \"sqlite://{DISK}/depeche.sqlite\"\n{NEWSLETTER}[[relay]]\nkind = \"directory\"\n"
    ));
    subscribe(&room, readers(3)).await;
    let begun = Instant::now();
    let Some(daemon) = serve_on_small_disk(&room, DISK) else { return };
    let Some(prometheus) = Prometheus::start(&[("depeche", "salle", admin_address(&daemon))]) else { return };
    prometheus.is_quiet_but_for(1, &FIRED_ON_A_SMALL_DISK[..1]);
    prometheus.fires(begun, &FIRED_ON_A_SMALL_DISK[..1]);
    let begun = Instant::now();
    fill(&PathBuf::from(format!("/proc/{}/root{}", daemon.pid(), room.path(DISK).join("ballast").display())));
    room.say(&["new", "--now", "Un pont neuf"]);
    prometheus.fires(begun, &FIRED_ON_A_SMALL_DISK[1..]);
}
