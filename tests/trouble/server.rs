//! A PostgreSQL server that restarts, ends connections, or cannot be reached.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use depeche::config::DatabaseUrl;

use crate::postgres::Postgres;
use crate::proxy::{Proxy, Way};
use crate::room::Troubled;

/// Where a new database of this name is.
pub(crate) fn url(postgres: &Postgres, name: &str) -> String {
    match postgres.database(name) {
        DatabaseUrl::Postgres(url) => url,
        DatabaseUrl::Sqlite(path) => panic!("{path}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_down_letters_wait() {
    let Some(mut postgres) = Postgres::start() else { return };
    let room = Troubled::new("PostgreSQL stopped and started", &url(&postgres, "restart")).await;
    let daemon = room.press.serve();
    room.send_a_quarter();
    postgres.stop();
    room.stands_still(&daemon, "silent", "the database does not answer");
    postgres.start_again();
    room.goes_on(&daemon);
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ends_are_made_again() {
    let Some(postgres) = Postgres::start() else { return };
    let url = url(&postgres, "ended");
    let room = Troubled::new("connections ended ten times", &url).await;
    let daemon = room.press.serve();
    room.send_a_quarter();
    let mut other = PgConnection::connect(&url).await.unwrap();
    let ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                WHERE datname = 'ended' AND pid <> pg_backend_pid()";
    let mut ended = 0;
    while ended < 10 {
        let before = room.relay.accepted_count();
        other.execute(AssertSqlSafe(ours.to_owned())).await.unwrap();
        ended += 1;
        // Each time letters have left in between.
        crate::press_room::until("another letter", || (room.relay.accepted_count() > before + 3).then_some(()));
    }
    room.ends_well(&daemon);
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_be_reached_keeps_letters_waiting() {
    cut("connections refused", Way::Refusing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_falls_silent_is_not_waited_for() {
    cut("silent network", Way::Silent).await;
}

async fn cut(what: &'static str, way: Way) {
    let Some(postgres) = Postgres::start() else { return };
    url(&postgres, "cut");
    let proxy = Proxy::to(postgres.socket()).await;
    let room = Troubled::new(what, &format!("postgres://postgres@{}/cut", proxy.address)).await;
    let daemon = room.press.serve();
    room.send_a_quarter();
    proxy.make(way);
    room.stands_still(&daemon, "silent", "the database does not answer");
    proxy.make(Way::Open);
    room.goes_on(&daemon);
    daemon.stop();
}
