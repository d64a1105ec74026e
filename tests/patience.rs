//! A domain of recipients that asks for patience is left alone: one letter tries it at a time, and the others lose no try.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use depeche::clock::SystemClock;
use depeche::config::{RelayKind, RelaySettings, RelayTls, SmtpSettings};
use depeche::domain::Phase;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_asks_for_patience_is_tried_by_one_letter_at_a_time() {
    let patience = || Act::Say("451 4.7.1 greylisted, come back");
    let script =
        BUSY.into_iter().fold(Script::default(), |script, local| script.at(Phase::Recipient, local, patience()));
    let server = SmtpServer::start(script).await;
    let mut room = TestNewsroom::in_folder(tempfile::tempdir().unwrap(), None, false);
    room.start("2026-11-23T09:30:00Z").await;
    let mut busy = Vec::new();
    for local in BUSY {
        busy.push(room.subscriber(&format!("{local}@occupe.example"), "all").await);
    }
    for local in ["denis", "edith"] {
        room.subscriber(&format!("{local}@journal.example"), "all").await;
    }
    room.save("2026-11-23-quai.md", &release("Le quai ferme", "2026-11-23 10:00:00"));
    room.pass_without_sending("1s").await;
    room.pass_without_sending("10m").await;

    let (host, port, tls) = ("127.0.0.1".to_owned(), server.address().port(), RelayTls::OnThisMachine);
    let kind = RelayKind::Smtp(SmtpSettings { host, port, tls, ca_file: None, login: None });
    let from = &room.newsroom().config.newsletter.from.address;
    let settings = RelaySettings { kind, rate: None, connections: 1 };
    let relay = Relay::open(&settings, from, Arc::new(SystemClock)).unwrap();
    let dispatcher = Arc::new(Dispatcher::new(room.newsroom().clone(), vec![relay], 1, "story".to_owned()));
    let tried = || server.commands().iter().filter(|line| line.contains("@occupe.example")).count();
    let reached = |domain: &str| server.accepted().iter().filter(|letter| letter.to.contains(domain)).count();

    dispatcher.send_due().await.unwrap();
    assert_eq!((tried(), reached("@journal.example")), (1, 2), "{:?}", server.commands());
    // A minute, then two: the next one tries as soon as the rest has ended.
    for (passed, in_all) in [("59s", 1), ("1s", 2), ("1m", 2), ("1m", 3)] {
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
