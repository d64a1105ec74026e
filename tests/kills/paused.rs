//! An instance that is stopped where it stands, past its lease, and goes on.
//!
//! Claims are made to have run out in the database. The last moment to begin a letter is measured by the process itself and
//! cannot be made to come: what it had begun it may still send, unless `DEPECHE_PAUSE` waits for that moment in truth.

use std::time::{Duration, Instant};

use depeche::domain::Phase;

use crate::asked_for;
use crate::house::{CONNECTIONS, House, database, pause, resume};
use crate::postgres::Postgres;
use crate::press_room::until;
use crate::readers::{by_reader, readers};
use crate::smtp_server::{Act, Script, SmtpServer};

const READERS: usize = 300;

/// After so long a letter is not begun any more: `LATEST` of the dispatcher.
const TOO_LATE: Duration = Duration::from_mins(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_before_the_letter_itself_it_sends_none_of_what_it_held() {
    let slowly = Act::Late(Duration::from_secs(2));
    let script =
        readers(READERS).fold(Script::default(), |script, reader| script.at(Phase::Recipient, &reader, slowly.clone()));
    // Each connection has named its recipient and waits for the answer; only the office's letter was begun.
    let stands = |relay: &SmtpServer| {
        let commands = relay.commands();
        let said = |start: &str| commands.iter().filter(|line| line.starts_with(start)).count();
        said("RCPT TO:<lecteur") == CONNECTIONS && said("DATA") == 1
    };
    let length = asked_for("DEPECHE_PAUSE").map(Duration::from_secs).unwrap_or_default();
    let may_send = if length > TOO_LATE { 0 } else { CONNECTIONS };
    paused("before the letter", script, stands, length, may_send).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_within_the_letter_it_sends_no_other() {
    // The relay has a letter of each connection, and has not said so.
    let stands = |relay: &SmtpServer| relay.waiting() == CONNECTIONS;
    paused("within the letter", Script::default().stopping_after(0), stands, Duration::ZERO, 0).await;
}

/// Stops the first of three instances once it `stands` so; the two others finish its edition, then it goes on, and may send so
/// many of what it held; what it had handed over before is there twice.
async fn paused(place: &str, script: Script, stands: impl Fn(&SmtpServer) -> bool, length: Duration, may_send: usize) {
    let Some(postgres) = Postgres::start() else { return };
    let url = database(&postgres, "paused");
    let rooms = [script, Script::default(), Script::default()].map(|script| (url.clone(), script));
    let mut house = House::new(rooms.into(), READERS).await;
    let first = house.rooms[0].serve();
    house.publish();
    until("an instance in the middle of it", || stands(&house.relays[0]).then_some(()));
    pause(&first);
    assert!(stands(&house.relays[0]), "stopped too late to show anything");
    let stopped = Instant::now();
    let held = house.let_its_claims_lapse(&url, 0).await;
    assert!(held > CONNECTIONS as u64, "{held}: it holds more than it has begun");
    let others = [house.rooms[1].serve(), house.rooms[2].serve()];
    house.wait_for_the_end(1).await;
    let sent_by_others: usize = house.relays[1..].iter().map(|relay| by_reader(relay.accepted()).len()).sum();
    assert_eq!(sent_by_others, READERS, "the others took everything over");
    let before = house.everybody_has(1);
    tokio::time::sleep(length.saturating_sub(stopped.elapsed())).await;

    resume(&first);
    house.relays[0].go_on(0);
    // It has been through what it held when another edition is over, and it is asked to stop.
    house.publish_as("Le bac est arrivé");
    house.wait_for_the_end(2).await;
    for daemon in others.into_iter().chain([first]) {
        let (status, _) = daemon.stop();
        assert!(status.success(), "{status}");
    }
    let extra = house.everybody_has(2);
    let sent = extra - before;
    house.tell(&format!(
        "paused {place} for {} s, holding {held}: 0 lost, {extra} extra, {sent} sent after it went on",
        length.as_secs()
    ));
    assert!(sent <= may_send && before <= CONNECTIONS, "{sent} sent, {before} before");
}
