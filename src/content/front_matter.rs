//! The front matter: where it stands, its YAML (1.2, booleans strictly `true` and `false`), and the keys that are ours.
//!
//! This is the one file that knows the YAML library. Unknown keys are allowed, since Jekyll sites have their own; one
//! that looks like ours is reported.

use std::fmt;
use std::ops::Range;

use memchr::{memchr, memchr_iter};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, MergeKeyPolicy, Options, Spanned};

use super::plain_yaml::plain_document;
use super::source::{Findings, Text, legal};
use super::yaml::{Key, Node, Value};
use crate::language::Diagnosis;

/// How many values a front matter may hold; a rich release has about fifty.
const MOST_NODES: usize = 5_000;

/// How deeply its values may be nested; ours are nested three deep.
const DEEPEST: usize = 32;

/// Where front matter and body of a file stand.
pub(super) enum Parts {
    /// The file does not begin with `---`.
    NoFrontMatter,
    /// It begins and never ends.
    Unclosed,
    /// Both were found.
    Found { yaml: Range<usize>, body: Range<usize> },
}

/// Finds the two delimiters: `---` first, then `---` or `...`, either with trailing white space.
pub(super) fn split(text: &str) -> Parts {
    let line_at =
        |start: usize| &text[start..memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |end| start + end + 1)];
    let first = line_at(0);
    if first.trim_end() != "---" {
        return Parts::NoFrontMatter;
    }
    let is_end = |at: usize| {
        let begins = text[at..].starts_with("---") || text[at..].starts_with("...");
        begins && matches!(line_at(at).trim_end(), "---" | "...")
    };
    let mut lines = memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
    lines
        .find(|at| is_end(*at))
        .map_or(Parts::Unclosed, |at| Parts::Found { yaml: first.len()..at, body: at + line_at(at).len()..text.len() })
}

/// A key of ours and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) node: Node,
}

macro_rules! keys {
    ($($field:ident = $($name:literal)|+),+ $(,)?) => {
        /// What the file says under each key of ours; a null counts as absent.
        #[derive(Debug, Default)]
        pub(super) struct RawFrontMatter {
            $(pub(super) $field: Option<Entry>,)+
        }

        /// The names of all of them.
        const KEYS: &[&str] = &[$($($name),+),+];

        impl RawFrontMatter {
            fn slot(&mut self, name: &str) -> Option<&mut Option<Entry>> {
                match name {
                    $($($name)|+ => Some(&mut self.$field),)+
                    _ => None,
                }
            }
        }
    };
}

keys! {
    title = "title",
    date = "date",
    last_modified_at = "last_modified_at",
    published = "published",
    categories = "categories",
    category = "category",
    tags = "tags",
    tag = "tag",
    chapeau_text = "chapeau-text",
    chapeau = "chapeau",
    excerpt = "excerpt",
    description = "description",
    une_ou_diaporama = "une-ou-diaporama",
    image = "image",
    files = "files",
    communique_file = "communique_file",
    contact_presse = "contact-presse",
    permalink = "permalink",
    slug = "slug",
    lang = "lang",
    id = "id",
    redirect_from = "redirect_from",
    newsletter = "newsletter",
    correction = "correction",
    withdrawn = "withdrawn",
}

impl RawFrontMatter {
    /// Says what the file does not say of `key`; of a value with keys of its own, those that are missing. What is put
    /// in counts as standing at the beginning.
    pub(super) fn fill(&mut self, key: &str, node: &Node) {
        let Some(slot) = self.slot(key) else { return };
        match slot {
            None if node.value != Value::Null => {
                *slot = Some(Entry { key: key.to_owned(), node: placed_at_start(node) });
            }
            None => {}
            Some(entry) => {
                let (Value::Keys(own), Value::Keys(more)) = (&mut entry.node.value, &node.value) else { return };
                for (key, node) in more {
                    if !own.iter().any(|(other, _)| other.name == key.name) {
                        own.push((Key { name: key.name.clone(), range: AT_START }, placed_at_start(node)));
                    }
                }
            }
        }
    }

    /// The values that are shown to readers or lead somewhere, but for the chapeau, which is read as the body is.
    pub(super) fn shown_mut(&mut self) -> [&mut Option<Entry>; 8] {
        [
            &mut self.title,
            &mut self.une_ou_diaporama,
            &mut self.image,
            &mut self.files,
            &mut self.communique_file,
            &mut self.contact_presse,
            &mut self.correction,
            &mut self.withdrawn,
        ]
    }
}

/// The mark that begins the front matter.
const AT_START: Range<usize> = 0..3;

/// A value of another file.
fn placed_at_start(node: &Node) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(items.iter().map(placed_at_start).collect()),
        Value::Keys(keys) => Value::Keys(
            keys.iter()
                .map(|(key, node)| (Key { name: key.name.clone(), range: AT_START }, placed_at_start(node)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Text(_) => node.value.clone(),
    };
    Node { value, range: AT_START }
}

/// Reads the front matter at `range`; `None` when it is unreadable, which was then said.
pub(super) fn read(range: Range<usize>, findings: &mut Findings<'_>) -> Option<RawFrontMatter> {
    let text = findings.text;
    let yaml = &text.content[range.clone()];
    if let Some(document) = plain_document(yaml, range.start) {
        return sort_keys(document, &range, findings);
    }
    if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Some(RawFrontMatter::default());
    }
    if let Some(at) = tab_indent(yaml) {
        findings.add(range.start + at..range.start + at + 1, Diagnosis::TabIndent);
        return None;
    }
    match read_document(text, &range) {
        Ok(document) => sort_keys(document, &range, findings),
        Err((at, diagnosis)) => {
            findings.add(at, diagnosis);
            None
        }
    }
}

/// The YAML at `range` of a text, or what is wrong with it and where.
pub(super) fn read_document(text: &Text, range: &Range<usize>) -> Result<Node, (Range<usize>, Diagnosis)> {
    let yaml = &text.content[range.clone()];
    if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Node { value: Value::Null, range: range.clone() });
    }
    serde_yaml::from_str_with_options::<Spanned<Loose>>(yaml, options())
        .map(|document| document.value.into_node(&document.referenced, text, range))
        .map_err(|error| explain(&error, text, range))
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_nodes: MOST_NODES,
            max_depth: DEEPEST,
            max_documents: 1,
            max_aliases: 50,
            max_anchors: 50,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// The first tab that indents a line of block YAML.
fn tab_indent(yaml: &str) -> Option<usize> {
    let mut at = 0;
    for line in yaml.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if !line.trim().is_empty()
            && let Some(tab) = line[..indent].find('\t')
        {
            return Some(at + tab);
        }
        at += line.len();
    }
    None
}

/// What to say of a YAML error, and where.
fn explain(error: &serde_yaml::Error, text: &Text, range: &Range<usize>) -> (Range<usize>, Diagnosis) {
    let base = text.line_of(range.start) - 1;
    let at = error.location().filter(|place| place.line() > 0).map_or(range.start, |place| {
        let line = base + usize::try_from(place.line()).unwrap_or(1);
        text.offset_of(line, usize::try_from(place.column()).unwrap_or(1)).clamp(range.start, range.end)
    });
    let inner = error.without_snippet();
    if matches!(inner, serde_yaml::Error::Budget { .. }) {
        return (at..at + 1, Diagnosis::FrontMatterTooComplex);
    }
    for place in [at, text.line_range(at).start.saturating_sub(1)] {
        let line = text.line_range(place.max(range.start));
        if let Some(value) = unquoted_colon(&text.content[line.clone()]) {
            return (line.start + value..line.end, Diagnosis::UnquotedColon);
        }
    }
    let detail = inner.render();
    let detail = detail.lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
    (at..at + 1, Diagnosis::FrontMatterSyntax { detail: legal(&detail) })
}

/// Where a value begins that holds `: ` and no quotes, in a line such as `title: A bridge: and a road`.
fn unquoted_colon(line: &str) -> Option<usize> {
    let (key, value) = line.split_once(": ")?;
    let value = value.trim_start();
    let plain = !value.starts_with(['"', '\'', '|', '>', '{', '[', '&', '*', '!', '#']);
    let simple_key = !key.trim().is_empty() && !key.contains(['"', '\'', '#']);
    (plain && simple_key && (value.contains(": ") || value.ends_with(':'))).then(|| line.len() - value.len())
}

/// Puts each key of ours in its place, and reports doubles and near misses.
fn sort_keys(document: Node, range: &Range<usize>, findings: &mut Findings<'_>) -> Option<RawFrontMatter> {
    let mut raw = RawFrontMatter::default();
    let keys = match document.value {
        Value::Null => Vec::new(),
        Value::Keys(keys) => keys,
        Value::Bool(_) | Value::Text(_) | Value::List(_) => {
            findings.add(range.start..range.start + 1, Diagnosis::FrontMatterNotKeys);
            return None;
        }
    };
    if report_doubles(&keys, findings) {
        return None;
    }
    for (key, node) in keys {
        check_items(&key.name, &node, findings);
        match raw.slot(&key.name) {
            Some(_) if node.value == Value::Null => {}
            Some(slot) => *slot = Some(Entry { key: key.name, node }),
            None => report_near_miss(&key, KEYS, findings),
        }
    }
    Some(raw)
}

/// Doubles and near misses among the keys below one of ours.
fn check_items(key: &str, node: &Node, findings: &mut Findings<'_>) {
    let known: &[&str] = match key {
        "files" => &["file", "lien", "nom"],
        "une-ou-diaporama" | "image" => &["image", "alternative-textuelle", "legende"],
        "contact-presse" => &["name", "tel", "email", "mail"],
        _ => return,
    };
    let items = match &node.value {
        Value::List(items) => items.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::Keys(_) => vec![node],
    };
    for item in items {
        if let Value::Keys(keys) = &item.value {
            report_doubles(keys, findings);
            for (key, _) in keys.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
                report_near_miss(key, known, findings);
            }
        }
    }
}

/// Whether a key stands twice.
fn report_doubles(keys: &[(Key, Node)], findings: &mut Findings<'_>) -> bool {
    let mut first = std::collections::HashMap::new();
    let mut found = false;
    for (key, _) in keys {
        if let Some(earlier) = first.insert(key.name.as_str(), key.range.start) {
            let first = findings.text.line_of(earlier);
            findings.add(key.range.clone(), Diagnosis::DuplicateKey { key: key.name.clone(), first });
            found = true;
        }
    }
    found
}

fn report_near_miss(key: &Key, known: &[&str], findings: &mut Findings<'_>) {
    if let Some(suggestion) = nearest(&key.name, known) {
        let diagnosis = Diagnosis::KeyNearMiss { key: key.name.clone(), suggestion: suggestion.to_owned() };
        findings.add(key.range.clone(), diagnosis);
    }
}

/// The known key that `key` is a slip of: case, `_` for `-`, one letter, or two letters of a long key.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    /// No key of ours is longer by more than a slip.
    const LONGEST: usize = 40;
    /// Keys of real Jekyll sites that only look like ours.
    const NOT_OURS: [&str; 3] = ["communique_size", "data", "images"];
    if key.chars().count() > LONGEST || NOT_OURS.contains(&key) {
        return None;
    }
    let plain = |text: &str| deunicode::deunicode(text).to_lowercase().replace('_', "-");
    let key = plain(key);
    known
        .iter()
        .map(|name| (distance(&key, &plain(name)), *name))
        .filter(|(slips, name)| *slips <= if name.len() > 7 { 2 } else { usize::from(name.len() > 3) })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

/// How many letters must be put in, left out, changed or swapped with a neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// A value as the YAML library hands it over.
enum Loose {
    Null,
    Bool(bool),
    Text(String),
    Number(String),
    List(Vec<Spanned<Loose>>),
    Keys(Vec<(Spanned<Loose>, Spanned<Loose>)>),
}

impl Loose {
    fn into_node(self, place: &serde_yaml::Location, text: &Text, base: &Range<usize>) -> Node {
        let range = bytes_of(place, base);
        let value = match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Text(value) => Value::Text(legal(&value)),
            // As it is spelled: `1.10` and `+33 1` must not become numbers.
            Self::Number(value) => {
                let spelled = text.content.get(range.clone()).map(str::trim).filter(|spelled| !spelled.is_empty());
                Value::Text(legal(spelled.unwrap_or(&value)))
            }
            Self::List(items) => {
                Value::List(items.into_iter().map(|item| item.value.into_node(&item.referenced, text, base)).collect())
            }
            Self::Keys(keys) => Value::Keys(
                keys.into_iter()
                    .map(|(key, value)| {
                        let key = key.value.into_node(&key.referenced, text, base);
                        let name = key.text().unwrap_or_default().to_owned();
                        (Key { name, range: key.range }, value.value.into_node(&value.referenced, text, base))
                    })
                    .collect(),
            ),
        };
        Node { value, range }
    }
}

/// The bytes of the file that a place in its front matter means.
fn bytes_of(place: &serde_yaml::Location, base: &Range<usize>) -> Range<usize> {
    let span = place.span();
    let number = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok());
    let start = number(span.byte_offset()).map_or(base.start, |offset| (base.start + offset).min(base.end));
    start..number(span.byte_len()).map_or(start, |length| (start + length).min(base.end))
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Loose, E> {
        Ok(Loose::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Loose, E> {
        Ok(Loose::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Loose, E> {
        Ok(Loose::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Loose, E> {
        Ok(Loose::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Loose, E> {
        Ok(Loose::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Loose, E> {
        Ok(Loose::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Loose, E> {
        Ok(Loose::Text(value.to_owned()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Loose, E> {
        Ok(Loose::Text(String::from_utf8_lossy(value).into_owned()))
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Null)
    }

    fn visit_none<E>(self) -> Result<Loose, E> {
        Ok(Loose::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose, D::Error> {
        Loose::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose, D::Error> {
        Loose::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Loose::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        let mut keys = Vec::new();
        while let Some(entry) = map.next_entry()? {
            keys.push(entry);
        }
        Ok(Loose::Keys(keys))
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, _: A) -> Result<Loose, A::Error> {
        Err(de::Error::custom("a tagged value"))
    }
}
