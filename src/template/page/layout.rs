//! What every public page shares: head, header, navigation, footer.

use serde::Serialize;

use super::super::parts::{FeedAddresses, PrivacyNotice, tag};
use super::super::samples;
use crate::language::Language;

/// The frame of a public page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// The page's language.
    #[serde(rename = "lang", serialize_with = "tag")]
    pub language: Language,
    /// The site's title.
    pub site_title: String,
    /// The site's description; may be empty.
    pub site_description: String,
    /// The site's path below its host: empty, or `/presse`. Navigation and stylesheet lie below it; addresses in other
    /// contexts are complete.
    pub root: String,
    /// The page's own title, without the site's; empty on the front page.
    pub title: String,
    /// What search engines and shared links show below the title.
    pub description: Option<String>,
    /// The page's own public address, absolute.
    pub canonical: Option<String>,
    /// The page of newer releases, when this one is a page of a list.
    pub newer: Option<String>,
    /// The page of older releases.
    pub older: Option<String>,
    /// The absolute address of the picture that shared links show.
    pub picture: Option<String>,
    /// Feeds that readers find on this page.
    pub feeds: Vec<FeedAddresses>,
    /// Whether search engines are asked to stay away: pages with a token.
    pub noindex: bool,
    /// Who keeps the data of subscribers.
    pub privacy: PrivacyNotice,
}

impl Layout {
    /// The frame of a sample page at `path` below the site's address.
    pub(super) fn sample(language: Language, path: &str) -> Self {
        Self {
            language,
            site_title: samples::pick(language, "Espace presse", "Press room"),
            site_description: samples::pick(
                language,
                "Les communiqués du ministère des Fleuves & des Rivières",
                "News from the Ministry of Rivers & Streams",
            ),
            root: "/presse".to_owned(),
            title: samples::pick(language, "Une page", "A page"),
            description: Some(samples::pick(language, "Ce que dit cette page.", "What this page says.")),
            canonical: Some(format!("https://example.org/presse{path}")),
            newer: None,
            older: None,
            picture: Some("https://example.org/presse/uploads/pont.jpg".to_owned()),
            feeds: vec![samples::feed(language)],
            noindex: false,
            privacy: samples::privacy(language),
        }
    }
}
