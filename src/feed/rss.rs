//! RSS 2.0 by the RSS Advisory Board's profile, with `content`, `atom`, `dc`, Media RSS 1.5.1, and RFC 5005 for archives.
//!
//! Readers show RSS titles raw, so a title is plain text. An item has one `enclosure`; further documents are
//! `media:content`. `author`, which wants an e-mail address, is not written: `dc:creator` is.

use std::collections::BTreeMap;

use chrono::DateTime;
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Enclosure, Guid, Image, Item};

use super::date::{rfc822, rfc3339};
use super::frame::{Frame, entry_in};
use super::model::{Attachment, Entry, EntryBytes, Feed, FeedFormat, Picture};
use crate::content::plain_text;
use crate::register::KnownEntry;

/// Feed Paging and Archiving (RFC 5005).
const HISTORY_NAMESPACE: &str = "http://purl.org/syndication/history/1.0";
const MEDIA_NAMESPACE: &str = "http://search.yahoo.com/mrss/";
const SPECIFICATION: &str = "https://www.rssboard.org/rss-specification";

/// How an item begins and ends.
const ITEM: (&[u8], &[u8]) = (b"\n    <item>", b"</item>");

/// What stands around the items of `feed`.
///
/// # Panics
/// Never: writing to memory does not fail.
pub(super) fn frame(feed: &Feed) -> Frame {
    // An item of no importance: with it the writer names every namespace that one may need.
    let creators = vec![String::new()];
    let item = Item {
        content: Some(String::new()),
        dublin_core_ext: Some(DublinCoreExtension { creators, ..DublinCoreExtension::default() }),
        ..Item::default()
    };
    Frame::of(&written(&channel_of(feed, item), Vec::new()), ITEM.0, ITEM.1)
}

/// The bytes of `entry` as an item of RSS 2.0.
///
/// # Panics
/// Never: writing to memory does not fail.
pub(super) fn write_entry(entry: &Entry) -> EntryBytes {
    let channel = Channel { items: vec![item_of(entry)], ..Channel::default() };
    let bytes = written(&channel, Vec::with_capacity(entry.usual_size()));
    EntryBytes::copy_from_slice(entry_in(&bytes, ITEM.0, ITEM.1))
}

fn written(channel: &Channel, into: Vec<u8>) -> Vec<u8> {
    channel.pretty_write_to(into, b' ', 2).expect("writing to memory does not fail")
}

/// The entries of an RSS feed that readers may know, whoever wrote it; `None` when it is none.
#[must_use]
pub fn known_entries(bytes: &[u8]) -> Option<Vec<KnownEntry>> {
    let channel = Channel::read_from(bytes).ok()?;
    let known = |item: &Item| KnownEntry {
        id: item.guid().map_or_else(|| item.link().unwrap_or_default(), Guid::value).trim().to_owned(),
        link: item.link().unwrap_or_default().trim().to_owned(),
        title: plain_text(item.title().unwrap_or_default()),
        published: item
            .pub_date()
            .and_then(|date| DateTime::parse_from_rfc2822(date.trim()).ok())
            .map(|at| at.to_utc()),
    };
    Some(channel.items().iter().map(known).collect())
}

fn channel_of(feed: &Feed, item: Item) -> Channel {
    let link = |(rel, href): (&str, &str)| Link {
        href: href.to_owned(),
        rel: rel.to_owned(),
        mime_type: Some(FeedFormat::Rss.media_type().to_owned()),
        ..Link::default()
    };
    let mut links = vec![link(("self", &feed.place.rss))];
    links.extend(feed.history(FeedFormat::Rss).into_iter().map(link));
    links.extend(feed.hub.iter().map(|hub| Link { href: hub.clone(), rel: "hub".to_owned(), ..Link::default() }));
    let mut namespaces = BTreeMap::from([("media".to_owned(), MEDIA_NAMESPACE.to_owned())]);
    let mut extensions = ExtensionMap::new();
    if feed.is_archive() {
        namespaces.insert("fh".to_owned(), HISTORY_NAMESPACE.to_owned());
        // A text, though an empty one, keeps the writer from putting a line break into the element.
        extensions.insert("fh".to_owned(), one("archive", element("fh:archive", "")));
    }
    Channel {
        title: feed.title.to_string(),
        link: feed.page.clone(),
        description: feed.subtitle.to_string(),
        language: Some(feed.language.code().to_owned()),
        copyright: feed.rights.as_ref().map(ToString::to_string),
        last_build_date: Some(rfc822(feed.updated)),
        generator: Some("Depeche".to_owned()),
        docs: Some(SPECIFICATION.to_owned()),
        ttl: Some(feed.ttl.num_minutes().max(1).to_string()),
        image: feed.icon.as_ref().filter(|icon| is_rss_image(icon)).map(|icon| Image {
            url: icon.clone(),
            title: feed.title.to_string(),
            link: feed.page.clone(),
            ..Image::default()
        }),
        atom_ext: Some(AtomExtension { links }),
        extensions,
        namespaces,
        items: vec![item],
        ..Channel::default()
    }
}

/// RSS 2.0 knows GIF, JPEG and PNG.
fn is_rss_image(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".gif", ".jpeg", ".jpg", ".png"].iter().any(|ending| path.ends_with(ending))
}

fn item_of(entry: &Entry) -> Item {
    let (enclosure, others) = split_enclosure(&entry.attachments);
    let mut media: Vec<_> = entry.picture.iter().map(picture).collect();
    media.extend(others.into_iter().map(document));
    let mut extensions = ExtensionMap::new();
    extensions.insert("atom".to_owned(), one("updated", element("atom:updated", &rfc3339(entry.updated))));
    if !media.is_empty() {
        extensions.insert("media".to_owned(), BTreeMap::from([("content".to_owned(), media)]));
    }
    Item {
        title: Some(entry.title.to_string()),
        link: Some(entry.link.clone()),
        description: entry.summary_html.some().map(str::to_owned),
        categories: entry
            .topics
            .iter()
            .map(|topic| Category { name: topic.label.to_string(), domain: Some(topic.page.clone()) })
            .collect(),
        enclosure,
        guid: Some(Guid { value: entry.id.to_string(), permalink: false }),
        pub_date: Some(rfc822(entry.published)),
        content: entry.content_html.some().map(str::to_owned),
        extensions,
        dublin_core_ext: Some(DublinCoreExtension {
            creators: vec![entry.author.to_string()],
            languages: entry.own_language().into_iter().map(str::to_owned).collect(),
            ..DublinCoreExtension::default()
        }),
        ..Item::default()
    }
}

/// The first document whose size is known, as the item's enclosure, and the others.
fn split_enclosure(attachments: &[Attachment]) -> (Option<Enclosure>, Vec<&Attachment>) {
    let mut enclosure = None;
    let mut others = Vec::new();
    for attachment in attachments {
        match (attachment.bytes, &enclosure) {
            (Some(bytes), None) => {
                enclosure = Some(Enclosure {
                    url: attachment.url.clone(),
                    length: bytes.to_string(),
                    mime_type: attachment.media_type.to_owned(),
                });
            }
            _ => others.push(attachment),
        }
    }
    (enclosure, others)
}

fn picture(picture: &Picture) -> Extension {
    let mut content = media_content(&picture.url, picture.media_type, "image", picture.bytes);
    if let Some((width, height)) = picture.pixels {
        content.attrs.insert("width".to_owned(), width.to_string());
        content.attrs.insert("height".to_owned(), height.to_string());
    }
    if let Some(text) = picture.alternative.some() {
        content.children = one("description", plain("media:description", text));
    }
    content
}

fn document(attachment: &Attachment) -> Extension {
    let mut content = media_content(&attachment.url, attachment.media_type, "document", attachment.bytes);
    content.children = one("title", plain("media:title", attachment.title.as_str()));
    content
}

fn media_content(url: &str, media_type: &str, medium: &str, bytes: Option<u64>) -> Extension {
    let mut attrs = BTreeMap::from([
        ("medium".to_owned(), medium.to_owned()),
        ("type".to_owned(), media_type.to_owned()),
        ("url".to_owned(), url.to_owned()),
    ]);
    if let Some(bytes) = bytes {
        attrs.insert("fileSize".to_owned(), bytes.to_string());
    }
    Extension { name: "media:content".to_owned(), attrs, ..Extension::default() }
}

fn plain(name: &str, text: &str) -> Extension {
    let attrs = BTreeMap::from([("type".to_owned(), "plain".to_owned())]);
    Extension { attrs, ..element(name, text) }
}

fn element(name: &str, text: &str) -> Extension {
    Extension { name: name.to_owned(), value: Some(text.to_owned()), ..Extension::default() }
}

fn one(local_name: &str, element: Extension) -> BTreeMap<String, Vec<Extension>> {
    BTreeMap::from([(local_name.to_owned(), vec![element])])
}

/// The channel a reader finds in `bytes`.
#[cfg(test)]
pub(super) fn read(bytes: &[u8]) -> Channel {
    Channel::read_from(bytes).unwrap()
}
