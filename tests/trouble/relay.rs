//! A relay that nobody listens at, and a folder on a full disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use chrono::TimeDelta;
use depeche::app::{open_newsroom, read_config};
use depeche::clock::FixedClock;
use depeche::mail::read_letter;
use depeche::smtp::Relay;
use depeche::task::{BrokenFile, Dispatcher, Readiness};
use tokio::sync::watch;

use crate::admin::ready;
use crate::press_room::{PressRoom, until};
use crate::room::{READERS, add_readers, metric};
use crate::small_disk::{fill, serve_on_small_disk};
use crate::smtp_server::{Script, SmtpServer};

/// Letters that met a relay in trouble wait more than a minute.
const PATIENCE: Duration = Duration::from_mins(3);

/// Asks again and again until the answer is yes.
async fn by_and_by<F: Future<Output = bool>>(what: &str, ask: impl Fn() -> F) {
    let asking = async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asking).await.is_ok(), "waited in vain for {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_down_is_said_and_told_from_its_beginning_to_its_end() {
    // A port that nobody listens on until the relay does.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let press = PressRoom::new(&format!(
        "[newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\n\
         [[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nconnections = 1\n",
        address.port()
    ));
    let clock = Arc::new(FixedClock::at("2026-11-23T09:00:00Z".parse().unwrap()));
    let file = press.path("config.toml");
    let (config, _) = read_config(Utf8Path::from_path(&file).unwrap()).unwrap();
    let newsroom = open_newsroom(config, clock.clone()).await.unwrap();
    let from = &newsroom.config.newsletter.from.address;
    let relay = Relay::open(&newsroom.config.relays[0], from, clock.clone()).unwrap();
    let name = relay.name();
    let dispatcher = Arc::new(Dispatcher::new(newsroom.clone(), vec![relay], "test".to_owned()));
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(dispatcher.run(stopped, Duration::from_secs(1)));

    let broken = BrokenFile {
        path: "2026-11-23-pont.md".to_owned(),
        digest: "d".to_owned(),
        still_shown: true,
        problems: vec!["1:1: …".to_owned()],
    };
    newsroom.tell_broken(&newsroom.current(), &broken, newsroom.now()).await.unwrap();
    let says_still = |readiness: &Readiness| readiness.reasons.iter().any(|reason| reason.contains("stands still"));
    by_and_by("a failure", || async { newsroom.standing.notes().relays.contains_key(&name) }).await;
    assert!(!says_still(&newsroom.readiness().await), "a moment is no trouble");
    clock.advance(TimeDelta::minutes(6));
    let readiness = newsroom.readiness().await;
    assert!(says_still(&readiness), "{readiness:?}");
    assert!(readiness.reasons.iter().any(|reason| reason.contains(&format!("{name} takes no letters since"))));
    assert!((readiness.figures.oldest_due - 360.0).abs() < 1.0, "{readiness:?}");
    // At its next try, the office is told; that letter waits like the others.
    by_and_by("a notice", || async { newsroom.readiness().await.figures.deliveries["queued"] >= 2 }).await;
    assert_eq!(newsroom.readiness().await.figures.deliveries["failed"], 0, "it is the relay's fault");

    clock.advance(TimeDelta::minutes(4));
    let server = SmtpServer::start_at(address, Script::default()).await;
    by_and_by("three letters", || async { server.accepted_count() >= 3 }).await;
    by_and_by("a relay that works", || async { !says_still(&newsroom.readiness().await) }).await;
    let letters = server.accepted().into_iter().map(|letter| read_letter(&letter.data).unwrap());
    let letters: Vec<(String, String)> =
        letters.map(|letter| (letter.subject, letter.text.replace(['\u{a0}', '\u{202f}'], " "))).collect();
    let about = |start: &str| letters.iter().find(|(subject, _)| subject.starts_with(start));
    let (Some(stopped), Some(again)) = (about("Courrier arrêté"), about("Le courrier repart")) else {
        panic!("{letters:?}")
    };
    assert!(stopped.1.contains("à 10 h"), "{}", stopped.1);
    assert!(again.1.contains("à 10 h") && again.1.contains("10 h 10"), "{}", again.1);
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(server.accepted_count(), 3);
    newsroom.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_into_a_folder_wait_for_room_on_its_disk() {
    const DISK: &str = "courrier";
    let press = PressRoom::new(&format!(
        "[newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\ngrace = \"0s\"\n\
         [office]\ncopies = [\"bureau@ministere.example\"]\n\
         [[relay]]\nkind = \"directory\"\nfolder = \"{DISK}/lettres\"\nrate = 60\n"
    ));
    add_readers(&press).await;
    fs::create_dir(press.path(DISK)).unwrap();
    let Some(daemon) = serve_on_small_disk(&press, DISK) else { return };
    press.say(&["new", "--now", "Un bac pour l’autre rive"]);
    let sent = || metric(&daemon, "depeche_deliveries{state=\"sent\"}");
    until("the first letters", || (sent() > 20.0).then_some(()));
    let disk = PathBuf::from(format!("/proc/{}/root{}", daemon.pid(), press.path(DISK).display()));
    fill(&disk.join("ballast"));
    until("a word about the relay", || daemon.log().contains("takes no letters").then_some(()));
    until("a relay that rests", || {
        let resting = format!("depeche_relay_resting{{relay=\"directory {}/lettres\"}}", press.path(DISK).display());
        (metric(&daemon, &resting) > 0.5).then_some(())
    });
    assert_eq!(daemon.get("/feeds/all.json").0, 200);
    let failed = || {
        metric(&daemon, "depeche_deliveries{state=\"failed\"}")
            + metric(&daemon, "depeche_deliveries{state=\"unknown\"}")
    };
    assert!(failed() < 0.5, "no recipient is to blame");
    fs::remove_file(disk.join("ballast")).unwrap();
    let wanted = f64::from(u32::try_from(READERS).unwrap());
    let left = || {
        let waiting = ["queued", "leased", "in_flight"].map(|state| format!("depeche_deliveries{{state=\"{state}\"}}"));
        waiting.iter().map(|name| metric(&daemon, name)).sum::<f64>()
    };
    by_and_by("every letter", || async { sent() >= wanted && left() < 0.5 }).await;
    until("a daemon that is ready", || ready(&daemon).starts_with("ready").then_some(()));
    assert!(failed() < 0.5);
    let mut readers = BTreeSet::new();
    for entry in fs::read_dir(disk.join("lettres")).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.extension().is_some_and(|ending| ending == "eml"), "{} was left behind", path.display());
        let letter = read_letter(&fs::read(&path).unwrap()).unwrap();
        let to = letter.headers.iter().find(|(name, _)| name == "To").map(|(_, to)| to.clone()).unwrap();
        assert!(!to.contains("lecteur-") || readers.insert(to.clone()), "{to} has two letters");
    }
    assert_eq!(readers.len(), READERS);
    daemon.stop();
}
