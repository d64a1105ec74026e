//! Files read as releases, and kept until the file or a document it names changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::content::{self, Diagnostic, ReadingSettings, SourceFile};
use crate::domain::{Digest, Release, SourcePath, UploadFacts, UploadPath, Uploads};

/// One file as it was read.
#[derive(Debug, Clone)]
pub(super) struct ReadFile {
    pub(super) bytes: Arc<[u8]>,
    pub(super) digest: Digest,
    pub(super) release: Option<Arc<Release>>,
    pub(super) diagnostics: Arc<[Diagnostic]>,
    /// What was asked of the uploads folder, and what it said.
    asked: BTreeMap<UploadPath, Option<UploadFacts>>,
}

impl ReadFile {
    /// Reads `bytes` as the file at `path`.
    pub(super) fn new(path: &SourcePath, bytes: Arc<[u8]>, uploads: &dyn Uploads, settings: &ReadingSettings) -> Self {
        let asking = Asking { uploads, asked: Mutex::default() };
        let file = SourceFile { path: path.clone(), bytes: bytes.to_vec() };
        let reading = content::read(&file, &asking, settings);
        Self {
            bytes,
            digest: reading.digest,
            release: reading.release.map(Arc::new),
            diagnostics: reading.diagnostics.into(),
            asked: asking.asked.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Whether the documents and images it names are still as they were when it was read.
    pub(super) fn holds(&self, uploads: &dyn Uploads) -> bool {
        self.asked.iter().all(|(path, facts)| uploads.facts(path) == *facts)
    }

    /// Whether it was meant to be a release and has errors.
    pub(super) fn is_broken(&self) -> bool {
        self.release.is_none() && self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// The uploads folder, with a note of everything asked of it.
struct Asking<'a> {
    uploads: &'a dyn Uploads,
    asked: Mutex<BTreeMap<UploadPath, Option<UploadFacts>>>,
}

impl Uploads for Asking<'_> {
    fn facts(&self, path: &UploadPath) -> Option<UploadFacts> {
        let facts = self.uploads.facts(path);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), facts.clone());
        facts
    }
}
