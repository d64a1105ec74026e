//! What the doctor finds, on a newsroom that is well and on those that are not.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use depeche::language::{Language, keys, word};
use serde_json::Value;

use crate::press_room::{PressRoom, text};

const LETTERS: &str = "[newsletter]\nfrom = \"presse@ministere.example\"\n";
const FOLDER: &str = "[[relay]]\nkind = \"directory\"\n";

/// What the doctor finds, and its exit code.
#[track_caller]
fn ask(room: &PressRoom) -> (Vec<Value>, i32) {
    let output = room.run(&["doctor", "--format", "json"]);
    let found = serde_json::from_slice(&output.stdout);
    (found.unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr))), output.status.code().unwrap())
}

/// The only finding with this code that is no `ok`, in its words with what to do.
#[track_caller]
fn complaint(found: &[Value], level: &str, code: &str) -> String {
    let complaint = found.iter().find(|finding| finding["code"] == code && finding["level"] == level);
    let complaint = complaint.unwrap_or_else(|| panic!("no {level} {code} in {found:#?}"));
    assert!(!complaint["advice"].as_str().unwrap().is_empty(), "{complaint}");
    format!("{} {}", complaint["message"].as_str().unwrap(), complaint["advice"].as_str().unwrap())
}

fn problems(found: &[Value]) -> Vec<&str> {
    let problems = found.iter().filter(|finding| finding["level"] == "problem");
    problems.map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn every_word_of_the_doctor_has_its_like_in_the_other_language() {
    let own = |language| keys(language).filter(|key| key.starts_with("doctor."));
    assert!(own(Language::French).count() > 50);
    for key in own(Language::French) {
        let places = |language| {
            let said = word(language, key).unwrap_or_else(|| panic!("{language:?} lacks {key}"));
            let mut places: Vec<&str> = said.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
            places.sort_unstable();
            places.dedup();
            places
        };
        assert_eq!(places(Language::French), places(Language::English), "{key}");
    }
    assert_eq!(own(Language::French).count(), own(Language::English).count());
}

#[test]
fn a_newsroom_that_is_well_has_no_problems_before_its_first_start_and_at_work() {
    let room = PressRoom::new(&format!("{LETTERS}{FOLDER}"));
    let (found, code) = ask(&room);
    assert_eq!((problems(&found), code), (Vec::new(), 0));
    assert!(!room.path("var").exists(), "the doctor makes nothing");
    assert!(found.iter().all(|finding| !finding["message"].as_str().unwrap().contains("doctor.")), "{found:#?}");
    let daemon = room.serve();
    let (found, code) = ask(&room);
    assert_eq!((problems(&found), code), (Vec::new(), 0));
    let codes: Vec<&str> = found.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    for code in ["served", "database", "authority", "key", "zone", "dns-spf", "dns-dmarc", "unsubscribe-clear"] {
        assert!(codes.contains(&code), "{code} is not in {codes:?}");
    }
    daemon.stop();
    let said = room.say(&["doctor"]);
    assert!(said.contains("v=spf1") && said.contains("attention") && said.contains("0 problème"), "{said}");
    assert!(!said.contains("()"), "{said}");
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    // A port that nobody listens at, and one that another program has.
    let (taken, free) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (taken_at, closed) = (taken.local_addr().unwrap(), free.local_addr().unwrap().port());
    drop(free);
    let relay = format!("[[relay]]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {closed}\n");
    let room = PressRoom::new(&format!(
        "{LETTERS}{relay}[dkim]\ndomain = \"ministere.example\"\nrsa = {{ selector = \"r\", key_file = \"dkim.pem\" }}\n\
         [publish]\nfolder = \"blocked/public\"\n[bounces]\nmaildir = \"retours\"\nlmtp = \"{taken_at}\"\n"
    ));
    std::fs::create_dir_all(room.path("retours/new")).unwrap();
    room.save("blocked", "a file where a folder should be");
    room.save("dkim.pem", "no key");
    let settings = std::fs::read_to_string(room.path("config.toml")).unwrap();
    let listen = format!("listen = \"{taken_at}\"");
    room.save("config.toml", &settings.replace("listen = \"127.0.0.1:0\"", &listen));
    std::fs::create_dir_all(room.path("var")).unwrap();
    std::fs::write(room.path("var/secret.key"), "00".repeat(32)).unwrap();
    std::fs::set_permissions(room.path("var/secret.key"), std::fs::Permissions::from_mode(0o644)).unwrap();

    let (found, code) = ask(&room);
    assert_eq!(code, 2);
    let expected = [
        ("folder-unwritable", "blocked/public"),
        ("relay-unreached", "connect"),
        ("key-broken", "dkim.pem"),
        ("listen-taken", "http.listen"),
        ("maildir-broken", "retours/cur"),
    ];
    for (code, names) in expected {
        let said = complaint(&found, "problem", code);
        assert!(said.contains(names), "{code} does not name {names}: {said}");
    }
    assert!(complaint(&found, "warning", "secret-open").contains("644"));
    let taken = found.iter().filter(|finding| finding["code"] == "listen-taken");
    assert!(taken.into_iter().any(|finding| finding["message"].as_str().unwrap().starts_with("bounces.lmtp")));
    std::fs::create_dir_all(room.path("retours/cur")).unwrap();
    let (found, _) = ask(&room);
    assert!(found.iter().any(|finding| finding["code"] == "maildir" && finding["level"] == "ok"), "{found:#?}");
}

#[test]
fn another_key_and_a_lost_one_are_told_apart() {
    let room = PressRoom::new(&format!("{LETTERS}{FOLDER}"));
    room.say(&["subscribers", "list"]);
    std::fs::write(room.path("var/secret.key"), "11".repeat(32)).unwrap();
    assert_eq!(problems(&ask(&room).0), ["key-other"]);
    std::fs::remove_file(room.path("var/secret.key")).unwrap();
    let (found, code) = ask(&room);
    assert_eq!((problems(&found), code), (vec!["key-lost"], 2));
    assert!(!room.path("var/secret.key").exists(), "the doctor makes no key");
    room.save("config.toml", "[site]\nurl = 3\n");
    assert_eq!(problems(&ask(&room).0), ["configuration-broken"]);
}
