//! The front page and a release's own page.

use serde::Serialize;

use super::super::engine::Page;
use super::super::parts::{Contact, DocumentLink, FeedAddresses, Link, Picture, Stamp};
use super::super::samples;
use super::Layout;
use crate::language::Language;

/// A release in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseCard {
    /// Plain text.
    pub title: String,
    /// Its page.
    pub address: String,
    /// Its date.
    pub date: Stamp,
    /// Sanitised HTML.
    pub chapeau_html: String,
    /// Its categories and their pages.
    pub categories: Vec<Link>,
    /// Its tags and their pages.
    pub tags: Vec<Link>,
    /// Its lead image.
    pub image: Option<Picture>,
    /// Its documents.
    pub documents: Vec<DocumentLink>,
}

impl ReleaseCard {
    /// A card with everything.
    fn sample(language: Language) -> Self {
        Self {
            title: samples::title(language),
            address: "/presse/communiques/pont/".to_owned(),
            date: samples::stamp(language, 23),
            chapeau_html: samples::chapeau(language),
            categories: vec![Link::new("Communiqués", "/presse/feeds/category/communiques/")],
            tags: vec![
                Link::new("ponts & routes", "/presse/feeds/tag/ponts-routes/"),
                Link::new("été", "/presse/feeds/tag/ete/"),
            ],
            image: Some(samples::picture(language)),
            documents: samples::documents(language),
        }
    }

    /// A full card, one without anything that may be absent, and one between.
    pub(super) fn samples(language: Language) -> Vec<Self> {
        let full = Self::sample(language);
        let bare = Self {
            title: samples::pick(language, "Le Giffre retrouve ses truites", "Trout are back in the Giffre"),
            date: samples::stamp(language, 20),
            categories: Vec::new(),
            tags: Vec::new(),
            image: None,
            documents: Vec::new(),
            ..full.clone()
        };
        let between = Self {
            title: samples::pick(language, "Cent bateliers formés en un an", "A hundred boatmen trained in a year"),
            date: samples::stamp(language, 12),
            image: Some(samples::picture_without_size(language)),
            ..full.clone()
        };
        vec![full, bare, between]
    }
}

/// The front page: the newest releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrontPage {
    /// The frame.
    pub layout: Layout,
    /// Newest first.
    pub releases: Vec<ReleaseCard>,
    /// The feed of everything.
    pub feed: FeedAddresses,
    /// Always 1: the pages after it are those of the feed of everything.
    pub number: u64,
    /// How many pages the releases fill.
    pub pages: u64,
}

impl Page for FrontPage {
    const TEMPLATE: &'static str = "page/front.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let layout = Layout { title: String::new(), ..Layout::sample(language, "") };
        let feed = samples::feed(language);
        vec![
            Self {
                layout: Layout { older: Some("/presse/feeds/all/page/2/".to_owned()), ..layout.clone() },
                releases: ReleaseCard::samples(language),
                feed: feed.clone(),
                number: 1,
                pages: 2,
            },
            Self {
                layout: Layout { site_description: String::new(), ..layout },
                releases: Vec::new(),
                feed,
                number: 1,
                pages: 1,
            },
        ]
    }
}

/// A release, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleasePage {
    /// The frame.
    pub layout: Layout,
    /// Plain text.
    pub title: String,
    /// The release's own language, when it is not the page's: its BCP 47 tag.
    pub own_lang: Option<String>,
    /// Its date.
    pub date: Stamp,
    /// Its last significant change, when that was after its date.
    pub updated: Option<Stamp>,
    /// What was corrected, when something was.
    pub correction: Option<String>,
    /// Its categories and their pages.
    pub categories: Vec<Link>,
    /// Its tags and their pages.
    pub tags: Vec<Link>,
    /// Sanitised HTML; empty when the body begins with the same text.
    pub chapeau_html: String,
    /// The lead image first.
    pub images: Vec<Picture>,
    /// Sanitised HTML; may be empty.
    pub body_html: String,
    /// Its documents.
    pub documents: Vec<DocumentLink>,
    /// Whom journalists may call.
    pub contact: Option<Contact>,
    /// What search engines read: JSON-LD that is safe inside a `script` element.
    pub json_ld: String,
}

impl Page for ReleasePage {
    const TEMPLATE: &'static str = "page/release.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let card = ReleaseCard::sample(language);
        let full = Self {
            layout: Layout { title: card.title.clone(), ..Layout::sample(language, "/communiques/pont/") },
            title: card.title,
            own_lang: None,
            date: card.date.clone(),
            updated: Some(samples::stamp(language, 26)),
            correction: Some(samples::pick(language, "La date d’ouverture est le 4 mai.", "It opens on 4 May.")),
            categories: card.categories,
            tags: card.tags,
            chapeau_html: card.chapeau_html,
            images: card.image.into_iter().chain([samples::picture_without_size(language)]).collect(),
            body_html: samples::body(language),
            documents: samples::documents(language),
            contact: Some(samples::contact(language)),
            json_ld: r#"{"@context":"https://schema.org","@type":"NewsArticle","headline":"3 \u003c 5"}"#.to_owned(),
        };
        let bare = Self {
            own_lang: Some("en".to_owned()),
            updated: None,
            correction: None,
            categories: Vec::new(),
            tags: Vec::new(),
            images: Vec::new(),
            body_html: String::new(),
            documents: Vec::new(),
            contact: None,
            ..full.clone()
        };
        let email_only = Contact { name: None, telephones: Vec::new(), ..samples::contact(language) };
        let chapeau_in_body = Self { chapeau_html: String::new(), contact: Some(email_only), ..full.clone() };
        vec![full, bare, chapeau_in_body]
    }
}
