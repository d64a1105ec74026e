//! The words of pages and letters: a key names a text, `fr.toml` and `en.toml` hold it in each language.
//!
//! A text may hold places for arguments, `{name}`. A text that depends on a count stands under two keys, `….one` and
//! `….other`. Dates, sizes and the texts of diagnostics are made elsewhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Language, grouped};

/// Key → text, in one language.
type Words = BTreeMap<String, String>;

static FRENCH: LazyLock<Words> = LazyLock::new(|| read(include_str!("fr.toml")));
static ENGLISH: LazyLock<Words> = LazyLock::new(|| read(include_str!("en.toml")));

/// The text of `key`, as it stands in the file; `None` when there is no such key.
#[must_use]
pub fn word(language: Language, key: &str) -> Option<&'static str> {
    words(language).get(key).map(String::as_str)
}

/// Every key there is, in order.
pub fn keys(language: Language) -> impl Iterator<Item = &'static str> {
    words(language).keys().map(String::as_str)
}

/// The text of `key` with `arguments` in their places; the key itself when there is no such text.
///
/// ```
/// use depeche::language::{Language, say};
///
/// assert_eq!(say(Language::English, "mail.correction.subject", &[("title", "A bridge")]), "Correction: A bridge");
/// assert_eq!(say(Language::English, "no-such-key", &[]), "no-such-key");
/// ```
#[must_use]
pub fn say(language: Language, key: &str, arguments: &[(&str, &str)]) -> String {
    fill(word(language, key).unwrap_or(key), arguments)
}

/// The text of `key.one` or `key.other`, as `count` asks, with `count` in the place `{count}`.
///
/// French counts nothing as one, English as many.
#[must_use]
pub fn say_count(language: Language, key: &str, count: u64) -> String {
    let one = match language {
        Language::French => count < 2,
        Language::English => count == 1,
    };
    say(language, &format!("{key}.{}", if one { "one" } else { "other" }), &[("count", &grouped(count, language))])
}

/// What an edition's state, by its code (`waiting`), is called.
#[must_use]
pub fn edition_state(language: Language, code: &str) -> String {
    say(language, &format!("edition-state.{code}"), &[])
}

/// What an edition of the kind with this code (`digest`) is called.
#[must_use]
pub fn edition_kind(language: Language, code: &str) -> String {
    say(language, &format!("edition-kind.{code}"), &[])
}

/// Why an edition is held, as a sentence: `code` and `detail` are the stored parts of the reason
/// (`document-missing` and titles a line each, `many-at-once` and a count).
#[must_use]
pub fn hold_reason(language: Language, code: &str, detail: &str) -> String {
    let detail = detail.lines().collect::<Vec<_>>().join(word(language, "list-separator").unwrap_or(", "));
    say(language, &format!("hold-reason.{code}"), &[("detail", &detail)])
}

/// Why somebody did not receive an edition: `code` is the reason's name, `detail` what belongs to it. The code `heading`
/// stands above a list of them.
#[must_use]
pub fn missed_edition(language: Language, code: &str, detail: &str) -> String {
    say(language, &format!("missed.{code}"), &[("detail", detail)])
}

/// The words of a language.
fn words(language: Language) -> &'static Words {
    match language {
        Language::French => &FRENCH,
        Language::English => &ENGLISH,
    }
}

/// Puts each argument in its place, from left to right, so that an argument's own text is never looked at again.
fn fill(text: &str, arguments: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let place = after.find('}').map(|close| (&after[..close], &after[close + 1..]));
        let argument = place.and_then(|(name, _)| arguments.iter().find(|(known, _)| *known == name));
        if let (Some((_, following)), Some((_, value))) = (place, argument) {
            out.push_str(value);
            rest = following;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Reads a file of words: tables within tables, whose names joined by dots are the keys. What is no text is no word.
fn read(file: &str) -> Words {
    let table: toml::Table = file.parse().expect("the words are compiled in, and a test reads them");
    let mut words = Words::new();
    flatten("", table, &mut words);
    words
}

/// Adds what `table` holds, `prefix` before each key.
fn flatten(prefix: &str, table: toml::Table, words: &mut Words) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, words),
            toml::Value::String(text) => {
                words.insert(key, text);
            }
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_places() {
        let places = |text: &str| -> Vec<String> {
            let mut found: Vec<_> = text
                .split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}'))
                .map(|(name, _)| name.to_owned())
                .collect();
            found.sort();
            found
        };
        let french: Vec<_> = keys(Language::French).collect();
        let english: Vec<_> = keys(Language::English).collect();
        assert_eq!(french, english);
        for key in french {
            let (french, english) = (&FRENCH[key], &ENGLISH[key]);
            assert_eq!(places(french), places(english), "{key}");
            assert!(!french.trim().is_empty() && !english.trim().is_empty(), "{key}");
        }
    }

    #[test]
    fn french_double_punctuation_is_never_left_alone_on_a_line() {
        for (key, text) in FRENCH.iter() {
            for sign in [" :", " ;", " !", " ?", " »", "« "] {
                assert!(!text.contains(sign), "{key}: a plain space in `{sign}`: {text}");
            }
        }
    }

    #[test]
    fn arguments_are_not_read_again() {
        assert_eq!(fill("{a} et {b}, {c}, {", &[("a", "{b}"), ("b", "2")]), "{b} et 2, {c}, {");
    }

    #[test]
    fn counts_choose_their_text() {
        for (language, count, expected) in [
            (Language::French, 0, "0 communiqué"),
            (Language::French, 1, "1 communiqué"),
            (Language::French, 2, "2 communiqués"),
            (Language::English, 0, "0 releases"),
            (Language::English, 1, "1 release"),
        ] {
            assert_eq!(say_count(language, "releases", count), expected);
        }
    }

    #[test]
    fn reasons_show_their_detail() {
        let said = hold_reason(Language::French, "document-missing", "Dossier\nAnnexe");
        assert!(said.contains("Dossier, Annexe"), "{said}");
        assert!(hold_reason(Language::English, "many-at-once", "12").contains("12"));
    }
}
