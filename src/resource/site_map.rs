//! The map of the site's pages for search engines (<https://www.sitemaps.org/protocol.html>), and `robots.txt`.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use super::address::{Address, SITE_MAP};
use crate::catalog::Live;
use crate::domain::Topic;
use crate::feed::FeedSite;

/// The most addresses the protocol allows in one map.
const LARGEST_MAP: usize = 50_000;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// A page and its last change, when that is known.
type Place = (String, Option<DateTime<Utc>>);

/// The pages search engines should know, in order.
fn places(site: &FeedSite, live: &Live) -> Vec<Place> {
    let changed = |topic: &Topic| live.of(topic).iter().map(|published| published.updated).max();
    let mut places = vec![(Address::Front.path(), changed(&Topic::All)), (Address::Feeds.path(), None)];
    if site.releases_url.is_none() {
        let releases = live.releases().iter();
        places.extend(
            releases.map(|published| (published.release.permalink.as_str().to_owned(), Some(published.updated))),
        );
    }
    let topics = std::iter::once(Topic::All).chain(live.topics().iter().map(|entry| entry.topic.clone()));
    places.extend(topics.map(|topic| (Address::FeedPage(topic.clone(), 1).path(), changed(&topic))));
    places
}

/// How many parts the map has; 1 when one document holds it.
pub(super) fn parts_of(site: &FeedSite, live: &Live) -> usize {
    let releases = if site.releases_url.is_none() { live.releases().len() } else { 0 };
    (releases + live.topics().len() + 3).div_ceil(LARGEST_MAP)
}

/// The whole map, or the list of its parts when it is too large for one document.
pub(super) fn site_map(site: &FeedSite, live: &Live) -> Vec<u8> {
    let parts = parts_of(site, live);
    if parts == 1 {
        return written(site, "urlset", "url", &places(site, live));
    }
    let parts: Vec<Place> = (1..=parts).map(|part| (Address::SiteMapPart(part).path(), None)).collect();
    written(site, "sitemapindex", "sitemap", &parts)
}

/// Part `number` of a map that has several.
pub(super) fn site_map_part(site: &FeedSite, live: &Live, number: usize) -> Option<Vec<u8>> {
    let places = places(site, live);
    let part = places.chunks(LARGEST_MAP).nth(number.checked_sub(1)?)?;
    Some(written(site, "urlset", "url", part))
}

fn written(site: &FeedSite, list: &str, item: &str, places: &[Place]) -> Vec<u8> {
    let mut text = format!("{DECLARATION}<{list} xmlns=\"{NAMESPACE}\">\n");
    for (path, changed) in places {
        // Addresses are percent-encoded; of what XML minds, only `&` can be left in the site's own.
        let address = site.url.join(path).replace('&', "&amp;").replace('\'', "&apos;");
        let _ = write!(text, "<{item}><loc>{address}</loc>");
        if let Some(changed) = changed {
            let changed = changed.with_timezone(&site.timezone).to_rfc3339_opts(SecondsFormat::Secs, false);
            let _ = write!(text, "<lastmod>{changed}</lastmod>");
        }
        let _ = writeln!(text, "</{item}>");
    }
    let _ = writeln!(text, "</{list}>");
    text.into_bytes()
}

/// `robots.txt`: everything may be read; pages with a token say themselves that they want to be in no index.
pub(super) fn robots(site: &FeedSite) -> Vec<u8> {
    format!("User-agent: *\nDisallow:\n\nSitemap: {}\n", site.url.join(SITE_MAP)).into_bytes()
}
