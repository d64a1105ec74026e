//! The public pages for people: front page, list of feeds, one feed, one release.

use super::address::Address;
use super::cards::{card, feed_addresses, layout};
use super::json_ld::json_ld;
use super::words::Wording;
use crate::catalog::{Listing, Live, Published, TopicEntry};
use crate::content::plain_text;
use crate::domain::{BodyGone, Taxonomy, Topic};
use crate::feed::FeedSite;
use crate::language::say;
use crate::template::{FeedAddresses, FeedPage, FeedRow, FeedsPage, FrontPage, Layout, ReleasePage};

/// How many characters of a chapeau search engines and shared links show.
const DESCRIPTION_LENGTH: usize = 200;

/// How many releases a page of a list shows.
const RELEASES_ON_A_PAGE: usize = 20;

/// How many pages the releases of `topic` fill; one when there are none.
pub(super) fn pages_of(live: &Live, topic: &Topic) -> usize {
    live.of(topic).len().div_ceil(RELEASES_ON_A_PAGE).max(1)
}

/// The releases on page `number` of those of `topic`.
pub(super) fn on_page<'l>(live: &'l Live, topic: &Topic, number: usize) -> Listing<'l> {
    let releases = live.of(topic);
    let end = number.saturating_mul(RELEASES_ON_A_PAGE).min(releases.len());
    releases.part((number.saturating_sub(1).saturating_mul(RELEASES_ON_A_PAGE)).min(end)..end)
}

/// The frame of the page at `path`, on which readers find `feed`.
fn layout_at(site: &FeedSite, path: &str, title: &str, feed: &FeedAddresses) -> Layout {
    Layout { canonical: Some(site.url.join(path)), feeds: vec![feed.clone()], ..layout(site, title) }
}

pub(super) fn front(site: &FeedSite, live: &Live) -> FrontPage {
    let feed = feed_addresses(site, &Topic::All, &site.title);
    let description = Some(site.description.clone()).filter(|text| !text.is_empty());
    let pages = pages_of(live, &Topic::All);
    // The first page of everything says the same, so the second one follows on both.
    let older = (pages > 1).then(|| page_of_list(site, &Topic::All, 2));
    FrontPage {
        layout: Layout { description, older, ..layout_at(site, "/", "", &feed) },
        releases: on_page(live, &Topic::All, 1).iter().map(|published| card(site, live, published)).collect(),
        feed,
        number: 1,
        pages: pages as u64,
    }
}

pub(super) fn feeds(site: &FeedSite, live: &Live) -> FeedsPage {
    let row = |entry: &TopicEntry| FeedRow {
        feed: feed_addresses(site, &entry.topic, &entry.label),
        count: entry.count as u64,
    };
    let title = say(site.language, "feeds.title", &[]);
    let all = feed_addresses(site, &Topic::All, &say(site.language, "feed.all", &[]));
    FeedsPage {
        layout: layout_at(site, "/feeds/", &title, &all),
        all: FeedRow { feed: all, count: live.releases().len() as u64 },
        categories: live.topics_in(Taxonomy::Category).iter().map(row).collect(),
        tags: live.topics_in(Taxonomy::Tag).iter().map(row).collect(),
        opml: Some(Wording::of_pages(site).own_address(&Address::Opml.path())),
    }
}

fn page_of_list(site: &FeedSite, topic: &Topic, number: usize) -> String {
    Wording::of_pages(site).own_address(&Address::FeedPage(topic.clone(), number).path())
}

/// Page `number` of one topic's feed. A topic without live releases any more has an empty one.
pub(super) fn feed(site: &FeedSite, live: &Live, topic: &Topic, number: usize) -> FeedPage {
    let path = Address::FeedPage(topic.clone(), number).path();
    let kind = match topic {
        Topic::All => "all",
        Topic::Category(_) => "category",
        Topic::Tag(_) => "tag",
    };
    let title = Wording::of_pages(site).topic(live, topic);
    let addresses = feed_addresses(site, topic, &title);
    let pages = pages_of(live, topic);
    let neighbour = |other: usize| (1..=pages).contains(&other).then(|| page_of_list(site, topic, other));
    let head = if number == 1 {
        title.clone()
    } else {
        let here = say(site.language, "paging.here", &[("number", &number.to_string()), ("pages", &pages.to_string())]);
        format!("{title} – {here}")
    };
    let frame = layout_at(site, &path, &head, &addresses);
    let query = if *topic == Topic::All { String::new() } else { format!("?topic={topic}") };
    FeedPage {
        layout: Layout { newer: neighbour(number - 1), older: neighbour(number + 1), ..frame },
        kind: kind.to_owned(),
        title,
        feed: addresses,
        subscribe: format!("{}/subscribe{query}", site.url.path()),
        count: live.of(topic).len() as u64,
        releases: on_page(live, topic, number).iter().map(|published| card(site, live, published)).collect(),
        number: number as u64,
        pages: pages as u64,
    }
}

/// A release's own page.
///
/// # Errors
/// When its text was left for later and its file changed meanwhile.
pub(super) fn release(site: &FeedSite, live: &Live, published: &Published) -> Result<ReleasePage, BodyGone> {
    let (release, words) = (&published.release, Wording::of_pages(site));
    let mut description = plain_text(release.chapeau.as_str()).split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = description.char_indices().nth(DESCRIPTION_LENGTH) {
        description.truncate(end);
        description.push('…');
    }
    let feed = feed_addresses(site, &Topic::All, &site.title);
    let body = release.body()?;
    let chapeau_is_in_body = body.as_str().trim_start().starts_with(release.chapeau.as_str().trim());
    let changed = (published.updated - release.date).num_minutes() > 0;
    let json_ld = json_ld(site, live, published, &description);
    let shown = release.images.iter().find(|image| image.is_there());
    Ok(ReleasePage {
        layout: Layout {
            description: Some(description),
            picture: shown.map(|image| site.addresses().of_target(&image.target)),
            ..layout_at(site, release.permalink.as_str(), &release.title, &feed)
        },
        title: release.title.to_string(),
        own_lang: (release.language != site.language).then(|| release.language.code().to_owned()),
        date: words.stamp(release.date),
        updated: changed.then(|| words.stamp(published.updated)),
        correction: release.correction.clone(),
        categories: words.topics(live, published, Taxonomy::Category),
        tags: words.topics(live, published, Taxonomy::Tag),
        chapeau_html: if chapeau_is_in_body { String::new() } else { words.html(&release.chapeau) },
        images: release.images.iter().filter(|image| image.is_there()).map(|image| words.picture(image)).collect(),
        body_html: words.html(&body),
        documents: release.documents.iter().map(|document| words.document(document)).collect(),
        contact: release.contact.as_ref().map(|contact| words.contact(contact)),
        json_ld,
    })
}
