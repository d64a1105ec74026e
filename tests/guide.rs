//! `docs/GUIDE.md` says what is so: its commands and keys exist, its releases pass, and it says the same in both languages.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

#[expect(dead_code, reason = "each test uses its part")]
#[path = "support/press_room.rs"]
mod press_room;

use press_room::{PressRoom, text};

const ENGLISH: &str = "\n## For the press office\n";

fn project_text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The French and the English half.
fn halves() -> [String; 2] {
    let guide = project_text("docs/GUIDE.md");
    let (french, english) = guide.split_once(ENGLISH).unwrap();
    [french.to_owned(), english.to_owned()]
}

/// The blocks that begin with this fence.
fn blocks(guide: &str, fence: &str) -> Vec<String> {
    let fence = format!("\n```{fence}\n");
    guide.split(&fence).skip(1).map(|rest| rest.split_once("\n```\n").unwrap().0.to_owned()).collect()
}

fn commands(guide: &str) -> Vec<String> {
    blocks(guide, "sh").iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The words of a command as a shell takes them apart; quotes are double and hold no other.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('"').enumerate();
    let taken = |(place, part): (usize, &str)| match place % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        _ => vec![part.to_owned()],
    };
    parts.flat_map(taken).collect()
}

/// What is marked as code inside a line and looks like a key of the configuration.
fn keys(guide: &str) -> Vec<&str> {
    let marked = guide.split('`').skip(1).step_by(2);
    let is_key = |word: &&str| {
        word.split_once('.').is_some_and(|(section, key)| {
            let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            plain(section) && plain(key) && key != "toml" && key != "md"
        })
    };
    marked.filter(is_key).collect()
}

#[test]
fn both_halves_name_the_same_commands() {
    let [french, english] = halves().map(|half| commands(&half));
    assert_eq!(french, english);
    assert!(french.len() > 12, "{french:?}");
}

#[test]
fn every_command_is_one_that_the_program_takes() {
    let room = PressRoom::new("");
    let takes = |command: &str| {
        let words = words(command);
        let mut arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        arguments.push("--help");
        words[0] == "depeche" && room.run(&arguments).status.success()
    };
    for command in halves().iter().flat_map(|half| commands(half)) {
        assert!(takes(&command), "`{command}` is not taken");
    }
    for command in ["depeche publish", "depeche editions stop 12", "depeche subscribers add a@b.example --subject x"] {
        assert!(!takes(command), "`{command}` is taken");
    }
}

#[test]
fn every_key_is_one_of_the_configuration() {
    let settings: toml::Table = project_text("config.toml").parse().unwrap();
    let exists = |key: &str| {
        let (section, key) = key.split_once('.').unwrap();
        settings.get(section).and_then(toml::Value::as_table).is_some_and(|section| section.contains_key(key))
    };
    for half in halves() {
        let named = keys(&half);
        assert!(!named.is_empty());
        for key in named {
            assert!(exists(key), "`{key}` is no key of config.toml");
        }
    }
    assert!(!exists("newsletter.delay"));
}

#[test]
fn the_releases_are_right_as_they_stand() {
    for (name, half) in ["fr", "en"].into_iter().zip(halves()) {
        let room = PressRoom::new("[newsletter]\nfrom = \"presse@commune.example\"\n");
        let releases = blocks(&half, "markdown");
        assert_eq!(releases.len(), 1, "{name}");
        room.save("content/2026-05-04-piscine.md", &format!("{}\n", releases[0]));
        room.save("content/uploads/CP_piscine-des-tilleuls.pdf", "%PDF-1.4\n");
        let said = room.run(&["check", "--strict"]);
        assert!(said.status.success(), "{name}: {}{}", text(&said.stdout), text(&said.stderr));
    }
}
