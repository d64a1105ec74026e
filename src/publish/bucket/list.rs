//! The list of what was put into a bucket: a line per object, its digest and its path. An object that is on its way has two,
//! of before and after: which of them it holds is not known until a run came to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::domain::Digest;
use crate::publish::place::checked;

#[derive(Debug, Default)]
pub(super) struct List {
    /// What an object may hold.
    put: BTreeMap<String, Vec<Digest>>,
}

impl List {
    /// Reads a list; lines that are none of ours are passed over, and never removed from.
    pub(super) fn read(bytes: Option<&[u8]>) -> Self {
        let text = String::from_utf8_lossy(bytes.unwrap_or_default());
        let mut put: BTreeMap<String, Vec<Digest>> = BTreeMap::new();
        for line in text.lines() {
            if let Some((digest, path)) = line.split_once("  ")
                && let (Ok(digest), Ok(path)) = (digest.parse(), checked(path))
            {
                put.entry(path.to_owned()).or_default().push(digest);
            }
        }
        Self { put }
    }

    /// The paths it names.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        self.put.keys().cloned().collect()
    }

    /// Whether the object at `path` is sure to be the one of `digest`.
    pub(super) fn has(&self, path: &str, digest: Digest) -> bool {
        self.put.get(path).is_some_and(|digests| *digests == [digest])
    }

    /// Whether an object is sure to stand at `path`, whichever.
    pub(super) fn is_there(&self, path: &str) -> bool {
        self.put.get(path).and_then(|digests| digests.first()).is_some_and(|first| *first != nothing())
    }

    /// Notes that `path` is about to hold the object of `digest`: until the end, it may or may not.
    pub(super) fn add(&mut self, path: &str, digest: Digest) {
        let digests = self.put.entry(path.to_owned()).or_insert_with(|| vec![nothing()]);
        if digests.last() != Some(&digest) {
            digests.push(digest);
        }
    }

    /// Notes that `path` holds the object that was on its way.
    pub(super) fn settle(&mut self, path: &str) {
        if let Some(digests) = self.put.get_mut(path)
            && let Some(last) = digests.last().copied()
        {
            *digests = vec![last];
        }
    }

    /// All of it.
    pub(super) fn text(&self) -> String {
        let lines = self.put.iter().flat_map(|(path, digests)| digests.iter().map(move |digest| (path, *digest)));
        text_of_lines(lines)
    }

    /// Only `published`, each with its present digest.
    pub(super) fn text_of(&self, published: &BTreeSet<String>) -> String {
        let published = self.put.iter().filter(|(path, _)| published.contains(*path));
        text_of_lines(published.filter_map(|(path, digests)| Some((path, *digests.last()?))))
    }
}

/// What stands for an object that is not there.
fn nothing() -> Digest {
    Digest::of(b"nothing")
}

fn text_of_lines<'l>(lines: impl Iterator<Item = (&'l String, Digest)>) -> String {
    let mut text = String::new();
    for (path, digest) in lines {
        writeln!(text, "{digest}  {path}").expect("a string takes everything");
    }
    text
}
