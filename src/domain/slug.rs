//! The part of an address that names a topic or a release: lower-case ASCII letters, digits and single hyphens.

use std::fmt;
use std::str::FromStr;

use super::Digest;

/// A slug such as `startup-d-etat`: `[a-z0-9]+(-[a-z0-9]+)*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

/// Why a text is not a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a slug: only a-z, 0-9 and single hyphens between them")]
pub struct SlugError(String);

/// Longest slug made from a text, in bytes: with its folders it still fits in every file system's 255 bytes.
const LONGEST: usize = 120;

impl Slug {
    /// Makes a slug from words: NFC, transliterated to ASCII, lower case, every other run of characters a hyphen.
    /// Returns `None` when nothing is left.
    #[must_use]
    pub fn from_words(words: &str) -> Option<Self> {
        let composed = super::composed(words);
        let ascii = deunicode::deunicode_with_tofu(&composed, " ").to_lowercase();
        let mut slug = String::with_capacity(ascii.len());
        for c in ascii.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            if slug.len() >= LONGEST {
                break;
            }
        }
        let slug = slug.trim_end_matches('-');
        (!slug.is_empty()).then(|| Self(slug.to_owned()))
    }

    /// The slug of a label; one without any letter or digit gets `topic-` and six digits of its hash.
    #[must_use]
    pub fn of_label(words: &str) -> Self {
        Self::from_words(words).unwrap_or_else(|| Self(format!("topic-{}", Digest::of(words.as_bytes()).short(6))))
    }

    /// This slug with a number, for the second label and those after it that would share one.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        Self(format!("{}-{number}", self.0))
    }

    /// The slug's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let right = text
            .split('-')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        if right { Ok(Self(text.to_owned())) } else { Err(SlugError(text.to_owned())) }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str, expected: &str) {
        let slug = Slug::of_label(words);
        assert_eq!(slug.as_str(), expected);
        assert_eq!(slug.as_str().parse(), Ok(slug));
    }

    #[test]
    fn words_become_ascii() {
        check("startup d'État", "startup-d-etat");
        check("startup d’E\u{301}tat", "startup-d-etat");
        check("Œuvre & cætera", "oeuvre-caetera");
        check("  IA  ", "ia");
        check("2030 : l'an 1", "2030-l-an-1");
    }

    #[test]
    fn a_label_without_letters_gets_its_hash() {
        let slug = Slug::of_label("§§");
        assert!(slug.as_str().len() > 2, "{slug}");
        assert!(Slug::of_label("\u{2028}").as_str().starts_with("topic-"));
    }

    #[test]
    fn long_words_are_cut() {
        assert!(Slug::of_label(&"abc ".repeat(200)).as_str().len() <= LONGEST);
    }

    #[test]
    fn what_is_not_a_slug_is_refused() {
        for bad in ["", "-", "a--b", "A", "é", "a-", "a/b", "a.b"] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_give_a_slug(words in "\\PC*") {
            let slug = Slug::of_label(&words);
            assert_eq!(slug.as_str().parse(), Ok(slug));
        }
    }
}
