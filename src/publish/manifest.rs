//! The list of what was written: a line per file, its digest and its path. A line is added before its file is written,
//! so that a run that was killed leaves no file that nobody owns; at the end the list is written anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::PublishError;
use super::place::{checked, is_reached_plainly, replace};
use crate::domain::Digest;

#[derive(Debug)]
pub(super) struct Manifest {
    path: Utf8PathBuf,
    journal: File,
    /// What a file of ours may hold: after a killed run the bytes before or after it.
    written: BTreeMap<String, Vec<Digest>>,
}

impl Manifest {
    /// Reads the list at `path`; lines that are none of ours are passed over, and never removed from.
    pub(super) fn open(path: &Utf8Path) -> Result<Self, PublishError> {
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(PublishError::io(path)(error)),
        };
        let mut written: BTreeMap<String, Vec<Digest>> = BTreeMap::new();
        for line in text.lines() {
            if let Some((digest, name)) = line.split_once("  ")
                && let (Ok(digest), Ok(name)) = (digest.parse(), checked(name))
            {
                written.entry(name.to_owned()).or_default().push(digest);
            }
        }
        let mut journal = File::options().create(true).append(true).open(path).map_err(PublishError::io(path))?;
        if !text.is_empty() && !text.ends_with('\n') {
            journal.write_all(b"\n").map_err(PublishError::io(path))?;
        }
        Ok(Self { path: path.to_owned(), journal, written })
    }

    /// Notes that `path` is about to hold bytes of `digest`.
    pub(super) fn add(&mut self, path: &str, digest: Digest) -> Result<(), PublishError> {
        let digests = self.written.entry(path.to_owned()).or_default();
        if digests.last() != Some(&digest) {
            digests.push(digest);
            self.journal.write_all(format!("{digest}  {path}\n").as_bytes()).map_err(PublishError::io(&self.path))?;
        }
        Ok(())
    }

    /// Whether the file at `path` is one of ours, unchanged since.
    pub(super) fn is_ours(&self, folder: &Utf8Path, path: &str) -> bool {
        let target = folder.join(path);
        let regular = fs::symlink_metadata(&target).is_ok_and(|metadata| metadata.is_file());
        let Some(digests) = self.written.get(path) else { return false };
        regular
            && is_reached_plainly(folder, path)
            && fs::read(&target).is_ok_and(|bytes| digests.contains(&Digest::of(&bytes)))
    }

    /// Whether the file at `path` holds what was listed for it last.
    pub(super) fn is_as_listed(&self, folder: &Utf8Path, path: &str) -> bool {
        let last = self.written.get(path).and_then(|digests| digests.last());
        last.is_some()
            && self.is_ours(folder, path)
            && fs::read(folder.join(path)).ok().map(|bytes| Digest::of(&bytes)).as_ref() == last
    }

    /// The listed paths that are not in `published`.
    pub(super) fn paths_but(&self, published: &BTreeSet<String>) -> Vec<String> {
        self.written.keys().filter(|path| !published.contains(*path)).cloned().collect()
    }

    /// Removes the file at `path` when it is ours, and says whether it did.
    pub(super) fn forget_if_ours(&mut self, folder: &Utf8Path, path: &str) -> Result<bool, PublishError> {
        let ours = self.is_ours(folder, path);
        if ours {
            let target = folder.join(path);
            fs::remove_file(&target).map_err(PublishError::io(&target))?;
        }
        self.written.remove(path);
        Ok(ours)
    }

    /// Writes the list anew: only what is published, each with its present digest.
    pub(super) fn close(self, published: &BTreeSet<String>) -> Result<(), PublishError> {
        let mut text = String::new();
        for (path, digests) in &self.written {
            if let (true, Some(digest)) = (published.contains(path), digests.last()) {
                writeln!(text, "{digest}  {path}").expect("a string takes everything");
            }
        }
        drop(self.journal);
        replace(&self.path, text.as_bytes(), None)
    }
}
