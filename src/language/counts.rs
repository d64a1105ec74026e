//! Numbers of things, as commands and the greeting say them.

use super::Language;

/// A number with its thousands apart.
///
/// ```
/// use depeche::language::{Language, grouped};
///
/// assert_eq!(grouped(1_234_567, Language::English), "1,234,567");
/// assert_eq!(grouped(1_000, Language::French), "1\u{202f}000");
/// assert_eq!(grouped(999, Language::French), "999");
/// ```
#[must_use]
pub fn grouped(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let separator = match language {
        Language::French => '\u{202f}',
        Language::English => ',',
    };
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

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
    format!("{} {word}", grouped(number as u64, language))
}
