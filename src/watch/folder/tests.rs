//! The folder, changed and looked at again: what a look tells.

use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use chrono::TimeDelta;

use super::super::reading::LARGEST;
use super::*;
use crate::watch::Cores;

struct Desk {
    temporary: tempfile::TempDir,
    root: Utf8PathBuf,
    folder: Folder,
    threads: ThreadPool,
    /// Long after every file was written, so that the file system's times are believed.
    now: DateTime<Utc>,
}

impl Desk {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temporary.path().join("content")).unwrap();
        fs::create_dir(&root).unwrap();
        let (uploads, selection) = (root.join("uploads"), Selection::default());
        let folder = Folder {
            uploads,
            root: root.clone(),
            selection,
            seen: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            walked: None,
        };
        let threads = Cores::All.pool();
        Self { temporary, root, folder, threads, now: DateTime::<Utc>::MAX_UTC - TimeDelta::days(1) }
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Looks; what is taken of a changed file are its bytes.
    fn look(&mut self) -> Look<Vec<u8>> {
        self.folder.look(self.now, &self.threads, &|file| file.bytes)
    }

    /// The paths of all files that can be read, as of the last look.
    fn all(&self) -> Vec<&str> {
        let read = self.folder.seen.iter().filter(|(_, seen)| seen.digest.is_some());
        read.map(|(path, _)| path.as_str()).collect()
    }

    /// Looks; the paths that changed and those that vanished.
    fn difference(&mut self) -> (Vec<String>, Vec<String>) {
        let look = self.look();
        let text = |path: &SourcePath| path.as_str().to_owned();
        (look.changed.iter().map(|file| text(&file.path)).collect(), look.vanished.iter().map(text).collect())
    }
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn releases_are_told_from_other_files() {
    let mut desk = Desk::new();
    for name in [
        "b.md",
        "a/c.MARKDOWN",
        "a/d’été <1>.Md",
        ".hidden.md",
        ".git/x.md",
        "_drafts/x.md",
        "a/_drafts/x.md",
        "uploads/readme.md",
        "e.md~",
        ".#e.md",
        "#e.md#",
        "e.md.swp",
        ".e.md.swp",
        "e.md.tmp",
        "4913",
        ".goutputstream-X4QZU2",
        "e.md___jb_tmp___",
        "e.md___jb_old___",
        "~$e.md",
        ".~lock.e.md#",
        "~syncthing~e.md.tmp",
        "~syncthing~e.md",
        ".syncthing.e.md.tmp",
        ".e.md.kate-swp",
        ".e.md.Xa3k9q",
        "e.md.part",
        "e.md.filepart",
        "e.md.crdownload",
        "sedA1b2C3",
        "e.sync-conflict-20261123-101010-ABCDEFG.md",
        "e (conflicted copy 2026-11-23).md",
        "a/e (Copie en conflit de Ann 2026-11-23).md",
        "e.txt",
        "md",
    ] {
        desk.put(name, name);
    }
    let look = desk.look();
    let changed: Vec<_> = look.changed.iter().map(|file| (file.path.as_str(), file.digest, &*file.taken)).collect();
    let expected = ["a/c.MARKDOWN", "a/d’été <1>.Md", "b.md"];
    assert_eq!(changed, expected.map(|name| (name, Digest::of(name.as_bytes()), name.as_bytes())));
    assert_eq!(desk.all(), expected);
    assert!(look.unreadable.is_empty() && look.vanished.is_empty() && !look.root_missing);
    let conflicts: Vec<_> = look.conflicts.iter().map(SourcePath::as_str).collect();
    assert_eq!(
        conflicts,
        [
            "a/e (Copie en conflit de Ann 2026-11-23).md",
            "e (conflicted copy 2026-11-23).md",
            "e.sync-conflict-20261123-101010-ABCDEFG.md"
        ]
    );
}

#[test]
fn emacs_lock_links_are_no_files() {
    let mut desk = Desk::new();
    desk.put("e.md", "text");
    symlink("ann@machine.4242:1795424400", desk.root.join(".#e.md")).unwrap();
    let look = desk.look();
    assert_eq!((look.changed.len(), look.unreadable.len()), (1, 0));
}

#[test]
fn a_file_saved_by_renaming_or_by_truncating_is_read_as_it_is_then() {
    let mut desk = Desk::new();
    desk.put("a.md", "one");
    desk.look();
    desk.put("4913", "");
    desk.put("a.md.tmp", "two");
    fs::rename(desk.root.join("a.md"), desk.root.join("a.md~")).unwrap();
    fs::rename(desk.root.join("a.md.tmp"), desk.root.join("a.md")).unwrap();
    assert_eq!(desk.difference(), (list(&["a.md"]), list(&[])));
    let mut file = File::create(desk.root.join("a.md")).unwrap();
    assert_eq!(&*desk.look().changed[0].taken, b"");
    io::Write::write_all(&mut file, b"three").unwrap();
    assert_eq!(&*desk.look().changed[0].taken, b"three");
    assert_eq!(desk.difference(), (list(&[]), list(&[])));
}

#[test]
fn a_link_switched_to_another_tree_shows_that_tree() {
    let mut desk = Desk::new();
    let releases = desk.temporary.path().join("releases");
    for (number, text) in [("41", "one"), ("42", "two")] {
        fs::create_dir_all(releases.join(number)).unwrap();
        fs::write(releases.join(number).join("a.md"), text).unwrap();
    }
    fs::write(releases.join("42/b.md"), "new").unwrap();
    fs::remove_dir(&desk.root).unwrap();
    symlink(releases.join("41"), &desk.root).unwrap();
    assert_eq!(desk.difference(), (list(&["a.md"]), list(&[])));
    // As deployments do: a new link, renamed over the old one.
    let next = desk.temporary.path().join("next");
    symlink(releases.join("42"), &next).unwrap();
    fs::rename(&next, &desk.root).unwrap();
    let look = desk.look();
    assert_eq!(look.changed.iter().map(|file| &*file.taken).collect::<Vec<_>>(), [&b"two"[..], b"new"]);
    assert!(look.vanished.is_empty() && !look.root_missing);
}

#[test]
fn each_look_tells_the_difference() {
    let mut desk = Desk::new();
    desk.put("a.md", "one");
    desk.put("b.md", "two");
    assert_eq!(desk.difference(), (list(&["a.md", "b.md"]), list(&[])));
    assert_eq!(desk.difference(), (list(&[]), list(&[])));
    desk.put("a.md", "one more");
    fs::rename(desk.root.join("b.md"), desk.root.join("c.md")).unwrap();
    assert_eq!(desk.difference(), (list(&["a.md", "c.md"]), list(&["b.md"])));
    // Written anew with the same bytes: the times change, the file does not.
    fs::remove_file(desk.root.join("a.md")).unwrap();
    desk.put("a.md", "one more");
    assert_eq!(desk.difference(), (list(&[]), list(&[])));
    assert_eq!(desk.all().len(), 2);
}

#[test]
fn an_unchanged_file_is_not_read_again() {
    let mut desk = Desk::new();
    desk.put("a.md", "one");
    desk.look();
    assert!(desk.folder.seen[&SourcePath::new("a.md")].stamp.is_some());
    desk.folder.seen.get_mut(&SourcePath::new("a.md")).unwrap().digest = Some(Digest::of(b"as remembered"));
    assert!(desk.look().changed.is_empty());
}

#[test]
fn a_fresh_file_is_read_again() {
    let mut desk = Desk::new();
    desk.now = DateTime::UNIX_EPOCH;
    desk.put("a.md", "one");
    desk.look();
    assert_eq!(desk.folder.seen[&SourcePath::new("a.md")].stamp, None);
    assert!(desk.folder.has_fresh_files());
    desk.folder.seen.get_mut(&SourcePath::new("a.md")).unwrap().digest = Some(Digest::of(b"as remembered"));
    assert_eq!(desk.difference(), (list(&["a.md"]), list(&[])));
    desk.now = DateTime::<Utc>::MAX_UTC - TimeDelta::days(1);
    desk.look();
    assert!(!desk.folder.has_fresh_files());
}

#[test]
fn what_cannot_be_read_is_told_and_hides_nothing() {
    let mut desk = Desk::new();
    desk.put("good.md", "good");
    desk.put("grows.md", "small");
    desk.look();
    desk.put("grows.md", &"x".repeat(usize::try_from(LARGEST).unwrap() + 1));
    fs::create_dir(desk.root.join("folder.md")).unwrap();
    symlink("nowhere", desk.root.join("broken.md")).unwrap();
    symlink("folder.md", desk.root.join("linked-folder.md")).unwrap();
    symlink("good.md", desk.root.join("linked.md")).unwrap();
    fs::write(desk.root.as_std_path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.md")), "x").unwrap();
    let look = desk.look();
    let told: Vec<_> = look.unreadable.iter().map(|one| (one.path.as_str(), one.reason)).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    for expected in [
        ("broken.md", UnreadableReason::NotRegular),
        ("linked-folder.md", UnreadableReason::NotRegular),
        ("caf\u{fffd}.md", UnreadableReason::NameNotUtf8),
        ("grows.md", UnreadableReason::TooLarge { bytes: LARGEST + 1 }),
    ] {
        assert!(told.contains(&expected), "{expected:?}");
    }
    assert!(look.vanished.is_empty());
    assert_eq!(desk.all(), ["good.md", "linked.md"]);
    desk.put("grows.md", "small");
    assert_eq!(desk.difference().0, ["grows.md"]);
}

#[test]
fn a_folder_that_cannot_be_listed_loses_no_release() {
    let mut desk = Desk::new();
    desk.put("a/one.md", "one");
    desk.put("two.md", "two");
    desk.look();
    // As a walk that is not allowed into `a`; the super-user, who may run this, is allowed everywhere.
    let ground = desk.folder.ground().unwrap();
    let mut walk = walk(&ground.place(&desk.folder.selection)).unwrap();
    walk.files.retain(|path| path.as_str() == "two.md");
    walk.unreadable.push(Unreadable::new("a", UnreadableReason::Io(io::ErrorKind::PermissionDenied)));
    walk.closed_folders.push("a".to_owned());
    let look: Look<()> = desk.folder.compare(ground, walk, Vec::new());
    assert_eq!((look.vanished.len(), desk.all().len(), look.unreadable.len()), (0, 2, 1));
    assert_eq!(desk.difference(), (list(&[]), list(&[])));
    assert!(!is_below(&SourcePath::new("ab.md"), "a"));
}

#[test]
fn a_folder_that_goes_takes_everything_and_brings_it_back() {
    let mut desk = Desk::new();
    desk.put("a.md", "one");
    desk.look();
    let away = desk.temporary.path().join("away");
    fs::rename(&desk.root, &away).unwrap();
    let look = desk.look();
    assert!(look.root_missing && desk.all().is_empty());
    assert_eq!(look.vanished, [SourcePath::new("a.md")]);
    symlink(&away, &desk.root).unwrap();
    assert_eq!(desk.difference(), (list(&["a.md"]), list(&[])));
}

#[test]
fn a_file_is_read_by_its_path() {
    let desk = Desk::new();
    desk.put("a.md", "one");
    assert_eq!(&*desk.folder.read(&SourcePath::new("a.md")).unwrap().bytes, b"one");
    assert_eq!(desk.folder.read(&SourcePath::new("b.md")).unwrap_err().kind(), io::ErrorKind::NotFound);
}
