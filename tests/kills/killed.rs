//! kill -9 at moments left to chance.

use std::time::Duration;

use crate::asked_for;
use crate::chance::Chance;
use crate::house::{CONNECTIONS, House, database};
use crate::postgres::Postgres;
use crate::smtp_server::Script;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_alone_on_sqlite() {
    killed_at_any_moment("SQLite, one instance", vec!["sqlite://var/depeche.sqlite".to_owned()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_among_three_on_postgresql() {
    let Some(postgres) = Postgres::start() else { return };
    let url = database(&postgres, "killed");
    killed_at_any_moment("PostgreSQL, three instances", vec![url; 3]).await;
}

async fn killed_at_any_moment(what: &str, urls: Vec<String>) {
    let (letters, kills) = (asked_for("DEPECHE_LETTERS").unwrap_or(500), asked_for("DEPECHE_KILLS").unwrap_or(5));
    let mut chance = Chance::new();
    let seed = chance.seed;
    let mut moments: Vec<usize> = (0..kills).map(|_| chance.below(letters * 9 / 10)).collect();
    moments.sort_unstable();
    let mut house =
        House::new(urls.into_iter().map(|url| (url, Script::default().offering("PIPELINING"))).collect(), letters)
            .await;
    let mut daemons: Vec<_> = house.rooms.iter().map(|room| Some(room.serve())).collect();
    house.publish();
    let mut killed_at = Vec::new();
    for moment in moments {
        house.wait_for_letters(moment).await;
        tokio::time::sleep(Duration::from_micros(chance.below(50_000) as u64)).await;
        let whom = chance.below(daemons.len());
        daemons[whom].take().unwrap().kill();
        killed_at.push(house.accepted());
        house.look(1).await;
        daemons[whom] = Some(house.rooms[whom].serve());
        house.look(1).await;
    }
    house.wait_for_the_end(1).await;
    let (extra, bound) = (house.everybody_has(1), kills * CONNECTIONS);
    house.tell(&format!(
        "{what}: {kills} kills (seed {seed}) after {killed_at:?} letters: 0 lost, {extra} extra of at most {bound}"
    ));
    assert!(extra <= bound, "{extra} extra copies; seed {seed}");
    for daemon in daemons.into_iter().flatten() {
        let (status, _) = daemon.stop();
        assert!(status.success(), "{status}");
    }
}
