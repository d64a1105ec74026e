//! Everything public as files for a static server: the same bytes as are served.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _};
use std::sync::{Arc, mpsc};

use percent_encoding::percent_decode_str;
use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::newsroom::Current;
use crate::domain::{Digest, Permalink, UploadPath};
use crate::publish::FileBytes;
use crate::resource::{DocumentKind, PublicDocument, ResourceError, Resources};
use crate::watch::UploadsFolder;

/// Why the public files could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum SiteFilesError {
    /// A page cannot be rendered.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// A document cannot be read.
    #[error("`{path}` below uploads cannot be read")]
    Upload {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// A file's path in the folder, and its bytes.
pub type SiteFile = (String, SiteBytes);

/// The bytes of a public file.
#[derive(Debug)]
pub enum SiteBytes {
    /// Those of a document.
    Document(Arc<PublicDocument>),
    /// Those of an upload.
    Upload(Vec<u8>),
}

impl AsRef<[u8]> for SiteBytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Document(document) => document.bytes(),
            Self::Upload(bytes) => bytes,
        }
    }
}

impl FileBytes for SiteBytes {
    fn digest(&self) -> Digest {
        match self {
            Self::Document(document) => document.digest(),
            Self::Upload(bytes) => Digest::of(bytes),
        }
    }
}

/// How many files are made ahead of the one that is taken.
const AHEAD: usize = 64;

/// Something to be made a file.
enum Wanted {
    /// The document at an address.
    Document(String),
    /// The feed at an address, where its readers knew it: a static server does not lead on.
    Alias { old: Permalink, feed: String },
    /// A file below uploads.
    Upload(UploadPath),
}

/// Every public document and upload of these kinds with its path in the folder: `/` is `index.html`. They
/// are made on `threads`, a few ahead of the one that is taken, in no order, and none is kept.
pub fn site_files(
    current: &Arc<Current>,
    uploads: &Arc<UploadsFolder>,
    wanted: &dyn Fn(DocumentKind) -> bool,
    threads: &ThreadPool,
) -> impl Iterator<Item = Result<SiteFile, SiteFilesError>> + use<> {
    let resources = &current.resources;
    let aliases = resources.feed_aliases().map(|(old, feed)| Wanted::Alias { old: old.clone(), feed: feed.to_owned() });
    let files: Vec<Wanted> = resources
        .paths(wanted)
        .into_iter()
        .map(Wanted::Document)
        .chain(aliases.filter(|_| wanted(DocumentKind::Page)))
        .chain(referred_uploads(resources, wanted).into_iter().map(Wanted::Upload))
        .collect();
    let (made, taken) = mpsc::sync_channel(AHEAD);
    let (current, uploads) = (Arc::clone(current), Arc::clone(uploads));
    threads.spawn(move || {
        // Whoever takes no more files wants none made.
        let _ = files.into_par_iter().try_for_each(|wanted| match make(&current.resources, &uploads, wanted) {
            Some(file) => made.send(file).map_err(drop),
            None => Ok(()),
        });
    });
    taken.into_iter()
}

/// How many files there are of these kinds, about.
#[must_use]
pub fn count_site_files(current: &Current, wanted: &dyn Fn(DocumentKind) -> bool) -> usize {
    current.resources.paths(wanted).len() + referred_uploads(&current.resources, wanted).len()
}

fn referred_uploads(resources: &Resources, wanted: &dyn Fn(DocumentKind) -> bool) -> BTreeSet<UploadPath> {
    if wanted(DocumentKind::Upload) { resources.uploads() } else { BTreeSet::new() }
}

/// One file; `None` when there is none.
fn make(resources: &Resources, uploads: &UploadsFolder, wanted: Wanted) -> Option<Result<SiteFile, SiteFilesError>> {
    let document = |path: &str| {
        let document = resources.render(path).map_err(SiteFilesError::from).transpose()?;
        Some(document.map(SiteBytes::Document))
    };
    match wanted {
        Wanted::Document(path) => Some(document(&path)?.map(|bytes| (file_of(&path), bytes))),
        Wanted::Alias { old, feed } => Some(document(&feed)?.map(|bytes| (file_of(old.as_str()), bytes))),
        Wanted::Upload(upload) => match uploads.open(&upload) {
            Ok(mut open) => {
                let mut bytes = Vec::new();
                let read = open.file.read_to_end(&mut bytes);
                let failed = |source| SiteFilesError::Upload { path: upload.to_string(), source };
                Some(read.map(|_| (format!("uploads/{upload}"), SiteBytes::Upload(bytes))).map_err(failed))
            }
            // A document that is missing, or cannot be read, is named in the pages without a link.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => None,
            Err(source) => Some(Err(SiteFilesError::Upload { path: upload.to_string(), source })),
        },
    }
}

/// The file in which a static server looks for `path`.
fn file_of(path: &str) -> String {
    let decoded = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let last = decoded.rsplit('/').next().unwrap_or_default();
    if last.is_empty() {
        format!("{decoded}index.html")
    } else if last.contains('.') {
        decoded
    } else {
        format!("{decoded}.html")
    }
}

#[cfg(test)]
mod tests {
    use super::file_of;

    #[test]
    fn addresses_become_files() {
        assert_eq!(file_of("/"), "index.html");
        assert_eq!(file_of("/feeds/all.rss"), "feeds/all.rss");
        assert_eq!(file_of("/espace-presse/l%E2%80%99%C3%A9t%C3%A9/"), "espace-presse/l’été/index.html");
        assert_eq!(file_of("/un-pont"), "un-pont.html");
    }
}
