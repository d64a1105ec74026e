//! The public pages for people: front page, list of feeds, one feed, one release.

use super::address::Address;
use super::cards::{card, feed_addresses, layout};
use super::words::Wording;
use crate::catalog::{Live, Published, TopicEntry};
use crate::content::plain_text;
use crate::domain::{Taxonomy, Topic};
use crate::feed::FeedSite;
use crate::language::say;
use crate::template::{FeedAddresses, FeedPage, FeedRow, FeedsPage, FrontPage, Layout, ReleasePage};

/// How many characters of a chapeau search engines and shared links show.
const DESCRIPTION_LENGTH: usize = 200;

/// The frame of the page at `path`, on which readers find `feed`.
fn layout_at(site: &FeedSite, path: &str, title: &str, feed: &FeedAddresses) -> Layout {
    Layout { canonical: Some(site.url.join(path)), feeds: vec![feed.clone()], ..layout(site, title) }
}

pub(super) fn front(site: &FeedSite, live: &Live) -> FrontPage {
    let feed = feed_addresses(site, &Topic::All, &site.title);
    let description = Some(site.description.clone()).filter(|text| !text.is_empty());
    FrontPage {
        layout: Layout { description, ..layout_at(site, "/", "", &feed) },
        releases: live.releases().iter().take(site.entries).map(|published| card(site, live, published)).collect(),
        feed,
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
        opml: None,
    }
}

/// The page of one topic's feed. A topic without live releases any more has an empty one.
pub(super) fn feed(site: &FeedSite, live: &Live, topic: &Topic) -> FeedPage {
    let path = Address::FeedPage(topic.clone()).path();
    let kind = match topic {
        Topic::All => "all",
        Topic::Category(_) => "category",
        Topic::Tag(_) => "tag",
    };
    let title = Wording::of_pages(site).topic(live, topic);
    let addresses = feed_addresses(site, topic, &title);
    let releases = live.of(topic);
    let query = if *topic == Topic::All { String::new() } else { format!("?topic={topic}") };
    FeedPage {
        layout: layout_at(site, &path, &title, &addresses),
        kind: kind.to_owned(),
        title,
        feed: addresses,
        subscribe: format!("{}/subscribe{query}", site.url.path()),
        count: releases.len() as u64,
        releases: releases.iter().take(site.entries).map(|published| card(site, live, published)).collect(),
    }
}

pub(super) fn release(site: &FeedSite, live: &Live, published: &Published) -> ReleasePage {
    let (release, words) = (&published.release, Wording::of_pages(site));
    let mut description = plain_text(release.chapeau.as_str()).split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = description.char_indices().nth(DESCRIPTION_LENGTH) {
        description.truncate(end);
        description.push('…');
    }
    let feed = feed_addresses(site, &Topic::All, &site.title);
    let chapeau_is_in_body = release.body.as_str().trim_start().starts_with(release.chapeau.as_str().trim());
    let changed = (published.updated - release.date).num_minutes() > 0;
    ReleasePage {
        layout: Layout {
            description: Some(description),
            ..layout_at(site, release.permalink.as_str(), &release.title, &feed)
        },
        title: release.title.clone(),
        own_lang: (release.language != site.language).then(|| release.language.code().to_owned()),
        date: words.stamp(release.date),
        updated: changed.then(|| words.stamp(published.updated)),
        correction: release.correction.clone(),
        categories: words.topics(live, published, Taxonomy::Category),
        tags: words.topics(live, published, Taxonomy::Tag),
        chapeau_html: if chapeau_is_in_body { String::new() } else { words.html(&release.chapeau) },
        images: release.images.iter().filter(|image| image.is_there()).map(|image| words.picture(image)).collect(),
        body_html: words.html(&release.body),
        documents: release.documents.iter().map(|document| words.document(document)).collect(),
        contact: release.contact.as_ref().map(|contact| words.contact(contact)),
    }
}
