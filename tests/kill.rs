//! Letters to a real TCP relay while the daemon is killed or stopped, and while the relay misbehaves: none is lost, the
//! states add up, and extra copies are at most the open connections at each kill, each the same to the byte.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use depeche::domain::Phase;

#[path = "support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;
#[path = "support/readers.rs"]
mod readers;
#[path = "support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;

use press_room::{Daemon, PressRoom, until};
use readers::{by_reader, extra_copies, readers, subscribe};
use smtp_server::{Act, Script, SmtpServer};

/// How many letters one connection has in flight at most is one; this is how many connections there are.
const CONNECTIONS: usize = 4;

/// A room whose letters go to the relay at `relay`.
fn room(relay: SocketAddr, newsletter: &str) -> PressRoom {
    room_at_rate(relay, newsletter, 0)
}

/// The same at so many letters a second; 0: as fast as it goes.
fn room_at_rate(relay: SocketAddr, newsletter: &str, rate: u32) -> PressRoom {
    PressRoom::new(&format!(
        "[newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\ngrace = \"0s\"\nresend_after = \"1s\"\n\
         {newsletter}\n[office]\ncopies = [\"bureau@ministere.example\"]\n\
         [[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nconnections = {CONNECTIONS}\nrate = {rate}\n",
        relay.port()
    ))
}

#[track_caller]
fn wait_for_letters(server: &SmtpServer, count: usize) {
    until(&format!("{count} letters"), || (server.accepted_count() >= count).then_some(()));
}

/// The deliveries of an edition by state, those it has none of left out.
fn deliveries(edition: &serde_json::Value) -> BTreeMap<String, u64> {
    let states = edition["deliveries"].as_object().unwrap();
    let counts = states.iter().map(|(state, count)| (state.clone(), count.as_u64().unwrap()));
    counts.filter(|(_, count)| *count > 0).collect()
}

fn tally<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.map(|(state, count)| (state.to_owned(), count)).into()
}

/// A relay that hears each letter's commands one by one, and one that hears them together, with the end of the letter before.
fn both_ways() -> [Script; 2] {
    [Script::default(), Script::default().offering("PIPELINING")]
}

/// Starts the daemon on the empty folder (its first start), then publishes a release.
fn publish(room: &PressRoom) -> Daemon {
    let daemon = room.serve();
    room.say(&["new", "--now", "Un bac pour l’autre rive"]);
    daemon
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_kills_lose_no_letter_and_repeat_at_most_those_in_flight() {
    const READERS: usize = 2000;
    const KILLS: [usize; 3] = [400, 900, 1400];
    let start = Instant::now();
    let server = SmtpServer::start(Script::default().offering("PIPELINING")).await;
    let room = room(server.address(), "");
    subscribe(&room, readers(READERS)).await;
    let subscribed = start.elapsed();

    let mut daemon = publish(&room);
    wait_for_letters(&server, 1);
    let sending = Instant::now();
    for kill_at in KILLS {
        wait_for_letters(&server, kill_at);
        daemon.kill();
        let reached = server.accepted_count();
        assert!(reached < READERS, "the kill at {kill_at} came after {reached} letters: too late to show anything");
        daemon = room.serve();
    }
    wait_for_letters(&server, READERS);
    let sent = sending.elapsed();
    let edition = room.edition_in("done");
    assert_eq!(deliveries(&edition), tally([("sent", READERS as u64)]));
    let (status, _) = daemon.stop();
    assert!(status.success(), "{status}");

    let letters = by_reader(server.accepted());
    let missing: Vec<_> =
        readers(READERS).filter(|name| !letters.contains_key(&format!("{name}@journal.example"))).collect();
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(letters.len(), READERS);
    let extra = extra_copies(&letters);
    assert!(extra <= KILLS.len() * CONNECTIONS, "{extra} extra copies");
    assert_eq!(room.editions().len(), 1);
    println!(
        "{READERS} letters, 3 kills: 0 lost, {extra} extra; subscribed in {:.1} s, sent in {:.1} s with three starts, \
         {} letters/s; all in {:.1} s",
        subscribed.as_secs_f64(),
        sent.as_secs_f64(),
        READERS as u128 * 1000 / sent.as_millis(),
        start.elapsed().as_secs_f64(),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_the_middle_drains_and_repeats_nothing() {
    const READERS: usize = 400;
    for script in both_ways() {
        let server = SmtpServer::start(script).await;
        let room = room(server.address(), "");
        subscribe(&room, readers(READERS)).await;

        let daemon = publish(&room);
        wait_for_letters(&server, READERS / 4);
        let (status, took) = daemon.stop();
        let reached = server.accepted_count();
        assert!(status.success(), "{status}");
        assert!(took < Duration::from_secs(20), "{took:?}");
        assert!(reached < READERS, "{reached} letters before the stop: it came too late to show anything");
        let counts = deliveries(&room.editions()[0]);
        assert_eq!(counts.values().sum::<u64>(), READERS as u64);
        assert_eq!(counts.keys().collect::<Vec<_>>(), ["queued", "sent"], "nothing is left half-done");
        assert_eq!(counts["sent"], by_reader(server.accepted()).len() as u64);

        let daemon = room.serve();
        assert_eq!(deliveries(&room.edition_in("done")), tally([("sent", READERS as u64)]));
        daemon.stop();
        let letters = by_reader(server.accepted());
        assert_eq!((letters.len(), extra_copies(&letters)), (READERS, 0));
        println!("stopped after {reached} of {READERS} letters in {} ms: 0 lost, 0 extra", took.as_millis());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_edition_that_is_paused_no_letter_leaves_that_its_relay_waits_for() {
    const READERS: usize = 400;
    // Each connection has told the relay of a letter, and waits for what it says of the one before.
    let server = SmtpServer::start(Script::default().offering("PIPELINING").stopping_after(READERS / 4)).await;
    let room = room(server.address(), "");
    subscribe(&room, readers(READERS)).await;
    let daemon = publish(&room);
    until("the relay has stopped", || (server.waiting() == CONNECTIONS).then_some(()));
    let (number, followed) = (room.editions()[0]["id"].to_string(), server.letters_followed());
    room.say(&["editions", "pause", &number]);
    let handed_over = server.accepted_count();
    server.go_on(0);
    let paused = room.edition_in("paused");
    until("nothing is on its way", || {
        let counts = deliveries(&room.editions()[0]);
        (counts.keys().collect::<Vec<_>>() == ["queued", "sent"]).then_some(())
    });
    assert_eq!(server.accepted_count(), handed_over, "{paused}");
    room.say(&["editions", "resume", &number]);
    assert_eq!(deliveries(&room.edition_in("done")), tally([("sent", READERS as u64)]));
    daemon.stop();
    let letters = by_reader(server.accepted());
    assert_eq!((letters.len(), extra_copies(&letters)), (READERS, 0));
    assert!(followed > READERS / 8, "{followed} letters had the next behind them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_comes_up_late_gets_every_letter_once() {
    const READERS: usize = 20;
    // A port that nobody listens on until the relay does.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let room = room(address, "retry = [\"1s\"]");
    subscribe(&room, readers(READERS)).await;
    let daemon = publish(&room);
    until("a word about the relay", || daemon.log().contains("takes no letters").then_some(()));
    let edition = room.edition_in("sending");
    assert_eq!(edition["deliveries"]["sent"], 0);

    let server = SmtpServer::start_at(address, Script::default()).await;
    assert_eq!(deliveries(&room.edition_in("done")), tally([("sent", READERS as u64)]));
    let letters = by_reader(server.accepted());
    assert_eq!((letters.len(), extra_copies(&letters)), (READERS, 0));
    let (status, _) = daemon.stop();
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_relay_refuses_stops_nobody_else() {
    for script in both_ways() {
        let script = script
            .at(Phase::Recipient, "parti", Act::Say("550 5.1.1 no such user"))
            .at(Phase::Recipient, "gris", Act::Say("451 4.2.0 later"))
            .at(Phase::Dot, "plein", Act::Say("552 5.2.2 mailbox full"));
        let server = SmtpServer::start(script).await;
        let room = room(server.address(), "retry = [\"1s\", \"1s\"]");
        let others = ["parti", "gris", "plein"].map(str::to_owned);
        subscribe(&room, readers(30).chain(others)).await;
        let daemon = publish(&room);
        assert_eq!(deliveries(&room.edition_in("done")), tally([("failed", 3), ("sent", 30)]));

        let letters = by_reader(server.accepted());
        assert_eq!((letters.len(), extra_copies(&letters)), (30, 0));
        let tries = |local: &str| {
            let wanted = format!("RCPT TO:<{local}@journal.example>");
            server.commands().iter().filter(|command| command.starts_with(&wanted)).count()
        };
        assert_eq!((tries("parti"), tries("gris"), tries("plein")), (1, 3, 1));
        let shown = room.say(&["subscribers", "show", "parti@journal.example"]);
        assert!(shown.contains("550 5.1.1 no such user"), "{shown}");
        daemon.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_at_which_the_relay_always_hangs_up_ends_and_stops_nobody_else() {
    for script in both_ways() {
        let script = script.at(Phase::Data, "casse", Act::Drop).at(Phase::Dot, "muet", Act::Drop);
        let server = SmtpServer::start(script).await;
        let room = room(server.address(), "retry = [\"1s\"]");
        let others = ["casse", "muet"].map(str::to_owned);
        subscribe(&room, readers(10).chain(others)).await;
        let daemon = publish(&room);
        assert_eq!(deliveries(&room.edition_in("done")), tally([("failed", 1), ("sent", 10), ("unknown", 1)]));

        let tries = server.commands().iter().filter(|command| command.starts_with("RCPT TO:<casse@")).count();
        assert_eq!(tries, 2);
        // Whoever never says that it took a letter has it twice, and no third time.
        let letters = by_reader(server.accepted());
        assert_eq!((letters.len(), extra_copies(&letters), letters["muet@journal.example"].len()), (11, 1, 2));
        daemon.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_hangs_up_after_each_letter_delays_nobody() {
    const READERS: usize = 40;
    for script in both_ways() {
        let server = SmtpServer::start(script.closing_after(1)).await;
        let room = room(server.address(), "");
        subscribe(&room, readers(READERS)).await;
        let daemon = publish(&room);
        let edition = room.edition_in("done");
        assert_eq!(deliveries(&edition), tally([("sent", READERS as u64)]));
        daemon.stop();
        let letters = by_reader(server.accepted());
        assert_eq!((letters.len(), extra_copies(&letters)), (READERS, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_is_recorded_before_a_relay_is_waited_for() {
    // Each connection carries a letter; those that follow are never greeted.
    let server = SmtpServer::start(Script::default().closing_after(1).silent_from(CONNECTIONS + 1)).await;
    let room = room_at_rate(server.address(), "", 2);
    subscribe(&room, readers(4 * CONNECTIONS)).await;
    let daemon = publish(&room);
    until("nobody is greeted any more", || (server.connections() == 2 * CONNECTIONS).then_some(()));
    daemon.kill();
    let accepted = server.accepted();
    assert_eq!(accepted.len(), CONNECTIONS);
    let edition = room.edition_in("sending");
    let sent = deliveries(&edition).get("sent").copied().unwrap_or_default();
    assert_eq!(sent, by_reader(accepted).len() as u64, "{edition}");
}
