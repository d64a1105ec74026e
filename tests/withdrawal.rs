//! A release that is withdrawn, or corrected, in the middle of 2,000 letters over SMTP: some were taken, some are in
//! flight, the replies to some were lost. Nobody gets the letter after the notice, nobody the old text after the new one,
//! and whoever had the old one is told, in its thread.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use depeche::clock::SystemClock;
use depeche::config::{DatabaseUrl, RelayKind, RelaySettings, RelayTls, SmtpSettings};
use depeche::domain::{DeliveryState, Edition, EditionKind, EndReason, SubscriberId};
use depeche::mail::read_letter;
use depeche::smtp::Relay;
use depeche::task::Dispatcher;
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[path = "support/draft.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod draft;
#[path = "support/http_client.rs"]
mod http_client;
#[path = "support/newsroom.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod newsroom;
#[path = "support/postgres.rs"]
#[expect(dead_code, clippy::print_stderr, reason = "other tests use the rest; a skipped test says so")]
mod postgres;
#[path = "support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;

use draft::{Draft, release};
use newsroom::TestNewsroom;
use postgres::Postgres;
use smtp_server::{Accepted, Script, SmtpServer};

/// How many follow everything.
const READERS: usize = 2000;
/// How many letters the relay takes before it falls silent.
const TAKEN: usize = 700;
/// How many letters are in flight then: one for each connection.
const CONNECTIONS: usize = 4;
/// Which of the letters the relay takes and then hangs up without a word.
const LOST: [usize; 4] = [100, 250, 400, 555];
/// Of the letters in flight when the relay falls silent, how many are never answered for.
const LOST_IN_THE_MIDDLE: usize = 1;
/// How many readers leave in the middle who had the letter, and as many who had not.
const LEAVING: usize = 3;
/// How long anything may take before the test gives up.
const DEADLINE: Duration = Duration::from_mins(2);

const FILE: &str = "2026-11-23-quai.md";
const TITLE: &str = "Le quai ferme lundi";
/// A word that the first text alone has, and one that the corrected text alone has.
const OLD: &str = "soixante-trois";
const NEW: &str = "quarante-deux";

fn quay(days: &str) -> Draft {
    release(TITLE, "2026-11-23 10:00:00").chapeau(&format!("Il ferme pendant {days} jours."))
}

fn address(number: usize) -> String {
    format!("lecteur-{number:04}@journal.example")
}

/// A newsroom in the middle of its letters: the relay has fallen silent with one in flight on each connection.
struct Middle {
    room: TestNewsroom,
    server: SmtpServer,
    readers: BTreeMap<String, SubscriberId>,
    /// Those who leave in the middle.
    left: BTreeSet<String>,
    stop: watch::Sender<bool>,
    dispatcher: JoinHandle<()>,
    begun: Instant,
}

/// Lets letters leave on all connections until told to stop.
fn dispatch(room: &TestNewsroom, server: &SmtpServer) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (host, port, tls) = ("127.0.0.1".to_owned(), server.address().port(), RelayTls::OnThisMachine);
    let kind = RelayKind::Smtp(SmtpSettings { host, port, tls, ca_file: None, login: None });
    let settings = RelaySettings { kind, rate: None, connections: CONNECTIONS };
    let from = &room.newsroom().config.newsletter.from.address;
    let relay = Relay::open(&settings, from, Arc::new(SystemClock)).unwrap();
    // A relay rests after it hung up; with as many as hang-ups nobody waits for that.
    let relays = vec![relay; LOST.len() + LOST_IN_THE_MIDDLE + 1];
    let dispatcher = Dispatcher::new(room.newsroom().clone(), relays, "story".to_owned());
    let (stop, stopped) = watch::channel(false);
    (stop, tokio::spawn(Arc::new(dispatcher).run(stopped, Duration::from_secs(10))))
}

impl Middle {
    async fn of_letters(database: Option<DatabaseUrl>) -> Self {
        let begun = Instant::now();
        let script = Script::default().never_answering_for(&LOST).stopping_after(TAKEN);
        let server = SmtpServer::start(script).await;
        let mut room = TestNewsroom::new(database);
        room.save("2026-11-01-ancien.md", &release("Un communiqué plus ancien", "2026-11-01 10:00:00"));
        room.start("2026-11-23T09:30:00Z").await;
        let mut readers = BTreeMap::new();
        for number in 1..=READERS {
            readers.insert(address(number), room.subscriber(&address(number), "all").await);
        }
        room.save(FILE, &quay(OLD));
        room.look().await;
        room.pass_without_sending("10m").await;
        assert_eq!(room.state(TITLE).await, "sending");
        let (stop, dispatcher) = dispatch(&room, &server);
        let middle = Self { room, server, readers, left: BTreeSet::new(), stop, dispatcher, begun };
        middle.until("a silent relay", async || middle.server.waiting() == CONNECTIONS).await;
        let tally = middle.announcement().await.tally;
        assert_eq!((tally.in_flight, tally.unknown), (CONNECTIONS as u64, LOST.len() as u64), "{tally:?}");
        middle
    }

    /// Asks until it is so, while the announcement's tally adds up at each look.
    async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let start = Instant::now();
        while !is_so().await {
            self.announcement().await;
            assert!(start.elapsed() < DEADLINE, "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The first edition, whose tally adds up.
    async fn announcement(&self) -> Edition {
        let announcement = self.edition_of(EditionKind::Announcement).await.unwrap();
        assert_eq!(announcement.tally.total(), READERS as u64, "{:?}", announcement.tally);
        announcement
    }

    async fn edition_of(&self, kind: EditionKind) -> Option<Edition> {
        let mut editions = self.room.editions().await;
        editions.retain(|edition| edition.kind == kind);
        assert!(editions.len() <= 1, "{editions:?}");
        editions.pop()
    }

    /// Moves the clock on, sweeps as the daemon does, and looks.
    async fn pass(&mut self, duration: &str) {
        self.room.pass_without_sending(duration).await;
        let newsroom = self.room.newsroom().clone();
        let settings = &newsroom.config.newsletter;
        newsroom.store.sweep(newsroom.now(), settings.on_lost_reply, settings.resend_after).await.unwrap();
        newsroom.letters_queued.notify_waiters();
        self.announcement().await;
    }

    /// Ends everything as a kill does, at once, and opens the newsroom again while the dispatcher is not.
    async fn kill(&mut self) {
        self.dispatcher.abort();
        assert!((&mut self.dispatcher).await.unwrap_err().is_cancelled());
        self.server.go_on(CONNECTIONS);
        self.room.restart().await;
        (self.stop, self.dispatcher) = dispatch(&self.room, &self.server);
    }

    /// Saves the file, and lets `grace` pass while letters with the old text are in flight: what follows them waits. Some
    /// readers leave meanwhile. Then the relay answers, and everything runs to its end.
    async fn follow_up(&mut self, text: &Draft, kind: EditionKind) {
        self.room.save(FILE, text);
        self.pass("1s").await;
        self.let_some_leave().await;
        for _ in 0..4 {
            self.pass("3m").await;
            let follow_up = self.edition_of(kind).await.unwrap();
            assert!(follow_up.state.is_before_opening(), "{follow_up:?}");
            assert_eq!(self.announcement().await.tally.in_flight, CONNECTIONS as u64);
        }
        self.server.go_on(LOST_IN_THE_MIDDLE);
        self.until("an answer to each letter in flight", async || {
            let deliveries = self.announcement().await.id;
            let deliveries = self.room.newsroom().store.deliveries_of_edition(deliveries, None, 1000).await.unwrap();
            !deliveries.iter().any(|delivery| {
                matches!(
                    delivery.state,
                    DeliveryState::InFlight { .. } | DeliveryState::Leased { .. } | DeliveryState::Queued { .. }
                )
            })
        })
        .await;
        self.run_to_the_end(kind).await;
    }

    /// Lets pass twice as long as a letter waits whose reply was lost, and more.
    async fn run_to_the_end(&mut self, kind: EditionKind) {
        for _ in 0..12 {
            self.pass("3m").await;
            self.until("quiet", async || {
                let editions = self.room.editions().await;
                editions.iter().all(|edition| edition.tally.open() == edition.tally.unknown)
            })
            .await;
        }
        let follow_up = self.edition_of(kind).await.unwrap();
        assert_eq!((follow_up.state.as_str(), follow_up.tally.sent), ("done", follow_up.tally.total()));
    }

    async fn let_some_leave(&mut self) {
        let had: Vec<String> = self.server.accepted().into_iter().map(|letter| letter.to).collect();
        let not_lost = had
            .iter()
            .enumerate()
            .filter(|(number, to)| !LOST.contains(&(number + 1)) && self.readers.contains_key(*to));
        self.left.extend(not_lost.map(|(_, to)| to.clone()).step_by(200).take(LEAVING));
        let others: Vec<String> = self.readers.keys().filter(|to| !had.contains(to)).cloned().collect();
        self.left.extend(others.into_iter().step_by(300).take(LEAVING));
        for to in &self.left {
            self.room.end(self.readers[to], EndReason::Unsubscribed).await;
        }
    }

    /// Stops; the letters that each reader got, in order.
    async fn end(self) -> End {
        self.stop.send_replace(true);
        self.dispatcher.await.unwrap();
        let mut letters: BTreeMap<String, Vec<Got>> = BTreeMap::new();
        let accepted = self.server.accepted();
        for letter in accepted.iter().filter(|letter| self.readers.contains_key(&letter.to)) {
            letters.entry(letter.to.clone()).or_default().push(Got::new(letter));
        }
        let lost = LOST.map(|number| accepted[number - 1].to.clone());
        End { letters, lost, left: self.left, took: self.begun.elapsed() }
    }
}

/// How it ended.
struct End {
    /// What each reader got, in order.
    letters: BTreeMap<String, Vec<Got>>,
    /// Those the relay took a letter for without a word.
    lost: [String; LOST.len()],
    left: BTreeSet<String>,
    took: Duration,
}

/// A letter that a reader got.
#[derive(Debug)]
struct Got {
    what: What,
    message_id: String,
    in_reply_to: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The announcement with its first text.
    Old,
    /// The announcement with the corrected text.
    Corrected,
    Correction,
    Withdrawal,
}

impl Got {
    #[track_caller]
    fn new(letter: &Accepted) -> Self {
        let shown = read_letter(&letter.data).unwrap();
        let header = |name: &str| {
            let found = shown.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
            found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let holds = |word: &str| shown.text.contains(word) && shown.html.contains(word);
        let what = match (shown.subject.split([' ', '\u{a0}', '\u{202f}']).next().unwrap(), holds(OLD), holds(NEW)) {
            ("Retrait", _, _) => What::Withdrawal,
            ("Correctif", false, true) => What::Correction,
            _ if shown.subject == TITLE && holds(OLD) => What::Old,
            _ if shown.subject == TITLE && holds(NEW) => What::Corrected,
            _ => panic!("{}: {}", shown.subject, shown.text),
        };
        Self { what, message_id: header("Message-ID"), in_reply_to: header("In-Reply-To") }
    }
}

fn kinds(letters: &[Got]) -> Vec<What> {
    letters.iter().map(|letter| letter.what).collect()
}

/// Each follow-up answers the letter that this very reader had.
#[track_caller]
fn check_threads(letters: &BTreeMap<String, Vec<Got>>) {
    let ids: BTreeSet<&str> = letters.values().flatten().map(|letter| letter.message_id.as_str()).collect();
    assert_eq!(ids.len(), letters.values().map(Vec::len).sum::<usize>(), "each letter has an id of its own");
    for (to, letters) in letters {
        match letters.as_slice() {
            [first] => assert_eq!(first.in_reply_to, "", "{to}"),
            [first, second] => assert_eq!((&*first.in_reply_to, &second.in_reply_to), ("", &first.message_id), "{to}"),
            more => panic!("{to}: {more:?}"),
        }
    }
}

fn withdrawn() -> Draft {
    quay(OLD).with("withdrawn: \"Le quai reste ouvert.\"")
}

fn engine(middle: &Middle) -> &'static str {
    if middle.room.newsroom().store.is_shared() { "PostgreSQL" } else { "SQLite" }
}

async fn withdraw_in_the_middle(database: Option<DatabaseUrl>) {
    let mut middle = Middle::of_letters(database).await;
    middle.follow_up(&withdrawn(), EditionKind::Withdrawal).await;
    check_withdrawn(middle, "withdrawn in the middle").await;
}

/// The same, when everything is killed at that moment: whether what was in flight arrived is unknown then.
async fn withdraw_at_a_kill(database: Option<DatabaseUrl>) {
    let mut middle = Middle::of_letters(database).await;
    middle.room.save(FILE, &withdrawn());
    middle.kill().await;
    assert_eq!(middle.announcement().await.tally.unknown, (LOST.len() + CONNECTIONS) as u64);
    middle.let_some_leave().await;
    middle.run_to_the_end(EditionKind::Withdrawal).await;
    check_withdrawn(middle, "withdrawn at a kill").await;
}

async fn check_withdrawn(middle: Middle, how: &str) {
    let engine = engine(&middle);
    assert_eq!(middle.announcement().await.state.as_str(), "cancelled");
    let End { letters, lost, left, took } = middle.end().await;
    for (to, letters) in &letters {
        let expected: &[What] = if left.contains(to) { &[What::Old] } else { &[What::Old, What::Withdrawal] };
        assert_eq!(kinds(letters), expected, "{to}");
    }
    check_threads(&letters);
    let had = letters.len();
    let told = letters.values().filter(|letters| letters.len() == 2).count();
    let had_and_left = left.iter().filter(|address| letters.contains_key(*address)).count();
    println!(
        "{engine}, {how}: of {READERS}, {had} had the letter, {told} got the notice, {had_and_left} had left, {} got \
         neither; {:.1} s",
        READERS - had,
        took.as_secs_f64(),
    );
    assert_eq!((told + had_and_left, had_and_left), (had, LEAVING));
    assert!(had > TAKEN - 10 && had <= TAKEN + CONNECTIONS, "{had}");
    assert!(lost.iter().all(|to| letters[to].len() == 2));
}

async fn correct_in_the_middle(database: Option<DatabaseUrl>) {
    let mut middle = Middle::of_letters(database).await;
    let engine = engine(&middle);
    let correction = quay(NEW).with("correction: \"La durée des travaux était fausse.\"");
    middle.follow_up(&correction, EditionKind::Correction).await;
    assert_eq!(middle.announcement().await.state.as_str(), "done");
    let End { letters, lost, left, took } = middle.end().await;
    let mut counts = BTreeMap::new();
    for number in 1..=READERS {
        let to = address(number);
        let got = letters.get(&to).map(|letters| kinds(letters)).unwrap_or_default();
        let (word, is_right) = match got.as_slice() {
            [What::Old, What::Correction] => ("old and correction", !left.contains(&to)),
            [What::Corrected] => ("corrected", !left.contains(&to)),
            [What::Old] => ("old, and left", left.contains(&to)),
            [] => ("nothing, and left", left.contains(&to)),
            _ => ("", false),
        };
        assert!(is_right, "{to}: {got:?}");
        *counts.entry(word).or_insert(0) += 1;
    }
    check_threads(&letters);
    println!("{engine}, corrected in the middle: of {READERS}, {counts:?}; {:.1} s", took.as_secs_f64());
    assert_eq!((counts["old, and left"], counts["nothing, and left"]), (LEAVING, LEAVING));
    assert!(lost.iter().all(|to| kinds(&letters[to]) == [What::Old, What::Correction]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn withdrawn_in_the_middle_nobody_gets_the_letter_after_the_notice() {
    Box::pin(withdraw_in_the_middle(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn withdrawn_at_a_kill_nobody_gets_the_letter_after_the_notice() {
    Box::pin(withdraw_at_a_kill(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrected_in_the_middle_nobody_gets_the_old_text_after_the_new() {
    Box::pin(correct_in_the_middle(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_holds_on_postgresql() {
    let Some(postgres) = Postgres::start() else { return };
    Box::pin(withdraw_in_the_middle(Some(postgres.database("withdrawn")))).await;
    Box::pin(withdraw_at_a_kill(Some(postgres.database("killed")))).await;
    Box::pin(correct_in_the_middle(Some(postgres.database("corrected")))).await;
}
