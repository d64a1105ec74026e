//! A house of several rooms: instances with folders, names and relays of their own, on one database.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use depeche::app::{open_newsroom, read_config};
use depeche::clock::SystemClock;
use depeche::config::DatabaseUrl;
use depeche::store::EditionFilter;
use depeche::task::Newsroom;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::postgres::Postgres;
use crate::press_room::{Daemon, PressRoom};
use crate::readers::{by_reader, extra_copies, readers, subscribe};
use crate::smtp_server::{Accepted, Script, SmtpServer};

/// How many connections to its relay an instance has; on each is one letter in flight at most.
pub(crate) const CONNECTIONS: usize = 4;
/// What the release is called that everybody gets.
const TITLE: &str = "Un bac pour l’autre rive";
/// How long nothing may happen before a test gives up.
const PATIENCE: Duration = Duration::from_mins(2);

/// The rooms, each with its relay, and a look into their database.
pub(crate) struct House {
    pub(crate) rooms: Vec<PressRoom>,
    pub(crate) relays: Vec<SmtpServer>,
    newsroom: Arc<Newsroom>,
    readers: usize,
    begun: Instant,
    looks: usize,
}

impl House {
    /// A room for each of these databases' addresses, the first of which is looked into, and its relay's script. Nothing runs
    /// yet.
    pub(crate) async fn new(rooms: Vec<(String, Script)>, readers_wanted: usize) -> Self {
        let (mut made, mut relays) = (Vec::new(), Vec::new());
        for (url, script) in rooms {
            let relay = SmtpServer::start(script).await;
            made.push(PressRoom::new(&format!(
                "[database]\nurl = \"{url}\"\n\
                 [newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\ngrace = \"0s\"\n\
                 resend_after = \"1s\"\nhold_above = 1000\n[office]\ncopies = [\"bureau@ministere.example\"]\n\
                 [[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nconnections = {CONNECTIONS}\n",
                relay.address().port()
            )));
            relays.push(relay);
        }
        subscribe(&made[0], readers(readers_wanted)).await;
        for room in &made[1..] {
            fs::create_dir_all(room.path("var")).unwrap();
            fs::copy(made[0].path("var/secret.key"), room.path("var/secret.key")).unwrap();
        }
        let file = made[0].path("config.toml");
        let (config, _) = read_config(Utf8Path::from_path(&file).unwrap()).unwrap();
        let newsroom = open_newsroom(config, Arc::new(SystemClock)).await.unwrap();
        Self { rooms: made, relays, newsroom, readers: readers_wanted, begun: Instant::now(), looks: 0 }
    }

    /// All rooms read the first one's folder.
    pub(crate) fn share_a_folder(&self) {
        for room in &self.rooms[1..] {
            fs::remove_dir_all(room.path("content")).unwrap();
            std::os::unix::fs::symlink(self.rooms[0].path("content"), room.path("content")).unwrap();
        }
    }

    /// Publishes the release in every folder.
    pub(crate) fn publish(&self) {
        self.publish_as(TITLE);
    }

    /// The same of another title.
    pub(crate) fn publish_as(&self, title: &str) {
        let said = self.rooms[0].say(&["new", "--now", title]);
        let name = fs::read_dir(self.rooms[0].path("content")).unwrap().map(|entry| entry.unwrap().path());
        let new = name.filter(|path| path.is_file()).max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        let new = new.unwrap_or_else(|| panic!("{said}"));
        let (below, text) = (format!("content/{}", new.file_name().unwrap().display()), fs::read_to_string(&new));
        for room in self.rooms[1..].iter().filter(|room| !room.path(&below).exists()) {
            room.save(&below, text.as_ref().unwrap());
        }
    }

    /// How many letters all relays have.
    pub(crate) fn accepted(&self) -> usize {
        self.relays.iter().map(SmtpServer::accepted_count).sum()
    }

    /// Looks at every edition: its deliveries in all states add up to those opened. Says whether `editions` are done.
    pub(crate) async fn look(&mut self, editions: usize) -> bool {
        let store = &self.newsroom.store;
        let all = store.editions(&EditionFilter::default()).await.unwrap();
        for edition in &all {
            // More may be opened between two questions.
            let before = store.deliveries_opened(edition.id).await.unwrap();
            let tally = store.tally(edition.id).await.unwrap();
            let after = store.deliveries_opened(edition.id).await.unwrap();
            let total = tally.total();
            assert!((before..=after).contains(&total), "{before} ≤ {total} ≤ {after} is not so: {tally:?}");
        }
        self.looks += 1;
        assert!(all.len() <= editions, "{all:?}");
        all.iter().filter(|edition| edition.state.as_str() == "done").count() == editions
    }

    /// Returns once there are so many letters; looks again and again meanwhile.
    pub(crate) async fn wait_for_letters(&mut self, count: usize) {
        let mut patience = Patience::new();
        while self.accepted() < count {
            self.look(1).await;
            patience.wait(self.accepted()).await;
        }
    }

    /// Returns once a few more letters have left, or everything has.
    pub(crate) async fn see_letters_leave(&mut self) {
        let wanted = self.accepted() + 2 * CONNECTIONS;
        let mut patience = Patience::new();
        while self.accepted() < wanted && !self.look(1).await {
            patience.wait(self.accepted()).await;
        }
    }

    /// What the room's daemon claimed runs out, as if so much time had passed; gives how many deliveries it held.
    pub(crate) async fn let_its_claims_lapse(&self, url: &str, room: usize) -> u64 {
        let name = self.name(room);
        let lapse =
            |table, until| format!("UPDATE {table} SET {until} = 0 WHERE owner = '{name}' AND {until} IS NOT NULL");
        tell_database(url, &lapse("leads", "until")).await;
        tell_database(url, &lapse("deliveries", "lease_until")).await
    }

    /// Returns once so many editions are done.
    pub(crate) async fn wait_for_the_end(&mut self, editions: usize) {
        let mut patience = Patience::new();
        while !self.look(editions).await {
            patience.wait(self.accepted()).await;
        }
    }

    /// Everybody has every one of so many editions, none has lost letters; gives how many extra copies there are, each the
    /// same as the first to the byte.
    #[track_caller]
    pub(crate) fn everybody_has(&self, editions: usize) -> usize {
        let mut by_id: BTreeMap<String, Vec<Accepted>> = BTreeMap::new();
        for letter in self.relays.iter().flat_map(SmtpServer::accepted) {
            let subject = letter.data.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"Subject:"));
            by_id.entry(String::from_utf8_lossy(subject.unwrap()).into_owned()).or_default().push(letter);
        }
        let of_editions = by_id.into_values().map(by_reader).filter(|letters| !letters.is_empty());
        let of_editions: Vec<_> = of_editions.collect();
        assert_eq!(of_editions.len(), editions);
        let mut extra = 0;
        for letters in &of_editions {
            let lost = readers(self.readers).filter(|name| !letters.contains_key(&format!("{name}@journal.example")));
            assert_eq!(lost.collect::<Vec<_>>(), Vec::<String>::new());
            extra += extra_copies(letters);
        }
        extra
    }

    /// Prints the figures of a run.
    pub(crate) fn tell(&self, what: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        println!("{} letters, {what}; {} looks, {seconds:.1} s", self.readers, self.looks);
    }

    /// What the room's daemon is called in the database.
    pub(crate) fn name(&self, room: usize) -> String {
        fs::read_to_string(self.rooms[room].path("var/instance-1")).unwrap()
    }
}

/// Waits as long as anything changes.
struct Patience {
    seen: usize,
    since: Instant,
}

impl Patience {
    fn new() -> Self {
        Self { seen: 0, since: Instant::now() }
    }

    async fn wait(&mut self, seen: usize) {
        if seen != self.seen {
            (self.seen, self.since) = (seen, Instant::now());
        }
        assert!(self.since.elapsed() < PATIENCE, "nothing more happens after {seen} letters");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A database on a PostgreSQL.
pub(crate) fn database(postgres: &Postgres, name: &str) -> String {
    match postgres.database(name) {
        DatabaseUrl::Postgres(url) => url,
        DatabaseUrl::Sqlite(path) => panic!("{path}"),
    }
}

/// Says something to the database beside all instances; gives how many rows it touched.
pub(crate) async fn tell_database(url: &str, statement: &str) -> u64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap().rows_affected()
}

/// What the database answers: one text.
pub(crate) async fn ask_database(url: &str, statement: &str) -> Option<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(statement.to_owned())).fetch_optional(&mut connection).await.unwrap()
}

/// Stops a process where it stands (SIGSTOP).
pub(crate) fn pause(daemon: &Daemon) {
    signal(daemon, Signal::STOP);
}

/// Lets it go on.
pub(crate) fn resume(daemon: &Daemon) {
    signal(daemon, Signal::CONT);
}

fn signal(daemon: &Daemon, signal: Signal) {
    kill_process(Pid::from_raw(daemon.pid().try_into().unwrap()).unwrap(), signal).unwrap();
}
