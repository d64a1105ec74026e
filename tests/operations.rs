//! `docs/OPERATIONS.md` says what is so: its commands are run as they stand there, and a restoring by the document is
//! rehearsed from the backup to the next letter.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use chrono::{SecondsFormat, TimeDelta};
use depeche::clock::{Clock as _, SystemClock};

#[path = "support/admin.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod admin;
#[path = "support/git.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod git;
#[path = "support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;

use admin::admin;
use git::Git;
use press_room::{Daemon, PressRoom, text, until};

/// How many readers there are.
const READERS: usize = 120;

fn document() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATIONS.md")).unwrap()
}

/// The shell commands of a section of the document, a line each.
fn commands(section: &str) -> Vec<String> {
    let document = document();
    let found = document.split("\n## ").find(|found| found.starts_with(&format!("{section}\n"))).unwrap();
    let before_others = found.split("\n### ").next().unwrap();
    let blocks = before_others.split("\n```sh\n").skip(1).map(|rest| rest.split_once("\n```\n").unwrap().0);
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// Runs a command of the document in the room, with `/backup` leading to `backups`.
#[track_caller]
fn run(room: &PressRoom, backups: &Path, command: &str) -> String {
    let folder = room.path(".bin");
    std::fs::create_dir_all(&folder).unwrap();
    let _ = std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_depeche"), folder.join("depeche"));
    let path = std::env::join_paths(
        std::iter::once(folder).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut shell = Command::new("sh");
    shell.args(["-ec", &command.replace("/backup/", &format!("{}/", backups.display()))]).current_dir(room.path(""));
    for (name, _) in room.command(&[]).get_envs() {
        shell.env_remove(name);
    }
    let output = shell.env("PATH", path.unwrap()).output().unwrap();
    assert!(output.status.success(), "{command}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn room() -> PressRoom {
    PressRoom::new(
        "[newsletter]\nfrom = \"Salle de presse <presse@presse.example>\"\ngrace = \"1ms\"\n\
         [office]\ncopies = [\"bureau@presse.example\"]\n[[relay]]\nkind = \"directory\"\nrate = 60\n",
    )
}

/// Publishes a release that is dated so long from now.
fn publish(room: &PressRoom, file: &str, title: &str, date: TimeDelta) {
    let date = (SystemClock.now() + date).to_rfc3339_opts(SecondsFormat::Secs, true);
    room.save("content/uploads/plan.pdf", "%PDF-1.4 plan");
    room.save(
        &format!("content/{file}"),
        &format!(
            "---\ntitle: {title}\ndate: {date}\nchapeau-text: Les faits.\nfiles:\n  - file: /uploads/plan.pdf\n    \
             nom: Le plan\n---\n\nLe texte de {title}.\n"
        ),
    );
}

/// How many letters with this word in their subject each reader has.
fn letters(room: &PressRoom, word: &str) -> BTreeMap<String, usize> {
    let mut letters = BTreeMap::new();
    for letter in room.letters() {
        let to = letter.lines().find_map(|line| line.strip_prefix("To: ")).unwrap().to_owned();
        let about = letter.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap();
        if to.ends_with("@journal.example") && about.contains(word) {
            *letters.entry(to).or_insert(0) += 1;
        }
    }
    letters
}

/// The addresses below the site in all letters.
fn links(room: &PressRoom) -> BTreeSet<String> {
    let mut links = BTreeSet::new();
    for letter in room.letters() {
        let parsed = mail_parser::MessageParser::default().parse(letter.as_bytes()).unwrap();
        let (plain, html) = (parsed.body_text(0).unwrap(), parsed.body_html(0).unwrap());
        for part in plain.split("http://127.0.0.1:8080").skip(1).chain(html.split("http://127.0.0.1:8080").skip(1)) {
            let end = part.find(|c: char| c.is_whitespace() || "<>\"')".contains(c)).unwrap_or(part.len());
            links.insert(part[..end].replace("&#x2F;", "/").replace("&amp;", "&"));
        }
    }
    links.retain(|link| !link.starts_with("/office/"));
    links
}

fn answers(daemon: &Daemon, links: &BTreeSet<String>) {
    for link in links {
        assert_eq!(daemon.get(if link.is_empty() { "/" } else { link }).0, 200, "{link}");
    }
}

#[test]
fn a_restoring_is_rehearsed_by_the_document() {
    let commands = commands("Backup and restore");
    let [back_up, restore, examine, show] = commands.as_slice() else { panic!("{commands:?}") };
    let (lost, backups) = (room(), tempfile::tempdir().unwrap());
    let readers: Vec<String> = (0..READERS).map(|number| format!("reader{number}@journal.example")).collect();
    lost.save("list.txt", &readers.join("\n"));
    lost.say(&["subscribers", "import", "list.txt", "--source", "essai"]);
    let daemon = lost.serve();
    publish(&lost, "2026-01-01-pont.md", "Un pont neuf", -TimeDelta::seconds(30));
    until("half of the letters", || (letters(&lost, "pont").len() > READERS / 2).then_some(()));
    run(&lost, backups.path(), back_up);
    until("all letters", || (letters(&lost, "pont").len() == READERS).then_some(()));
    publish(&lost, "2026-01-02-gare.md", "Une gare neuve", -TimeDelta::seconds(30));
    until("the next letters", || (letters(&lost, "gare").len() == READERS).then_some(()));
    let old = links(&lost);
    assert!(old.len() > 2 * READERS, "{} links", old.len());
    answers(&daemon, &old);
    daemon.kill();

    // The new machine has what the document asks for, and nothing of the old database.
    let begun = Instant::now();
    let new = room();
    for name in ["2026-01-01-pont.md", "2026-01-02-gare.md", "uploads/plan.pdf"] {
        std::fs::copy(lost.path(&format!("content/{name}")), new.path(&format!("content/{name}"))).unwrap();
    }
    run(&new, backups.path(), restore);
    run(&new, backups.path(), examine);
    let daemon = new.serve();
    let took = begun.elapsed();
    until("the notice", || {
        new.letters().iter().any(|letter| letter.contains("To: bureau@presse.example")).then_some(())
    });
    // What waits for a person.
    let mut waits = Vec::new();
    until("what is held", || {
        waits = new.editions();
        waits.retain(|edition| ["held", "paused"].contains(&edition["state"].as_str().unwrap()));
        (waits.len() == 2).then_some(())
    });
    assert!(run(&new, backups.path(), show).contains("Une gare neuve"));
    for edition in &waits {
        new.say(&["editions", "cancel", &edition["id"].to_string()]);
    }
    answers(&daemon, &old);
    // And life goes on, with releases dated since.
    publish(&new, "2026-01-03-port.md", "Un port neuf", TimeDelta::seconds(2));
    until("the letters of the next release", || (letters(&new, "port").len() == READERS).then_some(()));
    assert!(letters(&new, "port").values().all(|number| *number == 1));
    let wrong = letters(&new, "pont").len() + letters(&new, "gare").len();
    assert_eq!(wrong, 0, "letters that had left before left again");
    println!(
        "restored and serving after {:.1} s; {wrong} letters wrongly sent; {} of {} links in old letters answer",
        took.as_secs_f64(),
        old.len(),
        old.len()
    );
}

#[test]
fn the_first_day_beside_a_site_goes_by_the_document() {
    let room = room();
    let config = std::fs::read_to_string(room.path("config.toml")).unwrap();
    let beside = "[content]\nfolder = \"site\"\nuploads = \"site/assets\"\ndocuments = \"any\"\n";
    room.save("config.toml", &config.replace("[content]\n", beside));
    for folder in ["site/_posts", "site/assets", "site/_layouts"] {
        std::fs::create_dir_all(room.path(folder)).unwrap();
    }
    room.save("site/_config.yml", "title: Un site\nurl: https://www.example.org\npermalink: /actualites/:title/\n");
    for (day, name) in [("2025-03-01", "pont"), ("2025-04-01", "gare")] {
        room.save(&format!("site/_posts/{day}-{name}.md"), &format!("---\ntitle: Le {name}\n---\n\nTexte.\n"));
    }
    let entry = "<entry><id>https://www.example.org/old/1</id><title>Le pont</title>\
                 <link href=\"https://www.example.org/actualites/pont/\"/><updated>2025-03-01T00:00:00Z</updated></entry>";
    let feed =
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>x</title><id>x</id><updated>2025-03-01T00:00:00Z</updated>";
    room.save("feed.xml", &format!("{feed}{entry}</feed>"));
    room.save("list.csv", "email\nann@journal.example\n");
    let commands = commands("The first day beside a living site");
    let (before, after) = commands.split_at(4);
    for command in before {
        run(&room, Path::new("/nowhere"), command);
    }
    let daemon = room.serve();
    let said: Vec<String> = after.iter().map(|command| run(&room, Path::new("/nowhere"), command)).collect();
    assert!(room.editions().is_empty() && said.len() == 2, "{said:?}");
    assert!(said[1].contains("https://www.example.org/old/1"), "{said:?}");
    assert!(text(&daemon.get("/feeds/all.atom").1).contains("<id>https://www.example.org/old/1</id>"));
}

#[test]
fn what_is_pushed_is_pulled_and_announced() {
    let room = room();
    let place = room.path("origin");
    std::fs::create_dir_all(&place).unwrap();
    let Some(git) = Git::init(&place) else { return };
    std::fs::write(place.join("2025-01-01-ancien.md"), "---\ntitle: Un ancien\n---\n\nTexte.\n").unwrap();
    git.commit("Un ancien");
    std::fs::remove_dir_all(room.path("content")).unwrap();
    git.run(&["clone", "--quiet", ".", room.path("content").to_str().unwrap()]);
    std::fs::create_dir_all(room.path("content/uploads")).unwrap();
    let unit = include_str!("../packaging/git/depeche-releases.service");
    let pull = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/")).unwrap();
    let pull = pull.replace("/srv/releases", &format!("'{}'", room.path("content").display()));
    room.say(&["subscribers", "add", "ann@journal.example"]);
    let daemon = room.serve();
    let date = (SystemClock.now() - TimeDelta::seconds(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let release = format!("---\ntitle: Un pont neuf\ndate: {date}\n---\n\nTexte.\n");
    std::fs::write(place.join("pont.md"), release).unwrap();
    git.commit("Un pont neuf");
    run(&room, Path::new("/nowhere"), &pull);
    until("the letter", || (letters(&room, "pont").len() == 1).then_some(()));
    assert!(letters(&room, "ancien").is_empty());
    drop(daemon);
}

#[test]
fn the_backup_of_every_night_is_made_and_old_ones_go() {
    let room = room();
    let kept = room.path("kept");
    std::fs::create_dir(&kept).unwrap();
    // Where the database is not the one that was meant, that is no success.
    let refused = room.run(&["backup", "kept/nothing"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("DEPECHE_DATABASE__URL"), "{refused:?}");
    assert!(!kept.join("nothing").exists() && !room.path("var/depeche.sqlite").exists());
    drop(room.serve());
    let (old, other) = (kept.join("depeche-2026-01-01"), kept.join("other"));
    for file in [&old, &other] {
        std::fs::write(file, "x").unwrap();
        let aged = Command::new("touch").args(["-d", "16 days ago"]).arg(file).status().unwrap();
        assert!(aged.success());
    }
    let unit = include_str!("../packaging/backup/depeche-backup.service");
    for command in unit.lines().filter_map(|line| line.strip_prefix("ExecStart=")) {
        // As systemd reads it (`systemd.unit(5)`, `systemd.service(5)`).
        let command = command.replace("%%", "%").replace("$$", "$").replace("--config /etc/depeche/config.toml ", "");
        run(&room, Path::new("/nowhere"), &command.replace("/backup", "kept"));
    }
    let names: Vec<String> =
        std::fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.len() == 2 && names.contains(&"other".to_owned()) && !old.exists(), "{names:?}");
    let metrics = admin(&room.serve(), "/metrics");
    let last = metrics.lines().find_map(|line| line.strip_prefix("depeche_last_backup_timestamp_seconds ")).unwrap();
    let age = SystemClock.now().timestamp() - last.parse::<i64>().unwrap();
    assert!((0..600).contains(&age), "{last}");
}

#[test]
fn every_command_is_one_that_the_program_takes() {
    let (room, document) = (PressRoom::new(""), document().replace("$(date +%F)", "today"));
    let document = document.replace("EDITION", "12").replace("ADDRESS", "ann@journal.example");
    // Two are none: a line of a mail server's configuration, and one of the log.
    let is_command = |code: &&str| {
        code.starts_with("depeche ") && !["depeche unix ", "depeche is "].iter().any(|other| code.starts_with(other))
    };
    let marked = document.split(['`', '\n']).filter(is_command);
    // What a shell makes of the rest is not the program's.
    let ends = [" #", " |", " >", " <", " &&", ";"];
    let alone = |code: &str| ends.iter().filter_map(|end| code.find(end)).min().unwrap_or(code.len());
    let commands: BTreeSet<&str> = marked.map(|code| &code[..alone(code)]).collect();
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands {
        // As a shell takes them apart; quotes are double and hold no other.
        let parts = command.split('"').enumerate();
        let words = parts.flat_map(|(place, part)| if place % 2 == 0 { part.split(' ').collect() } else { vec![part] });
        let mut words: Vec<&str> = words.filter(|word| !word.is_empty()).skip(1).collect();
        words.push("--help");
        assert!(room.run(&words).status.success(), "`{command}` is not taken");
    }
}

#[test]
fn keys_made_by_the_document_are_those_that_doctor_describes() {
    if Command::new("openssl").arg("version").output().is_err() {
        assert_ne!(std::env::var("DEPECHE_REQUIRE").as_deref(), Ok("all"), "openssl is required here");
        println!("skipped: openssl is not installed");
        return;
    }
    let room = room();
    std::fs::create_dir_all(room.path("var")).unwrap();
    let (mut records, commands) = (Vec::new(), commands("Signatures"));
    for command in &commands {
        records.extend(run(&room, Path::new("/nowhere"), command).lines().map(str::to_owned));
    }
    assert_eq!(records.len(), 2, "{commands:?}");
    let config = std::fs::read_to_string(room.path("config.toml")).unwrap();
    let dkim = "[dkim]\ndomain = \"presse.example\"\nrsa = { selector = \"rsa2026\", key_file = \"var/dkim-rsa.pem\" }\n\
                ed25519 = { selector = \"ed2026\", key_file = \"var/dkim-ed25519.pem\" }\n";
    room.save("config.toml", &format!("{config}{dkim}"));
    let said = text(&room.run(&["doctor", "--format", "json"]).stdout);
    for record in records {
        let (_, value) = record.split_once("  ").unwrap();
        assert!(said.replace("\\\" \\\"", "").contains(value), "{value} in {said}");
    }
}
