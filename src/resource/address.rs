//! Which document stands at an address.

use crate::domain::{Permalink, Topic, UploadPath};
use crate::feed::{FeedFormat, Period, page_address};

/// What an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Front,
    Stylesheet,
    Script,
    Feeds,
    Opml,
    Robots,
    /// The site's map, or the list of its parts.
    SiteMap,
    /// A part of a map that is too large for one document, from 1.
    SiteMapPart(usize),
    /// A page of a topic's releases, from 1.
    FeedPage(Topic, usize),
    Feed(Topic, FeedFormat),
    Archive(Topic, Period, FeedFormat),
    Upload(UploadPath),
    /// A release, or an old address of one.
    Release(Permalink),
}

/// Where a page after the first stands, below the first one's address.
const PAGE: &str = "/page/";

/// The list of all feeds.
pub(super) const OPML: &str = "/feeds.opml";

/// What search engines are asked to leave alone: nothing.
const ROBOTS: &str = "/robots.txt";

/// The map of the site's pages.
pub(super) const SITE_MAP: &str = "/sitemap.xml";

/// The script's address.
pub(super) const SCRIPT: &str = "/assets/press.js";

/// The stylesheet's address.
pub(super) const STYLESHEET: &str = "/assets/press.css";

impl Address {
    /// Reads the path of an address below the site's; `None` when nothing can stand there.
    pub(super) fn parse(path: &str) -> Option<Self> {
        match path {
            "/" => return Some(Self::Front),
            STYLESHEET => return Some(Self::Stylesheet),
            SCRIPT => return Some(Self::Script),
            "/feeds/" => return Some(Self::Feeds),
            OPML => return Some(Self::Opml),
            ROBOTS => return Some(Self::Robots),
            SITE_MAP => return Some(Self::SiteMap),
            _ => {}
        }
        if let Some(part) = path.strip_prefix("/sitemap-").and_then(|rest| rest.strip_suffix(".xml")) {
            return number(part).map(Self::SiteMapPart);
        }
        if path.starts_with("/uploads/") {
            return UploadPath::from_address(path).map(Self::Upload);
        }
        let Some(rest) = path.strip_prefix("/feeds/") else {
            return path.parse().ok().map(Self::Release);
        };
        if let Some(topic) = rest.strip_suffix('/') {
            if let Some(topic) = Topic::from_path(topic) {
                return Some(Self::FeedPage(topic, 1));
            }
            let (topic, page) = topic.rsplit_once(PAGE)?;
            return Some(Self::FeedPage(Topic::from_path(topic)?, number(page).filter(|page| *page > 1)?));
        }
        let (topic, ending) = rest.rsplit_once('.')?;
        let format = FeedFormat::ALL.into_iter().find(|format| format.extension() == ending)?;
        if let Some(topic) = Topic::from_path(topic) {
            return Some(Self::Feed(topic, format));
        }
        let (topic, period) = topic.rsplit_once('/')?;
        Some(Self::Archive(Topic::from_path(topic)?, period.parse().ok()?, format))
    }

    /// The topic whose feed it is about.
    pub(super) fn topic(&self) -> Option<&Topic> {
        match self {
            Self::FeedPage(topic, _) | Self::Feed(topic, _) | Self::Archive(topic, ..) => Some(topic),
            Self::Front
            | Self::Stylesheet
            | Self::Script
            | Self::Feeds
            | Self::Opml
            | Self::Robots
            | Self::SiteMap
            | Self::SiteMapPart(_)
            | Self::Upload(_)
            | Self::Release(_) => None,
        }
    }

    /// The same address of another topic's feed.
    pub(super) fn of_topic(self, other: Topic) -> Self {
        match self {
            Self::FeedPage(_, page) => Self::FeedPage(other, page),
            Self::Feed(_, format) => Self::Feed(other, format),
            Self::Archive(_, period, format) => Self::Archive(other, period, format),
            Self::Front
            | Self::Stylesheet
            | Self::Script
            | Self::Feeds
            | Self::Opml
            | Self::Robots
            | Self::SiteMap
            | Self::SiteMapPart(_)
            | Self::Upload(_)
            | Self::Release(_) => self,
        }
    }

    /// The path at which it stands.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Front => "/".to_owned(),
            Self::Stylesheet => STYLESHEET.to_owned(),
            Self::Script => SCRIPT.to_owned(),
            Self::Feeds => "/feeds/".to_owned(),
            Self::Opml => OPML.to_owned(),
            Self::Robots => ROBOTS.to_owned(),
            Self::SiteMap => SITE_MAP.to_owned(),
            Self::SiteMapPart(part) => format!("/sitemap-{part}.xml"),
            Self::FeedPage(topic, 1) => page_address(topic),
            Self::FeedPage(topic, page) => format!("/feeds/{}{PAGE}{page}/", topic.path()),
            Self::Feed(topic, format) => format.address(topic),
            Self::Archive(topic, period, format) => format.archive_address(topic, *period),
            Self::Upload(path) => path.address(),
            Self::Release(permalink) => permalink.as_str().to_owned(),
        }
    }
}

/// A number from 1, in its one spelling.
fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number: &usize| *number > 0 && number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back() {
        let paths = [
            "/",
            "/assets/press.css",
            "/feeds/",
            "/feeds/all/",
            "/feeds/all.rss",
            "/feeds/category/discours.atom",
            "/feeds/tag/open-data.json",
            "/feeds/tag/open-data/",
            "/feeds/all/page/2/",
            "/feeds/tag/page/",
            "/feeds/tag/page/page/12/",
            "/feeds.opml",
            "/robots.txt",
            "/sitemap.xml",
            "/sitemap-3.xml",
            "/feeds/all/2026.atom",
            "/feeds/tag/2026.rss",
            "/feeds/tag/2026/2026-2.json",
            "/uploads/a%20b.pdf",
            "/espace-presse/un-pont/",
        ];
        for path in paths {
            assert_eq!(Address::parse(path).unwrap().path(), path);
        }
    }

    #[test]
    fn nothing_stands_elsewhere() {
        for path in [
            "",
            "x",
            "/feeds/all",
            "/feeds/all.xml",
            "/feeds/label/x/",
            "/feeds/tag/É/",
            "/uploads/../x",
            "/feeds/tag/",
            "/feeds/all/page/1/",
            "/feeds/all/page/02/",
            "/feeds/all/page/",
            "/feeds/page/2/",
            "/sitemap-0.xml",
            "/sitemap-x.xml",
            "/feeds/all/2026-1.rss",
            "/feeds/all/2026/",
            "/feeds/2026.rss",
            "/u/x",
        ] {
            assert_eq!(Address::parse(path), None, "{path}");
        }
    }
}
