//! Character references (HTML §13.5): what each stands for.

use markup5ever::data::NAMED_ENTITIES;

/// The longest name there is, with its `;`.
const LONGEST: usize = 34;

/// The characters of the reference at the start of `text`, and its length; `None` when there is none.
pub(super) fn entity(text: &str) -> Option<(String, usize)> {
    let inside = text.strip_prefix('&')?;
    if let Some(digits) = inside.strip_prefix('#') {
        let (digits, radix, lead) = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16, 3),
            None => (digits, 10, 2),
        };
        let length = digits.bytes().take(8).take_while(u8::is_ascii_hexdigit).count();
        let number = u32::from_str_radix(digits.get(..length)?, radix).ok()?;
        let c = char::from_u32(number).filter(|_| digits[length..].starts_with(';'))?;
        return Some((c.to_string(), lead + length + 1));
    }
    let length = inside.bytes().take(LONGEST).position(|byte| !byte.is_ascii_alphanumeric())?;
    let name = inside.get(..=length).filter(|name| name.ends_with(';'))?;
    let (first, second) = NAMED_ENTITIES.get(name).copied().filter(|(first, _)| *first != 0)?;
    let chars = [first, second].into_iter().filter(|number| *number != 0).filter_map(char::from_u32);
    Some((chars.collect(), name.len() + 1))
}

/// `text` with its character references resolved.
pub(in crate::content) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (characters, length) = entity(rest).unwrap_or_else(|| ("&".to_owned(), 1));
        out.push_str(&characters);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_the_rest_stays() {
        assert_eq!(decode("a&nbsp;&eacute;&#233;&#xE9;&lt;b&amp;amp;"), "a\u{A0}ééé<b&amp;");
        for plain in ["&", "&&", "a & b", "&x;", "&amp", "&#;", "&#xZ;", "&#1114112;", "&été;", "&#99"] {
            assert_eq!(decode(plain), plain);
        }
        assert_eq!(entity("&NotEqualTilde;x").map(|found| found.1), Some(15));
    }
}
