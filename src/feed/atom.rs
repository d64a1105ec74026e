//! Atom 1.0 (RFC 4287), with Media RSS 1.5.1 for the lead image and RFC 5005 for archives.
//!
//! A document whose size is known is an `enclosure`; one on another site is `related`, because its length would be a
//! guess.

use std::collections::BTreeMap;

use atom_syndication as syndication;
use syndication::extension::{Extension, ExtensionMap};
use syndication::{Category, Content, Generator, Link, Person, Text, WriteConfig};

use super::clean_text::escape_text;
use super::frame::{Frame, entry_in};
use super::model::{AROUND_TEXTS, Attachment, Entry, EntryBytes, Feed, FeedFormat, Picture};
use crate::content::plain_text;
use crate::register::KnownEntry;

/// Feed Paging and Archiving (RFC 5005).
const HISTORY_NAMESPACE: &str = "http://purl.org/syndication/history/1.0";
const MEDIA_NAMESPACE: &str = "http://search.yahoo.com/mrss/";

/// Named in full, because the library leaves the encoding out.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// How an entry begins and ends.
const ENTRY: (&[u8], &[u8]) = (b"\n  <entry>", b"</entry>");

/// How an entry's text ends. The library writes nothing behind it where this may stand: every `<` of a text is escaped.
const CONTENT: &[u8] = b"</content>";

/// What says that a document is an archive (RFC 5005 §4).
const ARCHIVE: &[u8] = b"\n  <fh:archive/>";

/// How far children stand to the right.
const INDENT: usize = 2;

/// What stands around the entries of `feed`.
///
/// # Panics
/// Never: writing to memory does not fail.
pub(super) fn frame(feed: &Feed) -> Frame {
    let mut bytes = written(&atom_of(feed, syndication::Entry::default()), DECLARATION.as_bytes().to_vec());
    if feed.is_archive() {
        // The library writes extensions behind the entries, where the schema of RFC 4287 allows nothing. Every `<` of a
        // text is escaped, so this is where the entry begins.
        let entry = bytes.windows(ENTRY.0.len()).position(|window| window == ENTRY.0).unwrap_or(bytes.len());
        bytes.splice(entry..entry, ARCHIVE.iter().copied());
    }
    Frame::of(&bytes, ENTRY.0, ENTRY.1)
}

/// The bytes of `entry` as an entry of Atom 1.0.
///
/// # Panics
/// Never: writing to memory does not fail.
pub(super) fn write_entry(entry: &Entry) -> EntryBytes {
    let feed = syndication::Feed { entries: vec![entry_of(entry)], ..syndication::Feed::default() };
    let bytes = written(&feed, Vec::with_capacity(AROUND_TEXTS));
    let bytes = entry_in(&bytes, ENTRY.0, ENTRY.1);
    // The library copies a text some five times on its way, and it is nearly all there is of an entry.
    let content = escape_text(entry.content_html.as_str());
    match bytes.windows(CONTENT.len()).rposition(|window| window == CONTENT) {
        Some(at) => [&bytes[..at], content.as_bytes(), &bytes[at..]].concat().into(),
        None => EntryBytes::copy_from_slice(bytes),
    }
}

fn written(feed: &syndication::Feed, before: Vec<u8>) -> Vec<u8> {
    let config = WriteConfig { write_document_declaration: false, indent_size: Some(INDENT) };
    feed.write_with_config(before, config).expect("writing to memory does not fail")
}

/// The entries of an Atom feed that readers may know, whoever wrote it; `None` when it is none.
#[must_use]
pub fn known_entries(bytes: &[u8]) -> Option<Vec<KnownEntry>> {
    let feed = syndication::Feed::read_from(bytes).ok()?;
    let link = |entry: &syndication::Entry| {
        let page = entry.links().iter().find(|link| link.rel() == "alternate").or(entry.links().first());
        page.map(|link| link.href().trim().to_owned()).unwrap_or_default()
    };
    let known = |entry: &syndication::Entry| KnownEntry {
        id: entry.id().trim().to_owned(),
        link: link(entry),
        title: plain_text(entry.title().as_str()),
        published: Some(entry.published().unwrap_or(entry.updated()).to_utc()),
    };
    Some(feed.entries().iter().map(known).collect())
}

fn atom_of(feed: &Feed, entry: syndication::Entry) -> syndication::Feed {
    let mut links = vec![
        link("self", &feed.place.atom, Some(FeedFormat::Atom.media_type())),
        link("alternate", &feed.page, Some("text/html")),
    ];
    let history = feed.history(FeedFormat::Atom);
    links.extend(history.into_iter().map(|(rel, href)| link(rel, href, Some(FeedFormat::Atom.media_type()))));
    links.extend(feed.hub.iter().map(|hub| link("hub", hub, None)));
    let mut namespaces = BTreeMap::from([("media".to_owned(), MEDIA_NAMESPACE.to_owned())]);
    if feed.is_archive() {
        namespaces.insert("fh".to_owned(), HISTORY_NAMESPACE.to_owned());
    }
    syndication::Feed {
        title: Text::plain(feed.title.as_str()),
        id: feed.id.clone(),
        updated: feed.updated,
        authors: vec![Person { name: feed.author.to_string(), uri: Some(feed.home.clone()), ..Person::default() }],
        generator: Some(Generator { value: "Depeche".to_owned(), ..Generator::default() }),
        icon: feed.icon.clone(),
        links,
        rights: feed.rights.as_ref().map(|rights| Text::plain(rights.as_str())),
        subtitle: Some(Text::plain(feed.subtitle.as_str())),
        entries: vec![entry],
        namespaces,
        lang: Some(feed.language.code().to_owned()),
        ..syndication::Feed::default()
    }
}

fn entry_of(entry: &Entry) -> syndication::Entry {
    let lang = entry.own_language().map(str::to_owned);
    let mut links = vec![link("alternate", &entry.link, Some("text/html"))];
    links.extend(entry.attachments.iter().map(document));
    let mut extensions = ExtensionMap::new();
    if let Some(shown) = &entry.picture {
        extensions.insert("media".to_owned(), one("content", picture(shown)));
    }
    syndication::Entry {
        title: Text { lang: lang.clone(), ..Text::plain(entry.title.as_str()) },
        id: entry.id.to_string(),
        updated: entry.updated,
        categories: entry
            .topics
            .iter()
            .map(|topic| Category {
                term: topic.slug.to_string(),
                scheme: Some(topic.page.clone()),
                label: Some(topic.label.to_string()),
            })
            .collect(),
        links,
        published: Some(entry.published),
        summary: entry.summary_html.some().map(|html| Text { lang: lang.clone(), ..Text::html(html) }),
        content: entry.content_html.some().map(|_| Content {
            lang,
            // Put in afterwards.
            value: Some(String::new()),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        extensions,
        ..syndication::Entry::default()
    }
}

fn link(rel: &str, href: &str, media_type: Option<&str>) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), mime_type: media_type.map(str::to_owned), ..Link::default() }
}

fn document(attachment: &Attachment) -> Link {
    let rel = if attachment.bytes.is_some() { "enclosure" } else { "related" };
    Link {
        title: attachment.title.some().map(str::to_owned),
        length: attachment.bytes.map(|bytes| bytes.to_string()),
        ..link(rel, &attachment.url, Some(attachment.media_type))
    }
}

fn picture(picture: &Picture) -> Extension {
    let mut attrs = BTreeMap::from([
        ("medium".to_owned(), "image".to_owned()),
        ("type".to_owned(), picture.media_type.to_owned()),
        ("url".to_owned(), picture.url.clone()),
    ]);
    if let Some(bytes) = picture.bytes {
        attrs.insert("fileSize".to_owned(), bytes.to_string());
    }
    if let Some((width, height)) = picture.pixels {
        attrs.insert("width".to_owned(), width.to_string());
        attrs.insert("height".to_owned(), height.to_string());
    }
    let description = picture.alternative.some().map(|text| Extension {
        name: "media:description".to_owned(),
        value: Some(text.to_owned()),
        attrs: BTreeMap::from([("type".to_owned(), "plain".to_owned())]),
        children: BTreeMap::new(),
    });
    Extension {
        name: "media:content".to_owned(),
        value: None,
        attrs,
        children: description.map(|description| one("description", description)).unwrap_or_default(),
    }
}

fn one(local_name: &str, element: Extension) -> BTreeMap<String, Vec<Extension>> {
    BTreeMap::from([(local_name.to_owned(), vec![element])])
}

/// The feed a reader finds in `bytes`.
#[cfg(test)]
pub(super) fn read(bytes: &[u8]) -> syndication::Feed {
    syndication::Feed::read_from(bytes).unwrap()
}
