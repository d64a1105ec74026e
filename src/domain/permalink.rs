//! The address at which a release's page stands, below the site's.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization as _;

use super::{Slug, SourcePath};

/// Characters a path holds as they are.
const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'+').remove(b',');

/// First parts of a path that belong to Depeche itself.
const RESERVED: [&str; 14] = [
    "-release-",
    "assets",
    "confirm",
    "favicon.ico",
    "feeds",
    "feeds.opml",
    "index.html",
    "office",
    "preferences",
    "robots.txt",
    "sitemap.xml",
    "subscribe",
    "u",
    "uploads",
];

/// A release's address below the site's: begins with `/`, percent-encoded, composed (NFC), outside reserved paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permalink(String);

/// Why a text cannot be a permalink.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermalinkError {
    /// It does not begin with `/`, or is `/` itself.
    #[error("`{0}` is not a path below the site: write `/like/this/`")]
    NotAPath(String),
    /// It holds `.`, `..`, an empty part, a control character or a back slash.
    #[error("`{0}` holds a part that is empty, `.` or `..`, or a forbidden character")]
    Part(String),
    /// Its first part is one of Depeche's own addresses.
    #[error("`{0}` lies under an address that is reserved")]
    Reserved(String),
}

impl Permalink {
    /// The path, percent-encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Permalink {
    type Err = PermalinkError;

    /// Takes a path as an editor writes it, encoded or not.
    fn from_str(text: &str) -> Result<Self, PermalinkError> {
        let decoded =
            percent_decode_str(text.trim()).decode_utf8().map_err(|_| PermalinkError::Part(text.to_owned()))?;
        let path: String = decoded.nfc().collect();
        let inner = path
            .strip_prefix('/')
            .filter(|rest| !rest.is_empty())
            .ok_or_else(|| PermalinkError::NotAPath(text.to_owned()))?;
        let parts = inner.strip_suffix('/').unwrap_or(inner);
        if parts.split('/').any(|part| matches!(part, "" | "." | ".."))
            || path.contains(|c: char| c.is_control() || c == '\\')
        {
            return Err(PermalinkError::Part(text.to_owned()));
        }
        let first = parts.split('/').next().unwrap_or_default().to_lowercase();
        if RESERVED.contains(&first.as_str()) {
            return Err(PermalinkError::Reserved(text.to_owned()));
        }
        Ok(Self(utf8_percent_encode(&path, KEPT).to_string()))
    }
}

impl fmt::Display for Permalink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How permalinks are made for releases that set none: Jekyll's `:title`, `:slug`, `:year`, `:month`, `:day`,
/// `:categories`, `:path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermalinkPattern(String);

impl PermalinkPattern {
    /// The permalink of the release in `path`, dated `day`, whose front matter may set a `slug`.
    ///
    /// # Errors
    /// When what comes out is not a permalink.
    pub fn apply(
        &self,
        path: &SourcePath,
        day: NaiveDate,
        slug: Option<&str>,
        categories: &[Slug],
    ) -> Result<Permalink, PermalinkError> {
        let title = slug.map_or_else(|| path.title_part(), str::to_owned).replace(['/', '\\'], "-");
        let words = Slug::of_label(&title);
        let categories = categories.iter().map(Slug::as_str).collect::<Vec<_>>().join("/");
        let filled = self
            .0
            .replace(":categories", &categories)
            .replace(":title", &percent(&title))
            .replace(":slug", words.as_str())
            .replace(":year", &format!("{:04}", day.year()))
            .replace(":month", &format!("{:02}", day.month()))
            .replace(":day", &format!("{:02}", day.day()))
            .replace(":path", &percent(path.as_str().rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem)));
        let mut collapsed = String::with_capacity(filled.len());
        for c in filled.chars() {
            if !(c == '/' && collapsed.ends_with('/')) {
                collapsed.push(c);
            }
        }
        collapsed.parse()
    }
}

fn percent(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

impl FromStr for PermalinkPattern {
    type Err = PermalinkError;

    fn from_str(text: &str) -> Result<Self, PermalinkError> {
        let pattern = Self(text.to_owned());
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap_or_default();
        pattern.apply(&SourcePath::new("2026-11-23-exemple.md"), day, None, &[])?;
        if [":title", ":slug", ":path"].iter().any(|key| text.contains(key)) {
            Ok(pattern)
        } else {
            Err(PermalinkError::NotAPath(text.to_owned()))
        }
    }
}

impl fmt::Display for PermalinkPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, file: &str, expected: &str) {
        let pattern: PermalinkPattern = pattern.parse().unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        let link = pattern.apply(&SourcePath::new(file), day, None, &[Slug::of_label("Discours")]).unwrap();
        assert_eq!(link.as_str(), expected);
        assert_eq!(link.as_str().parse(), Ok(link));
    }

    #[test]
    fn patterns_are_filled() {
        check("/espace-presse/:title/", "2026-03-09-un-pont.md", "/espace-presse/un-pont/");
        check("/:categories/:year/:month/:day/:title.html", "x/un-pont.md", "/discours/2026/03/09/un-pont.html");
        check("/p/:slug/", "l’été à 100 %.md", "/p/l-ete-a-100/");
        check("/p/:title/", "l’été à 100 %20.md", "/p/l%E2%80%99%C3%A9t%C3%A9%20%C3%A0%20100%20%2520/");
    }

    #[test]
    fn reserved_and_crooked_paths_are_refused() {
        for bad in ["", "/", "x", "/feeds/x/", "/Uploads/a", "/a/../b", "/a//b", "/%2e%2e/x", "/a\u{0}b", "/u/"] {
            assert!(bad.parse::<Permalink>().is_err(), "{bad}");
        }
        assert!("/espace-presse/".parse::<PermalinkPattern>().is_err());
    }
}
