//! Everything public as files for a static server: the same bytes as are served.

use std::io::{ErrorKind, Read as _};

use percent_encoding::percent_decode_str;

use crate::resource::{Found, ResourceError, Resources};
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

/// Every public document and upload with its path in the folder: `/` is `index.html`.
///
/// # Errors
/// When a page cannot be rendered or a file cannot be read.
pub fn site_files(resources: &Resources, uploads: &UploadsFolder) -> Result<Vec<(String, Vec<u8>)>, SiteFilesError> {
    let mut files = Vec::new();
    for path in resources.paths() {
        if let Found::Document(document) = resources.find(&path)? {
            files.push((file_of(&path), document.bytes().to_vec()));
        }
    }
    // A static server does not lead on: whoever knew a feed at another address finds it there.
    for (old, feed) in resources.feed_aliases() {
        if let Found::Document(document) = resources.find(feed)? {
            files.push((file_of(old.as_str()), document.bytes().to_vec()));
        }
    }
    for upload in resources.uploads() {
        match uploads.open(&upload) {
            Ok(mut open) => {
                let mut bytes = Vec::new();
                let read = open.file.read_to_end(&mut bytes);
                read.map_err(|source| SiteFilesError::Upload { path: upload.to_string(), source })?;
                files.push((format!("uploads/{upload}"), bytes));
            }
            // A document that is missing, or cannot be read, is named in the pages without a link.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {}
            Err(source) => return Err(SiteFilesError::Upload { path: upload.to_string(), source }),
        }
    }
    Ok(files)
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
