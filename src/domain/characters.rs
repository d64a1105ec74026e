//! Quick answers about the characters of a text, so that the long way is gone only where it leads somewhere.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// Some bytes, told from the others by one look at a table.
#[derive(Debug, Clone, Copy)]
pub struct ByteSet([bool; 256]);

impl ByteSet {
    /// These `bytes`.
    #[must_use]
    pub const fn of(bytes: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut at = 0;
        while at < bytes.len() {
            set[bytes[at] as usize] = true;
            at += 1;
        }
        Self(set)
    }

    /// Whether `byte` is among them.
    #[must_use]
    pub const fn contains(&self, byte: u8) -> bool {
        self.0[byte as usize]
    }

    /// Where the first of them stands in `text`.
    #[must_use]
    pub fn first_in(&self, text: &str) -> Option<usize> {
        text.bytes().position(|byte| self.contains(byte))
    }

    /// `text` with each character that begins with one of them as `written` has it, and as it is where that is nothing.
    #[must_use]
    pub fn rewritten<'t>(&self, text: &'t str, written: impl Fn(char) -> Option<&'static str>) -> Cow<'t, str> {
        let Some(mut at) = self.first_in(text) else { return text.into() };
        let mut out = String::with_capacity(text.len() + text.len() / 8 + 16);
        let mut rest = text;
        while let Some(c) = rest[at..].chars().next() {
            let end = at + c.len_utf8();
            out.push_str(&rest[..at]);
            out.push_str(written(c).unwrap_or(&rest[at..end]));
            rest = &rest[end..];
            at = self.first_in(rest).unwrap_or(rest.len());
        }
        out.push_str(rest);
        out.into()
    }
}

/// Whether no character of `text` may be a control character but line feed and tab, a non-character, or a private one.
/// Cautious: a text that says "no" may still hold none.
#[must_use]
#[expect(clippy::needless_bitwise_bool, reason = "without branches the loops go over many bytes at once")]
pub fn is_unsuspicious(text: &str) -> bool {
    let bytes = text.as_bytes();
    // U+0080 to U+009F begin with C2 and go on below A0; U+F000 to U+FFFF begin with EF, planes 12 to 16 with F3 and F4.
    let single = bytes.iter().fold(false, |found, byte| {
        found
            | ((*byte < b' ') & (*byte != b'\n') & (*byte != b'\t'))
            | (*byte == 0x7F)
            | (*byte == 0xEF)
            | (*byte >= 0xF3)
    });
    let double = bytes
        .iter()
        .zip(bytes.iter().skip(1))
        .fold(false, |found, (byte, next)| found | ((*byte == 0xC2) & (*next < 0xA0)));
    !single && !double
}

/// `text` with each run of white space (Unicode's `White_Space`) as one space, and none at its ends.
#[must_use]
pub fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let mut add = |words: &str| {
        if !squeezed.is_empty() {
            squeezed.push(' ');
        }
        squeezed.push_str(words);
    };
    for line in lines(text) {
        let line = line.trim_ascii();
        if has_single_spaces(line) {
            add(line);
        } else {
            line.split_whitespace().for_each(&mut add);
        }
    }
    squeezed
}

/// `text` as one line of words: a control character is a space, and none turns the direction in which others are shown.
#[must_use]
pub fn one_line(text: &str) -> String {
    let kept = text.chars().filter(|c| !turns_direction(*c));
    squeezed(&kept.map(|c| if c.is_control() { ' ' } else { c }).collect::<String>())
}

/// Whether a character only turns the direction of text (Unicode's `Bidi_Control`): after one, a name may be read otherwise
/// than it is written.
#[must_use]
pub const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The parts of `text` between line feeds.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    ends.scan(0, |start, end| Some(&text[std::mem::replace(start, end + 1)..end]))
}

/// Whether `line` holds something, and no white space but single spaces. Cautious: one that says "no" may do so, too.
#[expect(clippy::needless_bitwise_bool, reason = "without branches the loops go over many bytes at once")]
fn has_single_spaces(line: &str) -> bool {
    let bytes = line.as_bytes();
    let pairs = || bytes.iter().zip(bytes.iter().skip(1));
    let is_control = bytes.iter().fold(false, |found, byte| found | ((*byte >= b'\t') & (*byte <= b'\r')));
    // Beyond ASCII: U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000.
    let is_doubled = pairs().fold(false, |found, (byte, next)| {
        found
            | ((*byte == b' ') & (*next == b' '))
            | ((*byte == 0xC2) & ((*next == 0x85) | (*next == 0xA0)))
            | ((*byte == 0xE1) & (*next == 0x9A))
            | ((*byte == 0xE2) & (*next == 0x81))
            | ((*byte == 0xE3) & (*next == 0x80))
    });
    let is_wide = pairs().zip(bytes.iter().skip(2)).fold(false, |found, ((byte, next), last)| {
        let is_space = (*last <= 0x8A) | (*last == 0xA8) | (*last == 0xA9) | (*last == 0xAF);
        found | ((*byte == 0xE2) & (*next == 0x80) & is_space)
    });
    !line.is_empty() && !is_control && !is_doubled && !is_wide
}

/// `text` composed (NFC).
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    // What lies below U+0300 is composed, and nothing in it is composed with what stands before.
    if text.bytes().all(|byte| byte < 0xCC) || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_keeps_its_words_apart_and_its_direction() {
        assert_eq!(one_line(" Ann\r\nBcc:\u{7f}x@example.org\u{202e}gpj.exe "), "Ann Bcc: x@example.orggpj.exe");
        assert_eq!(
            one_line("\u{061c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{2066}\u{2067}\u{2068}\u{2069}"),
            ""
        );
        assert_eq!(one_line("Zoé\u{200d}\u{200c} O’Hara"), "Zoé\u{200d}\u{200c} O’Hara");
    }

    proptest! {
        #[test]
        fn what_is_unsuspicious_holds_nothing_that_is_dropped(text in "\\PC{0,20}|[\\x00-\\x{9f}é«\\u{f8ff}\\u{fffe}\\u{f0000}]{0,8}") {
            let dropped = |c: char| matches!(c, '\0'..='\x08' | '\x0B'..='\x1F' | '\x7F'..='\u{9F}' | '\u{F000}'..='\u{FFFF}' | '\u{C0000}'..);
            prop_assert_eq!(is_unsuspicious(&text), !text.chars().any(dropped));
        }

        #[test]
        fn squeezing_leaves_the_words(text in "[a-z’« \n\r\t\x0b\u{85}\u{a0}\u{1680}\u{2000}\u{200a}\u{2028}\u{202f}\u{205f}\u{3000}]{0,24}|\\PC{0,12}") {
            prop_assert_eq!(squeezed(&text), text.split_whitespace().collect::<Vec<_>>().join(" "));
        }

        #[test]
        fn composing_is_what_the_standard_says(text in "[a-zé’\u{300}\u{301}\u{1100}\u{1161}Å\u{212b}]{0,12}") {
            prop_assert_eq!(composed(&text).into_owned(), text.nfc().collect::<String>());
        }
    }
}
