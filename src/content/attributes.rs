//! Attributes: kramdown's attribute lists, and which attribute of which element is kept.
//!
//! The allow-list follows what feed readers and mail programs show: classes, ids, languages and the few attributes that
//! carry meaning. `style` and every `on…` are never kept.

use std::collections::HashMap;
use std::ops::Range;

/// What an attribute list says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AttributeList {
    pub(super) id: Option<String>,
    pub(super) classes: Vec<String>,
    pub(super) others: Vec<(String, String)>,
    /// Names of other lists, and parts that mean nothing.
    pub(super) names: Vec<String>,
    /// Where it stands in its text, and how.
    pub(super) range: Range<usize>,
    pub(super) written: String,
}

/// Names that kramdown itself gives a meaning to.
const OWN_NAMES: [&str; 5] = ["toc", "footnotes", "standalone", "auto_ids", "nomarkdown"];

impl AttributeList {
    /// Takes the inside of `{: …}` apart.
    pub(super) fn parse(inside: &str, range: Range<usize>) -> Self {
        let mut list = Self { range, written: format!("{{:{inside}}}"), ..Self::default() };
        let mut rest = inside.trim_start();
        while !rest.is_empty() {
            let end = end_of_part(rest);
            let (part, after) = rest.split_at(end);
            list.take(part);
            rest = after.trim_start();
        }
        list
    }

    fn take(&mut self, part: &str) {
        if let Some((name, value)) = part.split_once('=').filter(|(name, _)| is_name(name)) {
            let value = value.trim_matches(['"', '\'']).replace("\\}", "}");
            match name.to_ascii_lowercase().as_str() {
                "class" => self.classes.extend(value.split_whitespace().map(str::to_owned)),
                "id" => self.id = Some(value),
                name => self.others.push((name.to_owned(), value)),
            }
        } else if part.len() > 1 && part.starts_with(['.', '#']) {
            let mut rest = part;
            while let Some(mark) = rest.chars().next() {
                let word = &rest[1..];
                let end = word.find(['.', '#']).unwrap_or(word.len());
                match (mark, &word[..end]) {
                    (_, "") => {}
                    ('#', id) => self.id = Some(id.to_owned()),
                    (_, class) => self.classes.push(class.to_owned()),
                }
                rest = &word[end..];
            }
        } else {
            self.names.push(part.to_owned());
        }
    }

    /// Whether it holds a name.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.names.iter().any(|other| other == name)
    }

    /// The value of an attribute that is no class and no id.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.others.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Adds what `other` says.
    pub(super) fn merge(&mut self, other: Self) {
        let Self { id, classes, others, names, range, written } = other;
        self.id = id.or(self.id.take());
        self.classes.extend(classes);
        self.others.extend(others);
        self.names.extend(names);
        self.range = range;
        self.written = written;
    }

    /// Adds the lists that its names stand for, each once, those that they name in turn included. Returns the names
    /// that stand for nothing.
    pub(super) fn resolve(&mut self, named: &HashMap<String, Self>) -> Vec<String> {
        let mut unread = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let mut waiting = self.names.clone();
        while let Some(name) = waiting.pop() {
            if seen.contains(&name) || seen.len() > MOST_NAMES {
                continue;
            }
            if let Some(list) = named.get(&name) {
                waiting.extend(list.names.iter().cloned());
                self.id = self.id.take().or_else(|| list.id.clone());
                self.classes.splice(0..0, list.classes.iter().cloned());
                self.others.splice(0..0, list.others.iter().cloned());
            } else if !OWN_NAMES.contains(&name.as_str()) {
                unread.push(name.clone());
            }
            seen.push(name);
        }
        unread
    }
}

/// How many other lists one may name.
const MOST_NAMES: usize = 20;

/// Where the first part ends: at white space outside quotes.
fn end_of_part(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c.is_whitespace() => return at,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(_) | None => {}
        }
    }
    text.len()
}

/// Whether `text` can name an attribute.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_:".contains(c))
}

/// Attributes kept on every element.
pub(super) const EVERYWHERE: [&str; 5] = ["class", "dir", "id", "lang", "title"];

/// Further attributes kept on one element.
pub(super) fn kept_on(tag: &str) -> &'static [&'static str] {
    match tag {
        "a" => &["href", "hreflang", "rel", "target", "aria-label"],
        "img" => &["src", "alt", "width", "height"],
        "ol" => &["start", "reversed", "type"],
        "li" => &["value"],
        "td" | "th" => &["colspan", "rowspan", "headers", "scope"],
        "col" | "colgroup" => &["span"],
        "blockquote" | "q" => &["cite"],
        "del" | "ins" => &["cite", "datetime"],
        "time" => &["datetime"],
        _ => &[],
    }
}

/// Values of `rel` that mean no harm.
const HARMLESS_REL: [&str; 9] =
    ["alternate", "author", "external", "help", "license", "nofollow", "noopener", "noreferrer", "tag"];

/// The value that is kept of an attribute that is no address; `None` when it is dropped.
pub(super) fn kept_value(tag: &str, name: &str, value: &str) -> Option<String> {
    if !EVERYWHERE.contains(&name) && !kept_on(tag).contains(&name) {
        return None;
    }
    let number = |value: &str| value.len() <= 5 && !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let value = value.trim();
    let right = match name {
        "target" => value == "_blank",
        "dir" => matches!(value, "ltr" | "rtl" | "auto"),
        "lang" | "hreflang" => {
            !value.is_empty() && value.len() <= 35 && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        }
        "width" | "height" | "start" | "value" | "colspan" | "rowspan" | "span" => number(value),
        "scope" => matches!(value, "row" | "col" | "rowgroup" | "colgroup"),
        "type" => matches!(value, "1" | "a" | "A" | "i" | "I"),
        "id" | "headers" => !value.is_empty(),
        "rel" => {
            let words: Vec<_> = value.split_whitespace().collect();
            !words.is_empty() && words.iter().all(|word| HARMLESS_REL.contains(word))
        }
        _ => true,
    };
    right.then(|| value.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(inside: &str) -> AttributeList {
        AttributeList::parse(inside, 0..0)
    }

    #[test]
    fn lists_are_read_as_kramdown_reads_them() {
        assert_eq!(parse("#haut.grand .a#bas.b").classes, ["grand", "a", "b"]);
        assert_eq!(parse("#haut.grand .a#bas.b").id.as_deref(), Some("bas"));
        let list = parse(" target=\"_blank\" .lien-important.grand #haut title='un mot' class=\"x y\" quoi");
        assert_eq!(list.classes, ["lien-important", "grand", "x", "y"]);
        assert_eq!(list.id.as_deref(), Some("haut"));
        assert_eq!(
            list.others,
            [("target".to_owned(), "_blank".to_owned()), ("title".to_owned(), "un mot".to_owned())]
        );
        assert_eq!(list.names, ["quoi"]);
    }

    #[test]
    fn a_name_stands_for_its_list() {
        let named = HashMap::from([("fort".to_owned(), parse(".a title=b"))]);
        let mut list = parse("fort .c autre toc");
        assert_eq!(list.resolve(&named), ["autre"]);
        assert_eq!((list.classes.join(" "), list.value("title")), ("a c".to_owned(), Some("b")));
    }

    #[test]
    fn only_harmless_values_are_kept() {
        assert_eq!(kept_value("a", "target", "_blank").as_deref(), Some("_blank"));
        for (tag, name, value) in [
            ("a", "target", "_top"),
            ("p", "style", "x"),
            ("a", "onclick", "x"),
            ("p", "href", "/x"),
            ("img", "width", "10%"),
        ] {
            assert_eq!(kept_value(tag, name, value), None, "{name}");
        }
    }
}
