//! What comes back, by each way in, as the program takes it in: a mail server's pipe, a Maildir, LMTP.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use camino::Utf8PathBuf;
use depeche::app::read_key;
use depeche::mail::{delivery_named_in, envelope_id};
use serde_json::Value;

#[path = "support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;
#[path = "support/report.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod report;

use press_room::{Daemon, PressRoom, text, until};
use report::dsn;

const READERS: [&str; 3] = ["ann@journal.example", "bob@journal.example", "carl@journal.example"];

/// A room with both ways in, in which these readers have had a letter.
fn room() -> (PressRoom, Daemon) {
    let room = PressRoom::new(
        "[newsletter]\nfrom = \"presse@presse.example\"\ngrace = \"1s\"\nbounce_domain = \"retours.example\"\n\
         [bounces]\nmaildir = \"var/retours\"\nlmtp = \"127.0.0.1:0\"\n",
    );
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(room.path("var/retours").join(part)).unwrap();
    }
    let daemon = room.serve();
    for reader in READERS {
        room.say(&["subscribers", "add", reader]);
    }
    room.say(&["new", "--now", "Un pont neuf"]);
    room.edition_in("done");
    (room, daemon)
}

/// A header of a reader's letter, unfolded.
fn header(room: &PressRoom, reader: &str, name: &str) -> String {
    let letters = room.letters();
    let letter = letters.iter().find(|letter| letter.contains(&format!("To: {reader}"))).unwrap().replace("\r\n ", " ");
    let line = letter.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap();
    line.to_owned()
}

/// A report on the letter to `reader`.
fn report_on(room: &PressRoom, reader: &str, status: &str) -> String {
    let message_id = header(room, reader, "Message-ID");
    let letter = format!("Message-ID: {message_id}");
    let diagnostic = format!("smtp; 550 {status} <{reader}> no");
    let file = Utf8PathBuf::try_from(room.path("var/secret.key")).unwrap();
    let key = read_key(&file).unwrap();
    let envelope = format!("bounces+{}@retours.example", envelope_id(delivery_named_in(&message_id).unwrap(), &key));
    dsn(&envelope, reader, ["failed", status, &diagnostic], &letter, reader)
}

/// What the pipe says, and its exit code.
fn pipe(room: &PressRoom, message: &[u8], more: &[&str]) -> (i32, String) {
    let mut command = room.command(&[&["bounce"], more].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    // What is refused is not read to its end.
    drop(running.stdin.take().unwrap().write_all(message));
    let output = running.wait_with_output().unwrap();
    (output.status.code().unwrap(), text(&output.stdout) + &text(&output.stderr))
}

/// State and reason of a subscriber.
fn state(room: &PressRoom, reader: &str) -> String {
    let shown: Value = serde_json::from_str(&room.say(&["subscribers", "show", reader, "--format", "json"])).unwrap();
    let subscriber = &shown["subscriber"];
    format!("{} {}", subscriber["state"].as_str().unwrap(), subscriber["reason"].as_str().unwrap_or("-"))
}

/// Waits until a file called so is in `cur`.
fn put_away(room: &PressRoom, name: &str) {
    until(name, || room.path("var/retours/cur").join(name).exists().then_some(()));
}

#[test]
fn a_pipe_a_maildir_and_lmtp_bring_what_comes_back() {
    let (room, daemon) = room();
    let [ann, bob, carl] = READERS;

    let (code, said) = pipe(&room, report_on(&room, ann, "5.1.1").as_bytes(), &[]);
    assert_eq!((code, said.contains("hard (5.1.1), its subscription ended")), (0, true), "{said}");
    assert!(!said.contains("journal.example"), "{said}");
    assert_eq!(state(&room, ann), "ended bounced");
    let (code, said) = pipe(&room, report_on(&room, ann, "5.1.1").as_bytes(), &["--recipient", "x@retours.example"]);
    assert_eq!((code, said.contains("was known")), (0, true), "{said}");
    let shown = room.say(&["subscribers", "show", ann]);
    assert!(
        shown.contains("revenu, adresse inconnue\u{a0}: failed 5.1.1 smtp; 550 5.1.1 <ann@journal.example> no"),
        "{shown}"
    );

    let new = room.path("var/retours/new");
    fs::write(new.join("1.mx"), report_on(&room, bob, "5.1.1")).unwrap();
    fs::write(new.join("2.mx"), "From: x@y.example\nSubject: Absent\n\nJe reviens lundi.\n").unwrap();
    fs::write(new.join("3.mx"), "rien d’un message").unwrap();
    fs::File::create(new.join("4.mx")).unwrap().set_len(11 * 1024 * 1024).unwrap();
    for name in ["1.mx:2,S", "2.mx:2,", "3.mx:2,F", "4.mx:2,F"] {
        put_away(&room, name);
    }
    assert_eq!(state(&room, bob), "ended bounced");
    assert!(daemon.log().contains("`2.mx` in `bounces.maildir`: neither a report"), "{}", daemon.log());
    assert_eq!(fs::read_dir(&new).unwrap().count(), 0);

    let mailto = header(&room, carl, "List-Unsubscribe").replace("%2B", "+");
    let address = mailto.split("<mailto:").nth(1).unwrap().split('?').next().unwrap().to_owned();
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("taken in by LMTP")).unwrap();
    let lmtp = serde_json::from_str::<Value>(line).unwrap()["lmtp"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(lmtp).unwrap();
    let commands = format!(
        "LHLO mx\r\nMAIL FROM:<carl@journal.example>\r\nRCPT TO:<{address}>\r\nRCPT TO:<nobody@retours.example>\r\n\
         DATA\r\nFrom: {carl}\r\nSubject: stop\r\n\r\nStop.\r\n.\r\nQUIT\r\n"
    );
    stream.write_all(commands.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let after = answers.split("354 ").nth(1).unwrap();
    assert!(after.contains("250 2.0.0 unsubscribed\r\n250 2.0.0 neither a report"), "{answers}");
    assert_eq!(state(&room, carl), "ended unsubscribed");

    let edition = room.editions()[0]["id"].to_string();
    let shown = room.say(&["editions", "show", &edition, "--deliveries"]);
    assert_eq!(shown.matches("revenu, adresse inconnue").count(), 2, "{shown}");
    let json: Value =
        serde_json::from_str(&room.say(&["editions", "show", &edition, "--deliveries", "--format", "json"])).unwrap();
    let each = json["each"].as_array().unwrap();
    let own = each.iter().find(|one| one["address"] == ann).unwrap();
    assert_eq!(own["bounces"][0]["status"], "5.1.1", "{json}");
    assert_eq!((each.len(), &json["state"]), (3, &Value::from("done")));
    for one in each {
        let attempt = &one["attempts"][0];
        assert_eq!(attempt["verdict"], "sent", "{one}");
        let address = one["address"].as_str().unwrap();
        assert_eq!(attempt["message_id"], header(&room, address, "Message-ID"));
        assert!(shown.contains(&format!("accepté : {}", attempt["reply"].as_str().unwrap())));
    }
    for reader in READERS {
        assert!(!daemon.log().contains(reader), "an address is logged: {}", daemon.log());
    }
    assert_eq!(daemon.stop().0.code(), Some(0));
}

#[test]
fn who_got_nothing_is_told_why() {
    let room = PressRoom::new("[newsletter]\nfrom = \"presse@presse.example\"\ngrace = \"1s\"\n");
    let daemon = room.serve();
    let [ann, bob, carl] = READERS;
    room.say(&["subscribers", "add", ann]);
    room.say(&["subscribers", "add", bob, "--topic", "tag:eau"]);
    room.say(&["new", "--now", "Un pont neuf"]);
    let edition = room.edition_in("done")["id"].as_i64().unwrap();
    room.say(&["subscribers", "add", carl]);
    for (reader, why, words) in [
        (bob, "topics", "elle ne relève d’aucun des thèmes suivis"),
        (carl, "subscribed-later", "abonnement postérieur (20"),
    ] {
        let shown = room.say(&["subscribers", "show", reader]);
        assert!(shown.contains(&format!("{edition:>6}  annonce : Un pont neuf → {words}")), "{shown}");
        let json: Value =
            serde_json::from_str(&room.say(&["subscribers", "show", reader, "--format", "json"])).unwrap();
        let [one] = &json["missed"].as_array().unwrap()[..] else { panic!("{json}") };
        assert_eq!((&one["why"], &one["edition"]), (&Value::from(why), &Value::from(edition)));
    }
    assert!(!room.say(&["subscribers", "show", ann]).contains('→'));
    // A list of nobody is a list.
    let none: Value = serde_json::from_str(&{
        room.say(&["new", "--now", "Un second pont"]);
        let waiting = room.editions()[0]["id"].to_string();
        room.say(&["editions", "show", &waiting, "--deliveries", "--format", "json"])
    })
    .unwrap();
    assert!(none["each"].is_array(), "{none}");
    assert_eq!(daemon.stop().0.code(), Some(0));
}

#[test]
fn a_pipe_says_by_its_code_what_is_to_be_done() {
    let room = PressRoom::new("[newsletter]\nfrom = \"presse@presse.example\"\n");
    let message = dsn("bounces+forged@retours.example", "x@y.example", ["failed", "5.1.1", ""], "Subject: x", "f");
    let (code, said) = pipe(&room, message.as_bytes(), &[]);
    assert_eq!((code, said.contains("nothing was changed")), (0, true), "{said}");
    assert_eq!(pipe(&room, b"From: a@b.example\n\nBonjour.\n", &[]).0, 0);
    for rubbish in [&b""[..], b"\n\n", b"no message at all", &[0xff; 1000]] {
        let (code, said) = pipe(&room, rubbish, &[]);
        assert_eq!((code, said.contains("is no message")), (65, true), "{said}");
    }
    let large = [message.as_bytes(), &b"x".repeat(50 * 1024 * 1024)].concat();
    let (code, said) = pipe(&room, &large, &[]);
    assert_eq!((code, said.contains("more than 10 MiB")), (65, true), "{said}");
    // What is in the way of the database goes away; a configuration is mended.
    let config = fs::read_to_string(room.path("config.toml")).unwrap();
    room.save("config.toml", &format!("{config}[database]\nurl = \"sqlite://content\"\n"));
    let (code, said) = pipe(&room, message.as_bytes(), &[]);
    assert_eq!((code, said.contains("database")), (75, true), "{said}");
    room.save("config.toml", &format!("{config}[colour]\n"));
    assert_eq!(pipe(&room, message.as_bytes(), &[]).0, 75);
}
