//! Circles: files of one folder that name each other in a ring, so that none can be read before the others.
//!
//! Names are looked at, not what is called on a value: files that share the methods of one struct, as those of a parser do,
//! may call each other. A folder counts as a file of the folder it is in, with whatever its own files name. What a `mod.rs` offers again is
//! looked up where it comes from; what stands in the file above a folder is free to all in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::reading::{Source, paths, source, taken_from_below};
use super::{check, shipped};

/// By folder and file, what the file names beside itself.
type Names = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// What the files of each folder name of each other.
fn named(files: &[Source]) -> Names {
    let offered: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>> =
        files.iter().map(|file| (file.way(), taken_from_below(file))).collect();
    let mut found = Names::new();
    for file in files {
        let own = file.way();
        for path in paths(file) {
            let other = home(&offered, path);
            let shared = own.iter().zip(&other).take_while(|(one, other)| one == other).count();
            if let (Some(one), Some(other)) = (own.get(shared), other.get(shared)) {
                let folder = found.entry(own[..shared].join("/")).or_default();
                folder.entry(one.clone()).or_default().insert(other.clone());
            }
        }
    }
    found
}

/// The way to the file in which the last name of `path` stands, as far as that is known.
fn home(offered: &BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>, mut path: Vec<String>) -> Vec<String> {
    loop {
        let known = (1..=path.len()).rev().find(|length| offered.contains_key(&path[..*length])).unwrap_or(0);
        let (file, rest) = path.split_at(known);
        let taken = rest.first().and_then(|name| offered.get(file)?.get(name));
        match taken.filter(|way| offered.contains_key(&way[..=known])) {
            Some(way) => path = way.iter().chain(&rest[1..]).cloned().collect(),
            None => return file.to_vec(),
        }
    }
}

/// The shortest ring through `file` of those in a folder, `file` first and last.
fn ring_through(file: &str, folder: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut next = VecDeque::from([vec![file.to_owned()]]);
    while let Some(way) = next.pop_front() {
        for other in folder.get(way.last()?).into_iter().flatten() {
            let longer = || way.iter().chain([other]).cloned().collect();
            if other == file {
                return Some(longer());
            }
            if seen.insert(other.clone()) {
                next.push_back(longer());
            }
        }
    }
    None
}

/// Everything in a folder that `file` names, directly or around a corner.
fn reached<'n>(file: &str, folder: &'n BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'n str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = folder.get(file).into_iter().flatten().map(String::as_str).collect();
    while let Some(other) = next.pop() {
        if found.insert(other) {
            next.extend(folder.get(other).into_iter().flatten().map(String::as_str));
        }
    }
    found
}

/// The rings among `files`.
fn circles(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (folder, names) in &named(files) {
        let mut told = BTreeSet::new();
        for file in names.keys() {
            let Some(ring) = ring_through(file, names).filter(|_| !told.contains(file.as_str())) else { continue };
            let with = reached(file, names);
            let members: Vec<&str> = with.into_iter().filter(|other| reached(other, names).contains(&**file)).collect();
            told.extend(members.iter().copied());
            wrong.push(format!(
                "src/{folder}: {} name each other in a ring ({}): put what they need of each other into a file of its own, \
                 or let the upper one call the lower one",
                members.join(", "),
                ring.join(" → ")
            ));
        }
    }
    wrong
}

#[test]
fn files_of_a_folder_name_each_other_in_no_ring() {
    check(&circles(&shipped()));
}

/// What is said of files in a folder `kitchen`, each with its name and its text.
#[track_caller]
fn said_of(texts: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<Source> = texts.iter().map(|(name, text)| source(&format!("kitchen/{name}"), text)).collect();
    circles(&files)
}

#[test]
fn a_ring_is_found_and_named() {
    let offer = ("mod.rs", "mod oven; mod bread; mod table; pub use bread::{Bread, Crumb as Bit}; pub use oven::Heat;");
    let bread = ("bread.rs", "use super::oven::Oven; pub struct Bread;");
    let plain =
        [offer, bread, ("oven.rs", "use super::Menu; pub struct Oven;"), ("table.rs", "use super::{Bread, Heat};")];
    check(&said_of(&plain));

    // However it is named: through the folder, by the whole path, in a signature, under another name.
    for oven in [
        "use super::Bread;",
        "use super::{Heat, bread::{self, Loaf}};",
        "fn bake(dough: &crate::kitchen::bread::Dough) {}",
        "fn bake() -> super::Bit<u8> {}",
        "use super::{bread as loaf};",
    ] {
        let wrong = said_of(&[offer, bread, ("oven.rs", oven)]);
        assert_eq!(wrong.len(), 1, "{oven}: {wrong:?}");
        assert!(
            wrong[0].starts_with("src/kitchen: bread, oven name each other in a ring (bread → oven → bread)"),
            "{wrong:?}"
        );
    }
    // Neither words nor tests are names.
    let quiet = "// super::bread\nconst WORDS: &str = \"super::bread\"; \
                 #[cfg(test)] mod tests { use super::super::bread::Bread; }";
    check(&said_of(&[offer, bread, ("oven.rs", quiet)]));
}

#[test]
fn a_ring_around_corners_is_one_and_a_folder_is_part_of_it() {
    let round = [
        ("bread.rs", "use super::oven::Oven;"),
        ("oven/mod.rs", "mod fire; pub use fire::Fire; pub struct Oven;"),
        ("oven/fire.rs", "use super::super::table::Table; use super::Oven;"),
        ("table.rs", "use super::bread::Bread; use super::oven::Fire;"),
        ("plate.rs", "use super::table::Table;"),
    ];
    let wrong = said_of(&round);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("src/kitchen: bread, oven, table name each other in a ring"), "{wrong:?}");
    check(&said_of(&round[..3]));
}
