//! A room with readers and a relay, on a database that gets into trouble in the middle of an edition.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::admin::{admin, ready};
use crate::press_room::{Daemon, PressRoom, text, until};
use crate::readers::{readers, subscribe};
use crate::smtp_server::{Script, SmtpServer};

/// How many readers there are.
pub(crate) const READERS: usize = 240;
/// How many letters leave in a second at most: so many readers take a while.
const RATE: u32 = 60;
/// How many connections to the relay there are.
pub(crate) const CONNECTIONS: usize = 4;

/// The room, its relay and its daemon.
pub(crate) struct Troubled {
    pub(crate) press: PressRoom,
    pub(crate) relay: SmtpServer,
    what: &'static str,
}

impl Troubled {
    /// A room on the database at `url`, with its readers; nothing runs yet. `what` is what the figures are called.
    pub(crate) async fn new(what: &'static str, url: &str) -> Self {
        Self::with_relay(what, url, Script::default()).await
    }

    /// The same, with a relay that does as the script says.
    pub(crate) async fn with_relay(what: &'static str, url: &str, script: Script) -> Self {
        let relay = SmtpServer::start(script).await;
        let press = PressRoom::new(&format!(
            "[database]\nurl = \"{url}\"\n\
             [newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\ngrace = \"0s\"\n\
             [office]\ncopies = [\"bureau@ministere.example\"]\n\
             [[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nconnections = {CONNECTIONS}\nrate = {RATE}\n",
            relay.address().port()
        ));
        add_readers(&press).await;
        Self { press, relay, what }
    }

    /// Takes the lock of the SQLite file, as another program would; it is held until that is rolled back.
    pub(crate) async fn lock(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.press.path("var/depeche.sqlite"));
        let mut other = SqliteConnection::connect_with(&options).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        other
    }

    /// Publishes a release, and returns once a quarter of its letters has left.
    pub(crate) fn send_a_quarter(&self) {
        self.press.say(&["new", "--now", "Un bac pour l’autre rive"]);
        until("a quarter of the letters", || (self.relay.accepted_count() > READERS / 4).then_some(()));
    }

    /// While there is trouble: no letter leaves after those that were begun, however often that is tried, feeds are served at
    /// once, and `/ready` says `why`.
    pub(crate) fn stands_still(&self, daemon: &Daemon, kind: &str, why: &str) {
        let noticed = Instant::now();
        until(why, || ready(daemon).contains(why).then_some(()));
        let noticed = noticed.elapsed();
        let failures = || metric(daemon, &format!("depeche_database_errors_total{{kind=\"{kind}\"}}"));
        // Those that were in the relay's hands when it began have their answer by the time all connections have failed.
        let more = |count: f64| {
            let before = failures();
            until("further attempts", || (failures() >= before + count).then_some(()));
        };
        more(2.0);
        let before = self.relay.accepted_count();
        more(2.0);
        assert_eq!(self.relay.accepted_count(), before, "letters leave although their beginning cannot be recorded");
        assert!(before < READERS, "the trouble came too late to show anything");
        let asked = Instant::now();
        let (status, feed) = daemon.get("/feeds/all.json");
        assert_eq!(status, 200);
        assert!(text(&feed).contains("Un bac pour"), "{}", text(&feed));
        let answered = asked.elapsed();
        assert!(answered < Duration::from_secs(1), "{answered:?}");
        assert!(metric(daemon, "depeche_ready").abs() < f64::EPSILON);
        assert!(metric(daemon, "depeche_database_up").abs() < f64::EPSILON);
        println!(
            "{}: /ready says so after {} ms; a feed takes {} ms; {before} of {READERS} letters had left",
            self.what,
            noticed.as_millis(),
            answered.as_millis()
        );
    }

    /// When the trouble is over: everything leaves by itself, each letter once, and all of it is recorded.
    pub(crate) fn goes_on(&self, daemon: &Daemon) {
        let (over, before) = (Instant::now(), self.relay.accepted_count());
        until("the next letter", || (self.relay.accepted_count() > before).then_some(()));
        let waited = over.elapsed();
        self.ends_well(daemon);
        println!("{}: the next letter left {} ms after it was over", self.what, waited.as_millis());
        let log = daemon.log();
        let errors: Vec<&str> = log.lines().filter(|line| line.contains(r#""level":"ERROR""#)).collect();
        // A transaction that was cut off may hold a lock for a while afterwards: that is trouble of another kind.
        let kinds: BTreeSet<&str> =
            errors.iter().filter_map(|line| line.split(r#""kind":""#).nth(1)?.split('"').next()).collect();
        assert_eq!(errors.len(), kinds.len(), "the beginning of each kind is said once: {errors:#?}");
        assert_eq!(log.matches("the database is well again").count(), errors.len(), "so is its end");
        let of_the_pool: Vec<&str> = log.lines().filter(|line| line.contains("acquire")).collect();
        assert!(of_the_pool.is_empty(), "{of_the_pool:#?}");
    }

    /// Everything leaves, each letter once, and all of it is recorded.
    pub(crate) fn ends_well(&self, daemon: &Daemon) {
        let sent = || metric(daemon, "depeche_deliveries{state=\"sent\"}");
        let wanted = f64::from(u32::try_from(READERS).unwrap());
        until("every letter to be recorded", || (sent() >= wanted).then_some(()));
        until("a daemon that is ready", || ready(daemon).starts_with("ready").then_some(()));
        for state in ["queued", "leased", "in_flight", "unknown", "failed"] {
            // The office's summary is on its way, perhaps.
            until(state, || (metric(daemon, &format!("depeche_deliveries{{state=\"{state}\"}}")) < 0.5).then_some(()));
        }
        // The editor has gone on, too.
        until("the end of the edition", || (metric(daemon, "depeche_editions{state=\"done\"}") > 0.5).then_some(()));
        let mut letters: BTreeMap<String, usize> = BTreeMap::new();
        for letter in self.relay.accepted().into_iter().filter(|letter| letter.to.ends_with("@journal.example")) {
            *letters.entry(letter.to).or_default() += 1;
        }
        let repeated: Vec<_> = letters.iter().filter(|(_, copies)| **copies > 1).collect();
        assert_eq!((letters.len(), repeated.len()), (READERS, 0), "lost or repeated: {repeated:?}");
        println!("{}: {READERS} letters, 0 lost, 0 repeated", self.what);
    }
}

/// Adds the readers of a room, who follow every topic.
pub(crate) async fn add_readers(press: &PressRoom) {
    subscribe(press, readers(READERS)).await;
}

/// The value of the metric of this name and labels; 0 when there is none yet.
pub(crate) fn metric(daemon: &Daemon, name: &str) -> f64 {
    let page = admin(daemon, "/metrics");
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map_or(0.0, |value| value.parse().unwrap())
}
