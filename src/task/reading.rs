//! Files read as releases, and kept until the file or a document it names changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::newsroom::Doubts;
use crate::cache::KeptReading;
use crate::content::{self, Diagnostic, Reading, ReadingSettings, SourceFile};
use crate::domain::{
    Bodies, BodyGone, Digest, Release, SafeHtml, Significance, SourcePath, UploadFacts, UploadPath, Uploads,
};
use crate::language::Severity;
use crate::register::Seen;
use crate::watch::{FolderFiles, Stamp, UploadsFolder};

/// Reads the files of the content folder: their front matter at once, their bodies when they are asked for.
#[derive(Debug)]
pub(super) struct Reader {
    files: FolderFiles,
    uploads: Arc<UploadsFolder>,
    settings: ReadingSettings,
    /// Every text is read at once, so that all there is to say of it is said.
    whole: bool,
    /// What files had that have changed, as far as somebody asked for it.
    recalled: Cache<Digest, Arc<str>, Weight>,
}

/// How many bytes of texts are recalled.
const RECALLED: u64 = 16 * 1024 * 1024;
/// What a text weighs, about.
const USUAL: u64 = 4 * 1024;

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Digest, Arc<str>> for Weight {
    fn weight(&self, _: &Digest, text: &Arc<str>) -> u64 {
        text.len() as u64 + 64
    }
}

/// One file as it was read.
#[derive(Debug, Clone)]
pub(super) struct ReadFile {
    pub(super) digest: Digest,
    pub(super) release: Option<Arc<Release>>,
    /// What tells a change of the release, once that was asked.
    significance: OnceLock<Significance>,
    /// What there is to say of it; of a release only where texts are read whole.
    pub(super) diagnostics: Box<[Diagnostic]>,
    pub(super) doubts: Doubts,
    /// What was asked of the uploads folder, and what it said.
    asked: Arc<[(UploadPath, Option<UploadFacts>)]>,
}

impl Reader {
    pub(super) fn new(files: FolderFiles, uploads: Arc<UploadsFolder>, settings: ReadingSettings) -> Self {
        let usual = usize::try_from(RECALLED / USUAL).unwrap_or_default();
        let recalled = Cache::with_weighter(usual, RECALLED, Weight);
        Self { files, uploads, settings, whole: false, recalled }
    }

    /// The same, but every text is read at once.
    pub(super) fn whole(&self) -> Self {
        let Self { files, uploads, settings, whole: _, recalled: _ } = self;
        Self { whole: true, ..Self::new(files.clone(), uploads.clone(), settings.clone()) }
    }

    /// What decides, beside a file's bytes, how it is read.
    pub(super) const fn settings(&self) -> &ReadingSettings {
        &self.settings
    }

    /// Whether every text is read at once.
    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Reads `file`; its documents are among `uploads`.
    pub(super) fn read(self: &Arc<Self>, file: &SourceFile, uploads: &dyn Uploads) -> ReadFile {
        if self.whole {
            return noting(uploads, true, |uploads| content::read(file, uploads, &self.settings));
        }
        let bodies: Arc<dyn Bodies> = self.clone();
        noting(uploads, false, |uploads| content::read_for_later(file, uploads, &self.settings, &bodies))
    }

    /// Reads the file at `path` once more; `None` when it has the digest `digest` no more.
    pub(super) fn read_again(
        self: &Arc<Self>,
        path: &SourcePath,
        digest: Digest,
        uploads: &dyn Uploads,
    ) -> Option<ReadFile> {
        self.file(path, digest).map(|file| self.read(&file, uploads))
    }

    /// The bytes of the file at `path`; `None` when it has the digest `digest` no more.
    pub(super) fn bytes(&self, path: &SourcePath, digest: Digest) -> Option<Vec<u8>> {
        self.file(path, digest).map(|file| file.bytes)
    }

    fn file(&self, path: &SourcePath, digest: Digest) -> Option<SourceFile> {
        self.files.read(path).ok().filter(|file| file.digest == digest)
    }

    /// Reads `bytes`, which the folder may have no more, as the file at `path`: its body at once.
    pub(super) fn read_whole(&self, path: &SourcePath, bytes: Vec<u8>) -> ReadFile {
        let file = SourceFile::new(path.clone(), bytes);
        noting(self.uploads.as_ref(), self.whole, |uploads| content::read(&file, uploads, &self.settings))
    }

    /// Reads `text`, which the folder may have no more, as the file at `path`: its body when it is asked for.
    pub(super) fn read_from(self: &Arc<Self>, path: &SourcePath, text: &str) -> ReadFile {
        let file = SourceFile::new(path.clone(), text.as_bytes().to_vec());
        let bodies: Arc<dyn Bodies> = Arc::new(AtHand { reader: Arc::clone(self), bytes: file.bytes.clone() });
        noting(self.uploads.as_ref(), self.whole, |uploads| {
            content::read_for_later(&file, uploads, &self.settings, &bodies)
        })
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
        // Nearly always it is asked, and here many are answered at once.
        significance: reading.release.as_ref().map(Release::significance).map(OnceLock::from).unwrap_or_default(),
        release: reading.release.map(Arc::new),
        asked: asked.into_iter().collect(),
    }
}

/// The body of a text that is at hand.
#[derive(Debug)]
struct AtHand {
    reader: Arc<Reader>,
    bytes: Vec<u8>,
}

impl Bodies for AtHand {
    fn body(&self, release: &Release, _file: Digest) -> Result<SafeHtml, BodyGone> {
        let Reader { uploads, settings, .. } = self.reader.as_ref();
        Ok(content::read_body(&self.bytes, release, uploads.as_ref(), settings))
    }
}

impl Bodies for Reader {
    fn body(&self, release: &Release, file: Digest) -> Result<SafeHtml, BodyGone> {
        let read = |bytes: &[u8]| content::read_body(bytes, release, self.uploads.as_ref(), &self.settings);
        if let Some(text) = self.recalled.get(&file) {
            return Ok(read(text.as_bytes()));
        }
        self.bytes(&release.path, file).map(|bytes| read(&bytes)).ok_or_else(|| BodyGone(release.path.clone()))
    }

    fn recall(&self, file: Digest, source: &Arc<str>) {
        self.recalled.insert(file, Arc::clone(source));
    }
}

impl ReadFile {
    /// The release it is, as the register looks at it.
    pub(super) fn seen<'a>(&'a self, path: &'a SourcePath) -> Option<Seen<'a>> {
        let release = self.release.as_ref()?;
        let significance = *self.significance.get_or_init(|| release.significance());
        Some(Seen { path, digest: self.digest, release, significance })
    }

    /// Whether the documents and images it names are still as they were when it was read.
    pub(super) fn holds(&self, uploads: &dyn Uploads) -> bool {
        self.asked.iter().all(|(path, facts)| uploads.facts(path) == *facts)
    }

    /// Every file below uploads that was asked for.
    pub(super) fn uploads(&self) -> impl Iterator<Item = &UploadPath> {
        self.asked.iter().map(|(path, _)| path)
    }

    /// What is to be kept of it, if it can be: of a release that there is nothing more to say of.
    pub(super) fn to_keep(&self, stamp: Stamp, digest: Digest) -> Option<KeptReading> {
        let Self { digest: own, release, significance: _, diagnostics, doubts, asked } = self;
        let release = release.as_ref().filter(|_| diagnostics.is_empty() && *own == digest)?;
        let doubts = (doubts.errors, doubts.warnings);
        Some(KeptReading { stamp, digest, asked: Arc::clone(asked), doubts, release: Arc::clone(release) })
    }

    /// The file as it was kept.
    pub(super) fn from_kept(kept: KeptReading) -> Self {
        let KeptReading { stamp: _, digest, asked, doubts: (errors, warnings), release } = kept;
        let doubts = Doubts { errors, warnings };
        let (significance, diagnostics) = (OnceLock::new(), Box::default());
        Self { digest, release: Some(release), significance, diagnostics, doubts, asked }
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
