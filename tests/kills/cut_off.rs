//! One of three instances that the database cannot be reached from.

use std::time::Duration;

use depeche::domain::Phase;

use crate::house::{CONNECTIONS, House, ask_database, database};
use crate::postgres::Postgres;
use crate::proxy::{Proxy, Way};
use crate::readers::readers;
use crate::smtp_server::{Act, Script};

const READERS: usize = 900;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_the_others_finish_and_nobody_has_more_than_what_could_not_be_recorded() {
    cut_off("refused", Way::Refusing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_in_silence_the_others_finish_too() {
    cut_off("silent", Way::Silent).await;
}

async fn cut_off(how: &str, way: Way) {
    let Some(postgres) = Postgres::start() else { return };
    let url = database(&postgres, "cut");
    let proxy = Proxy::to(postgres.socket()).await;
    let through = format!("postgres://postgres@{}/cut", proxy.address);
    // Slow enough that one of three is seen in the middle of what it holds.
    let slowly = Act::Late(Duration::from_millis(40));
    let script =
        readers(READERS).fold(Script::default(), |script, reader| script.at(Phase::Dot, &reader, slowly.clone()));
    let rooms = [url.clone(), url.clone(), through].map(|url| (url, script.clone()));
    let mut house = House::new(rooms.into(), READERS).await;
    let daemons: Vec<_> = house.rooms.iter().map(|room| room.serve()).collect();
    house.publish();
    house.wait_for_letters(READERS / 4).await;
    let holds = format!(
        "SELECT owner FROM deliveries WHERE owner = '{}' AND state = 'leased' GROUP BY owner HAVING COUNT(*) > {CONNECTIONS}",
        house.name(2)
    );
    while ask_database(&url, &holds).await.is_none() {
        assert!(house.accepted() < READERS, "it never holds what it has not begun");
    }
    proxy.make(way);
    let reached = house.accepted();
    assert!(reached < READERS, "cut off after {reached} letters: too late to show anything");
    // Fifteen minutes later.
    let held = house.let_its_claims_lapse(&url, 2).await;
    house.wait_for_the_end(1).await;
    let while_cut = house.everybody_has(1);
    proxy.make(Way::Open);
    house.publish_as("Le bac est arrivé");
    house.wait_for_the_end(2).await;
    for daemon in daemons {
        let (status, _) = daemon.stop();
        assert!(status.success(), "{status}");
    }
    let extra = house.everybody_has(2);
    house.tell(&format!("cut off ({how}) after {reached}, holding {held}: 0 lost, {while_cut} extra, then {extra}"));
    assert!(while_cut <= CONNECTIONS && extra == while_cut, "{while_cut}, {extra}");
}
