//! The list of feeds and the page of one.

use serde::Serialize;

use super::super::engine::Page;
use super::super::parts::FeedAddresses;
use super::super::samples;
use super::{Layout, ReleaseCard};
use crate::language::Language;

/// A feed in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedRow {
    /// Where it is; its title is the topic's words.
    pub feed: FeedAddresses,
    /// How many live releases it has.
    pub count: u64,
}

/// Every feed there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedsPage {
    /// The frame.
    pub layout: Layout,
    /// The feed of everything.
    pub all: FeedRow,
    /// One per category.
    pub categories: Vec<FeedRow>,
    /// One per tag.
    pub tags: Vec<FeedRow>,
    /// The list as OPML, when it is offered.
    pub opml: Option<String>,
}

impl Page for FeedsPage {
    const TEMPLATE: &'static str = "page/feeds.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let row = |count| FeedRow { feed: samples::feed(language), count };
        let topic = |words: &str, count| {
            let feed = FeedAddresses { title: words.to_owned(), ..samples::feed(language) };
            FeedRow { feed, count }
        };
        let title = samples::pick(language, "Flux", "Feeds");
        let full = Self {
            layout: Layout { title, ..Layout::sample(language, "/feeds/") },
            all: row(12),
            categories: vec![topic("Communiqués", 9), topic("Discours", 1)],
            tags: vec![topic("ponts & routes", 3), topic("été", 0), topic("formation", 2)],
            opml: Some("/presse/feeds.opml".to_owned()),
        };
        let empty = Self { all: row(0), categories: Vec::new(), tags: Vec::new(), opml: None, ..full.clone() };
        vec![full, empty]
    }
}

/// One feed, for people: what it is about, how to follow it, what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedPage {
    /// The frame.
    pub layout: Layout,
    /// What it is: `all`, `category` or `tag`.
    pub kind: String,
    /// The topic's words; shown as the heading.
    pub title: String,
    /// Where it is.
    pub feed: FeedAddresses,
    /// The subscription form with this topic chosen.
    pub subscribe: String,
    /// How many live releases the topic has.
    pub count: u64,
    /// Those of this page, newest first.
    pub releases: Vec<ReleaseCard>,
    /// Which page of the list it is, from 1.
    pub number: u64,
    /// How many pages the list has.
    pub pages: u64,
}

impl Page for FeedPage {
    const TEMPLATE: &'static str = "page/feed.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let page = |kind: &str, title: &str, releases: Vec<ReleaseCard>| Self {
            layout: Layout { title: title.to_owned(), ..Layout::sample(language, "/feeds/tag/ponts/") },
            kind: kind.to_owned(),
            title: title.to_owned(),
            feed: samples::feed(language),
            subscribe: "/presse/subscribe?topic=tag:ponts".to_owned(),
            count: releases.len() as u64,
            releases,
            number: 1,
            pages: 1,
        };
        let all = page(
            "all",
            &samples::pick(language, "Tous les communiqués", "All releases"),
            ReleaseCard::samples(language),
        );
        let neighbour = |number: u32| Some(format!("/presse/feeds/all/page/{number}/"));
        let middle = Layout { newer: neighbour(2), older: neighbour(4), ..all.layout.clone() };
        let last = Layout { newer: neighbour(11), ..all.layout.clone() };
        vec![
            page("tag", "ponts & routes", ReleaseCard::samples(language)),
            page("category", "Discours", Vec::new()),
            Self { layout: middle, number: 3, pages: 12, ..all.clone() },
            Self { layout: last, number: 12, pages: 12, ..all },
        ]
    }
}
