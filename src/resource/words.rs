//! Domain values as the words and addresses that pages and letters show.

use chrono::{DateTime, NaiveTime, SecondsFormat, Utc};

use crate::catalog::{Live, Published};
use crate::domain::{Document, DocumentState, FileKind, Image, PDF, PressContact, SafeHtml, Target, Taxonomy, Topic};
use crate::feed::FeedSite;
use crate::language::{Language, date_words, file_size, instant_words, say};
use crate::template::{Contact, DocumentLink, Link, Picture, Stamp, Telephone};

/// How values are worded: in which language, and with which addresses.
#[derive(Debug, Clone, Copy)]
pub struct Wording<'a> {
    site: &'a FeedSite,
    language: Language,
    absolute: bool,
}

impl<'a> Wording<'a> {
    /// For the site's pages: its language, addresses relative to the host.
    #[must_use]
    pub fn of_pages(site: &'a FeedSite) -> Self {
        Self { site, language: site.language, absolute: false }
    }

    /// For letters in `language`: every address absolute.
    #[must_use]
    pub fn of_letters(site: &'a FeedSite, language: Language) -> Self {
        Self { site, language, absolute: true }
    }

    /// The address of a path below the site's. Releases may stand on another site; feeds and uploads never do.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        match &self.site.releases_url {
            Some(elsewhere) if !path.starts_with("/uploads/") => elsewhere.join(path),
            _ => self.own_address(path),
        }
    }

    /// The address of a path that Depeche itself serves.
    #[must_use]
    pub fn own_address(&self, path: &str) -> String {
        if self.absolute { self.site.url.join(path) } else { format!("{}{path}", self.site.url.path()) }
    }

    /// A sanitised fragment with its addresses in place.
    #[must_use]
    pub fn html(&self, html: &SafeHtml) -> String {
        html.map_addresses(|path| self.address(path))
    }

    /// A day, and the hour unless it is midnight: then the file gave a day only.
    #[must_use]
    pub fn stamp(&self, instant: DateTime<Utc>) -> Stamp {
        let local = instant.with_timezone(&self.site.timezone);
        let words = if local.time() == NaiveTime::MIN {
            date_words(local.date_naive(), self.language)
        } else {
            instant_words(&local, self.language)
        };
        Stamp { machine: local.to_rfc3339_opts(SecondsFormat::Secs, true), words }
    }

    /// The words of a topic.
    #[must_use]
    pub fn topic(&self, live: &Live, topic: &Topic) -> String {
        match topic {
            Topic::All => say(self.language, "feed.all", &[]),
            Topic::Category(slug) | Topic::Tag(slug) => live.topic_label(topic).unwrap_or(slug.as_str()).to_owned(),
        }
    }

    /// A release's topics of one taxonomy and their pages.
    #[must_use]
    pub fn topics(&self, live: &Live, published: &Published, taxonomy: Taxonomy) -> Vec<Link> {
        let of_taxonomy = |topic: &Topic| match topic {
            Topic::All => false,
            Topic::Category(_) => taxonomy == Taxonomy::Category,
            Topic::Tag(_) => taxonomy == Taxonomy::Tag,
        };
        live.topics_of(&published.id)
            .filter(|entry| of_taxonomy(&entry.topic))
            .map(|entry| Link::new(entry.label.as_str(), self.own_address(&format!("/feeds/{}/", entry.topic.path()))))
            .collect()
    }

    /// A document as it is offered; one that is missing is named without an address.
    #[must_use]
    pub fn document(&self, document: &Document) -> DocumentLink {
        let target = || self.target(&document.target);
        let (address, size) = match document.state {
            DocumentState::Present { bytes, .. } => (Some(target()), Some(file_size(bytes, self.language))),
            DocumentState::Missing => (None, None),
            DocumentState::Elsewhere => (Some(target()), None),
        };
        DocumentLink { title: document.title.clone(), address, kind: kind_words(document), size }
    }

    fn target(&self, target: &Target) -> String {
        match target {
            Target::Upload(path) => self.own_address(&path.address()),
            Target::External(address) => address.clone(),
        }
    }

    /// An image.
    #[must_use]
    pub fn picture(&self, image: &Image) -> Picture {
        let size = image.facts.as_ref().and_then(|facts| match facts.kind {
            FileKind::Image { width, height } => Some((width, height)),
            FileKind::Pdf | FileKind::Other => None,
        });
        Picture {
            src: self.target(&image.target),
            alt: image.alternative.clone(),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            caption: image.caption.clone(),
        }
    }

    /// A press contact.
    #[must_use]
    pub fn contact(&self, contact: &PressContact) -> Contact {
        Contact {
            name: contact.name.clone(),
            telephones: contact.telephones.iter().map(Telephone::new).collect(),
            email: contact.email.as_ref().map(ToString::to_string),
        }
    }
}

/// A document's type in a word: its file's ending, in capitals.
fn kind_words(document: &Document) -> String {
    if document.target.media_type() == PDF {
        return "PDF".to_owned();
    }
    let address = document.target.address();
    let name = address.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= 5) {
        Some(ending) => ending.to_uppercase(),
        None => document.target.media_type().to_owned(),
    }
}
