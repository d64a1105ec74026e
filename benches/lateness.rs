//! How long after its second a release prepared in advance is in the feed, and its letter in the mail folder.
//!
//! `cargo bench --bench lateness`
//!
//! Twenty releases are due at twenty different seconds, with the default `grace`; the daemon is the real one, with one
//! subscriber and a directory relay. The feed is asked for over HTTP and the mail folder listed again and again, without
//! a pause: what is printed is at most one such round too much. Meanwhile whatever belongs to a release that is not due
//! yet (document, page, old address, feeds of its tag) is asked for: nothing may answer early. Nothing is compared with a
//! limit; only something that is early fails.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use depeche::app::{open_newsroom, read_config};
use depeche::clock::{Clock as _, FixedClock, SystemClock};
use depeche::task::{Editor, Ingest};
use depeche::watch::Cores;

#[path = "../tests/support/press_room.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod press_room;

use press_room::{Daemon, PressRoom, text};

/// How many releases there are, a second apart.
const RELEASES: usize = 20;
/// When the first of them is due, after the start.
const AHEAD: TimeDelta = TimeDelta::seconds(10);
/// How long ago they were prepared: longer than `grace`.
const PREPARED: TimeDelta = TimeDelta::minutes(20);
/// How long after the last second everything must be there, or the benchmark gives up.
const PATIENCE: Duration = Duration::from_mins(1);
const READER: &str = "ann@journal.example";

struct Coming {
    title: String,
    due: DateTime<Utc>,
    /// What answers nothing before that.
    addresses: [String; 6],
}

/// Writes the releases, with a document and a tag each.
fn prepare(room: &PressRoom, now: DateTime<Utc>) -> Vec<Coming> {
    let first = DateTime::from_timestamp(now.timestamp(), 0).unwrap() + AHEAD;
    let mut coming = Vec::new();
    for number in 0..RELEASES {
        let due = first + TimeDelta::seconds(i64::try_from(number).unwrap());
        let title = format!("Une étape de plus, la {number:02}");
        let date = due.to_rfc3339_opts(SecondsFormat::Secs, true);
        let file = format!(
            "---\ntitle: \"{title}\"\ndate: {date}\nchapeau-text: L’étape {number:02} commence.\n\
             tags: [\"Étape {number:02}\"]\nredirect_from: /ancienne-{number:02}/\n\
             files:\n- file: /uploads/plan-{number:02}.pdf\n  nom: Le plan\n---\n\nLe texte de l’étape {number:02}.\n"
        );
        std::fs::write(room.path(&format!("content/2026-01-01-etape-{number:02}.md")), file).unwrap();
        let document = format!("%PDF-1.4\n% {number:02}\n%%EOF\n");
        std::fs::write(room.path(&format!("content/uploads/plan-{number:02}.pdf")), document).unwrap();
        let addresses = [
            format!("/uploads/plan-{number:02}.pdf"),
            format!("/espace-presse/etape-{number:02}/"),
            format!("/ancienne-{number:02}/"),
            format!("/feeds/tag/etape-{number:02}.atom"),
            format!("/feeds/tag/etape-{number:02}.json"),
            format!("/feeds/tag/etape-{number:02}/"),
        ];
        coming.push(Coming { title, due, addresses });
    }
    coming
}

/// Lets a newsroom look at the folder as of `instant`, as a daemon that ran then would have.
async fn look_at(room: &PressRoom, instant: DateTime<Utc>) {
    let file = room.path("config.toml");
    let (config, _) = read_config(Utf8Path::from_path(&file).unwrap()).unwrap();
    let newsroom = open_newsroom(config, Arc::new(FixedClock::at(instant))).await.unwrap();
    let ingest = Ingest::new(&newsroom.config, newsroom.uploads.clone(), newsroom.templates.clone(), Cores::All);
    let mut editor = Editor::new(newsroom.clone(), ingest, "bench".to_owned());
    editor.look().await.unwrap();
    drop(editor);
    newsroom.store.close().await;
}

/// What was seen, and when first.
#[derive(Default)]
struct Seen {
    entries: BTreeMap<String, DateTime<Utc>>,
    letters: BTreeMap<String, DateTime<Utc>>,
    files: BTreeSet<PathBuf>,
    rounds: usize,
    asked_early: usize,
    answered_early: Vec<String>,
}

impl Seen {
    fn round(&mut self, room: &PressRoom, daemon: &Daemon, coming: &[Coming]) {
        self.rounds += 1;
        let (status, body) = daemon.get("/feeds/all.json");
        let seen_at = SystemClock.now();
        assert_eq!(status, 200);
        let feed: serde_json::Value = serde_json::from_slice(&body).unwrap();
        for entry in feed["items"].as_array().unwrap() {
            self.entries.entry(entry["title"].as_str().unwrap().to_owned()).or_insert(seen_at);
        }
        self.list_letters(room);
        // The next one at each round, and one of the others in turn.
        let now = SystemClock.now();
        let not_due: Vec<&Coming> = coming.iter().filter(|coming| coming.due > now).collect();
        let next = not_due.first().copied();
        let other = not_due.get(self.rounds % not_due.len().max(1)).copied();
        for coming in next.into_iter().chain(other) {
            for address in &coming.addresses {
                let (status, _) = daemon.get(address);
                // Only what was answered before the instant tells anything.
                if SystemClock.now() < coming.due {
                    self.asked_early += 1;
                    if status != 404 {
                        self.answered_early.push(format!("{address}: {status}"));
                    }
                }
            }
        }
    }

    fn list_letters(&mut self, room: &PressRoom) {
        let Ok(entries) = std::fs::read_dir(room.path("var/mail")) else { return };
        let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        let seen_at = SystemClock.now();
        for path in paths.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "eml")) {
            if !self.files.insert(path.clone()) {
                continue;
            }
            let letter = depeche::mail::read_letter(&std::fs::read(&path).unwrap()).unwrap();
            if letter.to.contains(READER) {
                let before = self.letters.insert(letter.subject, seen_at);
                assert_eq!(before, None, "{} came twice", text(path.as_os_str().as_encoded_bytes()));
            }
        }
    }
}

/// Prints how late they were; how many were early.
fn print_lateness(what: &str, coming: &[Coming], seen: &BTreeMap<String, DateTime<Utc>>) -> usize {
    let mut late: Vec<i64> =
        coming.iter().map(|coming| (seen[&coming.title] - coming.due).num_microseconds().unwrap()).collect();
    late.sort_unstable();
    let ms = |place: usize| format!("{}.{} ms", late[place] / 1000, (late[place] % 1000).abs() / 100);
    println!("{what}: min {}, median {}, worst {}", ms(0), ms(late.len() / 2), ms(late.len() - 1));
    late.iter().filter(|late| **late < 0).count()
}

fn main() {
    let room = PressRoom::new(
        "[newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\n\
         [office]\ncopies = [\"bureau@ministere.example\"]\n[[relay]]\nkind = \"directory\"\n",
    );
    let now = SystemClock.now();
    let coming = prepare(&room, now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(look_at(&room, now - PREPARED));
    room.say(&["subscribers", "add", READER]);
    let daemon = room.serve();
    assert!(SystemClock.now() < coming[0].due, "the machine is too busy to start before the first is due");

    let mut seen = Seen::default();
    let begun = Instant::now();
    let limit = PATIENCE + Duration::from_secs(RELEASES as u64) + AHEAD.to_std().unwrap();
    let is_there =
        |seen: &BTreeMap<String, DateTime<Utc>>| coming.iter().all(|coming| seen.contains_key(&coming.title));
    while !(is_there(&seen.entries) && is_there(&seen.letters)) {
        seen.round(&room, &daemon, &coming);
        assert!(begun.elapsed() < limit, "only {:?} and {:?}: {}", seen.entries, seen.letters, daemon.log());
    }
    let round = begun.elapsed().as_secs_f64() * 1000.0 / f64::from(u32::try_from(seen.rounds).unwrap());
    daemon.stop();

    println!("{RELEASES} releases, one a second; looked every {round:.1} ms");
    let early_entries = print_lateness("feed", &coming, &seen.entries);
    let early_letters = print_lateness("letter", &coming, &seen.letters);
    println!(
        "early: {early_entries} entries, {early_letters} letters; of {} requests for what was not due, {} were answered",
        seen.asked_early,
        seen.answered_early.len()
    );
    assert_eq!((early_entries, early_letters, seen.answered_early), (0, 0, vec![]));
}
