//! A feed before it has a format.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset, TimeDelta};

use super::{CleanText, Period};
use crate::catalog::Published;
use crate::domain::{ReleaseId, Slug, Taxonomy, Topic};
use crate::language::Language;

/// An entry's bytes in one format.
pub(super) type EntryBytes = Bytes;

/// How many bytes stand around an entry's texts, mostly.
pub(super) const AROUND_TEXTS: usize = 4 * 1024;

/// The three formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedFormat {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    /// The ending of its addresses, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Json => "json",
        }
    }

    /// Its media type, without a charset.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// The address of `topic`'s feed in this format, below the site's: `/feeds/all.rss`.
    #[must_use]
    pub fn address(self, topic: &Topic) -> String {
        format!("/feeds/{}.{}", topic.path(), self.extension())
    }

    /// The address of the archive of `topic`'s feed for `period`: `/feeds/all/2026.rss`.
    #[must_use]
    pub fn archive_address(self, topic: &Topic, period: Period) -> String {
        format!("/feeds/{}/{period}.{}", topic.path(), self.extension())
    }

    /// Its place among [`FeedFormat::ALL`].
    pub(super) const fn place(self) -> usize {
        match self {
            Self::Rss => 0,
            Self::Atom => 1,
            Self::Json => 2,
        }
    }
}

/// The address of the HTML page of `topic`'s feed, below the site's: `/feeds/all/`.
#[must_use]
pub fn page_address(topic: &Topic) -> String {
    format!("/feeds/{}/", topic.path())
}

/// The absolute address of one document of a feed, in each format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPlace {
    /// As RSS.
    pub rss: String,
    /// As Atom.
    pub atom: String,
    /// As JSON Feed.
    pub json: String,
}

/// Which document of a feed one is (RFC 5005).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedPart {
    /// The one that readers come back to, with the newest entries.
    Current,
    /// One that stays as it is: its feed's newest entries are elsewhere.
    Archive {
        /// The one that readers come back to.
        current: FeedPlace,
        /// The archive after this one in time.
        newer: Option<FeedPlace>,
    },
}

/// A topic's feed, or an archive of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// A `tag:` URI that outlives the site's address.
    pub id: String,
    /// The site's title, and the category or tag in words.
    pub title: CleanText,
    /// One sentence; never empty.
    pub subtitle: CleanText,
    /// Who publishes: the site's title.
    pub author: CleanText,
    /// The site's front page.
    pub home: String,
    /// The HTML page of this feed.
    pub page: String,
    /// Its own address.
    pub place: FeedPlace,
    /// Which document of its feed it is.
    pub part: FeedPart,
    /// The archive before it in time; for the current document, the newest one.
    pub older: Option<FeedPlace>,
    /// The language of the site.
    pub language: Language,
    /// The newest change of an entry.
    pub updated: DateTime<FixedOffset>,
    /// How long a reader may keep it.
    pub ttl: TimeDelta,
    /// Who may do what with it.
    pub rights: Option<CleanText>,
    /// The address of a small square picture.
    pub icon: Option<String>,
    /// The address of a WebSub hub that is told of changes.
    pub hub: Option<String>,
    /// The releases it carries, newest first, then by id.
    pub releases: Vec<Arc<Published>>,
}

impl FeedPlace {
    /// In `format`.
    #[must_use]
    pub fn of(&self, format: FeedFormat) -> &str {
        match format {
            FeedFormat::Rss => &self.rss,
            FeedFormat::Atom => &self.atom,
            FeedFormat::Json => &self.json,
        }
    }
}

impl Feed {
    /// Its own address in `format`.
    #[must_use]
    pub fn address(&self, format: FeedFormat) -> &str {
        self.place.of(format)
    }

    /// Whether it is an archive.
    pub(super) const fn is_archive(&self) -> bool {
        matches!(self.part, FeedPart::Archive { .. })
    }

    /// Its relations to the other documents of its history (RFC 5005 §4), with their addresses in `format`.
    pub(super) fn history(&self, format: FeedFormat) -> Vec<(&'static str, &str)> {
        let mut links = Vec::new();
        if let FeedPart::Archive { current, newer } = &self.part {
            links.push(("current", current.of(format)));
            links.extend(newer.iter().map(|newer| ("next-archive", newer.of(format))));
        }
        links.extend(self.older.iter().map(|older| ("prev-archive", older.of(format))));
        links
    }
}

/// A release in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The release's id.
    pub id: ReleaseId,
    /// The release's page.
    pub link: String,
    /// Plain text of one line; never empty.
    pub title: CleanText,
    /// The release's own language.
    pub language: Language,
    /// When it became public.
    pub published: DateTime<FixedOffset>,
    /// Its last significant change.
    pub updated: DateTime<FixedOffset>,
    /// The chapeau as HTML.
    pub summary_html: CleanText,
    /// The full text as HTML.
    pub content_html: CleanText,
    /// The lead image, when it can be shown.
    pub picture: Option<Picture>,
    /// Documents that are there or on another site, in the release's order.
    pub attachments: Vec<Attachment>,
    /// Categories, then tags.
    pub topics: Vec<EntryTopic>,
    /// Who publishes: the site's title.
    pub author: CleanText,
    /// The language of the site, which every feed names.
    pub site_language: Language,
}

impl Entry {
    /// Its language, where that is not the feed's own.
    pub(super) fn own_language(&self) -> Option<&'static str> {
        (self.language != self.site_language).then(|| self.language.code())
    }

    /// How many bytes it takes in XML, mostly: the texts with their marks escaped, and what stands around them.
    pub(super) fn usual_size(&self) -> usize {
        let texts = self.content_html.as_str().len() + self.summary_html.as_str().len();
        texts + texts / 4 + AROUND_TEXTS
    }
}

/// A lead image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its absolute address.
    pub url: String,
    /// Its media type.
    pub media_type: &'static str,
    /// The alternative text, empty for a decorative image.
    pub alternative: CleanText,
    /// Its size in bytes, when known.
    pub bytes: Option<u64>,
    /// Its width and height in pixels, when known.
    pub pixels: Option<(u32, u32)>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its absolute address.
    pub url: String,
    /// Its media type.
    pub media_type: &'static str,
    /// The words that offer it.
    pub title: CleanText,
    /// Its size; `None` when it lies on another site.
    pub bytes: Option<u64>,
}

/// A category or tag of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryTopic {
    /// Category or tag.
    pub taxonomy: Taxonomy,
    /// Its slug.
    pub slug: Slug,
    /// Its words; never empty.
    pub label: CleanText,
    /// The HTML page of its feed.
    pub page: String,
}
