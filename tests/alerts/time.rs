//! What takes longer than a test may: a daemon within the test, whose clock is moved on.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use camino::Utf8Path;
use chrono::{DateTime, TimeDelta, Utc};
use depeche::app::{Daemon, Sockets, open_newsroom, read_config};
use depeche::clock::{Clock, SystemClock};
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::NEWSLETTER;
use crate::press_room::{PressRoom, until};
use crate::prometheus::Prometheus;
use crate::readers::{readers, subscribe};

pub(crate) const FIRED: [&str; 5] =
    ["DepecheRelayResting", "DepecheLettersLate", "DepecheNoConnection", "DepecheClockJumped", "DepecheLookOld"];

/// The machine's clock, moved on: how far it is ahead, and how much more time has passed.
#[derive(Debug, Default)]
struct MovedClock(Mutex<(TimeDelta, TimeDelta)>);

impl MovedClock {
    /// As if this time had passed.
    fn pass(&self, time: TimeDelta) {
        let mut moved = self.0.lock().unwrap();
        moved.0 += time;
        moved.1 += time;
    }

    /// As if somebody had set it forwards.
    fn step(&self, step: TimeDelta) {
        self.0.lock().unwrap().0 += step;
    }
}

impl Clock for MovedClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + self.0.lock().unwrap().0
    }

    fn elapsed(&self) -> TimeDelta {
        SystemClock.elapsed() + self.0.lock().unwrap().1
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_down_for_long_a_clock_that_jumps_and_a_look_that_is_old_are_told() {
    // Nobody listens there.
    let relay = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let room = PressRoom::new(&format!(
        "{NEWSLETTER}[[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nconnections = 1\n",
        relay.port()
    ));
    subscribe(&room, readers(3)).await;
    let clock = Arc::new(MovedClock::default());
    let file = room.path("config.toml");
    let (config, _) = read_config(Utf8Path::from_path(&file).unwrap()).unwrap();
    let newsroom = open_newsroom(config, clock.clone()).await.unwrap();
    let listeners = Sockets::default().listeners(&newsroom.config).unwrap();
    let daemon = Daemon::prepare(newsroom, listeners).await.unwrap();
    let admin = daemon.admin_address().unwrap();
    let running = Box::pin(daemon.start()).await.unwrap();
    let Some(prometheus) = Prometheus::start(&[("depeche", "salle", admin)]) else { return };
    prometheus.is_quiet_but_for(1, &[]);

    let begun = Instant::now();
    room.say(&["new", "--now", "Un pont neuf"]);
    prometheus.fires(begun, &FIRED[..1]);
    let begun = Instant::now();
    clock.pass(TimeDelta::minutes(20));
    prometheus.fires(begun, &FIRED[1..3]);
    let begun = Instant::now();
    clock.step(TimeDelta::hours(2));
    prometheus.fires(begun, &FIRED[3..4]);

    // While somebody holds the database, nothing is taken in. Before, it was.
    room.say(&["new", "--now", "Un quai neuf"]);
    until("a look", || (!prometheus.tells(FIRED[4])).then_some(()));
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(room.path("var/depeche.sqlite"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let begun = Instant::now();
    clock.pass(TimeDelta::minutes(6));
    prometheus.fires(begun, &FIRED[4..]);
    other.execute("ROLLBACK").await.unwrap();
    running.stop().await;
}
