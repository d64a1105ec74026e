//! Releases and feeds as several pages show them.

use super::address::Address;
use super::words::Wording;
use crate::catalog::{Live, Published};
use crate::domain::{Taxonomy, Topic};
use crate::feed::{FeedFormat, FeedSite};
use crate::template::{FeedAddresses, Layout, PrivacyNotice, ReleaseCard};

/// A release in a list.
pub(super) fn card(site: &FeedSite, live: &Live, published: &Published) -> ReleaseCard {
    let (release, words) = (&published.release, Wording::of_pages(site));
    ReleaseCard {
        title: release.title.to_string(),
        address: words.address(release.permalink.as_str()),
        date: words.stamp(release.date),
        chapeau_html: words.html(&release.chapeau),
        categories: words.topics(live, published, Taxonomy::Category),
        tags: words.topics(live, published, Taxonomy::Tag),
        image: release.images.iter().find(|image| image.is_there()).map(|image| words.picture(image)),
        documents: release.documents.iter().map(|document| words.document(document)).collect(),
    }
}

/// Where a topic's feed is; `title` says what it is about.
pub(super) fn feed_addresses(site: &FeedSite, topic: &Topic, title: &str) -> FeedAddresses {
    let at = |address: Address| Wording::of_pages(site).own_address(&address.path());
    let feed = |format| at(Address::Feed(topic.clone(), format));
    FeedAddresses {
        title: title.to_owned(),
        page: at(Address::FeedPage(topic.clone(), 1)),
        rss: feed(FeedFormat::Rss),
        atom: feed(FeedFormat::Atom),
        json: feed(FeedFormat::Json),
    }
}

/// The frame of any page of the site, whose own title is `title`. It has no address of its own yet.
#[must_use]
pub fn layout(site: &FeedSite, title: &str) -> Layout {
    Layout {
        language: site.language,
        site_title: site.title.clone(),
        site_description: site.description.clone(),
        root: site.url.path().to_owned(),
        title: title.to_owned(),
        description: None,
        canonical: None,
        newer: None,
        older: None,
        picture: None,
        feeds: vec![feed_addresses(site, &Topic::All, &site.title)],
        noindex: false,
        privacy: PrivacyNotice::from(&site.privacy),
    }
}
