//! What the daemon logs of a release from its file to its letters, and of a reader from the form to leaving: each line JSON,
//! each decision once, found by its ids, and no address, token or secret in any of them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::time::Instant;

use depeche::domain::Phase;
use depeche::mail::read_letter;
use serde_json::Value;

#[path = "support/form.rs"]
mod form;
#[path = "support/http_client.rs"]
mod http_client;
#[path = "support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;
#[path = "support/smtp_server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod smtp_server;

use form::Form;
use http_client::Request;
use press_room::{DEADLINE, Daemon, PressRoom, until};
use smtp_server::{Act, Script, SmtpServer};

/// What nobody may read in the log.
const ADMIN_TOKEN: &str = "jeton-du-bureau-4f1c";
const PASSWORD: &str = "mot-de-passe-du-relais-7b2e";
/// `\0presse\0` and the password, as AUTH PLAIN has it.
const LOGIN: &str = "AHByZXNzZQBtb3QtZGUtcGFzc2UtZHUtcmVsYWlzLTdiMmU=";
const READERS: [&str; 4] = ["celestine.web", "amandine.lit", "barnabe.absent", "zephirin.plus-tard"];

/// The lines of the log, each of which is a JSON object with a time, a level and a message.
fn lines(log: &str) -> Vec<Value> {
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        chrono::DateTime::parse_from_rfc3339(line["timestamp"].as_str().unwrap()).unwrap();
        assert!(["ERROR", "WARN", "INFO", "DEBUG"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert!(!line["message"].as_str().unwrap().is_empty(), "{line}");
    }
    lines
}

/// The path of the link in the newest letter to `to` that has `below` in it, and its token.
fn link(relay: &SmtpServer, to: &str, below: &str) -> (String, String) {
    until(&format!("a link to {below}"), || {
        let letters = relay.accepted().into_iter().rev().filter(|letter| letter.to.starts_with(to));
        let mut texts = letters.map(|letter| read_letter(&letter.data).unwrap().text);
        let text = texts.find(|text| text.contains(below))?;
        let token = text.split(below).nth(1)?.split([' ', '\n', '\r', '>', '?']).next()?.to_owned();
        Some((format!("{below}{token}"), token))
    })
}

async fn post(daemon: &Daemon, path: &str, form: &str) {
    let request = Request::new(daemon.public.port(), "127.0.0.1:8080", "POST", path).form(form);
    let answer = request.send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
}

/// How many lines say so.
fn count(lines: &[Value], says: impl Fn(&Value) -> bool) -> usize {
    lines.iter().filter(|line| says(line)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_decision_is_one_line_and_none_tells_an_address_or_a_secret() {
    let script = Script::default()
        .offering("AUTH PLAIN")
        .with_login(LOGIN)
        .at(Phase::Recipient, READERS[2], Act::Say("550 5.1.1 <barnabe.absent@journal.example>: no such user"))
        .at(Phase::Recipient, READERS[3], Act::Say("451 4.2.1 zephirin.plus-tard is busy"));
    let relay = SmtpServer::start(script).await;
    let room = PressRoom::new(&format!(
        "admin_token_file = \"jeton\"\n[log]\nlevel = \"debug\"\nformat = \"json\"\n\
         [newsletter]\nfrom = \"Salle de presse <presse@ministere.example>\"\ngrace = \"0s\"\n\
         [[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"presse\"\npassword_file = \"relais\"\n",
        relay.address().port()
    ));
    std::fs::write(room.path("jeton"), ADMIN_TOKEN).unwrap();
    std::fs::write(room.path("relais"), PASSWORD).unwrap();
    for reader in &READERS[1..] {
        room.say(&["subscribers", "add", &format!("{reader}@journal.example"), "--name", "Prénom Secret"]);
    }
    let daemon = room.serve();
    let (form, begun) = (Form::of(&daemon), Instant::now());
    while form.send(&daemon, READERS[0]).await != 200 {
        assert!(begun.elapsed() < DEADLINE, "the form is never taken");
    }
    let (confirm, confirmation) = link(&relay, READERS[0], "/confirm/");
    post(&daemon, &confirm, "").await;
    room.say(&["new", "--now", "Un pont neuf"]);
    until("the end of what can be sent", || {
        let log = daemon.log();
        let over =
            ["sent", "failed", "later"].iter().map(|word| log.matches(&format!("\"verdict\":\"{word}\"")).count());
        (over.sum::<usize>() >= READERS.len() + 2).then_some(())
    });
    let (leave, unsubscription) = link(&relay, READERS[0], "/u/");
    post(&daemon, &leave, "List-Unsubscribe=One-Click").await;
    let asked = Request::new(daemon.public.port(), "127.0.0.1:8080", "GET", "/u/un-jeton-deviné").send().await;
    assert_ne!(asked.status, 200);
    let log = until("the last line", || {
        let log = daemon.log();
        log.contains(" left\"").then_some(log)
    });
    let secret_key = std::fs::read_to_string(room.path("var/secret.key")).unwrap_or_default();
    let (status, _) = daemon.stop();
    assert!(status.success());

    let lines = lines(&log);
    let said = |line: &Value, words: &str| line["message"].as_str().unwrap().contains(words);
    let release = lines.iter().find_map(|line| line["release.id"].as_str()).unwrap().to_owned();
    let of_release = |what: &str| count(&lines, |line| line["release.id"] == *release && line["what"] == what);
    assert_eq!((of_release("new"), of_release("live")), (1, 1), "{log}");
    for words in ["is planned", "is open", "has 4 deliveries"] {
        assert_eq!(count(&lines, |line| line["edition.id"] == "1" && said(line, words)), 1, "{words}: {log}");
    }
    let mut verdicts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["edition.id"] == "1" && line["verdict"].is_string()) {
        let is_sent = line["verdict"] == "sent";
        assert_eq!(line["level"], if is_sent { "DEBUG" } else { "INFO" }, "{line}");
        assert!(line["took_ms"].is_u64() && line["attempt"] == 1 && line["how"].is_string(), "{line}");
        assert_eq!(line["due"].is_string(), line["verdict"] == "later", "{line}");
        verdicts.entry(line["delivery.id"].as_str().unwrap()).or_default().push(line["verdict"].as_str().unwrap());
    }
    let mut verdicts: Vec<Vec<&str>> = verdicts.into_values().collect();
    verdicts.sort_unstable();
    assert_eq!(verdicts, [["failed"], ["later"], ["sent"], ["sent"]], "{log}");
    let reader = lines.iter().find(|line| said(line, "a subscription is asked for")).unwrap();
    let id = reader["subscriber.id"].as_str().unwrap();
    assert_eq!(reader["to"], "c…@journal.example");
    assert_eq!(reader["source"], "web, 127.0.0.0/24");
    for words in ["a subscription is asked for", " confirmed", " left"] {
        assert_eq!(count(&lines, |line| line["subscriber.id"] == id && said(line, words)), 1, "{words}: {log}");
    }
    assert_eq!(count(&lines, |line| said(line, "refused at once")), 1, "{log}");

    let readers =
        READERS.iter().flat_map(|reader| [(*reader).to_owned(), reader.split('.').next().unwrap().to_owned()]);
    let secrets = [confirmation, unsubscription, ADMIN_TOKEN.to_owned(), PASSWORD.to_owned(), LOGIN.to_owned()];
    let others = ["Secret", "un-jeton", secret_key.trim()].map(str::to_owned);
    for secret in readers.chain(secrets).chain(others).filter(|secret| !secret.is_empty()) {
        assert!(!log.contains(&secret), "`{secret}` is logged: {log}");
    }
}
