//! The configuration is read anew while the database is away, or a relay takes its time.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sqlx::Executor as _;

use crate::admin::ready;
use crate::postgres::Postgres;
use crate::press_room::{Daemon, until};
use crate::proxy::{Proxy, Way};
use crate::room::{CONNECTIONS, READERS, Troubled, metric};
use crate::server::url;
use crate::smtp_server::Script;

const SQLITE: &str = "sqlite://var/depeche.sqlite";
/// How many letters are answered before the relay takes its time.
const ANSWERED: usize = READERS / 4;
/// How long letters in flight may take when a daemon ends.
const DRAIN: Duration = Duration::from_secs(30);

/// Writes that the site is called so.
fn call(room: &Troubled, name: &str) {
    let config = fs::read_to_string(room.press.path("config.toml")).unwrap();
    let kept: String = config
        .lines()
        .filter(|line| !line.starts_with("title ="))
        .fold(String::new(), |text, line| text + line + "\n" + if line == "[site]" { "title = \"@\"\n" } else { "" });
    room.press.save("config.toml", &kept.replace("title = \"@\"", &format!("title = \"{name}\"")));
}

fn is_called(daemon: &Daemon, name: &str) -> bool {
    let (status, feed) = daemon.get("/feeds/all.json");
    assert_eq!(status, 200);
    serde_json::from_slice::<serde_json::Value>(&feed).unwrap()["title"] == name
}

fn said(daemon: &Daemon, words: &str) -> usize {
    daemon.log().lines().filter(|line| line.contains(words)).count()
}

/// Asks for a reload, which is refused for this reason; the daemon goes on as it was.
#[track_caller]
fn is_refused(daemon: &Daemon, why: &str) {
    daemon.signal("HUP");
    until("a refusal", || (said(daemon, "the configuration was refused, the old one stays") == 1).then_some(()));
    let log = daemon.log();
    let refusal = log.lines().find(|line| line.contains("the configuration was refused")).unwrap();
    assert!(refusal.contains(why) && refusal.contains("ask again once that is over"), "{refusal}");
    assert!(!is_called(daemon, "Préfecture"));
}

#[track_caller]
fn is_taken_over(daemon: &Daemon) {
    until("a reload", || (said(daemon, "the configuration was taken over") == 1).then_some(()));
    assert!(is_called(daemon, "Préfecture"));
}

/// The same configuration, asked for again when the trouble is over; what was left to send is sent.
#[track_caller]
fn is_taken_over_once_all_is_well(room: &Troubled, daemon: Daemon) {
    until("a database that is well", || ready(&daemon).starts_with("ready").then_some(()));
    daemon.signal("HUP");
    is_taken_over(&daemon);
    room.ends_well(&daemon);
    daemon.stop();
}

/// Asks for a reload, and waits until the new configuration is found good and the old daemon gives way.
#[track_caller]
fn gives_way(room: &Troubled, daemon: &Daemon) {
    call(room, "Préfecture");
    daemon.signal("HUP");
    let words = "the new configuration is good";
    until(words, || (said(daemon, words) == 1).then_some(()));
}

/// A relay that says nothing after the dot of each connection's next letter, from a quarter of the letters on.
async fn beside_a_slow_relay(what: &'static str, url: &str) -> (Troubled, Daemon) {
    let room = Troubled::with_relay(what, url, Script::default().stopping_after(ANSWERED)).await;
    let daemon = room.press.serve();
    room.press.say(&["new", "--now", "Un bac pour l’autre rive"]);
    until("letters in flight", || (room.relay.waiting() == CONNECTIONS).then_some(()));
    (room, daemon)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_program_holds_the_lock_the_old_configuration_stays() {
    let room = Troubled::new("reload of a locked database", SQLITE).await;
    let daemon = room.press.serve();
    room.send_a_quarter();
    let mut other = room.lock().await;
    call(&room, "Préfecture");
    is_refused(&daemon, "another program holds it locked");
    other.execute("ROLLBACK").await.unwrap();
    is_taken_over_once_all_is_well(&room, daemon);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_down_the_old_configuration_stays() {
    let Some(mut postgres) = Postgres::start() else { return };
    let room = Troubled::new("reload without a server", &url(&postgres, "reload")).await;
    let daemon = room.press.serve();
    room.send_a_quarter();
    postgres.stop();
    call(&room, "Préfecture");
    is_refused(&daemon, "the database does not answer");
    postgres.start_again();
    is_taken_over_once_all_is_well(&room, daemon);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_at_a_slow_relay_are_waited_for_and_leave_once() {
    let (room, daemon) = beside_a_slow_relay("reload beside a slow relay", SQLITE).await;
    let asked = Instant::now();
    gives_way(&room, &daemon);
    // Longer than an end would wait for them.
    sleep((DRAIN + Duration::from_secs(6)).saturating_sub(asked.elapsed()));
    assert_eq!(said(&daemon, "the configuration was taken over"), 0);
    assert!(is_called(&daemon, "Espace presse"), "readers are answered meanwhile");
    assert_eq!(room.relay.waiting(), CONNECTIONS, "nothing more leaves, and nothing is given up");
    room.relay.go_on(0);
    is_taken_over(&daemon);
    room.ends_well(&daemon);
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_cut_off_in_the_middle_of_a_reload_is_waited_for() {
    let Some(postgres) = Postgres::start() else { return };
    drop(url(&postgres, "middle"));
    let proxy = Proxy::to(postgres.socket()).await;
    let address = format!("postgres://postgres@{}/middle", proxy.address);
    let (room, daemon) = beside_a_slow_relay("cut off in the middle of a reload", &address).await;
    gives_way(&room, &daemon);
    proxy.make(Way::Refusing);
    room.relay.go_on(0);
    // What the relay says of them cannot be recorded now, and is not forgotten.
    let failures = || metric(&daemon, "depeche_database_errors_total{kind=\"silent\"}");
    until("several failures", || (failures() > 3.0).then_some(()));
    assert_eq!(said(&daemon, "the configuration was taken over"), 0);
    proxy.make(Way::Open);
    until("a reload", || (said(&daemon, "the configuration was taken over") == 1).then_some(()));
    room.ends_well(&daemon);
    assert!(is_called(&daemon, "Préfecture"));
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_vanishes_in_the_middle_of_a_reload_is_tried_again_and_again() {
    let (room, daemon) = beside_a_slow_relay("vanished in the middle of a reload", SQLITE).await;
    gives_way(&room, &daemon);
    // What is open can be written, and nothing can be opened.
    let (folder, away) = (room.press.path("var"), room.press.path("away"));
    fs::rename(&folder, &away).unwrap();
    fs::write(&folder, "no folder").unwrap();
    room.relay.go_on(0);
    let words = "neither the new configuration nor the old one can go on, the old one is tried again";
    until("the double fault", || (said(&daemon, words) == 1).then_some(()));
    fs::remove_file(&folder).unwrap();
    fs::rename(&away, &folder).unwrap();
    until("the old configuration", || {
        (said(&daemon, "the configuration was refused, the old one stays") == 1).then_some(())
    });
    assert_eq!(said(&daemon, words), 1);
    assert!(is_called(&daemon, "Espace presse"));
    room.ends_well(&daemon);
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_end_in_the_middle_of_a_reload_it_ends() {
    let (room, daemon) = beside_a_slow_relay("end in the middle of a reload", SQLITE).await;
    gives_way(&room, &daemon);
    daemon.signal("TERM");
    room.relay.go_on(0);
    let (status, took) = daemon.stop();
    assert!(status.success() && took < DRAIN, "{status}, {took:?}");
    assert_eq!(room.relay.accepted_count(), ANSWERED + CONNECTIONS);
    let daemon = room.press.serve();
    room.ends_well(&daemon);
    daemon.stop();
}
