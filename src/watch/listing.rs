//! The uploads folder listed once: many questions cost one walk instead of a search each.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use unicode_normalization::UnicodeNormalization as _;

use super::stamp::Stamp;
use super::uploads::UploadsFolder;
use crate::domain::{Digest, UploadFacts, UploadPath, Uploads};

/// What lies below the uploads folder, as of one moment. It answers as [`UploadsFolder`] would have then; what a listing
/// cannot tell (links to folders, folders that may not be listed) is asked of the folder itself.
#[derive(Debug)]
pub struct UploadsListing<'a> {
    uploads: &'a UploadsFolder,
    files: BTreeMap<UploadPath, Listed>,
    /// Whether there may be more than `files` tells.
    is_partial: bool,
    /// What was found out by reading files and asking the folder.
    asked: Mutex<HashMap<UploadPath, Option<UploadFacts>>>,
}

/// What a listing looked like; equal marks mean that every answer is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadsMark(Digest);

/// A regular file.
#[derive(Debug)]
struct Listed {
    /// Where it really is.
    place: Utf8PathBuf,
    stamp: Stamp,
}

impl UploadsFolder {
    /// What lies in the folder now, for many questions at once.
    #[must_use]
    pub fn listed(&self) -> UploadsListing<'_> {
        UploadsListing::new(self)
    }
}

impl<'a> UploadsListing<'a> {
    fn new(uploads: &'a UploadsFolder) -> Self {
        let mut listing = Self { uploads, files: BTreeMap::new(), is_partial: false, asked: Mutex::default() };
        match uploads.root().canonicalize_utf8() {
            Ok(root) => listing.walk(&root),
            Err(error) => listing.is_partial = error.kind() != io::ErrorKind::NotFound,
        }
        listing
    }

    /// What the folder looks like; `None` when an equal one later would prove nothing: a file was written just now, or
    /// the folder could not be listed whole.
    #[must_use]
    pub fn mark(&self) -> Option<UploadsMark> {
        let now = self.uploads.now();
        let mut text = String::new();
        for (path, file) in &self.files {
            if !file.stamp.is_settled(now) {
                return None;
            }
            write!(text, "{path}\0{}\0{:?}\0", file.place, file.stamp).ok()?;
        }
        (!self.is_partial).then(|| UploadsMark(Digest::of(text.as_bytes())))
    }

    fn walk(&mut self, root: &Utf8Path) {
        let mut waiting = vec![(root.to_owned(), String::new())];
        while let Some((folder, below)) = waiting.pop() {
            match names(&folder) {
                Ok(names) => {
                    for (composed, name) in names {
                        let below = if below.is_empty() { composed } else { format!("{below}/{composed}") };
                        self.take(root, folder.join(name), below, &mut waiting);
                    }
                }
                Err(error) => self.is_partial |= error.kind() != io::ErrorKind::NotFound,
            }
        }
    }

    fn take(&mut self, root: &Utf8Path, place: Utf8PathBuf, below: String, waiting: &mut Vec<(Utf8PathBuf, String)>) {
        let Ok(mut metadata) = fs::symlink_metadata(&place) else { return };
        let mut real = place;
        if metadata.is_symlink() {
            let followed = real.canonicalize_utf8().and_then(|place| Ok((fs::metadata(&place)?, place)));
            let Some((target, place)) = followed.ok().filter(|(_, place)| place.starts_with(root)) else { return };
            // Such links may lead round in circles: they are followed as far as somebody asks.
            self.is_partial |= target.is_dir();
            (metadata, real) = (target, place);
        } else if metadata.is_dir() {
            waiting.push((real, below));
            return;
        }
        if let Some(path) = UploadPath::from_decoded(&below).filter(|_| metadata.is_file()) {
            self.files.insert(path, Listed { place: real, stamp: Stamp::of(&metadata) });
        }
    }
}

impl Uploads for UploadsListing<'_> {
    fn facts(&self, path: &UploadPath) -> Option<UploadFacts> {
        let listed = self.files.get(path);
        if listed.is_none() && !self.is_partial {
            return None;
        }
        if let Some(facts) = listed.and_then(|listed| self.uploads.known(path, listed.stamp)) {
            return Some(facts);
        }
        if let Some(answer) = self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return answer.clone();
        }
        let answer = match listed {
            Some(listed) => self.uploads.facts_at(path, &listed.place).ok(),
            None => self.uploads.facts(path),
        };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), answer.clone());
        answer
    }
}

/// The names in `folder` that are no dot files, composed and as they are: of two spellings of one name, the composed one.
fn names(folder: &Utf8Path) -> io::Result<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for entry in folder.as_std_path().read_dir()? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let composed: String = name.nfc().collect();
        if composed == name || !names.contains_key(&composed) {
            names.insert(composed, name);
        }
    }
    Ok(names)
}
