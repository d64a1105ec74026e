//! Where a release's file stands below the content folder.

use std::fmt;
use std::sync::Arc;

use super::composed;

/// A file's path below the content folder, with `/` between its parts, as the folder spells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePath(Arc<str>);

impl SourcePath {
    /// The path `text`, relative to the content folder.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The path's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part: `2026-11-23-un-pont.md`.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The folder above the file, empty at the top.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The file name without its ending, composed (NFC): `2026-11-23-un-pont`.
    #[must_use]
    pub fn stem(&self) -> String {
        let name = self.file_name();
        composed(name.rsplit_once('.').map_or(name, |(stem, _)| stem)).into_owned()
    }

    /// The stem without a leading `YYYY-MM-DD-`, as Jekyll's `:title`: `un-pont`.
    #[must_use]
    pub fn title_part(&self) -> String {
        let stem = self.stem();
        match Self::split_date(&stem) {
            Some((_, rest)) => rest.to_owned(),
            None => stem,
        }
    }

    /// The `YYYY-MM-DD` at the front of the file name, when there is one followed by a hyphen.
    #[must_use]
    pub fn date_part(&self) -> Option<String> {
        Self::split_date(&self.stem()).map(|(date, _)| date.to_owned())
    }

    fn split_date(stem: &str) -> Option<(&str, &str)> {
        let (date, rest) = (stem.get(..10)?, stem.get(10..)?);
        let shape = date.chars().enumerate().all(|(i, c)| if i == 4 || i == 7 { c == '-' } else { c.is_ascii_digit() });
        let rest = rest.strip_prefix('-')?;
        (shape && !rest.is_empty()).then_some((date, rest))
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jekyll_name_is_taken_apart() {
        let path = SourcePath::new("communiques/2026-11-23-un-pont.v2.md");
        assert_eq!(path.file_name(), "2026-11-23-un-pont.v2.md");
        assert_eq!(path.folder(), "communiques");
        assert_eq!(path.stem(), "2026-11-23-un-pont.v2");
        assert_eq!(path.title_part(), "un-pont.v2");
        assert_eq!(path.date_part().as_deref(), Some("2026-11-23"));
    }

    #[test]
    fn a_name_without_date_is_its_own_title() {
        for name in ["un-pont.md", "2026-11-23.md", "2026-11-23-.md", "é026-11-23-x.md"] {
            let path = SourcePath::new(name);
            assert_eq!((path.title_part(), path.date_part()), (path.stem(), None), "{name}");
        }
    }
}
