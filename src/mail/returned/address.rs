//! Addresses as reports write them: `rfc822; ann@example.org`, `utf-8; …` (RFC 3464 §2.1.2, RFC 6533 §3).

use crate::domain::EmailAddress;

/// Whether an address field of a report names `ours`. An address that is encoded (RFC 3461 §4, RFC 6533 §3) is also
/// read so, as not every server takes the encoding off.
#[must_use]
pub fn names_address(field: &str, ours: &EmailAddress) -> bool {
    let address = field.split_once(';').map_or(field, |(_, address)| address).trim();
    let address = address.trim_start_matches('<').trim_end_matches('>');
    let is_ours = |text: &str| text.parse::<EmailAddress>().is_ok_and(|found| found.folded() == ours.folded());
    is_ours(address) || is_ours(&from_unicode_xtext(address)) || is_ours(&from_xtext(address))
}

/// The addresses in a field of a letter, as they are written there: `Ann <ann@example.org>, bob@example.org`. What is none
/// is left out.
pub(super) fn addresses_in(field: &str) -> impl Iterator<Item = &str> {
    field.split(',').filter_map(|one| {
        let bare = one.rsplit_once('<').map_or(one, |(_, rest)| rest.split('>').next().unwrap_or_default()).trim();
        bare.parse::<EmailAddress>().is_ok().then_some(bare)
    })
}

/// `\x{E9}` → `é`
fn from_unicode_xtext(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x{") {
        decoded.push_str(before);
        let character = after.split_once('}').and_then(|(digits, after)| {
            let code = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 6)?;
            Some((char::from_u32(code)?, after))
        });
        if let Some((character, after)) = character {
            decoded.push(character);
            rest = after;
        } else {
            decoded.push_str("\\x{");
            rest = after;
        }
    }
    decoded + rest
}

/// `+2B` → `+`
fn from_xtext(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'+', Some(high), Some(low)) = (*first, digit(0), digit(1)) {
            decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = &after[2..];
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_however_it_is_written() {
        let zoe: EmailAddress = "zoé+presse@écoles.example".parse().unwrap();
        for field in [
            "utf-8; zoé+presse@écoles.example",
            "rfc822;<Zoé+Presse@xn--coles-9ra.example>",
            "utf-8;zo\\x{E9}\\x{2B}presse@écoles.example",
            "UTF-8; zo\\x{e9}+presse@\\x{c9}coles.example",
            "utf-8;zo+C3+A9+2Bpresse@xn--coles-9ra.example",
            "zoé+presse@écoles.example",
        ] {
            assert!(names_address(field, &zoe), "{field}");
        }
        for field in ["", ";", "rfc822;", "rfc822; ann@écoles.example", "x;\\x{110000}", "\\x{", "+", "+2", "é;+C3+"]
        {
            assert!(!names_address(field, &zoe), "{field}");
        }
    }

    #[test]
    fn addresses_are_found_in_a_field() {
        let found = |field| addresses_in(field).collect::<Vec<_>>();
        assert_eq!(found("\"O’Hara, Ann\" <ann@a.example>, bob@b.example"), ["ann@a.example", "bob@b.example"]);
        for field in ["", "<>", "undisclosed-recipients:;", "Ann <redacted>", "a@", "<<"] {
            assert_eq!(found(field), Vec::<&str>::new(), "{field}");
        }
    }
}
