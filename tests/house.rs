//! Rules of the house that the compiler cannot know: the order of modules, that files of one folder name each other in no
//! ring, the purity of the core, who may name which library, how files begin and are called, and what the records in
//! `docs/adr/` must hold.
//!
//! Only code that ships is looked at: comments, texts and `#[cfg(test)]` items are taken out first. Paths are read, not
//! resolved, so a name smuggled through a macro is not noticed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "house/circles.rs"]
mod circles;
#[path = "house/logging.rs"]
mod logging;
#[path = "house/reading.rs"]
mod reading;

use std::fs;
use std::path::Path;

use reading::{Source, names, names_crate, root_names, rust_files, source, without_words};

/// The modules in reading order: each may name itself and those before it.
const ORDER: [&str; 25] = [
    "clock", "language", "domain", "config", "content", "register", "catalog", "feed", "template", "resource",
    "policy", "import", "mail", "metrics", "store", "smtp", "returns", "watch", "fetch", "publish", "cache", "task",
    "http", "app", "cli",
];

/// How many of [`ORDER`] are the core: no IO, no clock, no chance.
const CORE: usize = 13;

/// What the core does not name. Addresses of hosts (`std::net::IpAddr`) are values and therefore fine.
const IMPURE: [&str; 17] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "Utc::now",
    "Local::now",
    "SystemTime::now",
    "Instant::now",
    "tokio",
    "sqlx",
    "getrandom",
    "async",
    "await",
];

/// Each library with an owner, and the files or folders (without `.rs`) that may name it.
const OWNERS: [(&str, &[&str]); 12] = [
    ("rss", &["feed/rss"]),
    ("atom_syndication", &["feed/atom"]),
    ("serde_yaml", &["content/front_matter"]),
    ("sqlx", &["store"]),
    ("tera", &["template"]),
    ("lettre", &["smtp", "mail", "domain/address"]),
    ("notify", &["watch"]),
    ("ureq", &["fetch"]),
    ("prometheus_client", &["metrics"]),
    ("csv_core", &["import/split"]),
    ("encoding_rs", &["import/lines"]),
    ("object_store", &["publish/bucket"]),
];

/// File names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "helper", "helpers", "common", "manager", "misc", "prelude"];

/// The files of `src/` that ship.
fn shipped() -> Vec<Source> {
    let files: Vec<_> = rust_files("src").into_iter().filter(|file| !file.is_test()).collect();
    assert!(files.len() > 20, "only {} files were found below src/: the walk is broken", files.len());
    files
}

fn project_text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn place(module: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == module)
}

// The rules: each takes files and returns what is wrong with them, as sentences that say how to mend it.

fn misplaced_names(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        let Some(module) = file.module() else { continue };
        let Some(own) = place(module) else {
            wrong.push(format!("src/{}: `{module}` has no place in ORDER (tests/house.rs)", file.path));
            continue;
        };
        for name in root_names(file) {
            if place(&name).is_some_and(|other| other > own) {
                wrong.push(format!(
                    "src/{}: `{module}` names `{name}`, which comes after it: move the shared type up, or the code down",
                    file.path
                ));
            }
        }
    }
    wrong
}

fn impurities(files: &[Source]) -> Vec<String> {
    let in_core = |file: &&Source| file.module().and_then(place).is_some_and(|place| place < CORE);
    let mut wrong = Vec::new();
    for file in files.iter().filter(in_core) {
        let code = file.code();
        for path in IMPURE.into_iter().filter(|path| names(&code, path)) {
            if !(file.path == "clock/machine.rs" && ["Utc::now", "Instant::now"].contains(&path)) {
                wrong.push(format!("src/{}: the core names `{path}`: take the value as an argument", file.path));
            }
        }
    }
    wrong
}

fn trespasses(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        let code = file.code();
        for (library, owners) in OWNERS {
            // A folder may have a file called like the library; its `mod.rs` then names that file.
            let is_own_file = names(&code, &format!("mod {library}"));
            let is_owner = owners.iter().any(|owner| file.belongs_to(owner));
            if !is_owner && !is_own_file && names_crate(&code, library) {
                let owners = owners.join(", ");
                wrong.push(format!("src/{}: names `{library}`, which belongs to {owners}", file.path));
            }
        }
    }
    wrong
}

fn without_introduction(files: &[Source]) -> Vec<String> {
    let bare = files.iter().filter(|file| !file.text.starts_with("//! "));
    bare.map(|file| format!("{}: begin with `//! ` and what the file is for", file.path)).collect()
}

fn empty_names(files: &[Source]) -> Vec<String> {
    let parts = |file: &Source| file.path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part));
    let badly_named = files.iter().filter(|file| parts(file));
    badly_named.map(|file| format!("{}: name the idea, or put it where it is used", file.path)).collect()
}

fn ignored_tests(files: &[Source]) -> Vec<String> {
    let ignoring = files.iter().filter(|file| without_words(&file.text).contains("#[ignore"));
    ignoring.map(|file| format!("{}: a test is ignored: mend it or remove it", file.path)).collect()
}

fn busy_mod_files(files: &[Source]) -> Vec<String> {
    let busy = |file: &&Source| {
        let code = file.code();
        file.path.ends_with("mod.rs") && ["fn", "struct", "enum", "impl", "trait"].iter().any(|word| names(&code, word))
    };
    let found = files.iter().filter(busy);
    found.map(|file| format!("src/{}: a `mod.rs` only declares and re-exports", file.path)).collect()
}

fn crooked_record(name: &str, text: &str) -> Vec<String> {
    let missing = ["## Context", "## Decision", "## Status", "## Consequences"]
        .into_iter()
        .filter(|heading| !text.lines().any(|line| line == *heading))
        .map(|heading| format!("docs/adr/{name}: has no `{heading}`"));
    let titled = text.starts_with("# ");
    missing.chain((!titled).then(|| format!("docs/adr/{name}: begin with `# ` and the title"))).collect()
}

/// The links of a document below the project's root to files that are not there.
fn dead_links(path: &str, text: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let folder = folder.parent().unwrap();
    let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '\n']).next());
    let files = links.filter_map(|link| link.split('#').next()).filter(|file| !file.is_empty() && !file.contains(':'));
    let dead = files.filter(|file| !folder.join(file).exists());
    dead.map(|file| format!("{path}: a link leads to `{file}`, which is not there")).collect()
}

/// Dependencies without a row, and rows without a dependency, in the first column of `record`'s first table.
fn unexplained(manifest: &str, record: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let direct: Vec<&String> =
        tables.iter().filter_map(|name| manifest.get(*name)?.as_table()).flat_map(toml::Table::keys).collect();
    let rows = record.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let explained: Vec<(&str, &str)> = rows
        .filter_map(|row| row.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, reason)| (name, reason.trim_end_matches(['|', ' '])))
        .collect();
    let missing =
        direct.iter().filter(|name| !explained.iter().any(|(row, why)| *row == name.as_str() && !why.is_empty()));
    let stale = explained.iter().filter(|(row, _)| !direct.iter().any(|name| name.as_str() == *row));
    missing
        .map(|name| format!("`{name}` has no row with its reason in docs/adr/0002-dependencies.md"))
        .chain(stale.map(|(row, _)| format!("docs/adr/0002-dependencies.md explains `{row}`, which Cargo.toml lacks")))
        .collect()
}

#[track_caller]
fn check(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The rule is silent about `good` and says one thing about `bad`.
#[track_caller]
fn catches(rule: fn(&[Source]) -> Vec<String>, path: &str, good: &str, bad: &str) {
    check(&rule(&[source(path, good)]));
    let wrong = rule(&[source(path, bad)]);
    assert_eq!(wrong.len(), 1, "{bad}: {wrong:?}");
}

#[test]
fn a_module_names_only_those_above_it() {
    check(&misplaced_names(&shipped()));
    let rule = misplaced_names;
    catches(rule, "feed/rss.rs", "use crate::{clock, domain::Slug};", "use crate::{domain::Slug, policy::Due};");
    catches(rule, "config/file.rs", "fn f(x: crate::domain::Slug) {}", "fn f(x: crate::store::Store) {}");
    catches(rule, "catalog.rs", "use super::domain::Slug;", "use super::feed::Feed;");
    catches(rule, "feed/mod.rs", "use super::catalog::Catalog;", "use super::mail::Letter;");
    catches(rule, "feed/atom.rs", "use super::mail::Words;", "use super::super::mail::Letter;");
    catches(
        rule,
        "mail/dkim.rs",
        "// crate::store\n#[cfg(test)] mod tests { use crate::store::X; }",
        "use depeche::app;",
    );
    assert_eq!(rule(&[source("weather.rs", "pub struct Rain;")]).len(), 1, "a module needs its place");
}

#[test]
fn modules_are_declared_in_reading_order() {
    let library = project_text("src/lib.rs");
    let declared: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let expected: Vec<&str> = ORDER.into_iter().filter(|name| declared.contains(name)).collect();
    assert_eq!(declared, expected, "order the `pub mod` lines of src/lib.rs as ORDER has them");
    for module in shipped().iter().filter_map(Source::module) {
        assert!(declared.contains(&module), "src/lib.rs does not declare `pub mod {module};`");
    }
}

#[test]
fn the_core_does_no_io_and_asks_no_clock() {
    check(&impurities(&shipped()));
    let rule = impurities;
    catches(rule, "policy/announce.rs", "fn due(now: DateTime<Utc>) {}", "fn due() { chrono::Utc::now(); }");
    catches(rule, "content/file.rs", "use std::fmt;", "use std::{fmt, fs};");
    catches(rule, "config/file.rs", "use std::net::IpAddr;", "use std::net::{IpAddr, TcpStream};");
    catches(rule, "mail/part.rs", "let text = \"tokio\"; // std::env", "use tokio as t;");
    catches(rule, "clock/machine.rs", "fn now() { Utc::now() }", "fn now() { SystemTime::now() }");
    check(&rule(&[source("store/rows.rs", "use std::fs; async fn f() { tokio::spawn(g()).await }")]));
}

#[test]
fn each_library_stays_with_its_owner() {
    check(&trespasses(&shipped()));
    let rule = trespasses;
    catches(rule, "feed/atom.rs", "use atom_syndication::Feed;", "use rss::Channel;");
    catches(rule, "feed/mod.rs", "mod rss;\npub use rss::render;", "use ::rss::Channel;");
    catches(rule, "content/body.rs", "use super::front_matter::Raw;", "fn f(x: serde_yaml::Error) {}");
    catches(rule, "http/feeds.rs", "use crate::feed::rss::render;", "use {axum::Router, sqlx as db};");
    catches(rule, "domain/token.rs", "fn as_lettre() {}", "use lettre;");
    check(&rule(&[source("domain/address.rs", "use lettre::Address;"), source("store.rs", "use sqlx::Any;")]));
}

#[test]
fn every_file_says_what_it_is_for() {
    let wrong: Vec<_> = ["src", "tests", "benches"].iter().flat_map(|f| without_introduction(&rust_files(f))).collect();
    check(&wrong);
    catches(without_introduction, "x.rs", "//! Says what it is for.\n", "// Says nothing.\nfn f() {}");
}

#[test]
fn no_file_has_an_empty_name() {
    let wrong: Vec<_> =
        ["src", "tests", "benches"].iter().flat_map(|folder| empty_names(&rust_files(folder))).collect();
    check(&wrong);
    let utility = [source("feed/utils.rs", ""), source("helpers/mod.rs", ""), source("task/manager.rs", "")];
    assert_eq!(empty_names(&utility).len(), 3);
    check(&empty_names(&[source("domain/commons.rs", "")]));
}

#[test]
fn no_test_is_ignored() {
    let wrong: Vec<_> = ["src", "tests", "benches"].iter().flat_map(|f| ignored_tests(&rust_files(f))).collect();
    check(&wrong);
    catches(ignored_tests, "x.rs", "// #[ignore]\nlet x = \"#[ignore]\";", "#[test]\n#[ignore = \"slow\"]\nfn f() {}");
}

#[test]
fn mod_files_only_declare() {
    check(&busy_mod_files(&shipped()));
    catches(busy_mod_files, "feed/mod.rs", "mod rss;\npub use self::rss::render;", "mod rss;\nfn render() {}");
}

#[test]
fn records_are_complete_and_numbered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/adr");
    let mut records: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    records.sort();
    for (name, number) in records.iter().zip(1..) {
        assert!(name.starts_with(&format!("{number:04}-")), "docs/adr/{name}: the next number is {number:04}");
        check(&crooked_record(name, &project_text(&format!("docs/adr/{name}"))));
    }
    assert!(records.len() >= 6, "the first six records are gone: {records:?}");
    assert_eq!(crooked_record("x", "# T\n## Context\n## Decision\n## Consequences\n").len(), 1);
}

#[test]
fn links_in_documents_lead_to_files() {
    let folder = |path: &str| fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut documents = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    for below in ["docs", "docs/adr"] {
        let names = folder(below).map(|entry| entry.unwrap().file_name().into_string().unwrap());
        documents.extend(
            names
                .filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"))
                .map(|name| format!("{below}/{name}")),
        );
    }
    assert!(documents.len() > 10, "only {} documents were found: the walk is broken", documents.len());
    check(&documents.iter().flat_map(|path| dead_links(path, &project_text(path))).collect::<Vec<_>>());
    let good = "[a](../README.md#x), [b](https://example.org/x.md), [c](#here)";
    assert_eq!(dead_links("docs/x.md", good), Vec::<String>::new());
    assert_eq!(dead_links("docs/x.md", "[a](README.md#x)").len(), 1);
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let manifest = project_text("Cargo.toml");
    check(&unexplained(&manifest, &project_text("docs/adr/0002-dependencies.md")));
    let record = "| Crate | Why |\n| --- | --- |\n| `serde` | files |\n| `toml` |  |\n| `rand` | dice |\n";
    let wrong = unexplained("[dependencies]\nserde = \"1\"\ntoml = \"1\"\n[dev-dependencies]\ninsta = \"1\"", record);
    assert_eq!(wrong.len(), 3, "toml gives no reason, insta has no row, rand is no dependency: {wrong:?}");
}

#[test]
fn visible_changes_have_a_place() {
    let has_place = project_text("CHANGELOG.md").lines().any(|line| line == "## Unreleased");
    assert!(has_place, "CHANGELOG.md needs the heading `## Unreleased`");
}
