//! How a file was read, and what was known of an upload.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::release::{FactsRow, Glossary, Making, ReleaseRow};
use super::words::{DigestRow, all, maybe};
use crate::domain::{Bodies, Digest, Release, SourcePath, UploadFacts, UploadPath};
use crate::watch::Stamp;

/// A release's file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReading {
    /// What the file system says of the file as long as it is the one that was read.
    pub stamp: Stamp,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What was asked of the uploads folder, and what it said.
    pub asked: Arc<[(UploadPath, Option<UploadFacts>)]>,
    /// How many errors and doubtful things were come upon.
    pub doubts: (usize, usize),
    /// What it says; its path is the file's.
    pub release: Arc<Release>,
}

/// What is known of a file below uploads as long as it has a stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptUpload {
    /// Where it is.
    pub path: UploadPath,
    /// What the file system says of it.
    pub stamp: Stamp,
    /// What its bytes said.
    pub facts: UploadFacts,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReadingRow<'a> {
    path: &'a str,
    stamp: [i64; 8],
    digest: DigestRow,
    #[serde(borrow)]
    asked: Vec<(&'a str, Option<FactsRow>)>,
    doubts: (usize, usize),
    release: ReleaseRow<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UploadRow<'a> {
    path: &'a str,
    stamp: [i64; 8],
    facts: FactsRow,
}

impl<'a> ReadingRow<'a> {
    pub(super) fn of(kept: &'a KeptReading, glossary: &mut Glossary<'a>) -> Self {
        let KeptReading { stamp, digest, asked, doubts, release } = kept;
        Self {
            path: release.path.as_str(),
            stamp: stamp.to_numbers(),
            digest: DigestRow(*digest),
            asked: asked.iter().map(|(path, facts)| (path.as_str(), facts.as_ref().map(FactsRow::of))).collect(),
            doubts: *doubts,
            release: ReleaseRow::of(release, glossary),
        }
    }

    /// `None` when a value is none of its kind.
    pub(super) fn reading(self, making: &mut Making<'_>) -> Option<KeptReading> {
        let asked = all(self.asked, |(path, facts)| {
            let facts = maybe(facts, |facts| Some(facts.facts()))?;
            Some((UploadPath::from_decoded(path)?, facts))
        })?;
        Some(KeptReading {
            stamp: Stamp::from_numbers(self.stamp),
            digest: self.digest.0,
            asked: asked.into(),
            doubts: self.doubts,
            release: Arc::new(self.release.release(SourcePath::new(self.path), self.digest.0, making)?),
        })
    }
}

impl KeptReading {
    /// Whether it would be read back as it is.
    pub(super) fn is_lasting(&self, bodies: &Arc<dyn Bodies>) -> bool {
        let mut glossary = Glossary::default();
        let row = ReadingRow::of(self, &mut glossary);
        row.reading(&mut Making::new(bodies, glossary.into_words())).is_some_and(|again| again == *self)
    }
}

impl<'a> UploadRow<'a> {
    pub(super) fn of(kept: &'a KeptUpload) -> Self {
        let KeptUpload { path, stamp, facts } = kept;
        Self { path: path.as_str(), stamp: stamp.to_numbers(), facts: FactsRow::of(facts) }
    }

    pub(super) fn upload(self) -> Option<KeptUpload> {
        let path = UploadPath::from_decoded(self.path)?;
        Some(KeptUpload { path, stamp: Stamp::from_numbers(self.stamp), facts: self.facts.facts() })
    }
}
