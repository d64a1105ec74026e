//! Files read as releases, and kept until the file or a document it names changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::newsroom::Doubts;
use crate::content::{self, Diagnostic, Reading, ReadingSettings, SourceFile};
use crate::domain::{Bodies, BodyGone, Digest, Release, SafeHtml, SourcePath, UploadFacts, UploadPath, Uploads};
use crate::language::Severity;
use crate::watch::{FolderFiles, UploadsFolder};

/// Reads the files of the content folder: their front matter at once, their bodies when they are asked for.
#[derive(Debug)]
pub(super) struct Reader {
    files: FolderFiles,
    uploads: Arc<UploadsFolder>,
    settings: ReadingSettings,
    /// Every text is read at once, so that all there is to say of it is said.
    whole: bool,
}

/// One file as it was read.
#[derive(Debug, Clone)]
pub(super) struct ReadFile {
    pub(super) digest: Digest,
    pub(super) release: Option<Arc<Release>>,
    /// What there is to say of it; of a release only where texts are read whole.
    pub(super) diagnostics: Box<[Diagnostic]>,
    pub(super) doubts: Doubts,
    /// What was asked of the uploads folder, and what it said.
    asked: Box<[(UploadPath, Option<UploadFacts>)]>,
}

impl Reader {
    pub(super) fn new(files: FolderFiles, uploads: Arc<UploadsFolder>, settings: ReadingSettings) -> Self {
        Self { files, uploads, settings, whole: false }
    }

    /// The same, but every text is read at once.
    pub(super) fn whole(&self) -> Self {
        let Self { files, uploads, settings, whole: _ } = self;
        Self { files: files.clone(), uploads: uploads.clone(), settings: settings.clone(), whole: true }
    }

    /// Whether every text is read at once.
    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Reads `bytes` as the file at `path`; its documents are among `uploads`.
    pub(super) fn read(self: &Arc<Self>, path: &SourcePath, bytes: Vec<u8>, uploads: &dyn Uploads) -> ReadFile {
        let file = SourceFile { path: path.clone(), bytes };
        if self.whole {
            return noting(uploads, true, |uploads| content::read(&file, uploads, &self.settings));
        }
        let bodies: Arc<dyn Bodies> = self.clone();
        noting(uploads, false, |uploads| content::read_for_later(&file, uploads, &self.settings, &bodies))
    }

    /// Reads the file at `path` once more; `None` when it has the digest `digest` no more.
    pub(super) fn read_again(
        self: &Arc<Self>,
        path: &SourcePath,
        digest: Digest,
        uploads: &dyn Uploads,
    ) -> Option<ReadFile> {
        self.bytes(path, digest).map(|bytes| self.read(path, bytes, uploads))
    }

    /// The bytes of the file at `path`; `None` when it has the digest `digest` no more.
    pub(super) fn bytes(&self, path: &SourcePath, digest: Digest) -> Option<Vec<u8>> {
        self.files.read(path).ok().filter(|found| found.digest == digest).map(|found| found.bytes)
    }

    /// Reads `bytes`, which the folder may have no more, as the file at `path`: its body at once.
    pub(super) fn read_whole(&self, path: &SourcePath, bytes: Vec<u8>) -> ReadFile {
        let file = SourceFile { path: path.clone(), bytes };
        noting(self.uploads.as_ref(), self.whole, |uploads| content::read(&file, uploads, &self.settings))
    }
}

/// What `read` comes to, and what it asks of `uploads` meanwhile; of a release what there is to say is kept only of those
/// read `whole`.
fn noting(uploads: &dyn Uploads, whole: bool, read: impl FnOnce(&dyn Uploads) -> Reading) -> ReadFile {
    let asking = Asking { uploads, asked: Mutex::default() };
    let reading = read(&asking);
    let asked = asking.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
    let count = |wanted| reading.diagnostics.iter().filter(|found| found.diagnosis.severity() == wanted).count();
    ReadFile {
        digest: reading.digest,
        doubts: Doubts { errors: count(Severity::Error), warnings: count(Severity::Warning) },
        diagnostics: if whole || reading.release.is_none() { reading.diagnostics.into() } else { Box::default() },
        release: reading.release.map(Arc::new),
        asked: asked.into_iter().collect(),
    }
}

impl Bodies for Reader {
    fn body(&self, release: &Release, file: Digest) -> Result<SafeHtml, BodyGone> {
        let bytes = self.bytes(&release.path, file).ok_or_else(|| BodyGone(release.path.clone()))?;
        Ok(content::read_body(&bytes, release, self.uploads.as_ref(), &self.settings))
    }
}

impl ReadFile {
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
