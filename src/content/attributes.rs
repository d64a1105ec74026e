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
    /// Parts that mean nothing.
    pub(super) unread: Vec<String>,
    /// It asks for a table of contents.
    pub(super) toc: bool,
    /// Where it stands in its text.
    pub(super) range: Range<usize>,
}

impl AttributeList {
    /// Takes the inside of `{: …}` apart; `named` are the lists defined under a name.
    pub(super) fn parse(inside: &str, range: Range<usize>, named: &HashMap<String, Self>) -> Self {
        let mut list = Self { range, ..Self::default() };
        let mut rest = inside.trim_start();
        while !rest.is_empty() {
            let end = end_of_part(rest);
            let (part, after) = rest.split_at(end);
            list.take(part, named);
            rest = after.trim_start();
        }
        list
    }

    fn take(&mut self, part: &str, named: &HashMap<String, Self>) {
        if let Some((name, value)) = part.split_once('=').filter(|(name, _)| is_name(name)) {
            let value = value.trim_matches(['"', '\'']).to_owned();
            match name.to_ascii_lowercase().as_str() {
                "class" => self.classes.extend(value.split_whitespace().map(str::to_owned)),
                "id" => self.id = Some(value),
                name => self.others.push((name.to_owned(), value)),
            }
        } else if let Some(words) = part.strip_prefix('.').filter(|words| !words.is_empty()) {
            self.classes.extend(words.split('.').filter(|word| !word.is_empty()).map(str::to_owned));
        } else if let Some(id) = part.strip_prefix('#').filter(|id| !id.is_empty()) {
            self.id = Some(id.to_owned());
        } else if part == "toc" {
            self.toc = true;
        } else if let Some(list) = named.get(part) {
            self.merge(list.clone());
        } else {
            self.unread.push(part.to_owned());
        }
    }

    /// Adds what `other` says.
    pub(super) fn merge(&mut self, other: Self) {
        let Self { id, classes, others, unread, toc, range: _ } = other;
        self.id = id.or(self.id.take());
        self.classes.extend(classes);
        self.others.extend(others);
        self.unread.extend(unread);
        self.toc |= toc;
    }
}

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
        AttributeList::parse(inside, 0..0, &HashMap::new())
    }

    #[test]
    fn lists_are_read_as_kramdown_reads_them() {
        let list = parse(" target=\"_blank\" .lien-important.grand #haut title='un mot' class=\"x y\" quoi");
        assert_eq!(list.classes, ["lien-important", "grand", "x", "y"]);
        assert_eq!(list.id.as_deref(), Some("haut"));
        assert_eq!(
            list.others,
            [("target".to_owned(), "_blank".to_owned()), ("title".to_owned(), "un mot".to_owned())]
        );
        assert_eq!(list.unread, ["quoi"]);
    }

    #[test]
    fn a_name_stands_for_its_list() {
        let named = HashMap::from([("fort".to_owned(), parse(".a title=b"))]);
        assert_eq!(AttributeList::parse("fort .c", 0..0, &named).classes, ["a", "c"]);
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
