//! What follows from what a relay answers: whom it is patient with, whom it gives up, and what the office hears.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use depeche::clock::SystemClock;
use depeche::config::{RelayKind, RelaySettings, RelayTls, SmtpSettings};
use depeche::domain::{BounceKind, DeliveryState, Phase, SubscriberState, SuppressionReason};
use depeche::smtp::Relay;
use depeche::task::Dispatcher;

#[path = "support/draft.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod draft;
#[path = "support/http_client.rs"]
mod http_client;
#[path = "support/newsroom.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod newsroom;
#[path = "support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;

use draft::release;
use newsroom::TestNewsroom;
use smtp_server::{Act, Script, SmtpServer};

const BUSY: [&str; 3] = ["anne", "basile", "carole"];

/// A newsroom that was just begun.
async fn begin() -> TestNewsroom {
    let mut room = TestNewsroom::in_folder(tempfile::tempdir().unwrap(), None, false);
    room.start("2026-11-23T09:30:00Z").await;
    room
}

/// Publishes a release; its letters wait to be sent.
async fn announce(room: &mut TestNewsroom, name: &str, title: &str) {
    let date = room.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
    room.save(name, &release(title, &date));
    room.pass_without_sending("1s").await;
    room.pass_without_sending("10m").await;
}

/// Sends what is due to `server` over one connection.
fn dispatcher(room: &TestNewsroom, server: &SmtpServer) -> Arc<Dispatcher> {
    let (host, port, tls) = ("127.0.0.1".to_owned(), server.address().port(), RelayTls::OnThisMachine);
    let kind = RelayKind::Smtp(SmtpSettings { host, port, tls, ca_file: None, login: None });
    let from = &room.newsroom().config.newsletter.from.address;
    let settings = RelaySettings { kind, rate: None, connections: 1 };
    let relay = Relay::open(&settings, from, Arc::new(SystemClock)).unwrap();
    Arc::new(Dispatcher::new(room.newsroom().clone(), vec![relay], "story".to_owned()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_asks_for_patience_is_tried_by_one_letter_at_a_time() {
    let patience = || Act::Say("451 4.7.1 greylisted, come back");
    let script =
        BUSY.into_iter().fold(Script::default(), |script, local| script.at(Phase::Recipient, local, patience()));
    let server = SmtpServer::start(script).await;
    let mut room = begin().await;
    let mut busy = Vec::new();
    for local in BUSY {
        busy.push(room.subscriber(&format!("{local}@occupe.example"), "all").await);
    }
    for local in ["denis", "edith"] {
        room.subscriber(&format!("{local}@journal.example"), "all").await;
    }
    announce(&mut room, "2026-11-23-quai.md", "Le quai ferme").await;

    let dispatcher = dispatcher(&room, &server);
    let tried = || server.commands().iter().filter(|line| line.contains("@occupe.example")).count();
    let reached = |domain: &str| server.accepted().iter().filter(|letter| letter.to.contains(domain)).count();

    dispatcher.send_due().await.unwrap();
    assert_eq!((tried(), reached("@journal.example")), (1, 2), "{:?}", server.commands());
    // The next one tries as soon as the rest has ended. Each was a stranger: no rest is longer for it.
    for (passed, in_all) in [("59s", 1), ("1s", 2), ("59s", 2), ("1s", 3)] {
        room.pass_without_sending(passed).await;
        dispatcher.send_due().await.unwrap();
        assert_eq!(tried(), in_all, "{passed}");
    }
    let mut attempts = 0;
    for id in busy {
        let deliveries = room.newsroom().store.deliveries_of_subscriber(id, 10).await.unwrap();
        assert_eq!(deliveries.len(), 1);
        attempts += deliveries[0].attempt;
        assert_eq!(
            room.newsroom().store.attempts_of(deliveries[0].id).await.unwrap().len(),
            deliveries[0].attempt as usize
        );
    }
    assert_eq!(attempts, 3, "who waited for the domain lost no try");
}

/// Why `/ready` says that a relay refuses letters, if it does.
async fn refusing(room: &TestNewsroom) -> Option<String> {
    let reasons = room.newsroom().readiness().await.reasons;
    reasons.into_iter().find(|reason| reason.contains("not for their recipients"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_refuses_every_letter_is_said_until_it_takes_one() {
    let readers: Vec<String> = (1..=18).map(|number| format!("lecteur-{number}")).collect();
    let (office, _) = newsroom::OFFICE.split_once('@').unwrap();
    let everybody = readers.iter().map(String::as_str).chain([office]);
    let script = everybody
        .fold(Script::default(), |script, local| script.at(Phase::Dot, local, Act::Say("554 5.7.1 taken for spam")));
    let server = SmtpServer::start(script).await;
    let mut room = begin().await;
    for local in &readers {
        room.subscriber(&format!("{local}@journal.example"), "all").await;
    }
    let dispatcher = dispatcher(&room, &server);
    announce(&mut room, "2026-11-23-quai.md", "Le quai ferme").await;
    // The office's copy, the letters to readers, and the notice that these were refused.
    assert_eq!(refusing(&room).await, None);
    dispatcher.send_due().await.unwrap();
    assert_eq!(server.accepted_count(), 0);
    let said = refusing(&room).await.unwrap();
    assert!(said.contains("the last 20 letters") && said.contains("(554 5.7.1)"), "{said}");

    room.subscriber("denis@journal.example", "all").await;
    announce(&mut room, "2026-11-23-pont.md", "Le pont rouvre").await;
    dispatcher.send_due().await.unwrap();
    assert_eq!((server.accepted_count(), refusing(&room).await), (1, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_unknown_to_the_relay_gets_no_other_letter() {
    let script = Script::default()
        .at(Phase::Recipient, "inconnue", Act::Say("550 5.1.1 no such user"))
        .at(Phase::Recipient, "plein", Act::Say("552 5.2.2 mailbox full"))
        .at(Phase::Recipient, "interdit", Act::Say("554 5.7.1 relay access denied"));
    let server = SmtpServer::start(script).await;
    let mut room = begin().await;
    let addresses = ["inconnue", "plein", "interdit", "denis"].map(|local| format!("{local}@journal.example"));
    for address in &addresses {
        room.subscriber(address, "all").await;
    }
    let dispatcher = dispatcher(&room, &server);
    announce(&mut room, "2026-11-23-quai.md", "Le quai ferme").await;
    dispatcher.send_due().await.unwrap();

    let store = &room.newsroom().store;
    let mut known = Vec::new();
    for address in &addresses {
        let address = address.parse().unwrap();
        let reader = store.find(&address).await.unwrap().unwrap();
        let delivery = store.deliveries_of_subscriber(reader.id, 1).await.unwrap().remove(0);
        let kinds: Vec<_> = store.bounces_of(delivery.id).await.unwrap().iter().map(|bounce| bounce.kind).collect();
        let is_active = matches!(reader.state, SubscriberState::Active { .. });
        let has_failed = matches!(delivery.state, DeliveryState::Failed { .. });
        known.push((has_failed, kinds, is_active, store.is_suppressed(&address).await.unwrap()));
    }
    let refused = |kind, is_active, suppressed| (true, vec![kind], is_active, suppressed);
    let bounced = Some(SuppressionReason::Bounced);
    assert_eq!(known[0], refused(BounceKind::Hard, false, bounced));
    assert_eq!(known[1], refused(BounceKind::Soft, true, None));
    assert_eq!(known[2], refused(BounceKind::Fault, true, None));
    assert_eq!(known[3], (false, vec![], true, None));

    // The office hears that its relay is set up wrongly, and is not asked to look at who is unknown.
    dispatcher.send_due().await.unwrap();
    let office = server.accepted().into_iter().filter(|letter| letter.to == newsroom::OFFICE);
    let told: Vec<_> =
        office.filter(|letter| String::from_utf8_lossy(&letter.data).contains("relay access denied")).collect();
    assert_eq!(told.len(), 1);

    announce(&mut room, "2026-11-23-pont.md", "Le pont rouvre").await;
    dispatcher.send_due().await.unwrap();
    let asked = |local: &str| server.commands().iter().filter(|line| line.contains(local)).count();
    assert_eq!((asked("inconnue@"), asked("plein@"), asked("interdit@"), asked("denis@")), (1, 2, 2, 2));
}
