//! Lists from elsewhere, taken in by the program itself, and given out again.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Output, Stdio};

use serde_json::Value;

#[path = "support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;

use press_room::{PressRoom, text};

const SOURCE: [&str; 2] = ["--source", "liste de l’ancien outil"];

fn room() -> PressRoom {
    PressRoom::new(
        "[newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\n\
         [office]\ncopies = [\"bureau@ministere.example\"]\n[[relay]]\nkind = \"directory\"\n",
    )
}

fn import(room: &PressRoom, file: &str, more: &[&str]) -> Output {
    room.run(&[&["subscribers", "import", file], &SOURCE[..], more].concat())
}

/// Imports a file that must be read whole, and gives the sum.
#[track_caller]
fn sum(room: &PressRoom, file: &str, more: &[&str]) -> Value {
    let output = import(room, file, &[&["--format", "json"], more].concat());
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn subscribers(room: &PressRoom) -> Vec<Value> {
    serde_json::from_str(&room.say(&["subscribers", "list", "--format", "json"])).unwrap()
}

#[track_caller]
fn outcomes(sum: &Value, expected: &[(&str, u64)]) {
    for (code, count) in sum["outcomes"].as_object().unwrap() {
        let wanted = expected.iter().find(|(known, _)| known == code).map_or(0, |(_, count)| *count);
        assert_eq!(count, wanted, "{code} in {sum}");
    }
}

#[test]
fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let room = room();
    let list = "email,name,status\nann@example.org,Ann,enabled\nANN@example.org,Ann,enabled\nbob@example.org,Bob,blocklisted\n\
        cy@example.org,Cy,enabled\ncy@example.org,Cy,disabled\n";
    room.save("list.csv", list);
    let would = sum(&room, "list.csv", &["--dry-run"]);
    outcomes(&would, &[("added", 2), ("duplicate", 1), ("suppressed", 1), ("ended", 1)]);
    assert_eq!(subscribers(&room), Vec::<Value>::new());
    let did = sum(&room, "list.csv", &[]);
    assert_eq!(did["outcomes"], would["outcomes"]);
    let states: Vec<(String, String)> = subscribers(&room)
        .iter()
        .map(|one| (one["address"].as_str().unwrap().to_owned(), one["state"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [("ann@example.org", "active"), ("cy@example.org", "ended")];
    assert_eq!(states, expected.map(|(address, state)| (address.to_owned(), state.to_owned())));
    // The order of lines does not matter: who left in one of them is not brought back by another.
    let would = sum(&room, "list.csv", &["--dry-run"]);
    let again = sum(&room, "list.csv", &[]);
    assert_eq!(again["outcomes"], would["outcomes"]);
    outcomes(&again, &[("already-there", 1), ("duplicate", 1), ("already-out", 2), ("left-ended", 1)]);
}

#[test]
fn what_an_export_says_comes_back_and_begins_no_formula() {
    let room = room();
    for (address, name) in [
        ("ann@example.org", "=HYPERLINK(\"http://example.org\")"),
        ("+bob@example.org", "Bob; @SUM(A1)"),
        ("cy@example.org", "'l'=, ＋1"),
        ("zoé@médias.example", "Zoé « Z »"),
    ] {
        room.say(&[
            "subscribers",
            "add",
            address,
            "--name",
            name,
            "--organisation=-1+1",
            "--topic",
            "tag:eau",
            "--topic",
            "all",
            "--frequency",
            "weekly",
            "--language",
            "en",
            "--source",
            "\t@office",
        ]);
    }
    room.say(&["subscribers", "add", "gone@example.org"]);
    room.say(&["subscribers", "remove", "gone@example.org"]);
    let exported = room.say(&["subscribers", "export"]);
    assert!(exported.lines().next().unwrap().ends_with(",source,paused_until"), "{exported}");
    for cell in exported.split([',', ';', '\n', '\t']) {
        let cell = cell.trim_start_matches('"').trim_start();
        assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{cell}");
    }
    let other = self::room();
    other.save("export.csv", &exported);
    outcomes(&sum(&other, "export.csv", &[]), &[("added", 4), ("ended", 1)]);
    let told = |room: &PressRoom| -> Vec<Value> {
        let mut all = subscribers(room);
        for one in &mut all {
            let one = one.as_object_mut().unwrap();
            one.remove("since");
            one.remove("created");
            one.remove("source");
            if one["state"] == "ended" {
                one.remove("topics");
            }
        }
        all
    };
    assert_eq!(told(&other), told(&room));
    assert_eq!(subscribers(&other)[1]["source"], SOURCE[1]);
}

#[test]
fn each_line_that_was_not_simply_added_is_told_with_its_number() {
    let room = room();
    room.save(
        "list.csv",
        "Courriel;Nom;Ville\nann@example.org;Ann;Nantes\nnobody;Bob;Brest\nANN@example.org;Ann;Nantes\n",
    );
    let output = import(&room, "list.csv", &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(lines[0].contains("ligne 3") && lines[0].contains("`nobody`"), "{told}");
    assert!(lines[1].contains("ligne 4") && lines[1].contains("ANN@example.org"), "{told}");
    let said = text(&output.stdout);
    for words in ["Courriel, Nom", "Ville", "3 lignes lues", "1  adresse ajoutée\n", "1  ligne non comprise,"] {
        assert!(said.contains(words), "{words}: {said}");
    }

    room.save("one.csv", "email,unsubscribed\ndi@example.org,yes\n");
    let said = text(&import(&room, "one.csv", &["--dry-run"]).stdout);
    for words in ["1 ligne lue, ", "0  adresse ajoutée\n", "1  n’est plus abonnée, "] {
        assert!(said.contains(words), "{words}: {said}");
    }

    let output = import(&room, "list.csv", &["--report", "report.csv"]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), ""));
    let report = std::fs::read_to_string(room.path("report.csv")).unwrap();
    let rows: Vec<&str> = report.lines().collect();
    assert_eq!(rows.len(), 4, "{report}");
    assert_eq!(rows[0], "line,address,outcome,words");
    assert!(rows[1].starts_with("2,ann@example.org,already-there,"), "{report}");
    assert!(rows[2].starts_with("3,,bad-address,"), "{report}");
    assert!(rows[3].starts_with("4,ANN@example.org,duplicate,"), "{report}");
}

#[test]
fn a_list_may_come_by_standard_input_and_says_which_topics_are_meant() {
    let room = room();
    let mut command =
        room.command(&["subscribers", "import", "-", "--source", "x", "--topic", "tag:eau", "--frequency", "daily"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"ann@example.org,Ann\nbob@example.org,Bob\n").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let ann = &subscribers(&room)[0];
    assert_eq!(
        (&ann["topics"][0], &ann["frequency"], &ann["name"]),
        (&"tag:eau".into(), &"daily".into(), &"Ann".into())
    );
    for refused in [&["subscribers", "import", "list.csv"][..], &["subscribers", "import", "list.csv", "--source", ""]]
    {
        assert_eq!(room.run(refused).status.code(), Some(2), "{refused:?}");
    }
    let missing = import(&room, "nowhere.csv", &[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("nowhere.csv"));
}

#[test]
fn what_is_no_list_is_refused_in_the_language_of_the_site() {
    let french = room();
    let english = room();
    let config = std::fs::read_to_string(english.path("config.toml")).unwrap();
    english.save("config.toml", &config.replace("[site]", "[site]\nlanguage = \"en\""));
    for (room, book, nothing) in [(&french, "n’est pas du texte", "est vide"), (&english, "is no text", "is empty")] {
        room.save("book.csv", "PK\u{3}\u{4}workbook");
        room.save("nothing.csv", "\n");
        for (file, words) in [("book.csv", book), ("nothing.csv", nothing)] {
            let refused = import(room, file, &[]);
            assert_eq!(refused.status.code(), Some(1));
            let told = text(&refused.stderr);
            assert!(told.contains(words) && told.contains(file), "{told}");
        }
        assert!(text(&import(room, "book.csv", &[]).stderr).contains("CSV"));
    }
}

#[test]
fn the_office_erases_blocks_and_unblocks() {
    let room = room();
    room.say(&["subscribers", "add", "ann@example.org"]);
    room.say(&["subscribers", "erase", "ann@example.org"]);
    let shown = room.run(&["subscribers", "show", "ann@example.org"]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(text(&shown.stderr).contains("effacé"), "{}", text(&shown.stderr));
    room.say(&["subscribers", "erase", "ann@example.org"]);
    room.say(&["subscribers", "erase", "never@example.org"]);
    room.say(&["subscribers", "block", "bob@example.org"]);
    room.save("list.csv", "ann@example.org\nbob@example.org\nnever@example.org\ncy@example.org\n");
    outcomes(&sum(&room, "list.csv", &[]), &[("left-suppressed", 3), ("added", 1)]);
    room.say(&["subscribers", "unblock", "bob@example.org"]);
    assert_eq!(room.run(&["subscribers", "unblock", "bob@example.org"]).status.code(), Some(1));
    outcomes(&sum(&room, "list.csv", &[]), &[("left-suppressed", 2), ("already-there", 1), ("added", 1)]);
    assert_eq!(subscribers(&room).len(), 2);
}

#[test]
fn a_column_that_may_say_no_and_is_not_understood_stops_the_list() {
    let room = room();
    room.save("list.csv", "Email;Exclu des envois\nann@example.org;oui\nbob@example.org;\n");
    for more in [&["--report", "report.csv"][..], &["--dry-run"]] {
        let refused = import(&room, "list.csv", more);
        assert_eq!((refused.status.code(), text(&refused.stdout).as_str()), (Some(1), ""));
        let told = text(&refused.stderr);
        assert!(told.contains("Exclu des envois") && told.contains("--ignore-column"), "{told}");
    }
    assert!(!room.path("report.csv").exists());
    assert_eq!(subscribers(&room), Vec::<Value>::new());
    let did = sum(&room, "list.csv", &["--ignore-column", "exclu des envois"]);
    outcomes(&did, &[("added", 2)]);
    assert_eq!(did["columns"]["unread"], serde_json::json!(["Exclu des envois"]));
}

/// A list of two hundred lines that say "oui" in a column that is not read, and of some that say something else.
fn late(heading: &str, before: &str, late: &[&str]) -> String {
    let mut list = format!("Email;{heading}\n");
    for number in 0..200 {
        writeln!(list, "reader{number}@example.org;{before}").unwrap();
    }
    for (number, cell) in late.iter().enumerate() {
        writeln!(list, "late{number}@example.org;{cell}").unwrap();
    }
    list
}

#[test]
fn a_no_at_the_end_of_a_list_stops_it_before_anything_is_written() {
    let room = room();
    for (heading, before, no) in [
        ("Colloque", "", "oui"),
        ("Lettre presse", "à 8 h", "non"),
        ("Remarque", "aime l’eau", "désabonnée en mai"),
        ("Remarque", "", "n’en veut plus"),
    ] {
        room.save("list.csv", &late(heading, before, &[no]));
        for more in [&[][..], &["--dry-run"], &["--report", "report.csv"]] {
            let refused = import(&room, "list.csv", more);
            assert_eq!((refused.status.code(), text(&refused.stdout).as_str()), (Some(1), ""), "{heading}: {no}");
            let told = text(&refused.stderr);
            assert!(told.contains(heading) && told.contains("--ignore-column"), "{told}");
        }
        // Standard input is a file as well, when it is one.
        let mut command = room.command(&["subscribers", "import", "-", "--source", "x"]);
        let input = std::fs::File::open(room.path("list.csv")).unwrap();
        let refused = command.stdin(input).stdout(Stdio::null()).output().unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused.stderr).contains(heading), "{}", text(&refused.stderr));
        assert_eq!(subscribers(&room), Vec::<Value>::new(), "{heading}");
    }
    assert!(!room.path("report.csv").exists());
    outcomes(&sum(&room, "list.csv", &["--ignore-column", "remarque"]), &[("added", 201)]);
}

#[test]
fn what_looks_like_an_answer_at_first_and_is_none_stops_nothing() {
    let room = room();
    let notes: Vec<String> = (0..300).map(|number| format!("rappel le {number}")).collect();
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    room.save("list.csv", &late("Remarque", "oui", &notes));
    outcomes(&sum(&room, "list.csv", &[]), &[("added", 500)]);
}

#[test]
fn a_no_at_the_end_of_what_is_read_once_is_none_that_is_added() {
    let room = room();
    let mut command = room.command(&["subscribers", "import", "-", "--source", "x", "--format", "json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let list = late("Lettre presse", "", &["non", "à 8 h", "désabonnée", "oui"]);
    child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    for words in ["Lettre presse: non", "Lettre presse: désabonnée", "Lettre presse: oui", "--ignore-column"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let did: Value = serde_json::from_slice(&output.stdout).unwrap();
    outcomes(&did, &[("added", 201)]);
    assert_eq!(did["unreadable"], 3);
    let late: Vec<Value> =
        subscribers(&room).into_iter().filter(|one| one["address"].as_str().unwrap().starts_with("late")).collect();
    assert_eq!(late.len(), 1, "{late:?}");
}

#[test]
fn who_said_no_in_a_column_of_its_own_is_not_added() {
    let room = room();
    room.save(
        "list.csv",
        "Email;Désabonné;EMAIL_BLACKLISTED;Inscrit\nann@example.org;oui;false;oui\nbob@example.org;non;true;oui\n\
         cy@example.org;non;false;non\ndi@example.org;2024-01-01;;oui\neve@example.org;peut-être;;oui\n\
         fay@example.org;;;oui\n",
    );
    let output = import(&room, "list.csv", &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("peut-être"), "{}", text(&output.stderr));
    let did: Value = serde_json::from_slice(&output.stdout).unwrap();
    outcomes(&did, &[("added", 1), ("ended", 3), ("suppressed", 1)]);
    let active: Vec<Value> = subscribers(&room).into_iter().filter(|one| one["state"] == "active").collect();
    assert_eq!(active.len(), 1);
    assert_eq!(active[0]["address"], "fay@example.org");
}

#[test]
fn of_listmonks_list_it_is_told_that_it_hides_who_left() {
    let room = room();
    let list =
        "uuid,email,name,attributes,status,created_at,updated_at\n5f,ann@example.org,Ann,{},enabled,2026-01-02,x\n";
    room.save("unsubscribed.csv", list);
    room.save("subscribers.csv", list);
    let told = |file: &str| text(&import(&room, file, &[]).stderr);
    assert!(!told("unsubscribed.csv").contains("listmonk"));
    assert!(told("subscribers.csv").contains("listmonk"));
    assert_eq!(subscribers(&room)[0]["state"], "ended");
}

#[test]
fn a_report_takes_the_place_of_no_file_and_is_for_its_owner_alone() {
    let room = room();
    let list = "email\nann@example.org\n";
    room.save("list.csv", list);
    std::os::unix::fs::symlink(room.path("list.csv"), room.path("link.csv")).unwrap();
    std::fs::hard_link(room.path("list.csv"), room.path("twin.csv")).unwrap();
    for report in ["list.csv", "./list.csv", "link.csv", "twin.csv"] {
        let refused = import(&room, "list.csv", &["--report", report]);
        assert_eq!(refused.status.code(), Some(1), "{report}");
        assert!(text(&refused.stderr).contains(report), "{}", text(&refused.stderr));
        assert_eq!(std::fs::read_to_string(room.path("list.csv")).unwrap(), list, "{report}");
    }
    assert_eq!(subscribers(&room), Vec::<Value>::new());
    sum(&room, "list.csv", &["--report", "report.csv"]);
    let mode = std::fs::metadata(room.path("report.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_a_list_holds_does_nothing_to_the_terminal() {
    let room = room();
    room.save(
        "list.csv",
        "Courriel,\u{1b}]0;x\u{7}Ville,Liste\nann@example.org,Brest,\u{1b}[2JVIP\u{9b}31m\nno\u{1b}[31mbody,Brest,\n",
    );
    let output = import(&room, "list.csv", &[]);
    let told = [text(&output.stdout), text(&output.stderr)].concat();
    assert!(told.contains("Ville") && told.contains("VIP") && told.contains("body"), "{told:?}");
    assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{told:?}");
}

#[test]
fn what_the_office_can_lift_it_lifts_and_is_told_the_rest() {
    let room = room();
    room.save(
        "list.csv",
        "email,status\nann@example.org,bounced\nbob@example.org,blocklisted\ncy@example.org,spam\ndi@example.org,erased\n",
    );
    let output = import(&room, "list.csv", &[]);
    assert!(!text(&output.stderr).contains("jamais"), "it can be lifted: {}", text(&output.stderr));
    assert!(text(&output.stdout).contains("4  mises à l’écart, "), "{}", text(&output.stdout));
    let fails = |arguments: &[&str]| {
        let refused = room.run(&[&["subscribers"], arguments].concat());
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        text(&refused.stderr)
    };
    for address in ["ann@example.org", "bob@example.org"] {
        let told = fails(&["add", address]);
        assert!(told.contains(&format!("depeche subscribers unblock {address}")), "{told}");
        room.say(&["subscribers", "unblock", address]);
        room.say(&["subscribers", "add", address]);
    }
    for (address, reason) in [("cy@example.org", "rien ne peut le lever"), ("di@example.org", "seule la personne")] {
        for command in ["add", "unblock"] {
            let told = fails(&[command, address]);
            assert!(told.contains(reason) && !told.contains("unblock cy"), "{told}");
        }
    }
    assert!(fails(&["unblock", "ann@example.org"]).contains("n’est pas bloquée"));
}

#[test]
fn what_somebody_agreed_to_is_shown() {
    let room = room();
    room.save("list.csv", "email,optin_time\nann@example.org,2020-01-02 03:04\n");
    sum(&room, "list.csv", &[]);
    room.say(&["subscribers", "block", "ann@example.org"]);
    room.say(&["subscribers", "unblock", "ann@example.org"]);
    let shown = room.say(&["subscribers", "show", "ann@example.org"]);
    for words in
        ["Preuves gardées", "abonnement par le service presse", "2020-01-02 03:04", SOURCE[1], "de nouveau permis"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let shown: Value =
        serde_json::from_str(&room.say(&["subscribers", "show", "ann@example.org", "--format", "json"])).unwrap();
    let consents = shown["consents"].as_array().unwrap();
    let actions: Vec<&Value> = consents.iter().map(|kept| &kept["action"]).collect();
    assert_eq!(actions, ["vouched", "unblocked"]);
    assert_eq!((&consents[0]["source"], &consents[1]["words"]), (&SOURCE[1].into(), &"blocked".into()));
    // Of whom nothing is known, nothing is shown.
    let unknown = room.run(&["subscribers", "show", "nobody@example.org", "--format", "json"]);
    assert_eq!((unknown.status.code(), text(&unknown.stdout).as_str()), (Some(1), ""));
    assert!(text(&unknown.stderr).contains("nobody@example.org"), "{}", text(&unknown.stderr));
}

#[test]
fn an_import_that_is_killed_is_completed_by_the_next() {
    let room = room();
    let mut list = "email\n".to_owned();
    for number in 0..6000 {
        writeln!(list, "reader{number}@example.org").unwrap();
    }
    room.save("list.csv", &list);
    // The list stops in the middle, and nobody goes on.
    let mut child = room
        .command(&["subscribers", "import", "-", "--source", "x"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&list.as_bytes()[..list.len() / 2]).unwrap();
    let some = press_room::until("the first lines", || Some(subscribers(&room).len()).filter(|count| *count > 0));
    child.kill().unwrap();
    child.wait().unwrap();
    let there = u64::try_from(subscribers(&room).len()).unwrap();
    assert!(there % 256 == 0 && there < 6000 && there >= some as u64, "{there}");
    let rest = sum(&room, "list.csv", &["--report", "report.csv"]);
    outcomes(&rest, &[("added", 6000 - there), ("already-there", there)]);
    outcomes(&sum(&room, "list.csv", &["--report", "again.csv"]), &[("already-there", 6000)]);
}
