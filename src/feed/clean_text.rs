//! Text that every format can carry: the one place where characters are dropped.
//!
//! Out go the characters XML 1.0 §2.2 does not know, U+007F to U+009F, which it discourages and validators refuse, and
//! carriage returns, which its parsers turn into line feeds (§2.11). Escaping is the writers' part.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;

use crate::domain::{ByteSet, character_reference, is_unsuspicious};

/// Text of characters that are legal in XML 1.0 and in no need of a second look.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct CleanText(String);

impl CleanText {
    /// Text of several lines, or HTML.
    #[must_use]
    pub fn new(text: impl Into<String> + AsRef<str>) -> Self {
        if is_unsuspicious(text.as_ref()) {
            return Self(text.into());
        }
        let text = text.as_ref();
        let unified = text.replace("\r\n", "\n").replace('\r', "\n");
        Self(unified.chars().filter(|&c| is_legal(c)).collect())
    }

    /// Text of one line: runs of spaces and line breaks become one space; non-breaking spaces stay but at the ends.
    #[must_use]
    pub fn line(text: &str) -> Self {
        let clean = Self::new(text);
        let words = clean.0.split(is_breaking_space).filter(|word| !word.is_empty());
        Self(words.collect::<Vec<_>>().join(" ").trim().to_owned())
    }

    /// HTML: as [`CleanText::new`], and without `]]>`, which would end the section that RSS puts HTML into.
    #[must_use]
    pub fn html(html: impl Into<String> + AsRef<str>) -> Self {
        let clean = Self::new(html);
        if memmem::find(clean.0.as_bytes(), b"]]>").is_some() { Self(clean.0.replace("]]>", "]]&gt;")) } else { clean }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This text, or `other` when nothing is left of it.
    #[must_use]
    pub fn or(self, other: &str) -> Self {
        if self.is_empty() { Self::line(other) } else { self }
    }

    /// The text, when there is any.
    #[must_use]
    pub fn some(&self) -> Option<&str> {
        (!self.is_empty()).then_some(&self.0)
    }
}

impl fmt::Display for CleanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `text` for use between tags and between double quotes.
pub(super) fn escape(text: &str) -> String {
    static SPECIAL: ByteSet = ByteSet::of(b"&<>\"");
    SPECIAL.rewritten(text, character_reference).into_owned()
}

/// `text` for use between tags alone: quotes stand for themselves there.
pub(super) fn escape_text(text: &str) -> Cow<'_, str> {
    static SPECIAL: ByteSet = ByteSet::of(b"&<>");
    SPECIAL.rewritten(text, character_reference)
}

/// XML 1.0 `Char` without U+007F to U+009F.
fn is_legal(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

fn is_breaking_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn illegal_characters_go_and_the_rest_stays() {
        let text = "a\u{0}\u{8}\u{b}\u{1f}\u{7f}\u{85}\u{9f}\u{fffe}\u{ffff}b\tc\r\nd\re\u{a0}\u{1f600}\u{10ffff}";
        assert_eq!(CleanText::new(text).as_str(), "ab\tc\nd\ne\u{a0}\u{1f600}\u{10ffff}");
    }

    #[test]
    fn a_line_has_single_spaces_and_keeps_those_that_do_not_break() {
        assert_eq!(CleanText::line(" Un\u{a0}: \r\n deux\u{2028}trois \u{b}").as_str(), "Un\u{a0}: deux trois");
        assert_eq!(CleanText::line(" \u{1} ").or("x").as_str(), "x");
        assert_eq!(CleanText::line("\u{a0} \u{a0}").or("x").as_str(), "x");
    }

    #[test]
    fn html_never_ends_a_section() {
        assert_eq!(CleanText::html("<p>a]]\u{0}>b]]></p>").as_str(), "<p>a]]&gt;b]]&gt;</p>");
    }
}
