//! Whatever may happen to one of three instances, at moments left to chance: killed, stopped, paused past its lease, cut off.

use std::time::Duration;

use crate::asked_for;
use crate::chance::Chance;
use crate::house::{CONNECTIONS, House, database, pause, resume};
use crate::postgres::Postgres;
use crate::proxy::{Proxy, Way};
use crate::smtp_server::Script;

/// What happens to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Killed,
    Stopped,
    Paused,
    Refused,
    Silent,
}

const TROUBLES: [Trouble; 5] = [Trouble::Killed, Trouble::Stopped, Trouble::Paused, Trouble::Refused, Trouble::Silent];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_one_of_three_nobody_is_missed() {
    let Some(postgres) = Postgres::start() else { return };
    let letters = asked_for("DEPECHE_LETTERS").unwrap_or(900);
    let troubles = asked_for("DEPECHE_KILLS").unwrap_or(TROUBLES.len());
    let mut chance = Chance::new();
    let url = database(&postgres, "anything");
    let (mut proxies, mut rooms) = (Vec::new(), vec![(url.clone(), Script::default().offering("PIPELINING"))]);
    for _ in 0..2 {
        let proxy = Proxy::to(postgres.socket()).await;
        rooms.push((
            format!("postgres://postgres@{}/anything", proxy.address),
            Script::default().offering("PIPELINING"),
        ));
        proxies.push(proxy);
    }
    let mut house = House::new(rooms, letters).await;
    let mut daemons: Vec<_> = house.rooms.iter().map(|room| Some(room.serve())).collect();
    house.publish();
    let mut happened = Vec::new();
    for number in 0..troubles {
        house.wait_for_letters(letters * 9 / 10 * number / troubles).await;
        tokio::time::sleep(Duration::from_micros(chance.below(50_000) as u64)).await;
        let trouble = TROUBLES[(number + chance.below(2)) % TROUBLES.len()];
        let whom = match trouble {
            Trouble::Killed | Trouble::Stopped | Trouble::Paused => chance.below(daemons.len()),
            // The way of the first is the one that is looked through, too.
            Trouble::Refused | Trouble::Silent => 1 + chance.below(proxies.len()),
        };
        happened.push((trouble, whom, house.accepted()));
        let daemon = daemons[whom].take().unwrap();
        match trouble {
            Trouble::Killed => {
                daemon.kill();
                house.look(1).await;
                daemons[whom] = Some(house.rooms[whom].serve());
            }
            Trouble::Stopped => {
                let (status, _) = daemon.stop();
                assert!(status.success(), "{status}");
                daemons[whom] = Some(house.rooms[whom].serve());
            }
            Trouble::Paused => {
                pause(&daemon);
                house.let_its_claims_lapse(&url, whom).await;
                house.see_letters_leave().await;
                resume(&daemon);
                daemons[whom] = Some(daemon);
            }
            Trouble::Refused | Trouble::Silent => {
                let way = if trouble == Trouble::Silent { Way::Silent } else { Way::Refusing };
                proxies[whom - 1].make(way);
                house.let_its_claims_lapse(&url, whom).await;
                house.see_letters_leave().await;
                proxies[whom - 1].make(Way::Open);
                daemons[whom] = Some(daemon);
            }
        }
    }
    house.wait_for_the_end(1).await;
    for daemon in daemons.into_iter().flatten() {
        let (status, _) = daemon.stop();
        assert!(status.success(), "{status}");
    }
    let hard = happened.iter().filter(|(trouble, ..)| *trouble != Trouble::Stopped).count();
    let (extra, bound) = (house.everybody_has(1), hard * CONNECTIONS);
    house.tell(&format!("seed {}: {happened:?}: 0 lost, {extra} extra of at most {bound}", chance.seed));
    assert!(extra <= bound, "{extra} extra copies; seed {}", chance.seed);
}
