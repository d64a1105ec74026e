//! The instance that leads is gone or stands still: another opens editions, each once.

use std::time::Duration;

use crate::asked_for;
use crate::house::{House, ask_database, database, pause, resume};
use crate::postgres::Postgres;
use crate::press_room::Daemon;
use crate::smtp_server::Script;

const READERS: usize = 40;

/// What happens to the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Killed,
    Stopped,
    Paused,
}

/// What the instances read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folders {
    Own,
    Shared,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_is_killed_another_announces_once() {
    without_its_leader(Fate::Killed, Folders::Own).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_stops_another_announces_once() {
    without_its_leader(Fate::Stopped, Folders::Shared).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_stands_still_another_announces_once() {
    without_its_leader(Fate::Paused, Folders::Own).await;
    without_its_leader(Fate::Paused, Folders::Shared).await;
}

async fn without_its_leader(fate: Fate, folders: Folders) {
    let Some(postgres) = Postgres::start() else { return };
    let url = database(&postgres, "led");
    let mut house = House::new(vec![(url.clone(), Script::default()); 3], READERS).await;
    if folders == Folders::Shared {
        house.share_a_folder();
    }
    let mut daemons: Vec<Option<Daemon>> = house.rooms.iter().map(|room| Some(room.serve())).collect();
    let owner = ask_database(&url, "SELECT owner FROM leads WHERE name = 'editor'").await.unwrap();
    let leader = (0..daemons.len()).find(|room| house.name(*room) == owner).unwrap();
    let daemon = daemons[leader].take().unwrap();
    let paused = match fate {
        Fate::Killed => {
            daemon.kill();
            None
        }
        Fate::Stopped => {
            daemon.stop();
            None
        }
        Fate::Paused => {
            pause(&daemon);
            Some(daemon)
        }
    };
    if fate != Fate::Stopped && asked_for::<u64>("DEPECHE_PAUSE").is_none() {
        // Half a minute later.
        house.let_its_claims_lapse(&url, leader).await;
    }
    house.publish();
    house.wait_for_the_end(1).await;
    assert_eq!(house.everybody_has(1), 0);

    daemons[leader] = if let Some(daemon) = paused {
        resume(&daemon);
        Some(daemon)
    } else {
        Some(house.rooms[leader].serve())
    };
    house.publish_as("Le bac est arrivé");
    house.wait_for_the_end(2).await;
    // Whoever led has looked at its folder again by then.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(house.look(2).await);
    for daemon in daemons.into_iter().flatten() {
        daemon.stop();
    }
    assert_eq!(house.everybody_has(2), 0);
    house.tell(&format!("leader {fate:?}, folders {folders:?}: 0 lost, 0 extra"));
}
