//! What a release offers beside its text: documents and images.

use percent_encoding::percent_decode_str;

use super::{Digest, UploadFacts, UploadPath};

/// The media type of a PDF (RFC 8118).
pub const PDF: &str = "application/pdf";

/// Where a document or an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file below the uploads folder.
    Upload(UploadPath),
    /// An absolute `https:` or `http:` address elsewhere.
    External(String),
}

impl Target {
    /// The address: relative to the site's root for an upload, absolute for anything else.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Upload(path) => path.address(),
            Self::External(address) => address.clone(),
        }
    }

    /// The name of its file, decoded and without a query; empty where the address names none.
    #[must_use]
    pub fn file_name(&self) -> String {
        match self {
            Self::Upload(path) => path.file_name().to_owned(),
            Self::External(address) => {
                let path = address.split(['?', '#']).next().unwrap_or_default();
                let path = path.split_once("://").map_or(path, |(_, rest)| rest);
                let last = path.split_once('/').map_or("", |(_, rest)| rest).trim_end_matches('/');
                let name = last.rsplit('/').next().unwrap_or_default();
                percent_decode_str(name).decode_utf8_lossy().into_owned()
            }
        }
    }

    /// Its media type by its file's ending (`application/pdf`); an address elsewhere without one is a page.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        let unknown = match self {
            Self::Upload(_) => "application/octet-stream",
            Self::External(_) => "text/html",
        };
        mime_guess::from_path(self.file_name()).first_raw().unwrap_or(unknown)
    }

    /// The file below uploads, when it is one.
    #[must_use]
    pub fn upload(&self) -> Option<&UploadPath> {
        match self {
            Self::Upload(path) => Some(path),
            Self::External(_) => None,
        }
    }
}

/// What became of looking for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentState {
    /// It is below uploads.
    Present {
        /// Its size.
        bytes: u64,
        /// The digest of its bytes.
        digest: Digest,
    },
    /// It should be below uploads and is not there, is empty, or is called a PDF and does not begin with `%PDF`.
    Missing,
    /// It lies on another site, and nothing is known of it.
    Elsewhere,
}

/// A file offered with a release, nearly always a PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it is.
    pub target: Target,
    /// The words that offer it.
    pub title: String,
    /// Whether it is there.
    pub state: DocumentState,
}

/// An image of a release; the first one is its lead image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub target: Target,
    /// The alternative text, empty for a decorative image.
    pub alternative: String,
    /// The caption shown below it.
    pub caption: Option<String>,
    /// What is known of the file; `None` when it is missing or on another site.
    pub facts: Option<UploadFacts>,
}

impl Image {
    /// Whether it can be shown: it lies elsewhere, or below uploads and is there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.facts.is_some() || matches!(self.target, Target::External(_))
    }
}
