//! Header fields with words for people: `Subject` and the names beside addresses (RFC 5322 §2.2.3, RFC 2047).
//!
//! Words beyond ASCII become base64 encoded words in UTF-8, cut between characters. Nothing that comes in can begin
//! another header: control characters and line separators are spaces.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::Mailbox;

/// Longest line, its CRLF not counted, where it can be helped (RFC 5322 §2.1.1).
pub(super) const LINE: usize = 78;

/// What stands before and after an encoded word's base64.
const WORD: (&str, &str) = ("=?utf-8?b?", "?=");

/// Longest encoded word (RFC 2047 §2).
const LONGEST_WORD: usize = 75;

/// The field `name: text`, folded, with its last CRLF.
pub(super) fn text_field(name: &str, text: &str) -> String {
    let text = one_line(text);
    let mut field = format!("{name}:");
    let mut column = field.len();
    if is_plain(&text) {
        push_folded(&text, &mut field, &mut column);
    } else {
        push_encoded_words(&text, &mut field, &mut column);
    }
    field.push_str("\r\n");
    field
}

/// The field `name: Name <address>`, folded, with its last CRLF.
pub(super) fn mailbox_field(name: &str, mailbox: &Mailbox) -> String {
    /// What one takes, nearly always.
    const ROOM: usize = 128;
    let address = mailbox.address.as_str();
    let mut field = String::with_capacity(ROOM);
    field.extend([name, ":"]);
    let Some(words) = mailbox.name.as_deref().map(one_line).filter(|words| !words.is_empty()) else {
        field.extend([" ", address, "\r\n"]);
        return field;
    };
    let mut column = field.len();
    if !is_plain(&words) {
        push_encoded_words(&words, &mut field, &mut column);
    } else if words.bytes().all(|b| b == b' ' || is_atom_byte(b)) {
        push_folded(&words, &mut field, &mut column);
    } else {
        push_folded(&quoted(&words), &mut field, &mut column);
    }
    // An address holds no space.
    if column + address.len() + 3 > LINE {
        field.push_str("\r\n");
    }
    field.extend([" <", address, ">\r\n"]);
    field
}

/// `text` as an RFC 5322 quoted string; only for printable ASCII.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `text` on one line: runs of control characters, line separators and ASCII spaces are one space.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    let is_gap = |c: char| c.is_control() || matches!(c, ' ' | '\u{2028}' | '\u{2029}');
    if text.split(' ').all(|word| !word.is_empty() && !word.contains(is_gap)) {
        return Cow::Borrowed(text);
    }
    text.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").into()
}

/// Whether `text` can stand as it is: printable ASCII that no reader takes for an encoded word, in words that fit a line.
fn is_plain(text: &str) -> bool {
    let fits = |word: &str| word.len() < LINE - 8;
    text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && !text.contains("=?") && text.split(' ').all(fits)
}

/// Whether `byte` may stand in a phrase without quotes (RFC 5322 §3.2.3).
fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Appends the words of `text`, each after a space, in a new line where it would not fit.
fn push_folded(text: &str, field: &mut String, column: &mut usize) {
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if *column + 1 + word.len() > LINE && *column > 1 {
            field.push_str("\r\n");
            *column = 0;
        }
        field.push(' ');
        field.push_str(word);
        *column += 1 + word.len();
    }
}

/// Appends `text` as encoded words, each after a space and as long as its line lets it be.
fn push_encoded_words(text: &str, field: &mut String, column: &mut usize) {
    let mut rest = text;
    while !rest.is_empty() {
        let mut room = bytes_that_fit(*column);
        if room < rest.chars().next().map_or(0, char::len_utf8) {
            field.push_str("\r\n");
            *column = 0;
            room = bytes_that_fit(0);
        }
        let (now, later) = rest.split_at(rest.floor_char_boundary(room));
        let start = field.len();
        field.extend([" ", WORD.0]);
        STANDARD.encode_string(now, field);
        field.push_str(WORD.1);
        *column += field.len() - start;
        rest = later;
    }
}

/// How many bytes an encoded word can hold that begins after a space in this column.
fn bytes_that_fit(column: usize) -> usize {
    let line = LINE.saturating_sub(column + 1).min(LONGEST_WORD);
    line.saturating_sub(WORD.0.len() + WORD.1.len()) / 4 * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_subject(text: &str, expected: &str) {
        assert_eq!(text_field("Subject", text), expected);
    }

    #[track_caller]
    fn check_mailbox(name: &str, expected: &str) {
        let mailbox = Mailbox { name: Some(name.to_owned()), address: "ann@example.org".parse().unwrap() };
        assert_eq!(mailbox_field("To", &mailbox), expected);
    }

    #[test]
    fn ascii_stays_readable() {
        check_subject("A new bridge", "Subject: A new bridge\r\n");
        check_subject("", "Subject:\r\n");
        check_mailbox("Ann", "To: Ann <ann@example.org>\r\n");
        check_mailbox("", "To: ann@example.org\r\n");
        check_mailbox("Ann, \"press\"", "To: \"Ann, \\\"press\\\"\" <ann@example.org>\r\n");
    }

    #[test]
    fn words_beyond_ascii_are_encoded() {
        check_subject("Un été", "Subject: =?utf-8?b?VW4gw6l0w6k=?=\r\n");
        check_mailbox("Zoé", "To: =?utf-8?b?Wm/DqQ==?= <ann@example.org>\r\n");
    }

    #[test]
    fn what_looks_encoded_is_encoded_again() {
        check_subject("=?utf-8?q?x?=", "Subject: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n");
    }

    #[test]
    fn nothing_begins_another_header() {
        check_subject("a\r\nBcc: x@example.org", "Subject: a Bcc: x@example.org\r\n");
        check_subject("a\u{85}\u{2028}\r\n \n b", "Subject: a b\r\n");
        check_mailbox("a\r\nBcc: x", "To: \"a Bcc: x\" <ann@example.org>\r\n");
    }

    #[test]
    fn long_fields_fold_and_words_stay_within_75() {
        let field = text_field("Subject", &"Le pont de l’Île-aux-Moines rouvre. ".repeat(8));
        assert!(field.lines().count() > 3);
        for line in field.lines() {
            assert!(line.len() <= LINE, "{line}");
            let word = line.trim_start_matches("Subject:").trim();
            assert!(word.len() <= LONGEST_WORD && word.starts_with("=?utf-8?b?") && word.ends_with("?="), "{line}");
        }
        let field = text_field("Subject", &"word ".repeat(50));
        assert!(field.lines().all(|line| line.len() <= LINE && !line.trim().is_empty()));
        assert_eq!(field.replace("\r\n", ""), format!("Subject:{}", " word".repeat(50)));
    }
}
