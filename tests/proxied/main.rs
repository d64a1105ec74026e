//! Depeche below a path, behind nginx and Caddy with TLS, one or both: every link right, every visitor told apart. The
//! proxies' configurations are those in `packaging`, with the test's addresses.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

mod links;
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod proxies;
mod visitor;

#[path = "../support/authority.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod authority;
#[path = "../support/press_room.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod press_room;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use chrono::TimeDelta;
use depeche::clock::{Clock as _, SystemClock};

use self::authority::Authority;
use self::links::links;
use self::press_room::{Daemon, PressRoom, until};
use self::proxies::{Caddy, Nginx, Turnstile, free_port};
use self::visitor::Visitor;

/// What the proxy calls itself.
const HOST: &str = "presse.example";

/// A daemon that believes to be at `https://presse.example:PORT/presse`.
fn served(port: u16) -> (PressRoom, Daemon) {
    let room = PressRoom::new(
        "trusted_proxies = [\"127.0.0.1\"]\n[signup]\nper_source = 2\n\
         [newsletter]\nfrom = \"Salle de presse <presse@presse.example>\"\ngrace = \"1ms\"\n\
         [office]\ncopies = [\"bureau@presse.example\"]\n[[relay]]\nkind = \"directory\"\n",
    );
    let config = std::fs::read_to_string(room.path("config.toml")).unwrap();
    let config = config.replace("http://127.0.0.1:8080", &format!("https://{HOST}:{port}/presse"));
    room.save("config.toml", &config);
    let daemon = room.serve();
    (room, daemon)
}

/// Has a release written to a reader.
fn announce(room: &PressRoom) {
    room.say(&["subscribers", "add", "ann@journal.example"]);
    room.save("content/uploads/plan.pdf", "%PDF-1.4 plan");
    room.save("content/uploads/pont.png", "\u{89}PNG");
    let text = "---\ntitle: Un pont neuf\ncategories: [Communiqué]\ntags: [Ponts, « Été »]\nchapeau-text: Il ouvre.\n\
                image: /uploads/pont.png\nfiles:\n  - file: /uploads/plan.pdf\n    nom: Le plan\nredirect_from: /ancien/\n---\n\n\
                Le [plan](/uploads/plan.pdf).\n";
    let date = SystemClock.now() - TimeDelta::minutes(1);
    let text = text.replacen("---\n", &format!("---\ndate: {}\n", date.to_rfc3339()), 1);
    room.save("content/pont.md", &text);
    until("a letter", || room.letters().iter().any(|letter| letter.contains("To: ann@journal.example")).then_some(()));
}

/// Asks for a subscription, with a form as the page gives it; the status.
fn subscribe(visitor: &Visitor, address: &str, headers: &[(&str, &str)]) -> u16 {
    let form = |started: &str| format!("email={}&topic=all&started={started}", address.replace('@', "%40"));
    let (_, page) = visitor.post("/presse/subscribe", &form(""), headers);
    let started = page.split("name=\"started\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    visitor.post("/presse/subscribe", &form(started), headers).0
}

/// One source has two subscriptions, whatever it writes into its request; another is not held up by it.
fn check_visitors(front: SocketAddr, authority: &Authority) {
    let (first, second) =
        (Visitor::from([127, 0, 0, 9], front, authority), Visitor::from([127, 0, 0, 10], front, authority));
    assert_eq!(subscribe(&first, "a1@journal.example", &[]), 200);
    assert_eq!(subscribe(&first, "a2@journal.example", &[("X-Forwarded-For", "192.0.2.1")]), 200);
    let forged = [("X-Forwarded-For", "192.0.2.2"), ("Forwarded", "for=192.0.2.3")];
    assert_eq!(subscribe(&first, "a3@journal.example", &forged), 429);
    assert_eq!(subscribe(&first, "a3@journal.example", &[("Forwarded", "for=192.0.2.3")]), 429);
    assert_eq!(subscribe(&second, "b1@journal.example", &[]), 200);
}

/// Follows every link of pages, feeds and letters: those to the site are below its address, and lead somewhere.
fn check_links(room: &PressRoom, front: SocketAddr, authority: &Authority) {
    announce(room);
    let visitor = Visitor::from([127, 0, 0, 11], front, authority);
    let origin = format!("https://{HOST}:{}", front.port());
    let site = format!("{origin}/presse/");
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut to_do = vec![site.clone(), format!("{site}sitemap.xml"), format!("{site}feeds.opml")];
    for letter in room.letters() {
        for link in links::of_letter(&letter) {
            found.insert(link.clone(), "a letter".to_owned());
            to_do.push(link);
        }
    }
    let mut asked = BTreeSet::new();
    while let Some(address) = to_do.pop() {
        if !address.starts_with(&site) {
            let of = found.get(&address);
            assert!(!address.contains(HOST) && !address.contains("127.0.0.1"), "{address} in {of:?}");
            continue;
        }
        let address = address.split('#').next().unwrap().to_owned();
        if !asked.insert(address.clone()) {
            continue;
        }
        let (status, media_type, body) = visitor.get(&address[origin.len()..]);
        assert_eq!(status, 200, "{address} in {:?}", found.get(&address));
        for link in links(&address, &media_type, &body) {
            found.entry(link.clone()).or_insert_with(|| address.clone());
            to_do.push(link);
        }
    }
    let (status, to) = visitor.redirected("/presse/ancien/");
    assert_eq!((status, to.as_str()), (301, "/presse/espace-presse/pont/"));
    assert_eq!(visitor.redirected("/presse").0 / 100, 3);
    assert!(asked.len() > 25, "{asked:?}");
    println!(
        "{} addresses below {site} asked for, all 200; {} others",
        asked.len(),
        found.len().saturating_sub(asked.len())
    );
}

/// Visitors come and go; the proxy keeps its connection to Depeche.
fn check_kept(turnstile: &Turnstile, front: SocketAddr, authority: &Authority) {
    let visitor = Visitor::from([127, 0, 0, 12], front, authority);
    for _ in 0..50 {
        assert_eq!(visitor.get("/presse/").0, 200);
    }
    assert_eq!(turnstile.passed(), 1, "connections for 50 visitors");
}

#[test]
fn behind_nginx() {
    let (front, authority) = (free_port(), Authority::new());
    let (room, daemon) = served(front.port());
    let turnstile = Turnstile::before(daemon.public);
    let Some(_nginx) = Nginx::before(front, turnstile.address, &authority) else { return };
    check_kept(&turnstile, front, &authority);
    check_links(&room, front, &authority);
    check_visitors(front, &authority);
}

#[test]
fn behind_caddy() {
    let (front, authority) = (free_port(), Authority::new());
    let (room, daemon) = served(front.port());
    let turnstile = Turnstile::before(daemon.public);
    let Some(_caddy) = Caddy::before(front, turnstile.address, &authority) else { return };
    check_kept(&turnstile, front, &authority);
    check_links(&room, front, &authority);
    check_visitors(front, &authority);
}

#[test]
fn behind_two_proxies() {
    let (front, middle, authority) = (free_port(), free_port(), Authority::new());
    let (room, daemon) = served(front.port());
    let Some(_caddy) = Caddy::between(middle, daemon.public) else { return };
    let Some(_nginx) = Nginx::before(front, middle, &authority) else { return };
    check_links(&room, front, &authority);
    check_visitors(front, &authority);
}
