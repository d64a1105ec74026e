//! The content folder, looked at again and again: only what changed is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use rayon::ThreadPool;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::files::FolderFiles;
use super::look::{ChangedFile, FoundFile, Look, Unreadable, UnreadableReason};
use super::reading::{Reading, read};
use super::selection::Selection;
use super::stamp::Stamp;
use super::walk::{Place, Walk, walk};
use crate::config::ContentSettings;
use crate::content::JekyllConfig;
use crate::domain::{Digest, SourcePath};

/// From so many files on, threads are woken to look at them.
const WORTH_THREADS: usize = 4;

/// The content folder and what was last seen in it.
#[derive(Debug)]
pub struct Folder {
    pub(super) root: Utf8PathBuf,
    pub(super) uploads: Utf8PathBuf,
    pub(super) selection: Selection,
    pub(super) seen: BTreeMap<SourcePath, Seen>,
    /// Files that may change without being named: they were written just now, cannot be read, or have other names.
    pub(super) doubtful: BTreeSet<SourcePath>,
    /// The last look at everything; `None` before, and when the folder was missing.
    pub(super) walked: Option<Box<Walked>>,
}

/// The files there are; `None` when the folder is not there, or cannot be listed.
#[derive(Debug)]
pub struct Listed(Option<(Walk, Ground)>);

/// Where a look at everything went, and what it came upon beside files; looks by name keep it as such a look would tell.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) root: Utf8PathBuf,
    /// Device and inode of the root.
    pub(super) identity: (u64, u64),
    pub(super) uploads: Option<Utf8PathBuf>,
    /// The folders that were listed.
    pub(super) folders: BTreeSet<String>,
    /// Those that could not be.
    pub(super) closed_folders: Vec<String>,
    pub(super) conflicts: BTreeSet<SourcePath>,
    pub(super) left_out: BTreeSet<String>,
    pub(super) unreadable: Vec<Unreadable>,
}

#[derive(Debug)]
pub(super) struct Seen {
    /// `None`: to be read again, whatever the file system says.
    pub(super) stamp: Option<Stamp>,
    /// `None`: there, and could not be read.
    pub(super) digest: Option<Digest>,
}

/// Where the content and uploads folders are, links followed.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) root: Utf8PathBuf,
    /// Device and inode of the root.
    pub(super) identity: (u64, u64),
    pub(super) uploads: Option<Utf8PathBuf>,
}

/// What came of looking at one file.
pub(super) enum Visit<T> {
    /// Read; `taken` when its bytes are not those of before.
    Read {
        seen: Seen,
        changed: Option<(Digest, T)>,
    },
    Gone,
    Unsettled,
    Refused(UnreadableReason),
}

impl Ground {
    pub(super) fn place<'a>(&'a self, selection: &'a Selection) -> Place<'a> {
        Place { root: &self.root, uploads: self.uploads.as_deref(), selection }
    }
}

impl Seen {
    const UNREADABLE: Self = Self { stamp: None, digest: None };

    /// Whether it may change without being named, or without its times showing it.
    pub(super) fn is_doubtful(&self) -> bool {
        self.stamp.is_none() || self.has_other_names()
    }

    /// Whether it is known to have further names (hard links).
    pub(super) fn has_other_names(&self) -> bool {
        self.stamp.is_some_and(|stamp| stamp.has_other_names())
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
            doubtful: BTreeSet::new(),
            walked: None,
        }
    }

    /// Looks at every file, reads those that changed since the last look, and tells the difference. Each is handed to
    /// `take` on one of the `threads`, and only what that returns is kept. A file written within two seconds before
    /// `now` is read at the next look too: its times may not show the next change.
    pub fn look<T: Send>(
        &mut self,
        now: DateTime<Utc>,
        threads: &ThreadPool,
        take: &(impl Fn(FoundFile) -> T + Sync),
    ) -> Look<T> {
        self.look_at_listed(self.list(), now, threads, take)
    }

    /// Lists every file and looks at none.
    #[must_use]
    pub fn list(&self) -> Listed {
        Listed(self.ground().and_then(|ground| Ok((walk(&ground.place(&self.selection))?, ground))).ok())
    }

    /// The same as [`Folder::look`], at what was just `listed`.
    pub fn look_at_listed<T: Send>(
        &mut self,
        listed: Listed,
        now: DateTime<Utc>,
        threads: &ThreadPool,
        take: &(impl Fn(FoundFile) -> T + Sync),
    ) -> Look<T> {
        let Listed(Some((walk, ground))) = listed else {
            self.walked = None;
            self.doubtful.clear();
            let vanished = std::mem::take(&mut self.seen).into_keys().collect();
            return Look { vanished, root_missing: true, ..Look::default() };
        };
        let visits = self.visit_all(&ground.root, &walk.files, now, threads, take);
        self.compare(ground, walk, visits)
    }

    /// Takes it that its files were last seen like this, by path: those that still are need not be read at the first look.
    pub fn take_up(&mut self, known: impl IntoIterator<Item = (SourcePath, Stamp, Digest)>) {
        let seen = |(path, stamp, digest)| (path, Seen { stamp: Some(stamp), digest: Some(digest) });
        self.seen = known.into_iter().map(seen).collect();
    }

    /// Forgets what was seen, as if it had never been looked at.
    pub fn forget(&mut self) {
        (self.seen, self.doubtful, self.walked) = (BTreeMap::new(), BTreeSet::new(), None);
    }

    /// By what each file is known that was read and has not been touched since, by path.
    pub fn settled(&self) -> impl Iterator<Item = (&SourcePath, Stamp, Digest)> {
        self.seen.iter().filter_map(|(path, seen)| Some((path, seen.stamp?, seen.digest?)))
    }

    /// Whether it was ever looked at, and was there.
    #[must_use]
    pub fn was_looked_at(&self) -> bool {
        self.walked.is_some()
    }

    /// Whether the last look came upon folders that could not be listed: of the files in them it told nothing.
    #[must_use]
    pub fn has_closed_folders(&self) -> bool {
        self.walked.as_ref().is_some_and(|walked| !walked.closed_folders.is_empty())
    }

    /// Whether files were written so shortly before they were read that their times may not show the next change: each look
    /// reads these again.
    #[must_use]
    pub fn has_fresh_files(&self) -> bool {
        let is_fresh = |seen: &Seen| seen.stamp.is_none() && seen.digest.is_some();
        self.doubtful.iter().any(|path| self.seen.get(path).is_some_and(is_fresh))
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

    /// Where the folders are now.
    pub(super) fn ground(&self) -> io::Result<Ground> {
        let root = self.root.canonicalize_utf8()?;
        let metadata = fs::metadata(&root)?;
        Ok(Ground { identity: (metadata.dev(), metadata.ino()), uploads: self.uploads.canonicalize_utf8().ok(), root })
    }

    /// What came of looking at those of `files` that are not as they were, in their order.
    pub(super) fn visit_all<T: Send>(
        &self,
        root: &Utf8Path,
        files: &[SourcePath],
        now: DateTime<Utc>,
        threads: &ThreadPool,
        take: &(impl Fn(FoundFile) -> T + Sync),
    ) -> Vec<(SourcePath, Visit<T>)> {
        let visit = |path: &SourcePath| Some((path.clone(), self.visit(root, path, now, take)?));
        if files.len() < WORTH_THREADS {
            return files.iter().filter_map(visit).collect();
        }
        threads.install(|| files.par_iter().filter_map(visit).collect())
    }

    /// `None` when the file is as it was.
    fn visit<T>(
        &self,
        root: &Utf8Path,
        path: &SourcePath,
        now: DateTime<Utc>,
        take: &impl Fn(FoundFile) -> T,
    ) -> Option<Visit<T>> {
        let last = self.seen.get(path);
        Some(match read(&root.join(path.as_str()), last.and_then(|last| last.stamp)) {
            Reading::Same => return None,
            Reading::Read { bytes, stamp } => {
                let found = FoundFile::new(path, bytes);
                let digest = found.digest;
                let is_new = last.and_then(|last| last.digest) != Some(digest);
                let seen = Seen { stamp: Some(stamp).filter(|stamp| stamp.is_settled(now)), digest: Some(digest) };
                Visit::Read { seen, changed: is_new.then(|| (digest, take(found))) }
            }
            Reading::Gone => Visit::Gone,
            Reading::Unsettled => Visit::Unsettled,
            Reading::Refused(reason) => Visit::Refused(reason),
        })
    }

    /// What `walk` came upon and `visits` saw, against what was seen before.
    fn compare<T>(&mut self, ground: Ground, walk: Walk, visits: Vec<(SourcePath, Visit<T>)>) -> Look<T> {
        let Walk { files, links, folders, conflicts, unreadable, left_out, closed_folders } = walk;
        let mut look = Look { unreadable, ..Look::default() };
        let is_closed = |path: &str| closed_folders.iter().any(|folder| folder == path);
        let is_listed = |path: &SourcePath| files.binary_search(path).is_ok();
        for Unreadable { path, .. } in &look.unreadable {
            if !is_closed(path.as_str()) && !is_listed(path) {
                self.seen.insert(path.clone(), Seen::UNREADABLE);
            }
        }
        let is_named = |path: &SourcePath| look.unreadable.iter().any(|unreadable| unreadable.path == *path);
        let hidden = |path: &SourcePath| closed_folders.iter().any(|folder| is_below(path, folder));
        let gone = absent(self.seen.keys(), &files).filter(|path| !hidden(path) && !is_named(path));
        look.vanished = gone.cloned().collect();
        for path in &look.vanished {
            self.seen.remove(path);
        }
        for (path, visit) in visits {
            self.remember(path, visit, &mut look);
        }
        let listed = files.iter().filter(|path| self.seen.get(path).is_some_and(Seen::is_doubtful));
        self.doubtful = listed.chain(&links).chain(&look.unsettled).cloned().collect();
        let Ground { root, identity, uploads } = ground;
        let walked =
            Walked { root, identity, uploads, folders, closed_folders, conflicts, left_out, unreadable: Vec::new() };
        self.finish(look, walked)
    }

    /// The look as it is told, with what is told at each look; `walked` is kept.
    pub(super) fn finish<T>(&mut self, look: Look<T>, mut walked: Walked) -> Look<T> {
        let mut look = look.in_order();
        look.conflicts = walked.conflicts.iter().cloned().collect();
        look.left_out = walked.left_out.iter().cloned().collect();
        walked.unreadable.clone_from(&look.unreadable);
        self.walked = Some(Box::new(walked));
        look
    }

    /// Keeps in mind what came of looking at the file at `path`; what is to be told of it goes into `look`.
    pub(super) fn remember<T>(&mut self, path: SourcePath, visit: Visit<T>, look: &mut Look<T>) {
        match visit {
            Visit::Read { seen, changed } => {
                self.seen.insert(path.clone(), seen);
                look.changed.extend(changed.map(|(digest, taken)| ChangedFile { path, digest, taken }));
            }
            Visit::Gone => {
                if self.seen.remove(&path).is_some() {
                    look.vanished.push(path);
                }
            }
            Visit::Unsettled => {
                if let Some(seen) = self.seen.get_mut(&path) {
                    seen.stamp = None;
                }
                look.unsettled.push(path);
            }
            Visit::Refused(reason) => {
                self.seen.insert(path.clone(), Seen::UNREADABLE);
                look.unreadable.push(Unreadable { path, reason });
            }
        }
    }
}

/// Those of `paths` that are not among `files`; both by path.
fn absent<'p>(
    paths: impl Iterator<Item = &'p SourcePath>,
    files: &[SourcePath],
) -> impl Iterator<Item = &'p SourcePath> {
    let mut files = files.iter().peekable();
    paths.filter(move |path| {
        while files.next_if(|file| file < path).is_some() {}
        files.peek() != Some(path)
    })
}

fn is_below(path: &SourcePath, folder: &str) -> bool {
    path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
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
}
