//! A list of addresses in the words of nginx, to be included in one of its `map` blocks.
//!
//! nginx compares the decoded path of a request, byte by byte but for the case of ASCII letters. Two addresses that differ
//! in nothing else would be one, and it would not start: those are written as regular expressions, which tell them apart.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// A longer word than this is refused by nginx in a `map` whose buckets hold 4096 bytes; no browser shows such an address.
const LONGEST: usize = 2_000;

/// What a value may not hold as it is: nginx takes `$` for a variable, and has no way to write one.
const KEPT_FROM_NGINX: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'$').add(b'\'').add(b';').add(b'<').add(b'>').add(b'\\').add(b'{').add(b'}');

/// The entries of a `map $uri …`: for each address (a percent-encoded path, its host's whole path) its value. The same
/// entries make the same text; one that nginx could not hold is left out.
#[must_use]
pub fn nginx_map<'e>(entries: impl IntoIterator<Item = (&'e str, &'e str)>) -> String {
    let mut by_address = BTreeMap::new();
    for (address, value) in entries {
        let Ok(address) = percent_decode_str(address).decode_utf8() else { continue };
        let value = utf8_percent_encode(value, KEPT_FROM_NGINX).to_string();
        let fits = address.len() <= LONGEST && value.len() <= LONGEST;
        if fits && !address.contains(|c: char| c.is_control()) {
            by_address.entry(address.into_owned()).or_insert(value);
        }
    }
    let mut alike: HashMap<String, usize> = HashMap::new();
    for address in by_address.keys() {
        *alike.entry(address.to_ascii_lowercase()).or_default() += 1;
    }
    let mut text = String::new();
    for (address, value) in &by_address {
        let is_alone = alike.get(&address.to_ascii_lowercase()) == Some(&1);
        let key = if is_alone { address.clone() } else { exactly(address) };
        writeln!(text, "{} {};", quoted(&key), quoted(value)).expect("a string takes everything");
    }
    text
}

/// A regular expression that only `address` is an instance of.
fn exactly(address: &str) -> String {
    let mut pattern = String::from("~^");
    for c in address.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && c != '/' {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('$');
    pattern
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entries: &[(&str, &str)], expected: &str) {
        assert_eq!(nginx_map(entries.iter().copied()), expected);
    }

    #[test]
    fn a_word_is_a_word_whatever_it_holds() {
        check(&[("/un%20pont/", "/pont/")], "\"/un pont/\" \"/pont/\";\n");
        check(&[("/l%E2%80%99%C3%A9t%C3%A9%22%7B%3B%24a~/", "/%C3%A9/")], "\"/l’été\\\"{;$a~/\" \"/%C3%A9/\";\n");
        check(&[("/a", "https://example.org/$uri;\" x\\")], "\"/a\" \"https://example.org/%24uri%3B%22%20x%5C\";\n");
    }

    #[test]
    fn what_nginx_could_not_hold_is_left_out() {
        let long = format!("/{}", "a".repeat(LONGEST));
        check(&[(&long, "/x"), ("/x", &long), ("/a%0Ab", "/x"), ("/%FF", "/x")], "");
    }

    #[test]
    fn addresses_that_differ_in_case_alone_are_told_apart() {
        // By their bytes: capitals come first.
        check(
            &[("/Pont.html", "/1"), ("/bac", "/2"), ("/pont.html", "/3"), ("/%C3%89", "/4"), ("/%C3%A9", "/5")],
            "\"~^/Pont\\\\.html$\" \"/1\";\n\"/bac\" \"/2\";\n\"~^/pont\\\\.html$\" \"/3\";\n\"/É\" \"/4\";\n\"/é\" \"/5\";\n",
        );
    }
}
