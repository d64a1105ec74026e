//! What relays and domains do with letters.

use std::time::{Duration, Instant};

use depeche::domain::Phase;

use crate::NEWSLETTER;
use crate::admin::admin_address;
use crate::press_room::PressRoom;
use crate::prometheus::Prometheus;
use crate::readers::{readers, subscribe_addresses};
use crate::smtp_server::{Act, Script, SmtpServer};

pub(crate) const FIRED: [&str; 5] = [
    "DepecheLettersRefused",
    "DepecheDomainRefuses",
    "DepecheTakenForSpam",
    "DepecheLettersUnknown",
    "DepecheRelaySlow",
];

/// How many readers a domain has that refuses them all: a hundred make it a large one, which is counted by itself.
const REFUSED: usize = 130;
/// How many have others, which take their letters.
const TAKEN: usize = 150;
/// How long the slow relay takes for a recipient.
const SLOW: Duration = Duration::from_secs(6);

/// A room that sends through this relay.
fn room(relay: &SmtpServer) -> PressRoom {
    PressRoom::new(&format!(
        "{NEWSLETTER}on_lost_reply = \"hold\"\n[[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nconnections = 2\n",
        relay.address().port()
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_that_are_refused_lost_or_slow_are_told() {
    let mut script = Script::default().at(Phase::Dot, "indesirable", Act::Say("554 5.7.1 refused as spam")).at(
        Phase::Dot,
        "perdue",
        Act::Drop,
    );
    for reader in readers(REFUSED) {
        script = script.at(Phase::Recipient, &format!("{reader}-refusee"), Act::Say("550 5.1.1 no such user"));
    }
    let relay = SmtpServer::start(script).await;
    let mut script = Script::default();
    for reader in readers(6) {
        script = script.at(Phase::Recipient, &reader, Act::Late(SLOW));
    }
    let slow_relay = SmtpServer::start(script).await;
    let (busy, slow) = (room(&relay), room(&slow_relay));
    let refused = readers(REFUSED).map(|reader| format!("{reader}-refusee@refus.example"));
    let taken = readers(TAKEN).map(|reader| format!("{reader}@journal.example"));
    let others = ["indesirable@journal.example", "perdue@journal.example"].map(str::to_owned);
    subscribe_addresses(&busy, refused.chain(taken).chain(others)).await;
    subscribe_addresses(&slow, readers(6).map(|reader| format!("{reader}@journal.example"))).await;

    let (busy_daemon, slow_daemon) = (busy.serve(), slow.serve());
    let daemons =
        [("depeche", "salle", admin_address(&busy_daemon)), ("depeche-lente", "salle", admin_address(&slow_daemon))];
    let Some(prometheus) = Prometheus::start(&daemons) else { return };
    prometheus.is_quiet_but_for(2, &[]);
    let begun = Instant::now();
    busy.say(&["new", "--now", "Un pont neuf"]);
    slow.say(&["new", "--now", "Un quai neuf"]);
    prometheus.fires(begun, &FIRED);
}
