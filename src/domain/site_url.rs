//! The public address below which everything of the site lies.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// An `http` or `https` address without query or fragment; it may carry a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteUrl {
    /// Without a trailing slash.
    text: String,
    host: String,
    path: String,
}

/// Why a text is not a site's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteUrlError {
    /// Not a URL at all.
    #[error("`{0}` is not an address such as `https://presse.example.org`")]
    NotAnAddress(String),
    /// Neither `http` nor `https`.
    #[error("`{0}` must begin with `https://` or `http://`")]
    Scheme(String),
    /// Carries a query, a fragment or a password.
    #[error("`{0}` must be a plain address: no `?`, `#` or user name")]
    NotPlain(String),
}

impl SiteUrl {
    /// The absolute address of `path`, which begins with `/`.
    ///
    /// ```
    /// let site: depeche::domain::SiteUrl = "https://example.org/presse/".parse()?;
    /// assert_eq!(site.join("/feeds/all.rss"), "https://example.org/presse/feeds/all.rss");
    /// # Ok::<(), depeche::domain::SiteUrlError>(())
    /// ```
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The site's own path below its host: empty, or `/presse` without a trailing slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host, in lower case and as A-labels.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for SiteUrl {
    type Err = SiteUrlError;

    fn from_str(text: &str) -> Result<Self, SiteUrlError> {
        let url = Url::parse(text).map_err(|_| SiteUrlError::NotAnAddress(text.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SiteUrlError::Scheme(text.to_owned()));
        }
        let plain =
            url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        if !plain {
            return Err(SiteUrlError::NotPlain(text.to_owned()));
        }
        let host = url.host_str().ok_or_else(|| SiteUrlError::NotAnAddress(text.to_owned()))?.to_owned();
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), host, path })
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_stays_and_the_slash_goes() {
        let site: SiteUrl = "https://Example.org/presse/".parse().unwrap();
        assert_eq!((site.as_str(), site.host(), site.path()), ("https://example.org/presse", "example.org", "/presse"));
        let site: SiteUrl = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!((site.as_str(), site.host(), site.path()), ("http://127.0.0.1:8080", "127.0.0.1", ""));
    }

    #[test]
    fn what_is_no_site_is_refused() {
        for bad in ["", "presse.example.org", "ftp://example.org", "https://example.org/?a", "https://u:p@example.org"]
        {
            assert!(bad.parse::<SiteUrl>().is_err(), "{bad}");
        }
    }
}
