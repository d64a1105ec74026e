//! Which release takes over which id of an earlier feed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::{Digest, Permalink, ReleaseId, SourcePath};
use crate::register::{
    Adoption, Announcement, Circumstances, KnownEntry, Recognised, Record, Refusal, Register, SharedMap,
};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn id(name: &str) -> ReleaseId {
    format!("tag:presse.example.org,2026:{name}").parse().unwrap()
}

fn record(name: &str, title: &str, announcement: Announcement) -> Record {
    let date = at("2026-03-09T09:00:00Z");
    Record {
        id: id(name),
        path: SourcePath::new(format!("{name}.md")),
        permalink: format!("/presse/{name}/").parse().unwrap(),
        missing_since: None,
        file_digest: Digest::of(b"x"),
        significant: Digest::of(b"x"),
        documents: Digest::of(b"x"),
        title: title.into(),
        date,
        first_seen: date,
        publishable_since: Some(date),
        live_since: Some(date),
        first_live: Some(date),
        updated: date,
        announcement,
        hold: None,
    }
}

/// A register of `a` and two releases with one title, `b` and `c`; `a` was announced when `announced`.
fn register(announced: bool) -> Register {
    let state = if announced { Announcement::Opened } else { Announcement::Undecided };
    let records = [record("a", "L’été « ici »…", state), record("b", "Un pont", state), record("c", "Un pont", state)];
    let records = records.into_iter().map(|record| (record.id.clone(), record)).collect();
    let aliases = SharedMap::from([("/vieux/b.html".parse::<Permalink>().unwrap(), id("b"))]);
    Register { records, aliases, ..Register::default() }
}

fn entry(entry_id: &str, link: &str, title: &str) -> KnownEntry {
    let published = Some(at("2026-03-09T20:00:00Z"));
    KnownEntry { id: entry_id.to_owned(), link: link.to_owned(), title: title.to_owned(), published }
}

fn decide(register: &Register, entries: &[KnownEntry], force: bool) -> Vec<Adoption> {
    register.adoptions(
        entries,
        &Circumstances {
            zone: chrono_tz::Europe::Paris,
            base_paths: &["/site".to_owned()],
            pinned: &|release| *release == id("c"),
            old_addresses: &BTreeMap::new(),
            adopted: &|_| false,
            force,
        },
    )
}

#[test]
fn releases_are_recognised_by_address_else_by_title_and_day() {
    let takes = |name: &str, to: &str, by| Adoption::Takes { from: id(name), to: to.parse().unwrap(), by };
    let entries = [
        entry("https://x.org/a", "https://x.org/site/presse/a/index.html", "?"),
        entry("https://x.org/b", "https://x.org/vieux/b.html", "?"),
    ];
    let expected = [takes("a", "https://x.org/a", Recognised::Link), takes("b", "https://x.org/b", Recognised::Link)];
    assert_eq!(decide(&register(false), &entries, false), expected);
    let by_title = [entry("urn:x:1", "https://x.org/1", "l'été  « ici »..."), entry("urn:x:2", "", "Un pont")];
    let decided = decide(&register(false), &by_title, false);
    assert_eq!(decided[0], takes("a", "urn:x:1", Recognised::TitleAndDay));
    assert_eq!(decided[1], Adoption::Doubtful(vec![id("b"), id("c")]));
    assert_eq!(decide(&register(false), &[entry("urn:x:3", "/autre/", "Autre")], false), [Adoption::Unknown]);
}

#[test]
fn what_cannot_be_taken_over_is_refused() {
    let link = |name: &str| format!("https://x.org/presse/{name}/");
    let one =
        |entry_id: &str, name: &str| decide(&register(true), &[entry(entry_id, &link(name), "")], false).remove(0);
    assert_eq!(one("urn:x:a", "a"), Adoption::Refused(id("a"), Refusal::Announced));
    assert_eq!(one("urn:x:c", "c"), Adoption::Refused(id("c"), Refusal::Pinned));
    assert_eq!(one("42", "a"), Adoption::NoUri(id("a")));
    assert_eq!(one(id("a").as_str(), "a"), Adoption::Has(id("a")));
    assert_eq!(one(id("b").as_str(), "a"), Adoption::Refused(id("a"), Refusal::TakenElsewhere));
    let twice = [entry("urn:x:a", &link("a"), ""), entry("urn:x:a", &link("b"), ""), entry("urn:x:z", &link("a"), "")];
    let decided = decide(&register(true), &twice, true);
    assert!(matches!(decided[0], Adoption::Takes { .. }));
    assert_eq!(decided[1], Adoption::Refused(id("b"), Refusal::TakenElsewhere));
    assert_eq!(decided[2], Adoption::Refused(id("a"), Refusal::TakenElsewhere));
}
