//! Files offered with releases: where they stand below the uploads folder and what is known of them.

use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Digest;

/// Characters of a path that stand in an address as they are (RFC 3986 §3.3, the cautious part of `pchar`).
const KEPT_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A file's path below the uploads folder: composed (NFC), without `.`, `..`, empty parts, back slashes or NUL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadPath(Arc<str>);

impl UploadPath {
    /// The path that an address such as `/uploads/a%20b.pdf` leads to; `None` when it is not below `/uploads/`.
    #[must_use]
    pub fn from_address(address: &str) -> Option<Self> {
        let path = address.split(['?', '#']).next()?.strip_prefix("/uploads/")?;
        Self::from_decoded(&percent_decode_str(path).decode_utf8().ok()?)
    }

    /// The path `text`, already decoded, relative to the uploads folder.
    #[must_use]
    pub fn from_decoded(text: &str) -> Option<Self> {
        let safe = text.split('/').all(|part| !matches!(part, "" | "." | "..")) && !text.contains(['\0', '\\']);
        safe.then(|| Self(super::composed(text).as_ref().into()))
    }

    /// The path's text, not encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part of the path.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// Its address below the site's: `/uploads/` and the percent-encoded path.
    #[must_use]
    pub fn address(&self) -> String {
        format!("/uploads/{}", utf8_percent_encode(&self.0, KEPT_IN_PATH))
    }
}

impl fmt::Display for UploadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the first bytes of a file say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Begins with `%PDF`.
    Pdf,
    /// An image whose size in pixels could be read.
    Image {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Anything else.
    Other,
}

/// What is known of a file below the uploads folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFacts {
    /// Its size in bytes.
    pub bytes: u64,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What it begins with.
    pub kind: FileKind,
}

/// The media types that a browser may show by itself.
const SHOWN: [&str; 6] = ["application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// Whether a browser may show a file below uploads by itself; others are offered for download.
#[must_use]
pub fn is_shown_by_browsers(media_type: &str) -> bool {
    SHOWN.contains(&media_type)
}

/// The uploads folder as the core sees it: what is known of a file, and nothing of where it is kept.
pub trait Uploads {
    /// The facts of the regular file at `path`; `None` when there is none.
    fn facts(&self, path: &UploadPath) -> Option<UploadFacts>;
}

/// Uploads listed by hand: for tests, and for a folder that does not exist.
impl Uploads for std::collections::BTreeMap<UploadPath, UploadFacts> {
    fn facts(&self, path: &UploadPath) -> Option<UploadFacts> {
        self.get(path).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_a_file_and_back() {
        let path = UploadPath::from_address("/uploads/dossier/Un%20e%CC%81te%CC%81.pdf?v=2").unwrap();
        assert_eq!(path.as_str(), "dossier/Un été.pdf");
        assert_eq!(path.address(), "/uploads/dossier/Un%20%C3%A9t%C3%A9.pdf");
        assert_eq!(UploadPath::from_address(&path.address()), Some(path));
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for bad in [
            "/uploads/",
            "/uploads/../x",
            "/uploads/%2e%2e/x",
            "/uploads//x",
            "/uploads/a%00",
            "/upload/x",
            "/uploads/a%5C..%5Cx",
            "/uploads/%FF",
        ] {
            assert_eq!(UploadPath::from_address(bad), None, "{bad}");
        }
    }
}
