//! OPML 2.0 (<http://opml.org/spec2.opml>): the list of all feeds, which a reader takes in at once.
//!
//! One outline per topic, its feed as RSS: with every format a reader would follow each topic three times. `type` is
//! `rss` for any feed, as the specification has it.

use std::fmt::Write as _;

use super::clean_text::{CleanText, escape};
use super::compose::{FeedSite, heading_of};
use super::date::{local, rfc822};
use super::model::FeedFormat;
use crate::catalog::{Live, TopicEntry};
use crate::domain::{Taxonomy, Topic};
use crate::language::say;

/// The bytes of the list of every feed of `live`.
#[must_use]
pub fn opml_of(live: &Live, site: &FeedSite) -> Vec<u8> {
    let all = heading_of(live, &Topic::All, site);
    let changed = live.releases().iter().map(|published| published.updated).max().unwrap_or(site.started);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n  <head>\n");
    for (name, value) in [
        ("title", all.title.as_str()),
        ("dateModified", &rfc822(local(changed, site.timezone))),
        ("ownerName", all.author.as_str()),
        ("ownerId", &site.url.join("/")),
    ] {
        let _ = writeln!(text, "    <{name}>{}</{name}>", escape(value));
    }
    text.push_str("  </head>\n  <body>\n");
    outline(&mut text, 4, &Topic::All, &all.title, site);
    for (taxonomy, key) in [(Taxonomy::Category, "feeds.categories"), (Taxonomy::Tag, "feeds.tags")] {
        let entries = live.topics_in(taxonomy);
        if !entries.is_empty() {
            group(&mut text, &say(site.language, key, &[]), entries, site);
        }
    }
    text.push_str("  </body>\n</opml>\n");
    text.into_bytes()
}

fn group(text: &mut String, words: &str, entries: &[TopicEntry], site: &FeedSite) {
    let _ = writeln!(text, "    <outline text=\"{}\">", escape(words));
    for entry in entries {
        let label = CleanText::line(&entry.label).or(entry.topic.slug().map_or("", |slug| slug.as_str()));
        outline(text, 6, &entry.topic, &label, site);
    }
    text.push_str("    </outline>\n");
}

fn outline(text: &mut String, indent: usize, topic: &Topic, words: &CleanText, site: &FeedSite) {
    let words = escape(words.as_str());
    let feed = escape(&site.url.join(&FeedFormat::Rss.address(topic)));
    let page = escape(&site.page_of(topic));
    let language = site.language.code();
    let _ = writeln!(
        text,
        "{:indent$}<outline type=\"rss\" text=\"{words}\" title=\"{words}\" xmlUrl=\"{feed}\" htmlUrl=\"{page}\" \
         language=\"{language}\" version=\"RSS2\"/>",
        ""
    );
}
