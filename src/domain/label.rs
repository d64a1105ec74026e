//! The words of a category or tag, and when two of them mean the same topic.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::{composed, squeezed};

/// A category's or tag's words as an editor wrote them: NFC, white space collapsed, never empty. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Arc<str>);

impl Label {
    /// A label from `words`; `None` when they are only white space or control characters.
    #[must_use]
    pub fn new(words: &str) -> Option<Self> {
        let mut clean = composed(words);
        if clean.contains(char::is_control) {
            clean = clean.replace(char::is_control, " ").into();
        }
        let text = squeezed(&clean);
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// What two labels share when they are one topic: case folded, accents dropped, `’` as `'`.
    #[must_use]
    pub fn folded(&self) -> String {
        if self.0.is_ascii() {
            return self.0.to_ascii_lowercase();
        }
        let plain: String = self.0.nfd().filter(|c| !is_combining_mark(*c)).collect();
        plain.to_lowercase().replace('’', "'").replace("ß", "ss").nfc().collect()
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_topic_fold_together() {
        let fold = |words: &str| Label::new(words).unwrap().folded();
        assert_eq!(fold("Startup  d’État"), fold("startup d'etat"));
        assert_ne!(fold("IA"), fold("I A"));
    }

    #[test]
    fn empty_words_are_no_label() {
        assert_eq!(Label::new(" \t\u{7}"), None);
        assert_eq!(Label::new(" Open \n data ").unwrap().as_str(), "Open data");
    }
}
