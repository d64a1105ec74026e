//! The few words that feeds add to what the editors wrote.

use super::Language;

/// What a feed is about, in an editor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedSubject<'a> {
    /// Every release.
    All,
    /// The releases of the category with this label.
    Category(&'a str),
    /// The releases with the tag of this label.
    Tag(&'a str),
}

/// The title of a feed on `subject`: the site's, and the category or tag in words.
#[must_use]
pub fn feed_title(site: &str, subject: FeedSubject<'_>, language: Language) -> String {
    match (subject, language) {
        (FeedSubject::All, _) => site.to_owned(),
        (FeedSubject::Category(label), Language::French) => format!("{site} – catégorie «\u{a0}{label}\u{a0}»"),
        (FeedSubject::Category(label), Language::English) => format!("{site} – category “{label}”"),
        (FeedSubject::Tag(label), Language::French) => format!("{site} – mot-clé «\u{a0}{label}\u{a0}»"),
        (FeedSubject::Tag(label), Language::English) => format!("{site} – tag “{label}”"),
    }
}

/// One sentence below a feed's title.
#[must_use]
pub fn feed_subtitle(subject: FeedSubject<'_>, language: Language) -> String {
    match (subject, language) {
        (FeedSubject::All, Language::French) => "Tous les communiqués de presse".to_owned(),
        (FeedSubject::All, Language::English) => "All press releases".to_owned(),
        (FeedSubject::Category(label), Language::French) => {
            format!("Les communiqués de presse de la catégorie «\u{a0}{label}\u{a0}»")
        }
        (FeedSubject::Category(label), Language::English) => format!("Press releases in the category “{label}”"),
        (FeedSubject::Tag(label), Language::French) => {
            format!("Les communiqués de presse portant le mot-clé «\u{a0}{label}\u{a0}»")
        }
        (FeedSubject::Tag(label), Language::English) => format!("Press releases with the tag “{label}”"),
    }
}

/// The headings and remarks around a release's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryWords {
    /// Before what a correction changed, with its punctuation.
    pub correction: &'static str,
    /// Above the list of documents.
    pub documents: &'static str,
    /// After a document that is not there.
    pub missing: &'static str,
    /// Above the press contact.
    pub press_contact: &'static str,
    /// Before a telephone number, with its punctuation and space.
    pub telephone: &'static str,
    /// Before an e-mail address, with its punctuation and space.
    pub email: &'static str,
}

/// The headings and remarks of a release written in `language`.
#[must_use]
pub const fn entry_words(language: Language) -> EntryWords {
    match language {
        Language::French => EntryWords {
            correction: "Correction\u{a0}:",
            documents: "Documents",
            missing: "document non disponible",
            press_contact: "Contact presse",
            telephone: "Tél.\u{a0}: ",
            email: "Courriel\u{a0}: ",
        },
        Language::English => EntryWords {
            correction: "Correction:",
            documents: "Documents",
            missing: "document not available",
            press_contact: "Press contact",
            telephone: "Tel.: ",
            email: "E-mail: ",
        },
    }
}
