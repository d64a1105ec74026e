//! A reader that people use, newsboat, on the real daemon: through an edit, a new file name, another date, another
//! address of the site, and from an earlier feed of Jekyll's to Depeche's, no entry comes a second time, and what was
//! read stays read.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

#[expect(dead_code, reason = "each test uses its part")]
#[path = "support/press_room.rs"]
mod press_room;

#[path = "support/gate.rs"]
mod gate;

use depeche::clock::{Clock as _, SystemClock};
use gate::{Behind, Gate};
use press_room::{Daemon, PressRoom, text, until};

/// A newsboat with a folder of its own.
struct Reader {
    folder: tempfile::TempDir,
}

/// An entry as newsboat keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    guid: String,
    title: String,
    url: String,
    content: String,
    is_unread: bool,
}

impl Reader {
    /// A reader that follows `feed`; `None`, with a line that says so, when newsboat is not installed.
    /// `DEPECHE_REQUIRE=all` forbids that.
    fn of(feed: &str) -> Option<Self> {
        if Command::new("newsboat").arg("-v").output().is_err() {
            assert_ne!(std::env::var("DEPECHE_REQUIRE").as_deref(), Ok("all"), "newsboat is required here");
            eprintln!("skipped: newsboat is not installed");
            return None;
        }
        let reader = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(reader.path("config"), "download-retries 1\nreload-threads 1\n").unwrap();
        reader.follow(feed);
        Some(reader)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Follows this feed alone from now on.
    fn follow(&self, feed: &str) {
        fs::write(self.path("urls"), format!("{feed}\n")).unwrap();
    }

    fn run(&self, arguments: &[&str]) {
        let folder = self.folder.path();
        let done = Command::new("newsboat")
            .args(["-u", "urls", "-c", "cache.db", "-C", "config", "-q"])
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", folder)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?}: {}{}", text(&done.stdout), text(&done.stderr));
    }

    /// Asks for the feed; all entries it knows since, by title.
    fn reload(&self) -> Vec<Entry> {
        self.run(&["-x", "reload"]);
        another_second();
        self.entries()
    }

    /// Has read everything.
    fn read_all(&self) {
        let guids: Vec<String> = self.entries().into_iter().map(|entry| entry.guid).collect();
        fs::write(self.path("read"), guids.join("\n") + "\n").unwrap();
        self.run(&["-I", "read"]);
        assert!(self.entries().iter().all(|entry| !entry.is_unread));
    }

    fn entries(&self) -> Vec<Entry> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut cache =
                SqliteConnectOptions::new().filename(self.path("cache.db")).read_only(true).connect().await.unwrap();
            let query = "SELECT guid, title, url, content, unread FROM rss_item WHERE deleted = 0 ORDER BY title, id";
            let rows = sqlx::query(query).fetch_all(&mut cache).await.unwrap();
            let entry = |row: &sqlx::sqlite::SqliteRow| Entry {
                guid: row.get("guid"),
                title: row.get("title"),
                url: row.get("url"),
                content: row.get("content"),
                is_unread: row.get("unread"),
            };
            rows.iter().map(entry).collect()
        })
    }
}

/// Checks that newsboat knows these titles, in order, each once, and has these to read.
#[track_caller]
fn check(entries: &[Entry], titles: &[&str], unread: &[&str]) {
    let known: Vec<&str> = entries.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(known, titles, "{entries:#?}");
    let new: Vec<&str> = entries.iter().filter(|entry| entry.is_unread).map(|entry| entry.title.as_str()).collect();
    assert_eq!(new, unread, "{entries:#?}");
}

fn room(site: &str, more: &str) -> PressRoom {
    let room = PressRoom::new("");
    configure(&room, site, more);
    room
}

fn configure(room: &PressRoom, site: &str, more: &str) {
    let text = format!(
        "[site]\nurl = \"{site}\"\npermalink = \"/presse/:title/\"\n[content]\nquiet = \"50ms\"\n[feeds]\n{more}\n\
         [http]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[newsletter]\nfrom = \"presse@presse.example\"\n"
    );
    room.save("config.toml", &text);
}

fn save(room: &PressRoom, file: &str, title: &str, date: &str, words: &str) {
    let text = format!("---\ntitle: {title}\ndate: {date}\nchapeau-text: Les faits.\n---\n\n{words}\n");
    room.save(&format!("content/{file}"), &text);
}

/// Starts the daemon and lets `gate` lead to it.
fn serve(room: &PressRoom, gate: &Gate) -> Daemon {
    let daemon = room.serve();
    gate.lead_to(Behind::Server(daemon.public));
    gate.seen();
    daemon
}

/// Waits for another second: `Last-Modified` knows no parts of one, and curl, which newsboat asks through, takes what did
/// not change since for old.
fn another_second() {
    let second = || SystemClock.now().timestamp();
    let now = second();
    until("another second", || (second() > now).then_some(()));
}

/// Waits until the daemon's feed at `path` says `words`.
fn wait_for(daemon: &Daemon, path: &str, words: &str) {
    until(words, || text(&daemon.get(path).1).contains(words).then_some(()));
}

#[test]
fn a_reader_of_rss_sees_nothing_twice() {
    a_year_of_reading("/feeds/all.rss");
}

#[test]
fn a_reader_of_atom_sees_nothing_twice() {
    a_year_of_reading("/feeds/all.atom");
}

fn a_year_of_reading(path: &str) {
    let gate = Gate::open(Behind::Moved(String::new()));
    let Some(reader) = Reader::of(&format!("{}{path}", gate.url())) else { return };
    let room = room(&gate.url(), "");
    save(&room, "pont.md", "Le pont", "2026-03-09 10:00", "Le pont rouvre aux passants ce lundi.");
    save(&room, "quai.md", "Le quai", "2026-03-10 10:00", "Le quai ferme pour travaux.");
    save(&room, "gare.md", "La gare", "2026-03-11 10:00", "La gare attend ses trains.");
    let daemon = serve(&room, &gate);
    let all = ["La gare", "Le pont", "Le quai"];
    check(&reader.reload(), &all, &all);
    assert_eq!(gate.seen(), [format!("{path} 200")]);
    reader.read_all();
    // It keeps the entity tag of a feed that it knew before.
    check(&reader.reload(), &all, &[]);
    assert_eq!(gate.seen(), [format!("{path} 200")]);
    check(&reader.reload(), &all, &[]);
    assert_eq!(gate.seen(), [format!("{path} 304")]);

    // An edit changes what is shown, and comes alone.
    save(&room, "pont.md", "Le pont", "2026-03-09 10:00", "Le pont rouvre aux passants et aux vélos ce mardi.");
    wait_for(&daemon, path, "vélos");
    let entries = reader.reload();
    check(&entries, &all, &[]);
    assert!(entries[1].content.contains("vélos"), "{entries:#?}");
    assert_eq!(gate.seen(), [format!("{path} 226")]);
    check(&reader.reload(), &all, &[]);
    assert_eq!(gate.seen(), [format!("{path} 304")]);

    // A release more is the only one to read.
    save(&room, "tram.md", "Le tram", "2026-03-12 10:00", "Le tram passe à la demie.");
    wait_for(&daemon, path, "demie");
    let all = ["La gare", "Le pont", "Le quai", "Le tram"];
    check(&reader.reload(), &all, &["Le tram"]);
    assert_eq!(gate.seen(), [format!("{path} 226")]);
    reader.read_all();

    // Another file name is another address of the same entry.
    fs::rename(room.path("content/quai.md"), room.path("content/quai-du-nord.md")).unwrap();
    wait_for(&daemon, path, "/presse/quai-du-nord/");
    let entries = reader.reload();
    check(&entries, &all, &[]);
    assert_eq!(entries[2].url, format!("{}/presse/quai-du-nord/", gate.url()));
    assert_eq!(gate.seen(), [format!("{path} 226")]);

    // Another date, and another title with it.
    save(&room, "gare.md", "La gare", "2026-03-20 08:30", "La gare attend ses trains.");
    let date = if path.ends_with("rss") { "20 Mar 2026 08:30:00 +0100" } else { "2026-03-20T08:30:00+01:00" };
    wait_for(&daemon, path, date);
    check(&reader.reload(), &all, &[]);
    save(&room, "gare.md", "La gare centrale", "2026-03-21 08:30", "La gare attend ses trains.");
    wait_for(&daemon, path, "La gare centrale");
    let all = ["La gare centrale", "Le pont", "Le quai", "Le tram"];
    check(&reader.reload(), &all, &[]);

    // The site moves: first the old address leads on, then the reader follows the new one.
    daemon.stop();
    let new = Gate::open(Behind::Moved(String::new()));
    configure(&room, &new.url(), "");
    let daemon = serve(&room, &new);
    gate.lead_to(Behind::Moved(new.url()));
    gate.seen();
    check(&reader.reload(), &all, &[]);
    assert_eq!((gate.seen(), new.seen()), (vec![format!("{path} 301")], vec![format!("{path} 200")]));
    reader.follow(&format!("{}{path}", new.url()));
    let entries = reader.reload();
    check(&entries, &all, &[]);
    assert!(entries.iter().all(|entry| entry.url.starts_with(&new.url())), "{entries:#?}");
    assert_eq!((gate.seen(), new.seen()), (Vec::new(), vec![format!("{path} 200")]));
    check(&reader.reload(), &all, &[]);
    assert_eq!(new.seen(), [format!("{path} 200")]);
    check(&reader.reload(), &all, &[]);
    assert_eq!(new.seen(), [format!("{path} 304")]);
    drop(daemon);
}

/// A feed as jekyll-feed writes it, for the site at `url`.
fn jekyll_feed(url: &str) -> String {
    let entry = |name: &str, title: &str, day: &str, words: &str| {
        let date = format!("{day}T10:00:00+01:00");
        let address = format!("{url}/presse/{name}");
        format!(
            "<entry><title type=\"html\">{title}</title>\
             <link href=\"{address}/\" rel=\"alternate\" type=\"text/html\" title=\"{title}\" />\
             <published>{date}</published><updated>{date}</updated><id>{address}</id>\
             <content type=\"html\" xml:base=\"{address}/\"><![CDATA[<p>{words}</p>]]></content>\
             <author><name>Service presse</name></author><summary type=\"html\"><![CDATA[Les faits.]]></summary></entry>"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\" >\
         <generator uri=\"https://jekyllrb.com/\" version=\"4.3.1\">Jekyll</generator>\
         <link href=\"{url}/feed.xml\" rel=\"self\" type=\"application/atom+xml\" />\
         <link href=\"{url}/\" rel=\"alternate\" type=\"text/html\" /><updated>2026-03-12T00:00:00+01:00</updated>\
         <id>{url}/feed.xml</id><title type=\"html\">Un site</title>{}{}</feed>\n",
        entry("quai", "Le quai", "2026-03-10", "Le quai ferme pour travaux."),
        entry("pont", "Le pont", "2026-03-09", "Le pont rouvre aux passants ce lundi."),
    )
}

#[test]
fn a_reader_of_jekylls_feed_goes_on_with_ours() {
    for feed in ["all.atom", "all.rss"] {
        let gate = Gate::open(Behind::Moved(String::new()));
        let old = jekyll_feed(&gate.url());
        gate.lead_to(Behind::File("application/xml", old.clone()));
        let Some(reader) = Reader::of(&format!("{}/feed.xml", gate.url())) else { return };
        check(&reader.reload(), &["Le pont", "Le quai"], &["Le pont", "Le quai"]);
        reader.read_all();

        let room = room(&gate.url(), &format!("aliases = {{ \"/feed.xml\" = \"{feed}\" }}"));
        save(&room, "pont.md", "Le pont", "2026-03-09 10:00", "Le pont rouvre aux passants ce lundi.");
        save(&room, "quai.md", "Le quai", "2026-03-10 10:00", "Le quai ferme pour travaux.");
        room.save("ancien.xml", &old);
        room.say(&["register", "adopt", "ancien.xml", "--write"]);
        let daemon = serve(&room, &gate);
        check(&reader.reload(), &["Le pont", "Le quai"], &[]);
        assert_eq!(gate.seen(), ["/feed.xml 301".to_owned(), format!("/feeds/{feed} 200")]);

        save(&room, "tram.md", "Le tram", "2026-03-12 10:00", "Le tram passe à la demie.");
        wait_for(&daemon, &format!("/feeds/{feed}"), "demie");
        check(&reader.reload(), &["Le pont", "Le quai", "Le tram"], &["Le tram"]);
        assert_eq!(gate.seen(), ["/feed.xml 301".to_owned(), format!("/feeds/{feed} 226")]);
    }
}
