//! Two instances on one PostgreSQL: tables that somebody else holds, the one that leads dies, and PostgreSQL stops.

use std::time::{Duration, Instant};

use depeche::config::DatabaseUrl;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::NEWSLETTER;
use crate::admin::admin_address;
use crate::form::Form;
use crate::postgres::Postgres;
use crate::press_room::{DEADLINE, PressRoom};
use crate::prometheus::Prometheus;

pub(crate) const FIRED: [&str; 4] = ["DepecheLookSlow", "DepecheNoLeader", "DepecheDown", "DepecheServerErrors"];

/// How long each of two programs holds the table of leads: they take turns, so an instance that asks waits for both of them,
/// twice in a look.
const HELD: Duration = Duration::from_secs(4);

/// Holds the table of leads again and again.
async fn hold(url: String) {
    let mut connection = PgConnection::connect(&url).await.unwrap();
    loop {
        connection.execute("BEGIN; LOCK TABLE leads IN EXCLUSIVE MODE").await.unwrap();
        sleep(HELD).await;
        connection.execute("COMMIT").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_dies_and_requests_that_fail_are_told() {
    let Some(mut postgres) = Postgres::start() else { return };
    let DatabaseUrl::Postgres(url) = postgres.database("salles") else { panic!("not a PostgreSQL") };
    let settings = |secrets: &str| {
        format!(
            "[database]\nurl = \"{url}\"\n[secrets]\nkey_file = \"{secrets}\"\n{NEWSLETTER}[[relay]]\nkind = \"directory\"\n"
        )
    };
    let first = PressRoom::new(&settings("var/secret.key"));
    let leader = first.serve();
    // The key is one for all.
    let second = PressRoom::new(&settings("var/secret.key"));
    std::fs::create_dir(second.path("var")).unwrap();
    std::fs::copy(first.path("var/secret.key"), second.path("var/secret.key")).unwrap();
    let follower = second.serve();
    let daemons = [("depeche", "une", admin_address(&leader)), ("depeche", "autre", admin_address(&follower))];
    let Some(prometheus) = Prometheus::start(&daemons) else { return };
    prometheus.is_quiet_but_for(2, &[]);

    let begun = Instant::now();
    let holding = [tokio::spawn(hold(url.clone())), tokio::spawn(hold(url.clone()))];
    first.say(&["new", "--now", "Un pont neuf"]);
    prometheus.fires(begun, &FIRED[..1]);
    holding.iter().for_each(JoinHandle::abort);

    let form = Form::of(&follower);
    let begun = Instant::now();
    leader.kill();
    prometheus.fires(begun, &FIRED[1..3]);

    let begun = Instant::now();
    postgres.stop();
    while form.send(&follower, "lectrice").await < 500 {
        assert!(begun.elapsed() < DEADLINE, "everything is answered");
    }
    prometheus.fires(begun, &FIRED[3..]);
    postgres.start_again();
}
