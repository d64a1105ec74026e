//! Another program that holds the lock of the SQLite file.

use std::time::{Duration, Instant};

use sqlx::Executor as _;

use crate::room::Troubled;

/// How long the daemon waits for the lock before it is an error (`busy_timeout`).
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_program_holds_the_lock_letters_wait() {
    let room = Troubled::new("locked database", "sqlite://var/depeche.sqlite").await;
    let daemon = room.press.serve();
    room.send_a_quarter();
    let mut other = room.lock().await;
    let locked = Instant::now();
    room.stands_still(&daemon, "locked", "another program holds it locked");
    assert!(locked.elapsed() > PATIENCE, "{:?}", locked.elapsed());
    other.execute("ROLLBACK").await.unwrap();
    room.goes_on(&daemon);
    daemon.stop();
}
