//! Quotes, dashes and dots as kramdown sets them (its rules come from SmartyPants): what a reader of the site sees.
//!
//! Only words are looked at; attribute lists, addresses, code and HTML never come here.

/// What is put in place of the beginning of `rest`, and how many bytes it stands for.
pub(super) fn symbol(rest: &str) -> Option<(&'static str, usize)> {
    const SYMBOLS: [(&str, &str); 9] = [
        ("---", "—"),
        ("--", "–"),
        ("...", "…"),
        ("\\<<", "<<"),
        ("\\>>", ">>"),
        ("<< ", "«\u{A0}"),
        (" >>", "\u{A0}»"),
        ("<<", "«"),
        (">>", "»"),
    ];
    SYMBOLS.iter().find(|(written, _)| rest.starts_with(written)).map(|(written, set)| (*set, written.len()))
}

/// The characters in a rule of quotes.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() && c != '&'
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_any_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn opening(quote: char) -> char {
    if quote == '"' { '“' } else { '‘' }
}

fn closing(quote: char) -> char {
    if quote == '"' { '”' } else { '’' }
}

/// A quote at the beginning of `rest` or behind one character: what is put in its place, and how many bytes that
/// stands for.
pub(super) fn quotes(rest: &str) -> Option<(String, usize)> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    let second = chars.next();
    let third = chars.next();
    let is_quote = |c: Option<char>| matches!(c, Some('"' | '\''));
    if is_quote(Some(first)) {
        if emphasis_opens(&rest[1..]) {
            return Some((opening(first).to_string(), 1));
        }
        if closes_before_punctuation(&rest[1..]) {
            return Some((closing(first).to_string(), 1));
        }
    }
    // Two quotes, one inside the other.
    let (lead, pair) = if first.is_whitespace() { (Some(first), &rest[first.len_utf8()..]) } else { (None, rest) };
    if let Some(after) = pair.strip_prefix("\"'").or_else(|| pair.strip_prefix("'\""))
        && is_word(after.chars().next())
    {
        let outer = opening(if pair.starts_with('"') { '"' } else { '\'' });
        let inner = opening(if pair.starts_with('"') { '\'' } else { '"' });
        let length = lead.map_or(0, char::len_utf8) + 2;
        return Some((lead.into_iter().chain([outer, inner]).collect(), length));
    }
    // The '80s.
    if let Some(after) = pair.strip_prefix('\'')
        && after.len() >= 3
        && after.as_bytes()[..2].iter().all(u8::is_ascii_digit)
        && after.as_bytes()[2] == b's'
    {
        return Some((lead.into_iter().chain(['’']).collect(), lead.map_or(0, char::len_utf8) + 1));
    }
    if let Some(quote) = second.filter(|c| is_quote(Some(*c))) {
        let length = first.len_utf8() + 1;
        if first.is_whitespace() && is_word(third) {
            return Some((String::from_iter([first, opening(quote)]), length));
        }
        if !" \\\t\r\n[{(-".contains(first) {
            return Some((String::from_iter([first, closing(quote)]), length));
        }
    }
    if is_quote(Some(first)) {
        let ends_word = second == Some('s') && !is_any_word(third);
        if second.is_none_or(char::is_whitespace) || ends_word {
            return Some((closing(first).to_string(), 1));
        }
    }
    match second.filter(|c| is_quote(Some(*c))) {
        Some(quote) => Some((String::from_iter([first, opening(quote)]), first.len_utf8() + 1)),
        None => is_quote(Some(first)).then(|| (opening(first).to_string(), 1)),
    }
}

/// Whether emphasis opens right behind a quote.
fn emphasis_opens(after: &str) -> bool {
    let marks = after.bytes().take(2).take_while(|byte| matches!(byte, b'_' | b'*')).count();
    (1..=marks).rev().any(|marks| after[marks..].starts_with(|c: char| !c.is_whitespace()))
}

/// Whether punctuation that ends a word stands right behind a quote.
fn closes_before_punctuation(after: &str) -> bool {
    let mut chars = after.chars();
    let Some(mark) = chars.next().filter(|c| is_punctuation(*c)) else { return false };
    let next = chars.clone().next();
    // A boundary of words lies between the mark and what follows when just one of both belongs to a word.
    !chars.as_str().starts_with("..") && is_any_word(Some(mark)) == is_any_word(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` as kramdown would set it, looked at from left to right.
    fn set(text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let first = rest.chars().next().unwrap();
            let quoted =
                rest.starts_with(['"', '\'']) || first != '\\' && rest[first.len_utf8()..].starts_with(['"', '\'']);
            if let Some((set, length)) = quoted.then(|| quotes(rest)).flatten() {
                out.push_str(&set);
                at += length;
            } else if let Some((set, length)) = symbol(rest) {
                out.push_str(set);
                at += length;
            } else {
                out.push(first);
                at += first.len_utf8();
            }
        }
        out
    }

    #[test]
    fn words_are_set_as_kramdown_sets_them() {
        for (written, expected) in [
            ("l'État d'une \"ville\"", "l’État d’une “ville”"),
            ("\"'Quoted' words in a larger quote.\"", "“‘Quoted’ words in a larger quote.”"),
            ("the '80s and '9", "the ’80s and ‘9"),
            ("(\"a\") ['b']", "(“a”) [‘b’]"),
            ("a -- b --- c...", "a – b — c…"),
            ("<< a >> <<b>>", "«\u{A0}a\u{A0}» «b»"),
            ("dit-\"on\"", "dit-“on”"),
            ("\"*a*\"", "“*a*”"),
            ("dit : \"É\"", "dit : “É”"),
            ("'", "’"),
            ("\"\"", "””"),
        ] {
            assert_eq!(set(written), expected, "{written}");
        }
    }
}
