//! YAML as nearly every front matter is written, read line by line: keys with a word or two, lists of words, lists of keys
//! and values, one text in lines of its own.
//!
//! It is the library that knows YAML; whatever may be anything else than what is told apart here is left to it, errors
//! above all. A property test holds the two together, the place of every value included.

use std::ops::Range;

use super::plain_characters::is_plain;
use super::yaml::{Key, Node, Value};
use crate::domain::is_unsuspicious;

/// A longer front matter is left to the library, which has limits of its own.
const LONGEST: usize = 16 * 1024;

/// As many lines are far fewer values than the library allows.
const MOST_LINES: usize = 500;

/// A longer key is none.
const LONGEST_KEY: usize = 64;

/// Words that are, or in some version of YAML were, something else than themselves.
const NO_WORDS: [&str; 12] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];

/// The keys and values of `yaml`, which begins at byte `start` of its file; `None` when the library must be asked.
pub(super) fn plain_document(yaml: &str, start: usize) -> Option<Node> {
    let is_usual = yaml.len() <= LONGEST
        && !yaml.contains(['\t', '\u{2028}', '\u{2029}'])
        && memchr::memchr_iter(b'\n', yaml.as_bytes()).count() <= MOST_LINES
        && is_unsuspicious(yaml);
    if !is_usual {
        return None;
    }
    let mut lines = Lines { yaml, start, at: 0 };
    let mut keys = Vec::new();
    while let Some(line) = lines.next_at(0) {
        let (key, value) = key_of(line)?;
        let node = match value {
            Some(value) if value.text.starts_with('|') => lines.text_block(value.text)?,
            Some(value) => scalar(value)?,
            None => lines.below(&key)?,
        };
        keys.push((key, node));
    }
    let is_whole = lines.is_over() && !keys.is_empty();
    is_whole.then_some(Node { value: Value::Keys(keys), range: start..start })
}

/// Part of a line, and where it begins in the file.
#[derive(Debug, Clone, Copy)]
struct Part<'y> {
    text: &'y str,
    at: usize,
}

impl Part<'_> {
    /// The same without its first `bytes`, and the spaces that follow.
    fn after(self, bytes: usize) -> Self {
        let rest = &self.text[bytes..];
        let text = rest.trim_start_matches(' ');
        Self { text, at: self.at + bytes + (rest.len() - text.len()) }
    }

    fn range(self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    /// What stands behind the dash of a list's item.
    fn item(self) -> Option<Self> {
        self.text.starts_with("- ").then(|| self.after(1)).filter(|item| !item.text.is_empty())
    }
}

/// The lines of a front matter, one after the other.
struct Lines<'y> {
    yaml: &'y str,
    start: usize,
    /// How far they were read.
    at: usize,
}

impl<'y> Lines<'y> {
    fn is_over(&self) -> bool {
        self.at == self.yaml.len()
    }

    /// The next line with its indent, which is not left behind yet.
    fn peek(&self) -> Option<(usize, Part<'y>)> {
        let rest = &self.yaml[self.at..];
        let line = rest.split('\n').next().filter(|_| !rest.is_empty())?;
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        Some((indent, Part { text, at: self.start + self.at + indent }))
    }

    fn skip(&mut self) {
        let rest = &self.yaml.as_bytes()[self.at..];
        self.at += memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    }

    /// The next line, if it has this indent and holds something.
    fn next_at(&mut self, indent: usize) -> Option<Part<'y>> {
        let (found, line) = self.peek()?;
        (found == indent && !line.text.is_empty()).then(|| self.skip())?;
        Some(line)
    }

    /// What stands below `key`, which begins its line: a list, keys, or nothing.
    fn below(&mut self, key: &Key) -> Option<Node> {
        let nothing = Node { value: Value::Null, range: key.range.end..key.range.end };
        let Some((indent, line)) = self.peek() else { return Some(nothing) };
        if let Some(item) = line.item() {
            let items = self.items(indent)?;
            // The library places a list that is not indented where its first item stands.
            let at = if indent == 0 { item.at } else { line.at };
            return Some(Node { value: Value::List(items), range: at..at });
        }
        if indent == 0 {
            return Some(nothing);
        }
        self.skip();
        self.keys(line, indent)
    }

    fn items(&mut self, indent: usize) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        while let Some((found, line)) = self.peek().filter(|(found, _)| *found >= indent) {
            match line.item() {
                Some(item) if found == indent => {
                    self.skip();
                    items.push(self.item(item, indent + (item.at - line.at))?);
                }
                None if found == 0 => break,
                _ => return None,
            }
        }
        Some(items)
    }

    /// One item: a scalar, or keys that stand below each other at `indent`.
    fn item(&mut self, item: Part<'y>, indent: usize) -> Option<Node> {
        if key_of(item).is_some() { self.keys(item, indent) } else { scalar(item) }
    }

    /// Keys with a scalar each: that of `first` and those that follow at `indent`.
    fn keys(&mut self, first: Part<'y>, indent: usize) -> Option<Node> {
        let mut keys = Vec::new();
        let mut line = Some(first);
        while let Some(part) = line {
            let (key, value) = key_of(part)?;
            keys.push((key, scalar(value?)?));
            line = self.next_at(indent);
        }
        Some(Node { value: Value::Keys(keys), range: first.at..first.at })
    }

    /// A text that keeps its line breaks, in lines that are further in.
    fn text_block(&mut self, header: &str) -> Option<Node> {
        let ends_in_break = match header {
            "|" => true,
            "|-" => false,
            _ => return None,
        };
        let (indent, first) = self.peek().filter(|(indent, _)| *indent > 0)?;
        let mut text = String::new();
        while let Some((found, line)) = self.peek().filter(|(found, line)| *found > 0 || line.text.is_empty()) {
            if found < indent || line.text.is_empty() {
                return None;
            }
            text.extend(std::iter::repeat_n(' ', found - indent));
            text.push_str(line.text);
            text.push('\n');
            self.skip();
        }
        if !ends_in_break {
            text.pop();
        }
        Some(Node { value: Value::Text(text), range: first.at..self.start + self.at })
    }
}

/// The key that begins `line`, and what stands behind it.
fn key_of(line: Part<'_>) -> Option<(Key, Option<Part<'_>>)> {
    let end = line.text.find(':').filter(|end| *end <= LONGEST_KEY)?;
    let name = &line.text[..end];
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_key = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(is_letter) && is_itself(name);
    let follows = &line.text[end + 1..];
    if !is_key || !(follows.is_empty() || follows.starts_with(' ')) {
        return None;
    }
    let key = Key { name: name.to_owned(), range: line.at..line.at + end };
    let value = line.after(end + 1);
    match (follows.is_empty(), value.text.is_empty()) {
        (true, _) => Some((key, None)),
        (false, false) => Some((key, Some(value))),
        (false, true) => None,
    }
}

/// A value on one line: in quotes, a switch, a date, or words that need no quotes.
fn scalar(part: Part<'_>) -> Option<Node> {
    let text = part.text;
    let value = match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::Text(quoted(text, '"').or_else(|| quoted(text, '\'')).or_else(|| unquoted(text))?.to_owned()),
    };
    Some(Node { value, range: part.range() })
}

/// The text in quotes, if none of them stands for something else.
fn quoted(text: &str, quote: char) -> Option<&str> {
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inside.contains([quote, '\\'])).then_some(inside)
}

/// Words without quotes, if they are nothing else.
fn unquoted(text: &str) -> Option<&str> {
    let begins_well = text.starts_with(|c: char| c.is_alphabetic() || c == '/') || is_date(text);
    let is_plain = begins_well
        && text.chars().all(|c| is_plain(c) || matches!(c, '\'' | '"' | '+' | '&' | '=' | '@' | '_'))
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && is_itself(text);
    is_plain.then_some(text)
}

/// Whether `text` begins with a date and cannot be a number.
fn is_date(text: &str) -> bool {
    let digits =
        |range: Range<usize>| text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let dash = |at: usize| text.as_bytes().get(at) == Some(&b'-');
    digits(0..4) && dash(4) && digits(5..7) && dash(7) && digits(8..10)
}

fn is_itself(word: &str) -> bool {
    NO_WORDS.iter().all(|other| !other.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::front_matter::read_document;
    use super::super::source::Text;
    use super::*;

    fn read(yaml: &str) -> (Option<Node>, Option<Node>) {
        let file = format!("---\n{yaml}---\n");
        let text = Text::decode(file.as_bytes()).unwrap_or_else(|text| text);
        let range = 4..4 + yaml.len();
        let document = read_document(&text, &range).ok();
        // Where the whole stands is asked by nobody.
        let document = document.map(|document| Node { range: 4..4, ..document });
        (plain_document(yaml, range.start), document)
    }

    /// Read here, and as the library reads it.
    #[track_caller]
    fn agrees(yaml: &str) {
        let (plain, document) = read(yaml);
        assert!(plain.is_some(), "{yaml}");
        assert_eq!(plain, document, "{yaml}");
    }

    /// Left to the library.
    #[track_caller]
    fn declines(yaml: &str) {
        assert_eq!(read(yaml).0, None, "{yaml}");
    }

    #[test]
    fn a_usual_front_matter_is_read_as_the_library_reads_it() {
        agrees(
            "title: \"Un pont « neuf » : 20 % plus long\"\ndate: 2026-11-23 09:00:00 +01:00\npublished: true\n\
             categories:\n- \"Communiqué\"\n- Discours\ntags:\n  - 'l’État'\n  - startup d'État\nslug:\n\
             chapeau-text: |-\n  Un pont enjambe\n    la rivière.\nune-ou-diaporama:\n\
             - image: \"/uploads/pont%201.png\"\n  alternative-textuelle: Le pont\n- image: /uploads/b.png\n\
             files:\n  - file: /uploads/cp.pdf\n    nom: Le communiqué\ncontact-presse:\n  name: Anne\n  \
             email: anne@presse.example\nlast_modified_at: 2026-11-24\n"
                .replace("anne@presse.example", "\"anne@presse.example\"")
                .as_str(),
        );
        agrees("a: |\n  one\n  two\nb: |-\n  last\n");
        agrees("a:\nb:\n");
    }

    #[test]
    fn whatever_may_be_something_else_is_left_to_the_library() {
        for yaml in [
            "",
            "# words\n",
            "a: yes\n",
            "a: 12\n",
            "a: 1.10\n",
            "a: ~\n",
            "a: x: y\n",
            "a: x # y\n",
            "a: x\n  y\n",
            "a: \"x\\n\"\n",
            "a: 'it''s'\n",
            "a: \"x\n  y\"\n",
            "a: &x y\n",
            "a: *x\n",
            "a: [x]\n",
            "a: {x: y}\n",
            "a: !x y\n",
            "a: >\n  x\n",
            "a: |2\n  x\n",
            "a: |\n\n  x\n",
            "a: |\n  x\n y\n",
            "a: |\n",
            "a: x \n",
            "a:\n-\n- x\n",
            "a:\n- - x\n",
            "a:\n  b:\n    c: d\n",
            "a:\n- b:\n  - c\n",
            "a:\n - x\n- y\n",
            "- a\n",
            "a\n",
            "\"a\": b\n",
            "? a\n: b\n",
            "a: x\n\nb: y\n",
            "<<: x\n",
            "true: x\n",
            "a: @x\n",
            "a: `x`\n",
            "a:\tx\n",
            "é: x\n",
        ] {
            declines(yaml);
        }
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z/]{1,6}",
            "[A-Za-zé/][A-Za-zé0-9 ,.:;?!()/%’'\"«»–€°+&=@_-]{0,12}",
            "\"[a-zé :#'\\\\-]{0,8}\"?",
            "'[a-zé :#\"]{0,8}'?",
            "20[0-9]{2}-[01][0-9]-[0-3][0-9]( [0-9:]{5,8}( ?[+-][0-9:]{4,5})?)?",
            "(?i:true|false|null|yes|no|on|off|~|\\.nan|\\.inf|0x1f|1e3|12|1_0|0o7)",
            "[&*!>#@`\\[{|]?[a-z]{0,3}[\\]}]? ?",
        ]
    }

    fn joined(lines: impl Iterator<Item = String>) -> String {
        lines.collect::<Vec<_>>().concat()
    }

    fn key() -> impl Strategy<Value = String> {
        prop_oneof![8 => "[a-z]{1,3}", 1 => "[a-zA-Zé0-9_-]{1,3}|null|y"]
    }

    /// A key with what stands below it, sometimes with a line that is not as it should be.
    fn entry() -> impl Strategy<Value = String> {
        let indent = || prop_oneof![4 => Just("  "), 1 => Just(" "), 1 => Just("    "), 1 => Just("")];
        let dash = || prop_oneof![6 => Just("- "), 1 => Just("-  "), 1 => Just("-")];
        let pair = || (key(), value()).prop_map(|(key, value)| format!("{key}: {value}\n"));
        let list =
            (key(), indent(), dash(), prop::collection::vec(value(), 1..4)).prop_map(|(key, indent, dash, items)| {
                let items = joined(items.iter().map(|item| format!("{indent}{dash}{item}\n")));
                format!("{key}:\n{items}")
            });
        let keys = (key(), indent(), prop::collection::vec(pair(), 1..3)).prop_map(|(key, indent, pairs)| {
            let pairs = joined(pairs.iter().map(|pair| format!("{indent}{pair}")));
            format!("{key}:\n{pairs}")
        });
        let items = (key(), indent(), dash(), indent(), prop::collection::vec((pair(), pair()), 1..3));
        let items = items.prop_map(|(key, indent, dash, further, pairs)| {
            let pairs = pairs.iter().map(|(first, second)| format!("{indent}{dash}{first}{indent}{further}{second}"));
            format!("{key}:\n{}", joined(pairs))
        });
        let lines = prop::collection::vec(("[ ]{1,3}", "[a-z#:é \"-]{0,6}"), 1..4);
        let block = (key(), "\\|[-+]?", lines).prop_map(|(key, header, lines)| {
            let lines = joined(lines.iter().map(|(indent, words)| format!("{indent}{words}\n")));
            format!("{key}: {header}\n{lines}")
        });
        let noise = ("[ ]{0,3}", dash(), value()).prop_map(|(indent, dash, value)| format!("{indent}{dash}{value}\n"));
        prop_oneof![6 => pair(), 3 => list, 3 => items, 2 => keys, 2 => block, 1 => key().prop_map(|key| key + ":\n"), 1 => noise]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn what_is_read_here_is_what_the_library_reads(entries in prop::collection::vec(entry(), 1..4)) {
            if let (Some(plain), document) = read(&entries.concat()) {
                prop_assert_eq!(Some(plain), document);
            }
        }
    }
}
