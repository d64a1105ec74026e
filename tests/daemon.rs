//! The program as people use it: the daemon on a folder of its own, and every command beside it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use depeche::clock::{Clock as _, SystemClock};
use serde_json::Value;

#[path = "support/press_room.rs"]
mod press_room;

use press_room::{Daemon, PressRoom, text, until};

/// How soon a saved release must be in a feed and in the office's mailbox, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(10);

/// A room with letters in a folder, the office's address, and this `grace`.
fn room(grace: &str) -> PressRoom {
    PressRoom::new(&format!(
        "[newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\ngrace = \"{grace}\"\n\
         [office]\ncopies = [\"bureau@ministere.example\"]\n[[relay]]\nkind = \"directory\"\n"
    ))
}

/// A room with a copy of the sample releases.
fn room_with_samples(grace: &str) -> PressRoom {
    let room = room(grace);
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("content"), &room.path("content"));
    room
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy_folder(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// A release's file, live from `date`.
fn release(title: &str, date: DateTime<Utc>, more: &str) -> String {
    let date = date.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("---\ntitle: {title}\ndate: {date}\nchapeau-text: Les faits en une phrase.\n{more}---\n\nLe texte.\n")
}

/// The titles in the JSON feed of everything.
fn titles(daemon: &Daemon) -> Vec<String> {
    let (status, body) = daemon.get("/feeds/all.json");
    assert_eq!(status, 200);
    let feed: Value = serde_json::from_slice(&body).unwrap();
    feed["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

/// How many of the letters in the room's mailbox go to `address`.
fn letters_to(room: &PressRoom, address: &str) -> usize {
    let header = format!("To: {address}");
    room.letters().iter().filter(|letter| letter.contains(&header)).count()
}

#[track_caller]
fn fails(room: &PressRoom, arguments: &[&str], code: i32, words: &[&str]) {
    let output = room.run(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{said}", text(&output.stdout));
    for word in words {
        assert!(said.contains(word), "{arguments:?} does not name `{word}`: {said}");
    }
}

#[test]
fn a_release_saved_is_in_the_feed_and_in_the_mailbox_soon() {
    let room = room_with_samples("1s");
    let daemon = room.serve();
    let before = titles(&daemon);
    assert!(before.iter().any(|title| title.contains("Sainte-Orbe")), "{before:?}");
    assert!(!before.iter().any(|title| title.contains("Siècle")), "under embargo until 2099: {before:?}");
    assert_eq!(room.letters(), Vec::<String>::new(), "a first start announces nothing");

    room.say(&["new", "--now", "Un pont neuf"]);
    let saved = Instant::now();
    until("the entry", || titles(&daemon).iter().any(|title| title == "Un pont neuf").then_some(()));
    let entry = saved.elapsed();
    until("the office's letter", || {
        room.letters().iter().any(|letter| letter.contains("To: bureau@ministere.example")).then_some(())
    });
    let letter = saved.elapsed();
    println!("entry after {} ms, the office's letter after {} ms", entry.as_millis(), letter.as_millis());
    assert!(letter < SOON && entry < SOON, "entry after {entry:?}, letter after {letter:?}");

    let (status, took) = daemon.stop();
    println!("stopped in {} ms", took.as_millis());
    assert_eq!(status.code(), Some(0));
    assert!(took < SOON, "{took:?}");
}

#[test]
fn an_embargo_ends_at_its_second_by_itself() {
    let room = room("1h");
    std::fs::write(room.path("content/uploads/plan.pdf"), b"%PDF-1.4\n%%EOF\n").unwrap();
    let daemon = room.serve();
    let now = SystemClock.now();
    // Whole seconds, as editors write them.
    let live = DateTime::from_timestamp(now.timestamp(), 0).unwrap() + TimeDelta::seconds(4);
    let more = "tags: [Écluse]\nfiles:\n- file: /uploads/plan.pdf\n  nom: Le plan\n";
    room.save("content/2026-01-01-ecluse.md", &release("L’écluse du Nord", live, more));
    // Taken in: the release is planned, and nothing of it is public.
    let planned = until("the edition", || room.editions().into_iter().next());
    assert_eq!(planned["title"], "L’écluse du Nord");
    assert!(SystemClock.now() < live, "the machine is too busy to look before the embargo's end");
    let hidden = ["/uploads/plan.pdf", "/feeds/tag/ecluse.json", "/espace-presse/ecluse/"];
    let appeared = until("the entry", || {
        let seen = !titles(&daemon).is_empty();
        let looked = SystemClock.now();
        if seen {
            return Some(looked);
        }
        for path in hidden {
            let (status, _) = daemon.get(path);
            // Only what was answered before the instant tells anything.
            assert!(status == 404 || SystemClock.now() >= live, "{path}: {status} before the embargo's end");
        }
        None
    });
    assert!(appeared >= live, "in the feed at {appeared}, before {live}");
    let late = appeared - live;
    println!("in the feed {} ms after its second", late.num_milliseconds());
    assert!(late < TimeDelta::seconds(10), "{late}");
    for path in hidden {
        assert_eq!(daemon.get(path).0, 200, "{path}");
    }
}

#[test]
fn a_daemon_without_a_free_file_descriptor_serves_again_once_there_is_one() {
    let room = room_with_samples("1h");
    let daemon = room.serve_within(64);
    assert!(daemon.log().contains("the system allows 64 open files"), "{}", daemon.log());
    let crowd: Vec<TcpStream> = (0..80).map(|_| TcpStream::connect(daemon.public).unwrap()).collect();
    until("a listener out of descriptors", || daemon.log().contains("no connection can be taken in").then_some(()));
    drop(crowd);
    // Whoever comes while the crowd is leaving may be told to come back.
    until("an answer", || (daemon.get("/feeds/all.rss").0 == 200).then_some(()));
}

#[test]
fn what_is_built_is_what_is_served() {
    let room = room_with_samples("1h");
    let built = room.say(&["build", "--out", "public"]);
    assert!(!room.path("var/depeche.sqlite").exists(), "building made a database");
    let daemon = room.serve();
    room.say(&["build", "--out", "public"]);
    let again = room.say(&["build", "--out", "public"]);
    assert!(again.contains("écrit : 0 fichier ;"), "first: {built}, then: {again}");

    let mut compared = 0;
    let mut folders = vec![room.path("public")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let relative = path.strip_prefix(room.path("public")).unwrap().to_str().unwrap();
            if path.is_dir() {
                folders.push(path);
            } else if relative.starts_with('.') || relative == "410.html" {
                // For the static server alone: lists, and a page that it gives at addresses of its own.
            } else {
                let address = relative.strip_suffix("index.html").unwrap_or(relative);
                let address = address.split('/').map(url_part).collect::<Vec<_>>().join("/");
                let (status, body) = daemon.get(&format!("/{address}"));
                assert_eq!(status, if relative == "404.html" { 404 } else { 200 }, "/{address}");
                assert!(body == std::fs::read(&path).unwrap(), "/{address} differs from {relative}");
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "only {compared} files");
    println!("{compared} files built and served alike");
}

/// One part of a path, escaped.
fn url_part(part: &str) -> String {
    const ESCAPED: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(part, ESCAPED).to_string()
}

#[test]
fn a_second_daemon_a_taken_port_and_a_wrong_key_are_named() {
    let room = room("1h");
    let daemon = room.serve();
    fails(&room, &["serve"], 1, &["another `depeche serve` uses this database"]);
    assert_eq!(daemon.get("/").0, 200);
    daemon.kill();

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    fails(&room, &["serve", "--listen", &address], 1, &["http.listen", &address]);
    let output = room.command(&["serve"]).env("DEPECHE_HTTP__ADMIN", &address).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("http.admin"), "{}", text(&output.stderr));

    let config = std::fs::read_to_string(room.path("config.toml")).unwrap();
    std::fs::write(room.path("config.toml"), config.replace("grace =", "grase =")).unwrap();
    fails(&room, &["check"], 1, &["grase", "grace", "config.toml"]);
    std::fs::write(room.path("config.toml"), config.replace("\"1h\"", "\"bientôt\"")).unwrap();
    fails(&room, &["serve"], 1, &["newsletter.grace", "bientôt"]);
    fails(&room, &["--config", "absent.toml", "check"], 1, &["absent.toml", "--config"]);
}

#[test]
fn check_tells_clean_doubtful_and_broken_apart() {
    let room = room("1h");
    let date = SystemClock.now() - TimeDelta::days(3);
    room.save("content/2026-01-01-net.md", &release("Rien à redire", date, "tags: [Pont]\n"));
    assert_eq!(room.run(&["check", "--strict"]).status.code(), Some(0));

    room.save("content/2026-01-02-absent.md", &release("Il manque", date, "files:\n- file: /uploads/absent.pdf\n"));
    assert_eq!(room.run(&["check"]).status.code(), Some(0));
    assert_eq!(room.run(&["check", "--strict"]).status.code(), Some(1));

    room.save("content/2026-01-03-casse.md", "---\ntitle: [\n---\nTexte.\n");
    let output = room.run(&["check", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let paths: Vec<_> = findings.iter().map(|finding| finding["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"2026-01-02-absent.md") && paths.contains(&"2026-01-03-casse.md"), "{paths:?}");
    assert!(!paths.contains(&"2026-01-01-net.md"), "{findings:?}");
    for finding in &findings {
        assert!(finding["line"].as_u64().unwrap() > 0 && !finding["message"].as_str().unwrap().is_empty());
    }
    assert!(findings.iter().any(|finding| finding["severity"] == "error"), "{findings:?}");
}

#[test]
fn subscribers_come_and_go_while_the_daemon_runs() {
    let room = room("1h");
    let _daemon = room.serve();
    room.say(&["subscribers", "add", "ann@journal.example", "--name", "Ann, rédaction", "--language", "en"]);
    room.say(&["subscribers", "add", "bob@journal.example", "--topic", "tag:pont", "--frequency", "weekly"]);
    let listed: Vec<Value> = serde_json::from_str(&room.say(&["subscribers", "list", "--format", "json"])).unwrap();
    assert_eq!(listed.len(), 2, "{listed:?}");
    let shown = room.say(&["subscribers", "show", "bob@journal.example"]);
    assert!(shown.contains("tag:pont") && shown.contains("par semaine"), "{shown}");
    let exported = room.say(&["subscribers", "export"]);
    assert!(exported.contains("\"Ann, rédaction\"") && exported.ends_with("\r\n"), "{exported}");

    room.say(&["subscribers", "remove", "bob@journal.example"]);
    let shown: Value =
        serde_json::from_str(&room.say(&["subscribers", "show", "bob@journal.example", "--format", "json"])).unwrap();
    assert_eq!(shown["subscriber"]["state"], "ended", "{shown}");
    fails(&room, &["subscribers", "remove", "zoe@journal.example"], 1, &["zoe@journal.example n’est pas abonnée"]);
    fails(&room, &["subscribers", "add", "personne"], 2, &["personne"]);
}

#[test]
fn the_office_holds_an_edition_and_lets_it_go() {
    let room = room("1h");
    let daemon = room.serve();
    room.say(&["subscribers", "add", "ann@journal.example"]);
    room.say(&["new", "--now", "Le quai rouvre"]);
    let edition = room.edition_in("waiting");
    let number = edition["id"].to_string();
    room.say(&["editions", "hold", &number]);
    assert_eq!(room.edition_in("held")["hold"], "office");
    let changes = daemon.log().matches("is now waiting").count();
    assert_eq!(changes, 0, "an edition that waits is changed again and again: {}", daemon.log());
    assert_eq!(letters_to(&room, "ann@journal.example"), 0);

    // One word lifts the hold and the wait of an hour.
    room.say(&["editions", "approve", &number]);
    let done = room.edition_in("done");
    assert_eq!(done["deliveries"]["sent"], 1, "{done}");
    assert_eq!(letters_to(&room, "ann@journal.example"), 1);
    fails(&room, &["editions", "cancel", &number], 1, &["est terminé"]);
    fails(&room, &["editions", "hold", "999"], 1, &["pas d’envoi 999"]);

    room.say(&["new", "--now", "Le quai ferme"]);
    let number = room.edition_in("waiting")["id"].to_string();
    room.say(&["editions", "cancel", &number]);
    fails(&room, &["editions", "approve", &number], 1, &["est annulé"]);
    let (status, _) = daemon.stop();
    assert!(status.success());
    assert_eq!(letters_to(&room, "ann@journal.example"), 1, "a cancelled edition left");
}

#[test]
fn a_letter_is_shown_and_tried_before_anyone_gets_it() {
    let room = room_with_samples("1h");
    let shown = room.say(&["preview", "2025-03-03-le-pont-de-sainte-orbe-rouvre.md"]);
    assert!(shown.contains("Sainte-Orbe") && shown.contains("Subject: "), "{shown}");
    let letter = "2025-03-03-le-pont-de-sainte-orbe-rouvre.md";
    room.say(&["preview", letter, "--eml", "essai.eml"]);
    let eml = std::fs::read_to_string(room.path("essai.eml")).unwrap();
    assert!(eml.contains("\r\nSubject: ") && eml.contains("multipart/alternative"), "{eml}");
    assert_eq!(room.letters().len(), 0, "a preview was sent");

    room.say(&["send-test", letter]);
    assert_eq!((room.letters().len(), letters_to(&room, "bureau@ministere.example")), (1, 1));
    fails(&room, &["send-test", letter, "--to", "ann@journal.example"], 1, &["office.copies"]);
    fails(&room, &["preview", "nulle-part"], 1, &["nulle-part"]);
}

#[test]
fn a_folder_of_oddities_stops_nothing() {
    let room = room("1h");
    let daemon = room.serve();
    let content = room.path("content");
    std::fs::write(content.join("2026-02-01-octets.md"), b"---\ntitle: \xff\xfe\n---\nTexte.\n").unwrap();
    std::fs::write(content.join("2026-02-02-vide.md"), b"").unwrap();
    std::fs::write(content.join("2026-02-03-enorme.md"), vec![b'a'; 5 << 20]).unwrap();
    std::fs::create_dir(content.join("2026-02-04-dossier.md")).unwrap();
    std::os::unix::fs::symlink("2026-02-05-boucle.md", content.join("2026-02-05-boucle.md")).unwrap();
    std::fs::write(content.join("2026-02-06-profond.md"), format!("---\ntitle: {}\n---\n", "[".repeat(20_000)))
        .unwrap();
    std::fs::write(
        content.join("2026-02-07-citations.md"),
        "---\ntitle: Citations\n---\n".to_owned() + &"> ".repeat(20_000),
    )
    .unwrap();
    room.save("content/2026-02-08-bon.md", &release("Le bon", SystemClock.now() - TimeDelta::minutes(1), ""));
    until("the good one", || titles(&daemon).iter().any(|title| title == "Le bon").then_some(()));
    // The folder itself goes, and comes back.
    std::fs::rename(&content, room.path("ailleurs")).unwrap();
    room.say(&["editions", "list"]);
    assert!(titles(&daemon).iter().any(|title| title == "Le bon"));
    std::fs::rename(room.path("ailleurs"), &content).unwrap();
    room.save("content/2026-02-09-autre.md", &release("Un autre", SystemClock.now() - TimeDelta::minutes(1), ""));
    until("the next one", || titles(&daemon).iter().any(|title| title == "Un autre").then_some(()));
    let (status, _) = daemon.stop();
    assert!(status.success());
}

/// What `register list` says, for programs.
fn register(room: &PressRoom, more: &[&str]) -> Vec<Value> {
    let arguments = [&["register", "list", "--format", "json"], more].concat();
    serde_json::from_str(&room.say(&arguments)).unwrap()
}

#[test]
fn ids_are_listed_and_pinned_while_the_daemon_runs() {
    let room = room("1h");
    let old = release("Le bac", "2026-01-02T09:00:00Z".parse().unwrap(), "").replace('\n', "\r\n");
    room.save("content/2026-01-02-bac.md", &format!("\u{feff}{old}"));
    room.save("content/pont.md", &release("Le pont", "2026-01-01T09:00:00Z".parse().unwrap(), "id: tag:x,2026:pont\n"));
    room.save("content/odd.md", "---\n{title: Un quai, date: 2026-01-03, chapeau: Un quai.}\n---\n");
    let before = std::fs::read_to_string(room.path("content/2026-01-02-bac.md")).unwrap();
    let daemon = room.serve();
    let listed = register(&room, &[]);
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[1]["id"], "tag:127.0.0.1,2026:2026-01-02-bac");
    assert_eq!(
        (&listed[1]["file"], &listed[1]["announcement"]),
        (&"2026-01-02-bac.md".into(), &"live-at-first-start".into())
    );
    assert!(listed[1]["live_since"].is_string() && listed[1]["decisions"].is_null());
    assert_eq!(register(&room, &["--why"])[1]["decisions"][0]["what"], "new");
    assert!(room.say(&["register", "list", "--why"]).contains("never: it was live when Depeche first started"));

    assert!(room.say(&["check"]).contains("register pin"));
    fails(&room, &["register", "pin"], 1, &["odd.md", "1 pinned, 1 pinned before, 1 left"]);
    let after = std::fs::read_to_string(room.path("content/2026-01-02-bac.md")).unwrap();
    let line = "id: \"tag:127.0.0.1,2026:2026-01-02-bac\"\r\n";
    assert_eq!(after.replacen(line, "", 1), before);
    assert!(after.starts_with(&format!("\u{feff}---\r\n{line}")));
    room.say(&["register", "pin", "bac"]);
    fails(&room, &["register", "pin", "Le viaduc"], 1, &["Le viaduc"]);
    until("the pinned file in the register", || {
        let register = register(&room, &["--why"]);
        assert_eq!(register[1]["id"], listed[1]["id"]);
        assert!(!register[1]["decisions"].as_array().unwrap().iter().any(|made| made["what"] == "edited"));
        std::fs::read_dir(room.path("content"))
            .unwrap()
            .all(|entry| !entry.unwrap().file_name().to_string_lossy().contains(".pin-"))
            .then_some(())
    });
    drop(daemon);
}
