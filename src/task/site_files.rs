//! Everything public as files for a static server: the same bytes as are served.

use std::io::{ErrorKind, Read as _};

use percent_encoding::percent_decode_str;

use crate::resource::{ResourceError, Resources};
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
pub type SiteFile = (String, Vec<u8>);

/// Every public document and upload with its path in the folder: `/` is `index.html`. Each is made when its turn comes,
/// and none is kept.
pub fn site_files<'s>(
    resources: &'s Resources,
    uploads: &'s UploadsFolder,
) -> impl Iterator<Item = Result<SiteFile, SiteFilesError>> + use<'s> {
    let made = |path: &str| {
        let document = resources.render(path).map_err(SiteFilesError::from).transpose()?;
        Some(document.map(|document| document.bytes().to_vec()))
    };
    let documents = resources.paths().into_iter().filter_map(move |path| {
        let bytes = made(&path)?;
        Some(bytes.map(|bytes| (file_of(&path), bytes)))
    });
    // A static server does not lead on: whoever knew a feed at another address finds it there.
    let aliases = resources.feed_aliases().filter_map(move |(old, feed)| {
        let bytes = made(feed)?;
        Some(bytes.map(|bytes| (file_of(old.as_str()), bytes)))
    });
    let files = resources.uploads().into_iter().filter_map(move |upload| match uploads.open(&upload) {
        Ok(mut open) => {
            let mut bytes = Vec::new();
            let read = open.file.read_to_end(&mut bytes);
            let failed = |source| SiteFilesError::Upload { path: upload.to_string(), source };
            Some(read.map(|_| (format!("uploads/{upload}"), bytes)).map_err(failed))
        }
        // A document that is missing, or cannot be read, is named in the pages without a link.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => None,
        Err(source) => Some(Err(SiteFilesError::Upload { path: upload.to_string(), source })),
    });
    documents.chain(aliases).chain(files)
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
