//! An instance that stands still while its database is moved elsewhere, and goes on.

use std::time::Duration;

use depeche::domain::Phase;

use crate::admin::ready;
use crate::house::{CONNECTIONS, House, database, pause, resume, tell_database};
use crate::postgres::Postgres;
use crate::press_room::until;
use crate::readers::{by_reader, readers};
use crate::smtp_server::{Act, Script};

const READERS: usize = 200;
/// Each waits ten seconds for a lock.
const MOST_TRIES: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_while_its_database_is_moved_it_sends_nothing_more_and_says_why() {
    let Some(postgres) = Postgres::start() else { return };
    let url = database(&postgres, "moved");
    let slowly = Act::Late(Duration::from_millis(40));
    let script =
        readers(READERS).fold(Script::default(), |script, reader| script.at(Phase::Recipient, &reader, slowly.clone()));
    let mut house = House::new(vec![(url.clone(), script)], READERS).await;
    let stopped = house.rooms[0].serve();
    house.publish();
    house.wait_for_letters(20).await;
    pause(&stopped);
    // As if half a minute had passed.
    tell_database(&url, "UPDATE leads SET until = 0").await;
    // It may stand in the middle of a transaction, which PostgreSQL ends after a minute; until then a copy is refused.
    let copied = || house.rooms[0].run(&["database", "copy", "--to", "sqlite://var/moved.sqlite"]);
    let mut last = copied();
    for _ in 0..MOST_TRIES {
        if last.status.success() {
            break;
        }
        last = copied();
    }
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    let before = house.accepted();
    assert!(before < READERS, "stopped too late to show anything");

    resume(&stopped);
    until("an instance that knows", || ready(&stopped).contains("this database was moved to").then_some(()));
    let (status, _) = stopped.stop();
    assert!(status.success(), "{status}");
    let after = house.accepted() - before;
    assert!(after <= CONNECTIONS, "{after} letters left after the move, besides those in its hands");

    let settings = std::fs::read_to_string(house.rooms[0].path("config.toml")).unwrap();
    house.rooms[0].save("config.toml", &settings.replace(&url, "sqlite://var/moved.sqlite"));
    let daemon = house.rooms[0].serve();
    until("letters to everybody", || (by_reader(house.relays[0].accepted()).len() == READERS).then_some(()));
    let (status, _) = daemon.stop();
    assert!(status.success(), "{status}");
    let extra = house.everybody_has(1);
    house.tell(&format!("moved while it stood still: 0 lost, {extra} extra, {after} left from its hands"));
    assert!(extra <= CONNECTIONS, "{extra} letters twice");
}
