//! Which document stands at an address.

use crate::domain::{Permalink, Taxonomy, Topic, UploadPath};
use crate::feed::{FeedFormat, Period, page_address};

/// What an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Front,
    Stylesheet,
    Feeds,
    FeedPage(Topic),
    Feed(Topic, FeedFormat),
    Archive(Topic, Period, FeedFormat),
    Upload(UploadPath),
    /// A release, or an old address of one.
    Release(Permalink),
}

/// The stylesheet's address.
pub(super) const STYLESHEET: &str = "/assets/press.css";

impl Address {
    /// Reads the path of an address below the site's; `None` when nothing can stand there.
    pub(super) fn parse(path: &str) -> Option<Self> {
        match path {
            "/" => return Some(Self::Front),
            STYLESHEET => return Some(Self::Stylesheet),
            "/feeds/" => return Some(Self::Feeds),
            _ => {}
        }
        if path.starts_with("/uploads/") {
            return UploadPath::from_address(path).map(Self::Upload);
        }
        let Some(rest) = path.strip_prefix("/feeds/") else {
            return path.parse().ok().map(Self::Release);
        };
        if let Some(topic) = rest.strip_suffix('/') {
            return parse_topic(topic).map(Self::FeedPage);
        }
        let (topic, ending) = rest.rsplit_once('.')?;
        let format = FeedFormat::ALL.into_iter().find(|format| format.extension() == ending)?;
        if let Some(topic) = parse_topic(topic) {
            return Some(Self::Feed(topic, format));
        }
        let (topic, period) = topic.rsplit_once('/')?;
        Some(Self::Archive(parse_topic(topic)?, period.parse().ok()?, format))
    }

    /// The path at which it stands.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Front => "/".to_owned(),
            Self::Stylesheet => STYLESHEET.to_owned(),
            Self::Feeds => "/feeds/".to_owned(),
            Self::FeedPage(topic) => page_address(topic),
            Self::Feed(topic, format) => format.address(topic),
            Self::Archive(topic, period, format) => format.archive_address(topic, *period),
            Self::Upload(path) => path.address(),
            Self::Release(permalink) => permalink.as_str().to_owned(),
        }
    }
}

fn parse_topic(path: &str) -> Option<Topic> {
    let taxonomy = match path.split_once('/') {
        None => return (path == "all").then_some(Topic::All),
        Some(("category", slug)) => (Taxonomy::Category, slug),
        Some(("tag", slug)) => (Taxonomy::Tag, slug),
        Some(_) => return None,
    };
    Some(Topic::new(taxonomy.0, taxonomy.1.parse().ok()?))
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
            "/feeds/all/2026-1.rss",
            "/feeds/all/2026/",
            "/feeds/2026.rss",
            "/u/x",
        ] {
            assert_eq!(Address::parse(path), None, "{path}");
        }
    }
}
