//! A message taken apart into its parts (RFC 2045, 2046): so far as reports need it, in one pass a level.
//!
//! Parts that are messages themselves stay closed: what somebody forwards is not what came back.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::fields::{Fields, without_end};

/// How deep parts may lie within each other.
const DEEPEST: usize = 4;
/// How many parts are looked at.
const MOST_PARTS: usize = 64;

/// One part that has no parts of its own.
pub(super) struct Part<'a> {
    /// `message/delivery-status`, in lower case.
    pub(super) media_type: String,
    encoding: String,
    body: &'a [u8],
}

impl<'a> Part<'a> {
    /// Its bytes, decoded.
    pub(super) fn decoded(&self) -> Cow<'a, [u8]> {
        match self.encoding.as_str() {
            "base64" => Cow::Owned(from_base64(self.body)),
            "quoted-printable" => Cow::Owned(from_quoted_printable(self.body)),
            _ => Cow::Borrowed(self.body),
        }
    }
}

/// The parts of a message with these fields and this body, in order.
pub(super) fn parts<'a>(fields: &Fields, body: &'a [u8]) -> Vec<Part<'a>> {
    let mut found = Vec::new();
    collect(fields, body, 0, &mut found);
    found
}

fn collect<'a>(fields: &Fields, body: &'a [u8], depth: usize, found: &mut Vec<Part<'a>>) {
    let content_type = fields.get("Content-Type").unwrap_or("text/plain");
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let boundary = parameter(content_type, "boundary");
    if let Some(boundary) = boundary.filter(|_| media_type.starts_with("multipart/")) {
        if depth < DEEPEST {
            for part in between(body, &boundary) {
                if found.len() >= MOST_PARTS {
                    return;
                }
                let (fields, body) = Fields::parse(part);
                collect(&fields, body, depth + 1, found);
            }
        }
    } else {
        let encoding = fields.get("Content-Transfer-Encoding").unwrap_or_default().trim().to_ascii_lowercase();
        found.push(Part { media_type, encoding, body });
    }
}

/// What stands between the lines of `boundary`; a last one that is missing ends with the body.
fn between<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (mut found, mut begin, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let bare = without_end(line).trim_ascii_end();
        if let Some(after) = bare.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary.as_bytes()))
            && (after.is_empty() || after == b"--")
        {
            found.extend(begin.take().map(|begin| &body[begin..at]));
            if !after.is_empty() || found.len() >= MOST_PARTS {
                return found;
            }
            begin = Some(at + line.len());
        }
        at += line.len();
    }
    found.extend(begin.map(|begin| &body[begin..]));
    found
}

/// A parameter of a structured field (RFC 2045 §5.1), its quotes taken off; an empty one is none.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once(';') {
        let (key, after) = after.split_once('=')?;
        let after = after.trim_start();
        let (found, after) = if let Some(quoted) = after.strip_prefix('"') {
            unquoted(quoted)
        } else {
            let end = after.find([';', ' ', '\t']).unwrap_or(after.len());
            (after[..end].to_owned(), &after[end..])
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(found).filter(|found| !found.is_empty());
        }
        rest = after;
    }
    None
}

/// What stands before the closing quote, and what follows it.
fn unquoted(text: &str) -> (String, &str) {
    let mut found = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (found, &text[at + 1..]),
            '\\' => found.extend(characters.next().map(|(_, escaped)| escaped)),
            plain => found.push(plain),
        }
    }
    (found, "")
}

/// As much as can be decoded; nothing when it is not base64.
fn from_base64(body: &[u8]) -> Vec<u8> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let digits: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    GeneralPurpose::new(&STANDARD, LENIENT).decode(digits).unwrap_or_default()
}

/// RFC 2045 §6.7; what is not well encoded stays as it is.
fn from_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let bare = without_end(line);
        let (bare, is_soft) = match bare.trim_ascii_end().strip_suffix(b"=") {
            Some(bare) => (bare, true),
            None => (bare, false),
        };
        let mut rest = bare;
        while let Some((first, after)) = rest.split_first() {
            let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
            if let (b'=', Some(high), Some(low)) = (*first, digit(0), digit(1)) {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = &after[2..];
            } else {
                decoded.push(*first);
                rest = after;
            }
        }
        if !is_soft && line.ends_with(b"\n") {
            decoded.push(b'\n');
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_in_any_order_and_quoting() {
        let value = "multipart/report; report-type=delivery-status;\t boundary=\"a \\\"b; c=\" ; x=y";
        assert_eq!(parameter(value, "Boundary").unwrap(), "a \"b; c=");
        assert_eq!(parameter(value, "report-type").unwrap(), "delivery-status");
        assert_eq!(parameter(value, "x").unwrap(), "y");
        for none in ["multipart/report", "multipart/report; boundary", "multipart/report; boundary=\"\"", ";;;=;="] {
            assert_eq!(parameter(none, "boundary"), None, "{none}");
        }
    }

    #[test]
    fn encodings_are_taken_off() {
        assert_eq!(from_quoted_printable(b"a=C3=A9=\r\nb =3\r\nc= \n"), "aéb =3\nc".as_bytes());
        assert_eq!(from_base64(b"w6l0\r\nw6k"), "été".as_bytes());
        assert_eq!(from_base64(b"\xff\xff"), b"");
    }
}
