//! A whole newsroom for a story: a real folder, a real database, both HTTP sides, a relay in memory, a clock that stands.
//!
//! A story changes files and the clock, lets the newsroom look, and reads inboxes. Letters to subscribers that a story
//! did not read when it ends were not expected: the story fails.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, File};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, TimeDelta, Utc};
use depeche::app::open_newsroom;
use depeche::cache::{Cache, Fingerprint};
use depeche::clock::FixedClock;
use depeche::config::{Config, DatabaseUrl, parse_duration};
use depeche::content::Diagnostic;
use depeche::domain::{
    Edition, EditionState, EmailAddress, EndReason, FormStamp, Frequency, NewSubscriber, SubscriberId, Topic,
};
use depeche::http::{Answers, Limits, admin_router, public_router, serve};
use depeche::language::Language;
use depeche::mail::{ShownLetter, read_letter};
use depeche::smtp::{Letters, Relay};
use depeche::store::{Added, EditionFilter};
use depeche::task::{Dispatcher, Editor, Ingest, LastGood, Newsroom, Pinger};
use depeche::watch::{Cores, Hint};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::http_client::{Answer, Request};

/// The public address of the site in every story.
pub(crate) const SITE: &str = "https://presse.example.org";
/// Where the office reads its letters.
pub(crate) const OFFICE: &str = "presse@presse.example.org";
/// How many times a look is followed by letters before a story is stuck.
const ROUNDS: usize = 20;

/// A newsroom, open or not yet.
pub(crate) struct TestNewsroom {
    folder: Arc<tempfile::TempDir>,
    variables: Vec<(String, String)>,
    database: String,
    clock: Arc<FixedClock>,
    relay: Relay,
    letters: Letters,
    /// The numbers of the letters that the story has read.
    read: BTreeSet<usize>,
    open: Option<Open>,
    /// What it is called in its database.
    instance: String,
    /// The program that runs.
    pub(crate) program: String,
    /// It works beside another one, which reads the letters.
    is_companion: bool,
    /// Whether pages can be asked for over HTTP.
    is_served: bool,
}

/// What ends when a newsroom is closed.
struct Open {
    newsroom: Arc<Newsroom>,
    editor: Editor,
    dispatcher: Arc<Dispatcher>,
    /// Both sides, the public one first, in a story that asks for pages.
    served: Option<(Served, Served)>,
    /// When it last said in its database that it works; `None` before its first look.
    alive: Option<DateTime<Utc>>,
}

/// A router on a port of its own, until dropped.
struct Served {
    port: u16,
    task: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

impl Served {
    async fn start(router: impl Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = watch::channel(false);
        Self { port, task: tokio::spawn(serve(listener, router, Limits::default(), stopped)), _stop: stop }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A letter as its reader sees it.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) shown: ShownLetter,
}

impl Letter {
    /// The value of a header; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.shown.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// The path of the first link in the plain text that begins with `start`, such as `/u/`.
    #[track_caller]
    pub(crate) fn link(&self, start: &str) -> String {
        let links = self.links();
        let found = links.iter().find(|path| path.starts_with(start));
        found.unwrap_or_else(|| panic!("no link {start} in:\n{}", self.shown.text)).clone()
    }

    /// The paths of all links to the site, in the plain text, the HTML and the headers.
    pub(crate) fn links(&self) -> Vec<String> {
        let headers = self.shown.headers.iter().map(|(_, value)| value.as_str());
        let mut links = Vec::new();
        for text in [self.shown.text.as_str(), &self.shown.html].into_iter().chain(headers) {
            for (at, _) in text.match_indices(SITE) {
                let rest = &text[at + SITE.len()..];
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ','))
                    .unwrap_or(rest.len());
                links.push(rest[..end].to_owned());
            }
        }
        links
    }
}

impl TestNewsroom {
    /// A newsroom with an empty content folder that is not open yet. `database` is `None` for an SQLite file of its own.
    pub(crate) fn new(database: Option<DatabaseUrl>) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), database, true)
    }

    /// The same in a folder of the caller's choice; without HTTP unless it `is_served`.
    pub(crate) fn in_folder(folder: tempfile::TempDir, database: Option<DatabaseUrl>, is_served: bool) -> Self {
        let folder = Arc::new(folder);
        fs::create_dir_all(folder.path().join("content/uploads")).unwrap();
        let database = match database {
            None => "sqlite://depeche.sqlite".to_owned(),
            Some(DatabaseUrl::Sqlite(path)) => format!("sqlite://{path}"),
            Some(DatabaseUrl::Postgres(url)) => url,
        };
        let (relay, letters) = Relay::memory();
        let (variables, clock) = (Vec::new(), Arc::new(FixedClock::at(DateTime::UNIX_EPOCH)));
        Self {
            folder,
            variables,
            database,
            clock,
            relay,
            letters,
            read: BTreeSet::new(),
            open: None,
            instance: "story".to_owned(),
            program: "depeche".to_owned(),
            is_companion: false,
            is_served,
        }
    }

    /// Sets a key of the configuration for this story: `newsletter.approval`, `true`.
    pub(crate) fn configure(&mut self, key: &str, value: &str) {
        let name = format!("DEPECHE_{}", key.replace('.', "__").to_uppercase());
        self.variables.push((name, value.to_owned()));
    }

    /// Sets the clock.
    pub(crate) fn at(&mut self, instant: &str) {
        self.clock().set(instant.parse().unwrap());
    }

    /// The clock of the machine in this story.
    pub(crate) fn clock(&self) -> &FixedClock {
        &self.clock
    }

    /// The instant the clock shows.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        depeche::clock::Clock::now(self.clock.as_ref())
    }

    /// Opens the newsroom at `instant` and lets it look.
    pub(crate) async fn start(&mut self, instant: &str) {
        self.at(instant);
        self.begin().await;
    }

    /// Ends everything as a kill does, and opens it again on the same folder and database.
    pub(crate) async fn restart(&mut self) {
        self.newsroom().keep_served().await.unwrap();
        self.keep_for_next_start().await;
        self.close().await;
        self.begin().await;
    }

    /// Keeps what the next start may take up, as the daemon does now and then.
    pub(crate) async fn keep_for_next_start(&mut self) {
        self.open.as_mut().expect("start the newsroom first").editor.keep_for_next_start().await;
    }

    /// Ends everything as a kill does.
    pub(crate) async fn close(&mut self) {
        if let Some(open) = self.open.take() {
            drop((open.served, open.editor, open.dispatcher));
            open.newsroom.store.close().await;
        }
    }

    /// Another instance on the same folder, database, relay and clock, open from now on; this one reads the letters.
    pub(crate) async fn beside(&self, instance: &str) -> Self {
        let mut other = Self {
            folder: self.folder.clone(),
            variables: self.variables.clone(),
            database: self.database.clone(),
            clock: self.clock.clone(),
            relay: self.relay.clone(),
            letters: self.letters.clone(),
            read: BTreeSet::new(),
            open: None,
            instance: instance.to_owned(),
            program: self.program.clone(),
            is_companion: true,
            is_served: self.is_served,
        };
        other.begin().await;
        other
    }

    async fn begin(&mut self) {
        let newsroom = open_newsroom(self.config(), self.clock.clone()).await.unwrap();
        let ingest = Ingest::new(&newsroom.config, newsroom.uploads.clone(), newsroom.templates.clone(), Cores::All);
        let dispatcher = Dispatcher::new(newsroom.clone(), vec![self.relay.clone()], self.instance.clone());
        let own = newsroom.store.is_shared().then_some(self.instance.as_str());
        newsroom.store.void_leases(own, newsroom.now()).await.unwrap();
        newsroom.store.void_leases(None, newsroom.now()).await.unwrap();
        let served = if self.is_served {
            let public = Served::start(public_router(newsroom.clone())).await;
            Some((public, Served::start(TowerToHyperService::new(admin_router(newsroom.clone(), None))).await))
        } else {
            None
        };
        let writer = Fingerprint::new(&self.program, &ingest.deciding().each_ref().map(String::as_str));
        let cache = Cache::new(&self.root(), writer);
        self.open = Some(Open {
            editor: Editor::new(newsroom.clone(), ingest, self.instance.clone()).keeping(cache),
            dispatcher: Arc::new(dispatcher),
            served,
            newsroom,
            alive: None,
        });
        self.look().await;
    }

    /// Says in the database that it worked all the while, as a daemon does each minute, where much time has passed.
    async fn say_alive(&mut self) {
        let now = self.now();
        let open = self.open.as_mut().expect("start the newsroom first");
        if open.alive.is_some_and(|last| now - last > TimeDelta::hours(1)) {
            // A story may have taken the database away.
            let _ = open.newsroom.store.record_run("alive", now).await;
        }
        open.alive = Some(now);
    }

    /// Lets time pass (`72h`) in which the newsroom stands still; the dispatcher is the first to go on.
    pub(crate) async fn stand_still(&mut self, duration: &str) {
        self.clock.advance(parse_duration(duration).unwrap());
        let now = self.now();
        let open = self.open.as_mut().expect("start the newsroom first");
        open.alive = Some(now);
        open.dispatcher.send_due().await.unwrap();
    }

    /// The configuration of the newsroom, as its `config.toml` would say it.
    pub(crate) fn config_text(&self) -> String {
        format!(
            "[site]\ntitle = \"Espace presse\"\nurl = \"{SITE}\"\n[newsletter]\nfrom = \"Service presse <{OFFICE}>\"\n\
             [content]\nfolder = \"content\"\nuploads = \"content/uploads\"\n[database]\nurl = \"{}\"\n",
            self.database
        )
    }

    fn config(&self) -> Config {
        let variables = self.variables.iter().cloned();
        Config::from_toml(&self.config_text(), "config.toml", &self.root(), variables).unwrap().0
    }

    /// The folder in which everything of this newsroom lies.
    pub(crate) fn root(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().to_owned()
    }

    fn opened(&self) -> &Open {
        self.open.as_ref().expect("start the newsroom first")
    }

    /// The ports of both sides, the public one first.
    pub(crate) fn ports(&self) -> (u16, u16) {
        let (public, admin) = self.opened().served.as_ref().expect("a newsroom that is served");
        (public.port, admin.port)
    }

    /// What the running parts share.
    pub(crate) fn newsroom(&self) -> &Arc<Newsroom> {
        &self.opened().newsroom
    }

    /// All there is to say of the files, as `check` says it.
    pub(crate) async fn diagnostics(&self) -> Arc<[Diagnostic]> {
        let newsroom = self.newsroom().clone();
        let register = newsroom.store.load_register().await.unwrap();
        let last_good = LastGood::of(&newsroom.store);
        let looking = tokio::task::spawn_blocking(move || {
            let Newsroom { config, uploads, templates, .. } = newsroom.as_ref();
            let mut ingest = Ingest::new(config, uploads.clone(), templates.clone(), Cores::All).whole();
            ingest.look(&register, &last_good, newsroom.now(), &Hint::Everything).current.diagnostics
        });
        looking.await.unwrap()
    }

    /// What tells a hub of changes.
    pub(crate) fn pinger(&self) -> Pinger {
        Pinger::new(self.opened().newsroom.clone(), self.instance.clone()).expect("a hub is configured")
    }

    /// Writes a release file.
    pub(crate) fn save(&self, name: &str, text: &impl Display) {
        self.write(&self.root().join("content").join(name), text.to_string().as_bytes());
    }

    /// Writes a file below uploads.
    pub(crate) fn upload(&self, name: &str, bytes: &[u8]) {
        self.write(&self.root().join("content/uploads").join(name), bytes);
    }

    /// Writes a file whose times are those of the clock of the story, so that a look at that instant reads it again.
    fn write(&self, path: &Utf8Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        File::options().write(true).open(path).unwrap().set_modified(self.now().into()).unwrap();
    }

    /// Gives a release file another name.
    pub(crate) fn rename(&self, name: &str, other: &str) {
        let content = self.root().join("content");
        fs::create_dir_all(content.join(other).parent().unwrap()).unwrap();
        fs::rename(content.join(name), content.join(other)).unwrap();
    }

    /// Removes a release file.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.root().join("content").join(name)).unwrap();
    }

    /// Looks at the folder, sees to what is due now, and sends until nothing more is due.
    pub(crate) async fn look(&mut self) {
        self.say_alive().await;
        let open = self.open.as_mut().expect("start the newsroom first");
        open.editor.look().await.unwrap();
        for _ in 0..ROUNDS {
            let before = self.letters.count();
            open.dispatcher.send_due().await.unwrap();
            open.editor.announce().await;
            if self.letters.count() == before {
                return;
            }
        }
        panic!("letters go on and on");
    }

    /// Moves the clock on (`10m`) and looks, while no letter leaves.
    pub(crate) async fn pass_without_sending(&mut self, duration: &str) {
        self.clock.advance(parse_duration(duration).unwrap());
        self.say_alive().await;
        self.open.as_mut().expect("start the newsroom first").editor.look().await.unwrap();
    }

    /// Lets time pass until `instant`, looks, and sends what is due.
    pub(crate) async fn start_of(&mut self, instant: &str) {
        self.at(instant);
        self.look().await;
    }

    /// Sets the machine's clock by `step` while no time passes.
    pub(crate) fn step_clock(&self, step: TimeDelta) {
        self.clock.step(step);
    }

    /// Waits until everything that letters link to was asked for, and looks again.
    pub(crate) async fn settle_links(&mut self) {
        for _ in 0..2 {
            self.newsroom().links.settle().await;
            self.look().await;
        }
    }

    /// Moves the clock on (`10m`), looks, and sends what is due.
    pub(crate) async fn pass(&mut self, duration: &str) {
        self.clock.advance(parse_duration(duration).unwrap());
        self.look().await;
    }

    /// Somebody who is active and follows `topics`, with letters at once and in French.
    pub(crate) async fn subscriber(&self, address: &str, topics: &str) -> SubscriberId {
        self.subscriber_with(address, topics, Frequency::Immediate).await
    }

    /// Somebody who is active.
    pub(crate) async fn subscriber_with(&self, address: &str, topics: &str, frequency: Frequency) -> SubscriberId {
        let new = NewSubscriber {
            address: address.parse().unwrap(),
            name: None,
            organisation: None,
            language: Language::French,
            frequency,
            topics: topics.split(' ').map(|topic| topic.parse::<Topic>().unwrap()).collect(),
            source: "story".to_owned(),
        };
        match self.newsroom().store.add_active(&new, self.now()).await.unwrap() {
            Added::New(id) | Added::Changed(id) => id,
            Added::Refused(reason) => panic!("{address} is suppressed: {reason}"),
        }
    }

    /// Ends somebody's subscription.
    pub(crate) async fn end(&self, id: SubscriberId, reason: EndReason) {
        assert!(self.newsroom().store.end(id, reason, self.now()).await.unwrap());
    }

    /// The letters to `address` that came since it was last asked, in order.
    pub(crate) fn inbox(&mut self, address: &str) -> Vec<Letter> {
        let address: EmailAddress = address.parse().unwrap();
        let mut new = Vec::new();
        for (number, kept) in self.letters.all().into_iter().enumerate() {
            if kept.envelope.to == address && self.read.insert(number) {
                new.push(Letter { shown: read_letter(&kept.message).unwrap() });
            }
        }
        new
    }

    /// The one letter to `address` since it was last asked.
    #[track_caller]
    pub(crate) fn letter(&mut self, address: &str) -> Letter {
        let mut letters = self.inbox(address);
        assert_eq!(letters.len(), 1, "letters to {address}: {:?}", subjects(&letters));
        letters.remove(0)
    }

    /// The subjects of the letters to the office since it was last asked.
    pub(crate) fn office(&mut self) -> Vec<String> {
        subjects(&self.inbox(OFFICE))
    }

    /// The addresses of subscribers who got letters that the story has not read.
    pub(crate) fn unread(&self) -> Vec<String> {
        let letters = self.letters.all().into_iter().enumerate();
        let unread =
            letters.filter(|(number, kept)| !self.read.contains(number) && kept.envelope.to.as_str() != OFFICE);
        unread.map(|(_, kept)| kept.envelope.to.to_string()).collect()
    }

    /// Every letter to subscribers so far, read or not, as bytes.
    pub(crate) fn all_letters(&self) -> Vec<Vec<u8>> {
        let letters = self.letters.all().into_iter().filter(|kept| kept.envelope.to.as_str() != OFFICE);
        letters.map(|kept| kept.message).collect()
    }

    /// The edition about the release with this title.
    pub(crate) async fn edition(&self, title: &str) -> Edition {
        let mut editions = self.editions().await;
        editions.retain(|edition| edition.title == title);
        assert_eq!(editions.len(), 1, "editions about {title}");
        editions.remove(0)
    }

    /// Every edition there is.
    pub(crate) async fn editions(&self) -> Vec<Edition> {
        self.newsroom().store.editions(&EditionFilter::default()).await.unwrap()
    }

    /// Where the edition about the release with this title stands: its state, and why when it is held.
    pub(crate) async fn state(&self, title: &str) -> String {
        let state = self.edition(title).await.state;
        if let EditionState::Held(reason) = &state {
            return format!("held: {}", reason.as_str());
        }
        state.as_str().to_owned()
    }

    /// A request to the public side.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.ports().0, "presse.example.org", method, path)
    }

    /// `GET` from the public side.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    /// `POST` of a form to the public side. That of `/subscribe` was shown a minute ago, unless it says otherwise.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        let form = if path.split('?').next() == Some("/subscribe") && !form.contains("started=") {
            format!("{form}&started={}", self.shown_since(TimeDelta::minutes(1)))
        } else {
            form.to_owned()
        };
        self.request("POST", path).form(&form).send().await
    }

    /// What a form carries that was shown so long ago.
    pub(crate) fn shown_since(&self, age: TimeDelta) -> String {
        FormStamp::at(self.now() - age).signed(self.newsroom().key())
    }

    /// `GET` from the administration's side.
    pub(crate) async fn admin_get(&self, path: &str) -> Answer {
        Request::new(self.ports().1, "127.0.0.1", "GET", path).send().await
    }

    /// `GET` of JSON from the administration's side.
    pub(crate) async fn admin_json(&self, path: &str) -> serde_json::Value {
        let request = Request::new(self.ports().1, "127.0.0.1", "GET", path).header("Accept", "application/json");
        serde_json::from_str(&request.send().await.text()).unwrap()
    }

    /// `POST` of a form to the administration's side.
    pub(crate) async fn admin_post(&self, path: &str, form: &str) -> Answer {
        Request::new(self.ports().1, "127.0.0.1", "POST", path).form(form).send().await
    }

    /// The text of a feed, which must be there.
    pub(crate) async fn feed(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.text()
    }

    /// The titles in the JSON feed of everything, newest first.
    pub(crate) async fn titles(&self) -> Vec<String> {
        self.json_items().await.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }

    /// The entries of the JSON feed of everything.
    pub(crate) async fn json_items(&self) -> Vec<serde_json::Value> {
        let feed: serde_json::Value = serde_json::from_str(&self.feed("/feeds/all.json").await).unwrap();
        feed["items"].as_array().unwrap().clone()
    }
}

/// What letters are about.
pub(crate) fn subjects(letters: &[Letter]) -> Vec<String> {
    letters.iter().map(|letter| letter.shown.subject.clone()).collect()
}

impl Drop for TestNewsroom {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.is_companion {
            assert_eq!(self.unread(), Vec::<String>::new(), "letters that the story did not expect");
        }
    }
}
