//! What one can follow: everything, a category, or a tag.

use std::fmt;
use std::str::FromStr;

use super::{Slug, SlugError};

/// Jekyll's two taxonomies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Taxonomy {
    /// The front matter's `categories`.
    Category,
    /// The front matter's `tags`.
    Tag,
}

impl Taxonomy {
    /// `category` or `tag`: the word in addresses, on the command line and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Tag => "tag",
        }
    }
}

/// What a feed is about and a subscriber follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Every release.
    All,
    /// The releases of one category.
    Category(Slug),
    /// The releases with one tag.
    Tag(Slug),
}

impl Topic {
    /// The topic of a label's slug in its taxonomy.
    #[must_use]
    pub fn new(taxonomy: Taxonomy, slug: Slug) -> Self {
        match taxonomy {
            Taxonomy::Category => Self::Category(slug),
            Taxonomy::Tag => Self::Tag(slug),
        }
    }

    /// Its part of a feed's address: `all`, `category/{slug}` or `tag/{slug}`.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Category(slug) => format!("category/{slug}"),
            Self::Tag(slug) => format!("tag/{slug}"),
        }
    }

    /// The topic whose part of a feed's address is `path`, as [`Topic::path`] writes it.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let (taxonomy, slug) = match path.split_once('/') {
            None => return (path == "all").then_some(Self::All),
            Some(("category", slug)) => (Taxonomy::Category, slug),
            Some(("tag", slug)) => (Taxonomy::Tag, slug),
            Some(_) => return None,
        };
        Some(Self::new(taxonomy, slug.parse().ok()?))
    }

    /// The taxonomy, but for [`Topic::All`].
    #[must_use]
    pub const fn taxonomy(&self) -> Option<Taxonomy> {
        match self {
            Self::All => None,
            Self::Category(_) => Some(Taxonomy::Category),
            Self::Tag(_) => Some(Taxonomy::Tag),
        }
    }

    /// The slug, but for [`Topic::All`].
    #[must_use]
    pub fn slug(&self) -> Option<&Slug> {
        match self {
            Self::All => None,
            Self::Category(slug) | Self::Tag(slug) => Some(slug),
        }
    }
}

/// Shown as on the command line and stored: `all`, `category:{slug}`, `tag:{slug}`.
impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Category(slug) => write!(f, "category:{slug}"),
            Self::Tag(slug) => write!(f, "tag:{slug}"),
        }
    }
}

/// Why a text names no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// Neither `all` nor one of the two taxonomies.
    #[error("`{0}` is not a topic: write `all`, `category:SLUG` or `tag:SLUG`")]
    Unknown(String),
    /// The part after the colon is not a slug.
    #[error(transparent)]
    Slug(#[from] SlugError),
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("category", slug)) => Ok(Self::Category(slug.parse()?)),
            Some(("tag", slug)) => Ok(Self::Tag(slug.parse()?)),
            _ => Err(TopicError::Unknown(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_shows() {
        for text in ["all", "category:discours", "tag:open-data"] {
            let topic = text.parse::<Topic>().unwrap();
            assert_eq!(topic.to_string(), text);
            assert_eq!(Topic::from_path(&topic.path()), Some(topic));
        }
        for bad in ["", "All", "tag", "tag:", "tag:É", "label:x"] {
            assert!(bad.parse::<Topic>().is_err(), "{bad}");
        }
    }
}
