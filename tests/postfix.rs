//! A real mail server between Depeche and its readers: Postfix takes the letters, cannot deliver most of them, and brings
//! its reports back by LMTP. What each does to its subscriber.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use depeche::domain::Phase;
use serde_json::Value;

#[path = "support/postfix.rs"]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod postfix;
#[path = "support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;
#[path = "support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;

use postfix::Postfix;
use press_room::{PressRoom, until};
use smtp_server::{Act, Script, SmtpServer};

/// A port that nobody listens on.
fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What is known of a subscriber: their state with its reason, and what came back, kind, action and code each.
fn known(room: &PressRoom, address: &str) -> (String, Vec<String>) {
    let shown: Value = serde_json::from_str(&room.say(&["subscribers", "show", address, "--format", "json"])).unwrap();
    let subscriber = &shown["subscriber"];
    let state = format!("{} {}", subscriber["state"].as_str().unwrap(), subscriber["reason"].as_str().unwrap_or("-"));
    let deliveries = shown["deliveries"].as_array().unwrap();
    let bounces = deliveries.iter().flat_map(|delivery| delivery["bounces"].as_array().unwrap());
    let word = |bounce: &Value, key: &str| bounce[key].as_str().unwrap_or("-").to_owned();
    let bounces = bounces.map(|one| format!("{} {} {}", word(one, "kind"), word(one, "action"), word(one, "status")));
    (state, bounces.collect())
}

/// Hands a letter to a mail server, word by word, asking for a report of success.
fn hand_over(server: SocketAddr, from: &str, to: &str) {
    let mut stream = TcpStream::connect(server).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let commands = [
        "EHLO presse.test".to_owned(),
        format!("MAIL FROM:<{from}> RET=HDRS"),
        format!("RCPT TO:<{to}> NOTIFY=SUCCESS"),
        "DATA".to_owned(),
        "Subject: Un pont\r\n\r\nUn pont.\r\n.".to_owned(),
        "QUIT".to_owned(),
    ];
    let mut hear = || {
        let mut line = String::new();
        while line.as_bytes().get(3) != Some(&b' ') {
            line.clear();
            answers.read_line(&mut line).unwrap();
        }
        assert!(line.starts_with(['2', '3']), "{line}");
    };
    hear();
    for command in commands {
        stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        hear();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_mail_server_reports_does_what_it_should() {
    let say = |phase, local, reply| (phase, local, Act::Say(reply));
    let script = [
        say(Phase::Recipient, "inconnu", "550 5.1.1 no such user"),
        say(Phase::Recipient, "zoé", "550 5.1.1 no such user"),
        say(Phase::Recipient, "plein", "552 5.2.2 mailbox full"),
        say(Phase::Dot, "refus", "550 5.7.1 message refused by policy"),
    ];
    let script = script
        .into_iter()
        .fold(Script::default().with_utf8(), |script, (phase, local, act)| script.at(phase, local, act));
    let readers = SmtpServer::start(script).await;
    let (relay, nowhere) = (free_port(), free_port());
    let room = PressRoom::new(&format!(
        "[newsletter]\nfrom = \"Salle de presse <presse@presse.test>\"\ngrace = \"1s\"\nbounce_domain = \"retours.test\"\n\
         [bounces]\nlmtp = \"127.0.0.1:0\"\n[office]\ncopies = [\"bureau@office.test\"]\n\
         [[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nconnections = 2\n",
        relay.port()
    ));
    let daemon = room.serve();
    let lmtp = until("the LMTP listener", || {
        let log = daemon.log();
        let line = log.lines().find(|line| line.contains("taken in by LMTP"))?;
        serde_json::from_str::<Value>(line).unwrap()["lmtp"].as_str().map(str::to_owned)
    });
    let to = |address: SocketAddr| format!("smtp:[{}]:{}", address.ip(), address.port());
    let ways = [
        ("remote.test", to(readers.address())),
        ("office.test", to(readers.address())),
        ("down.test", to(nowhere)),
        ("retours.test", format!("lmtp:inet:{lmtp}")),
    ];
    let Some(postfix) = Postfix::start(relay, &ways) else { return };
    let subscribers = [
        "inconnu@remote.test",
        "zoé@remote.test",
        "plein@remote.test",
        "refus@remote.test",
        "ok@remote.test",
        "personne@down.test",
    ];
    for address in subscribers {
        room.say(&["subscribers", "add", address]);
    }
    room.say(&["new", "--now", "Un pont neuf"]);
    room.edition_in("done");
    let arrived = until("the letter that arrives", || {
        readers.accepted().into_iter().find(|letter| letter.to == "ok@remote.test")
    });
    hand_over(relay, &arrived.from, "ok@remote.test");

    for (address, state, bounces) in [
        ("inconnu@remote.test", "ended bounced", &["hard failed 5.1.1"][..]),
        ("zoé@remote.test", "ended bounced", &["hard failed 5.1.1"]),
        ("plein@remote.test", "active -", &["soft failed 5.2.2"]),
        ("refus@remote.test", "active -", &["fault failed 5.7.1"]),
        ("ok@remote.test", "active -", &["arrived relayed 2.0.0"]),
        ("personne@down.test", "active -", &["delayed delayed 4.4.1", "soft failed 4.4.1"]),
    ] {
        let mut last = None;
        until(&format!("what comes back of {address}"), || {
            let found = known(&room, address);
            let is_all = found.1.len() >= bounces.len();
            last = Some(found);
            is_all.then_some(())
        });
        let expected = (state.to_owned(), bounces.iter().map(|one| (*one).to_owned()).collect());
        let last = last.unwrap();
        println!("{address}: {}, {}", last.1.join(", "), last.0);
        assert_eq!(last, expected, "{address}: {}\n{}", postfix.log(), daemon.log());
    }
    until("the office's notice", || {
        let notices = readers.accepted().into_iter().filter(|letter| letter.to == "bureau@office.test");
        notices.map(|letter| String::from_utf8(letter.data).unwrap()).find(|letter| letter.contains("5.7.1"))
    });
    assert!(!daemon.log().contains("inconnu@"), "an address is logged: {}", daemon.log());
}
