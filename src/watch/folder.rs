//! The content folder, looked at again and again: only what changed is read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};

use super::selection::Selection;
use super::stamp::Stamp;
use super::walk::{Walk, walk};
use crate::config::ContentSettings;
use crate::content::JekyllConfig;
use crate::domain::{Digest, SourcePath};

/// The largest file that is read; no press release comes near.
pub(super) const LARGEST: u64 = 4 * 1024 * 1024;
/// How many times a file that changes under our eyes is read before it is left for the next look.
const TRIES: usize = 3;

/// The content folder and what was last seen in it.
#[derive(Debug)]
pub struct Folder {
    root: Utf8PathBuf,
    uploads: Utf8PathBuf,
    selection: Selection,
    seen: BTreeMap<SourcePath, Seen>,
}

/// The files of the content folder, to be read one by one.
#[derive(Debug, Clone)]
pub struct FolderFiles {
    root: Utf8PathBuf,
}

/// A file with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its path below the folder, spelled as on disk.
    pub path: SourcePath,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Their digest.
    pub digest: Digest,
}

/// What a look at the folder found.
#[derive(Debug, Default)]
pub struct Look {
    /// Files that appeared, changed or can be read again since the last look, by path.
    pub changed: Vec<FoundFile>,
    /// Files that are no longer there, by path.
    pub vanished: Vec<SourcePath>,
    /// Every file there is, changed or not, with the digest of its bytes, by path.
    pub all: Vec<(SourcePath, Digest)>,
    /// What sync programs left of two versions of a file: told at each look, and no releases of their own.
    pub conflicts: Vec<SourcePath>,
    /// Folders and texts that hold no releases of the Jekyll site they are in.
    pub left_out: Vec<String>,
    /// Files that are there and cannot be read, told at each look as long as that lasts.
    pub unreadable: Vec<Unreadable>,
    /// The folder itself is not there, or cannot be listed; then every file counts as vanished.
    pub root_missing: bool,
    /// Files that were being written; they are as they were before, and the next look should come soon.
    pub unsettled: Vec<SourcePath>,
}

/// A file or folder that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path; what is not UTF-8 in it is replaced.
    pub path: SourcePath,
    /// Why.
    pub reason: UnreadableReason,
}

/// Why a file or folder cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableReason {
    /// Larger than 4 MiB.
    #[error("{bytes} bytes are more than the 4 MiB a release may have")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// A pipe, a device, a folder, or a link to nothing.
    #[error("this is not a regular file")]
    NotRegular,
    /// Its name cannot be read as text.
    #[error("the name is not UTF-8")]
    NameNotUtf8,
    /// The system refused.
    #[error("{0}")]
    Io(io::ErrorKind),
}

#[derive(Debug)]
struct Seen {
    /// `None`: to be read again, whatever the file system says.
    stamp: Option<Stamp>,
    /// `None`: there, and could not be read.
    digest: Option<Digest>,
}

enum Reading {
    Read { bytes: Vec<u8>, stamp: Stamp },
    Gone,
    Unsettled,
    Refused(UnreadableReason),
}

impl Unreadable {
    pub(super) fn new(path: &str, reason: UnreadableReason) -> Self {
        Self { path: SourcePath::new(path), reason }
    }
}

impl Folder {
    /// The content folder of `settings`, not looked at yet.
    #[must_use]
    pub fn new(settings: &ContentSettings) -> Self {
        Self {
            root: settings.folder.clone(),
            uploads: settings.uploads.clone(),
            selection: Selection::new(JekyllConfig::of(settings)),
            seen: BTreeMap::new(),
        }
    }

    /// Looks at every file, reads those that changed since the last look, and tells the difference. A file written
    /// within two seconds before `now` is read at the next look too: its times may not show the next change.
    pub fn look(&mut self, now: DateTime<Utc>) -> Look {
        let Ok(walk) = self.walk() else {
            let vanished = std::mem::take(&mut self.seen).into_keys().collect();
            return Look { vanished, root_missing: true, ..Look::default() };
        };
        self.compare(walk, now)
    }

    /// What `walk` came upon against what was seen before.
    fn compare(&mut self, walk: Walk, now: DateTime<Utc>) -> Look {
        let Walk { files, conflicts, unreadable, left_out, closed_folders } = walk;
        let mut look = Look { conflicts, left_out, unreadable, ..Look::default() };
        let mut before = std::mem::take(&mut self.seen);
        for (path, metadata) in files {
            let last = before.remove(&path);
            if let Some(seen) = self.visit(&path, Stamp::of(&metadata), last, now, &mut look) {
                self.seen.insert(path, seen);
            }
        }
        for unreadable in &look.unreadable {
            if closed_folders.iter().any(|folder| folder == unreadable.path.as_str()) {
                continue;
            }
            before.remove(&unreadable.path);
            self.seen.entry(unreadable.path.clone()).or_insert(Seen { stamp: None, digest: None });
        }
        for (path, seen) in before {
            if closed_folders.iter().any(|folder| is_below(&path, folder)) {
                self.seen.insert(path, seen);
            } else {
                look.vanished.push(path);
            }
        }
        look.vanished.sort();
        look.all = self.seen.iter().filter_map(|(path, seen)| Some((path.clone(), seen.digest?))).collect();
        look
    }

    /// The file at `path` as it is now, without changing what the next look tells.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn read(&self, path: &SourcePath) -> io::Result<FoundFile> {
        self.files().read(path)
    }

    /// Its files, to be read one by one.
    #[must_use]
    pub fn files(&self) -> FolderFiles {
        FolderFiles { root: self.root.clone() }
    }

    fn walk(&self) -> io::Result<Walk> {
        let root = self.root.canonicalize_utf8()?;
        let uploads = self.uploads.canonicalize_utf8().ok();
        walk(&root, uploads.as_deref(), &self.selection)
    }

    /// What is to be remembered of a file that the walk came upon; what is to be told of it goes into `look`.
    fn visit(
        &self,
        path: &SourcePath,
        stamp: Stamp,
        last: Option<Seen>,
        now: DateTime<Utc>,
        look: &mut Look,
    ) -> Option<Seen> {
        if let Some(last) = last.as_ref()
            && last.stamp == Some(stamp)
        {
            return Some(Seen { stamp: last.stamp, digest: last.digest });
        }
        match read(&self.root.join(path.as_str())) {
            Reading::Read { bytes, stamp } => {
                let found = FoundFile::new(path, bytes);
                let digest = Some(found.digest);
                if last.and_then(|last| last.digest) != digest {
                    look.changed.push(found);
                }
                Some(Seen { stamp: Some(stamp).filter(|stamp| stamp.is_settled(now)), digest })
            }
            Reading::Gone => {
                if last.is_some() {
                    look.vanished.push(path.clone());
                }
                None
            }
            Reading::Unsettled => {
                look.unsettled.push(path.clone());
                last.map(|last| Seen { stamp: None, ..last })
            }
            Reading::Refused(reason) => {
                look.unreadable.push(Unreadable { path: path.clone(), reason });
                Some(Seen { stamp: None, digest: None })
            }
        }
    }
}

impl FolderFiles {
    /// The file at `path` as it is now.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn read(&self, path: &SourcePath) -> io::Result<FoundFile> {
        match read(&self.root.join(path.as_str())) {
            Reading::Read { bytes, .. } => Ok(FoundFile::new(path, bytes)),
            Reading::Gone => Err(io::ErrorKind::NotFound.into()),
            Reading::Unsettled => Err(io::ErrorKind::ResourceBusy.into()),
            Reading::Refused(reason) => Err(io::Error::other(reason)),
        }
    }
}

impl FoundFile {
    fn new(path: &SourcePath, bytes: Vec<u8>) -> Self {
        Self { path: path.clone(), digest: Digest::of(&bytes), bytes: bytes.into() }
    }
}

fn is_below(path: &SourcePath, folder: &str) -> bool {
    path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Reads a file that was the same before and after: one being written is tried again, then left.
fn read(path: &Utf8Path) -> Reading {
    for _ in 0..TRIES {
        match read_once(path) {
            Ok(Reading::Unsettled) => {}
            Ok(reading) => return reading,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Reading::Gone,
            Err(error) => return Reading::Refused(UnreadableReason::Io(error.kind())),
        }
    }
    Reading::Unsettled
}

fn read_once(path: &Utf8Path) -> io::Result<Reading> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(Reading::Refused(UnreadableReason::NotRegular));
    }
    if metadata.len() > LARGEST {
        return Ok(Reading::Refused(UnreadableReason::TooLarge { bytes: metadata.len() }));
    }
    let before = Stamp::of(&metadata);
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    let after = Stamp::of(&fs::metadata(path)?);
    let whole = u64::try_from(bytes.len()).is_ok_and(|length| length == metadata.len());
    Ok(if whole && before == after { Reading::Read { bytes, stamp: after } } else { Reading::Unsettled })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use chrono::TimeDelta;

    use super::*;

    struct Desk {
        temporary: tempfile::TempDir,
        root: Utf8PathBuf,
        folder: Folder,
        /// Long after every file was written, so that the file system's times are believed.
        now: DateTime<Utc>,
    }

    impl Desk {
        fn new() -> Self {
            let temporary = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(temporary.path().join("content")).unwrap();
            fs::create_dir(&root).unwrap();
            let (uploads, selection) = (root.join("uploads"), Selection::default());
            let folder = Folder { uploads, root: root.clone(), selection, seen: BTreeMap::new() };
            Self { temporary, root, folder, now: DateTime::<Utc>::MAX_UTC - TimeDelta::days(1) }
        }

        fn put(&self, name: &str, text: &str) {
            let path = self.root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn look(&mut self) -> Look {
            self.folder.look(self.now)
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
        let all: Vec<_> = look.all.iter().map(|(path, digest)| (path.as_str(), *digest)).collect();
        let expected = ["a/c.MARKDOWN", "a/d’été <1>.Md", "b.md"].map(|name| (name, Digest::of(name.as_bytes())));
        assert_eq!(all, expected);
        assert_eq!(
            look.changed.iter().map(|file| &*file.bytes).collect::<Vec<_>>(),
            expected.map(|(name, _)| name.as_bytes())
        );
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
        assert_eq!((look.all.len(), look.unreadable.len()), (1, 0));
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
        assert_eq!(&*desk.look().changed[0].bytes, b"");
        io::Write::write_all(&mut file, b"three").unwrap();
        assert_eq!(&*desk.look().changed[0].bytes, b"three");
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
        assert_eq!(look.changed.iter().map(|file| &*file.bytes).collect::<Vec<_>>(), [&b"two"[..], b"new"]);
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
        assert_eq!(desk.look().all.len(), 2);
    }

    #[test]
    fn an_unchanged_file_is_not_read_again() {
        let mut desk = Desk::new();
        desk.put("a.md", "one");
        desk.look();
        assert!(desk.folder.seen[&SourcePath::new("a.md")].stamp.is_some());
        desk.folder.seen.get_mut(&SourcePath::new("a.md")).unwrap().digest = Some(Digest::of(b"as remembered"));
        assert_eq!(desk.look().all[0].1, Digest::of(b"as remembered"));
    }

    #[test]
    fn a_fresh_file_is_read_again() {
        let mut desk = Desk::new();
        desk.now = DateTime::UNIX_EPOCH;
        desk.put("a.md", "one");
        desk.look();
        assert_eq!(desk.folder.seen[&SourcePath::new("a.md")].stamp, None);
        desk.folder.seen.get_mut(&SourcePath::new("a.md")).unwrap().digest = Some(Digest::of(b"as remembered"));
        assert_eq!(desk.difference(), (list(&["a.md"]), list(&[])));
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
        assert_eq!(look.all.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["good.md", "linked.md"]);
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
        let mut walk = desk.folder.walk().unwrap();
        walk.files.retain(|(path, _)| path.as_str() == "two.md");
        walk.unreadable.push(Unreadable::new("a", UnreadableReason::Io(io::ErrorKind::PermissionDenied)));
        walk.closed_folders.push("a".to_owned());
        let look = desk.folder.compare(walk, desk.now);
        assert_eq!((look.vanished.len(), look.all.len(), look.unreadable.len()), (0, 2, 1));
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
        assert!(look.root_missing && look.all.is_empty());
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
}
