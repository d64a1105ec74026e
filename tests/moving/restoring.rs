//! A backup taken while the daemon works, and put back on a new machine with its key.

use std::os::unix::fs::PermissionsExt as _;

use crate::press_room::{PressRoom, text};

const LETTERS: &str = "[newsletter]\nfrom = \"presse@ministere.example\"\n[[relay]]\nkind = \"directory\"\n";

#[track_caller]
fn refused(room: &PressRoom, arguments: &[&str], words: &str) {
    let output = room.run(arguments);
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains(words), "{arguments:?}: {said}");
}

#[test]
fn a_backup_comes_back_on_a_new_machine_with_its_key() {
    let room = PressRoom::new(LETTERS);
    let daemon = room.serve();
    room.say(&["subscribers", "add", "ann@example.org"]);
    room.say(&["backup", "today.backup"]);
    let file = room.path("today.backup");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    refused(&room, &["restore", "today.backup"], "stop `depeche serve` first");
    daemon.stop();
    refused(&room, &["restore", "today.backup"], "is not empty");

    let new = PressRoom::new(LETTERS);
    let (backup, there) = (std::fs::read(&file).unwrap(), new.path("today.backup"));
    std::fs::write(&there, &backup[..backup.len() / 2]).unwrap();
    refused(&new, &["restore", "today.backup"], "is damaged");
    std::fs::write(&there, "nothing").unwrap();
    refused(&new, &["restore", "today.backup"], "is no backup");
    std::fs::write(&there, &backup).unwrap();
    std::fs::create_dir_all(new.path("var")).unwrap();
    std::fs::write(new.path("var/secret.key"), "00".repeat(32)).unwrap();
    refused(&new, &["restore", "today.backup"], "holds another key");
    assert!(!new.path("var/depeche.sqlite").exists(), "nothing was changed");

    std::fs::remove_file(new.path("var/secret.key")).unwrap();
    let said = new.say(&["restore", "today.backup"]);
    assert!(said.contains("depeche serve"), "{said}");
    let key = |room: &PressRoom| std::fs::read_to_string(room.path("var/secret.key")).unwrap();
    assert_eq!(key(&new), key(&room));
    assert_eq!(std::fs::metadata(new.path("var/secret.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let daemon = new.serve();
    assert!(daemon.log().contains("was restored"), "{}", daemon.log());
    assert!(new.say(&["subscribers", "list"]).contains("ann@example.org"));
    daemon.stop();
    let daemon = new.serve();
    assert!(!daemon.log().contains("was restored"), "{}", daemon.log());
}

#[test]
fn a_backup_takes_the_place_of_nothing_but_a_backup() {
    let room = PressRoom::new(LETTERS);
    room.say(&["subscribers", "add", "ann@example.org"]);
    let read = |name: &str| std::fs::read(room.path(name)).unwrap();
    for name in ["var/depeche.sqlite", "var/secret.key", "config.toml"] {
        let before = read(name);
        refused(&room, &["backup", name], "is no backup: name another file");
        assert!(read(name) == before, "{name}");
    }
    for _ in 0..2 {
        room.say(&["backup", "x"]);
    }
    assert!(read("x").starts_with(b"depeche backup"));
}

#[test]
fn a_missing_key_is_asked_for_and_not_made_anew() {
    let room = PressRoom::new(LETTERS);
    room.say(&["subscribers", "list"]);
    let key = std::fs::read(room.path("var/secret.key")).unwrap();
    std::fs::remove_file(room.path("var/secret.key")).unwrap();
    for command in [&["serve"][..], &["subscribers", "list"], &["backup", "x"]] {
        refused(&room, command, "secret.key");
        assert!(!room.path("var/secret.key").exists(), "{command:?}");
    }
    refused(&room, &["serve"], "is missing: put its file back");
    std::fs::write(room.path("var/secret.key"), key).unwrap();
    room.say(&["subscribers", "list"]);
}

#[test]
fn another_key_refuses_to_start_and_says_why() {
    let room = PressRoom::new(LETTERS);
    room.say(&["subscribers", "list"]);
    let key = std::fs::read_to_string(room.path("var/secret.key")).unwrap();
    std::fs::write(room.path("var/secret.key"), "11".repeat(32)).unwrap();
    refused(&room, &["serve"], "belongs to another secret key");
    refused(&room, &["backup", "x"], "belongs to another secret key");
    assert!(!room.path("x").exists());
    std::fs::write(room.path("var/secret.key"), key).unwrap();
    room.say(&["subscribers", "list"]);
}

#[test]
fn keys_without_a_place_are_named_before_anything_is_written() {
    const EARLIER: &str = "[secrets]\nprevious_key_files = [\"var/first.key\", \"var/second.key\"]\n";
    let room = PressRoom::new(&format!("{LETTERS}{EARLIER}"));
    std::fs::create_dir_all(room.path("var")).unwrap();
    for (name, digits) in [("first", "11"), ("second", "22")] {
        std::fs::write(room.path(&format!("var/{name}.key")), digits.repeat(32)).unwrap();
    }
    room.say(&["subscribers", "add", "ann@example.org"]);
    room.say(&["backup", "today.backup"]);

    let new = PressRoom::new(LETTERS);
    std::fs::copy(room.path("today.backup"), new.path("today.backup")).unwrap();
    refused(&new, &["restore", "today.backup"], "2 of the backup's 3 keys have no place");
    assert!(!new.path("var").exists(), "nothing was changed");
    let settings = std::fs::read_to_string(new.path("config.toml")).unwrap();
    new.save("config.toml", &format!("{settings}{EARLIER}"));
    new.say(&["restore", "today.backup"]);
    for name in ["secret", "first", "second"] {
        let key = |room: &PressRoom| std::fs::read_to_string(room.path(&format!("var/{name}.key"))).unwrap();
        assert_eq!(key(&new).trim(), key(&room).trim());
    }
    assert!(new.say(&["subscribers", "list"]).contains("ann@example.org"));
}
