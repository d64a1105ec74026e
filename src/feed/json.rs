//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>).
//!
//! `next_url` leads to the newest archive, and from each archive to the one before it; what is in both has one id.

use serde::Serialize;

use super::clean_text::CleanText;
use super::date::rfc3339;
use super::frame::Frame;
use super::model::{Attachment, Entry, Feed};
use crate::content::plain_text;

const VERSION: &str = "https://jsonfeed.org/version/1.1";

/// What the specification calls a hub that speaks WebSub.
const HUB_KIND: &str = "WebSub";

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    authors: [Author<'a>; 1],
    language: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    /// The last key: items are put in where it ends.
    items: [(); 0],
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    content_html: &'a str,
    content_text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    date_modified: String,
    language: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<JsonAttachment<'a>>,
}

#[derive(Serialize)]
struct JsonAttachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

/// What ends a feed without items.
const END: &[u8] = b"]}";

/// What stands around the items of `feed`.
///
/// # Panics
/// Never: strings and numbers are always JSON.
pub(super) fn frame(feed: &Feed) -> Frame {
    let document = JsonFeed {
        version: VERSION,
        title: feed.title.as_str(),
        home_page_url: &feed.page,
        feed_url: &feed.place.json,
        description: feed.subtitle.as_str(),
        next_url: feed.older.as_ref().map(|older| older.json.as_str()),
        icon: feed.icon.as_deref(),
        authors: [Author { name: feed.author.as_str(), url: &feed.home }],
        language: feed.language.code(),
        hubs: feed.hub.iter().map(|url| Hub { kind: HUB_KIND, url }).collect(),
        items: [],
    };
    let mut before = serde_json::to_vec(&document).expect("strings and numbers are always JSON");
    before.truncate(before.len() - END.len());
    Frame::new(before, b",\n", END.to_vec())
}

/// The bytes of `entry` as an item of JSON Feed 1.1.
///
/// # Panics
/// Never: strings and numbers are always JSON.
pub(super) fn write_entry(entry: &Entry) -> Vec<u8> {
    serde_json::to_vec(&item_of(entry)).expect("strings and numbers are always JSON")
}

/// HTML as plain text.
fn words(html: &CleanText) -> String {
    CleanText::new(plain_text(html.as_str()).trim()).to_string()
}

fn item_of(entry: &Entry) -> Item<'_> {
    let mut tags: Vec<&str> = Vec::new();
    for topic in &entry.topics {
        if !tags.contains(&topic.label.as_str()) {
            tags.push(topic.label.as_str());
        }
    }
    Item {
        id: entry.id.as_str(),
        url: &entry.link,
        title: entry.title.as_str(),
        content_html: entry.content_html.as_str(),
        content_text: words(&entry.content_html),
        summary: Some(words(&entry.summary_html)).filter(|words| !words.is_empty()),
        image: entry.picture.as_ref().map(|picture| picture.url.as_str()),
        date_published: rfc3339(entry.published),
        date_modified: rfc3339(entry.updated),
        language: entry.language.code(),
        tags,
        attachments: entry.attachments.iter().map(attachment_of).collect(),
    }
}

fn attachment_of(attachment: &Attachment) -> JsonAttachment<'_> {
    JsonAttachment {
        url: &attachment.url,
        mime_type: attachment.media_type,
        title: attachment.title.as_str(),
        size_in_bytes: attachment.bytes,
    }
}
