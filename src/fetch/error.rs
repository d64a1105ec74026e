//! Why something could not be had.

use std::io;
use std::net::IpAddr;

use super::guard::NotPublic;

/// Why a document or a page could not be had at its address.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address, or the one a redirect leads to, is none of the web, or carries a user name.
    #[error("`{0}` is not an `http` or `https` address without a user name")]
    Address(String),
    /// The host stands at an address that is not public.
    #[error("`{0}` is not a public address (`fetch.private = true` allows it)")]
    Forbidden(IpAddr),
    /// A redirect leads from `https` to `http`.
    #[error("a redirect leads from `https` to `{0}`, without it")]
    Insecure(String),
    /// The server answers something other than 200.
    #[error("the answer is status {0}")]
    Status(u16),
    /// One redirect led to the next too often.
    #[error("too many redirects")]
    TooManyRedirects,
    /// The answer did not come in time.
    #[error("no answer in time")]
    Timeout,
    /// The headers of the answer are larger than any server's need to be.
    #[error("the headers of the answer are too large")]
    TooLarge,
    /// The document has no content.
    #[error("the document is empty")]
    Empty,
    /// The document is called a PDF and does not begin as one.
    #[error("the document is not a PDF")]
    NotPdf,
    /// The host is unknown, the connection fails, or what comes back is not HTTP.
    #[error("the server cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl FetchError {
    /// What `error` means for whoever asked for `address`.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library may add to its errors")]
    pub(super) fn from_library(error: ureq::Error, address: &str) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::Timeout,
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => Self::Timeout,
            ureq::Error::LargeResponseHeader(..) => Self::TooLarge,
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => Self::Address(address.to_owned()),
            ureq::Error::Other(error) => match error.downcast::<NotPublic>() {
                Ok(refused) => Self::Forbidden(refused.0),
                Err(error) => Self::Unreachable(error),
            },
            error => Self::Unreachable(Box::new(error)),
        }
    }
}
