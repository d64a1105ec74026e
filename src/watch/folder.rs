//! The content folder, looked at again and again: only what changed is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use rayon::ThreadPool;
use rayon::iter::ParallelIterator as _;
use rayon::slice::ParallelSlice as _;

use super::files::FolderFiles;
use super::look::{ChangedFile, Look, Unreadable, UnreadableReason};
use super::reading::{Reading, read};
use super::selection::Selection;
use super::stamp::Stamp;
use super::walk::{Place, Walk, walk};
use crate::config::ContentSettings;
use crate::content::{JekyllConfig, SourceFile};
use crate::domain::{Digest, SourcePath};

/// From so many files on, threads are woken to look at them.
const WORTH_THREADS: usize = 4;
/// How many files a thread takes at once, at most.
const MOST_TOGETHER: usize = 32;
/// In so many shares a thread takes what is its part of few files: some are larger than others.
const SHARES: usize = 4;

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

/// What came of looking at files, in their order: some and some.
pub(super) type Visits<T> = Vec<Vec<(SourcePath, Visit<T>)>>;

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
        take: &(impl Fn(SourceFile) -> T + Sync),
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
        take: &(impl Fn(SourceFile) -> T + Sync),
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
    pub fn read(&self, path: &SourcePath) -> io::Result<SourceFile> {
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
        take: &(impl Fn(SourceFile) -> T + Sync),
    ) -> Visits<T> {
        let visit = |path: &SourcePath| Some((path.clone(), self.visit(root, path, now, take)?));
        let visit_some = |files: &[SourcePath]| files.iter().filter_map(visit).collect();
        if files.len() < WORTH_THREADS {
            return vec![visit_some(files)];
        }
        let together = files.len().div_ceil(SHARES * threads.current_num_threads()).min(MOST_TOGETHER);
        threads.install(|| files.par_chunks(together).map(visit_some).collect())
    }

    /// `None` when the file is as it was.
    fn visit<T>(
        &self,
        root: &Utf8Path,
        path: &SourcePath,
        now: DateTime<Utc>,
        take: &impl Fn(SourceFile) -> T,
    ) -> Option<Visit<T>> {
        let last = self.seen.get(path);
        Some(match read(&root.join(path.as_str()), last.and_then(|last| last.stamp)) {
            Reading::Same => return None,
            Reading::Read { bytes, stamp } => {
                let found = SourceFile::new(path.clone(), bytes);
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
    fn compare<T>(&mut self, ground: Ground, walk: Walk, visits: Visits<T>) -> Look<T> {
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
        if self.seen.is_empty() {
            self.remember_all(visits, &mut look);
        } else {
            for (path, visit) in visits.into_iter().flatten() {
                self.remember(path, visit, &mut look);
            }
        }
        let doubtful = self.seen.iter().filter(|(path, seen)| seen.is_doubtful() && is_listed(path));
        let doubtful = doubtful.map(|(path, _)| path);
        self.doubtful = doubtful.chain(&links).chain(&look.unsettled).cloned().collect();
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

    /// The same as [`Folder::remember`] of each of the `visits`, which are by path, when nothing was seen before.
    fn remember_all<T>(&mut self, visits: Visits<T>, look: &mut Look<T>) {
        let count = visits.iter().map(Vec::len).sum();
        look.changed.reserve_exact(count);
        let mut all = Vec::with_capacity(count);
        for (path, visit) in visits.into_iter().flatten() {
            if let Visit::Read { seen, changed } = visit {
                look.changed.extend(changed.map(|(digest, taken)| ChangedFile { path: path.clone(), digest, taken }));
                all.push((path, seen));
            } else {
                self.remember(path, visit, look);
            }
        }
        // What is in order is taken in as it stands.
        self.seen.append(&mut all.into_iter().collect());
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
mod tests;
