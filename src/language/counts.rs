//! Numbers of things, as commands and the greeting say them.

use super::Language;

/// Things that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Releases.
    Releases,
    /// Categories.
    Categories,
    /// Tags.
    Tags,
    /// Feeds.
    Feeds,
    /// Errors in releases.
    Errors,
    /// Warnings about releases.
    Warnings,
    /// Notes on releases.
    Notes,
    /// Files.
    Files,
    /// What keeps the daemon from working.
    Problems,
}

/// `1 communiqué`, `2 releases`.
///
/// ```
/// use depeche::language::{Counted, Language, counted};
///
/// assert_eq!(counted(0, Counted::Errors, Language::French), "0 erreur");
/// assert_eq!(counted(0, Counted::Errors, Language::English), "0 errors");
/// assert_eq!(counted(1, Counted::Categories, Language::English), "1 category");
/// ```
#[must_use]
pub fn counted(number: usize, thing: Counted, language: Language) -> String {
    let (french, english) = match thing {
        Counted::Releases => (["communiqué", "communiqués"], ["release", "releases"]),
        Counted::Categories => (["catégorie", "catégories"], ["category", "categories"]),
        Counted::Tags => (["sujet", "sujets"], ["tag", "tags"]),
        Counted::Feeds => (["flux", "flux"], ["feed", "feeds"]),
        Counted::Errors => (["erreur", "erreurs"], ["error", "errors"]),
        Counted::Warnings => (["avertissement", "avertissements"], ["warning", "warnings"]),
        Counted::Notes => (["remarque", "remarques"], ["note", "notes"]),
        Counted::Files => (["fichier", "fichiers"], ["file", "files"]),
        Counted::Problems => (["problème", "problèmes"], ["problem", "problems"]),
    };
    let word = match language {
        Language::French => french[usize::from(number > 1)],
        Language::English => english[usize::from(number != 1)],
    };
    format!("{number} {word}")
}
