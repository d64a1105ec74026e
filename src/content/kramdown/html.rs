//! HTML as kramdown recognises it: which words are tags, and which elements stand among words, beside blocks, or hold
//! text that is not read. That a tag may do harm is not asked here: the renderer and the sanitiser see to that.

use std::ops::Range;

use super::finder::Finder;

/// A start tag.
#[derive(Debug)]
pub(super) struct StartTag<'a> {
    /// In lower case.
    pub(super) name: String,
    pub(super) attributes: Vec<(String, &'a str, Range<usize>)>,
    /// It ends in `/>`.
    pub(super) closed: bool,
    pub(super) end: usize,
}

/// How the inside of an element is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Block,
    Span,
    Raw,
}

const BLOCK: [&str; 30] = [
    "address",
    "applet",
    "article",
    "aside",
    "blockquote",
    "body",
    "dd",
    "details",
    "div",
    "dl",
    "fieldset",
    "figure",
    "figcaption",
    "footer",
    "form",
    "header",
    "hgroup",
    "iframe",
    "li",
    "main",
    "map",
    "menu",
    "nav",
    "noscript",
    "object",
    "section",
    "summary",
    "td",
    "video",
    "audio",
];

const SPAN: [&str; 43] = [
    "a", "abbr", "acronym", "b", "bdo", "big", "button", "cite", "caption", "del", "dfn", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "i", "ins", "label", "legend", "optgroup", "p", "q", "rb", "rbc", "rp", "rt", "rtc", "ruby",
    "select", "small", "span", "strong", "sub", "sup", "th", "tt", "u", "mark", "s",
];

/// Elements that stand among words.
const AMONG_WORDS: [&str; 38] = [
    "a", "abbr", "acronym", "b", "big", "bdo", "br", "button", "cite", "code", "del", "dfn", "em", "i", "img", "input",
    "ins", "kbd", "label", "mark", "option", "q", "rb", "rbc", "rp", "rt", "rtc", "ruby", "samp", "select", "small",
    "span", "strong", "sub", "sup", "tt", "u", "var",
];

/// Elements that cannot stand among words.
const BESIDE_WORDS: [&str; 49] = [
    "address",
    "article",
    "aside",
    "applet",
    "body",
    "blockquote",
    "caption",
    "col",
    "colgroup",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "head",
    "iframe",
    "legend",
    "menu",
    "li",
    "main",
    "map",
    "nav",
    "ol",
    "optgroup",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tfoot",
    "tr",
    "ul",
];

/// Elements without content.
const VOID: [&str; 15] = [
    "area", "base", "br", "col", "command", "embed", "hr", "img", "input", "keygen", "link", "meta", "param", "source",
    "wbr",
];

pub(super) fn stands_among_words(name: &str) -> bool {
    AMONG_WORDS.contains(&name)
}

pub(super) fn stands_beside_words(name: &str) -> bool {
    BESIDE_WORDS.contains(&name)
}

pub(super) fn is_void(name: &str) -> bool {
    VOID.contains(&name)
}

/// How the inside of an element is read where Markdown is asked for.
pub(super) fn model(name: &str) -> Model {
    if BLOCK.contains(&name) {
        Model::Block
    } else if SPAN.contains(&name) {
        Model::Span
    } else {
        Model::Raw
    }
}

/// What `markdown="…"` asks of an element.
pub(super) fn asked_model(name: &str, value: &str) -> Option<Model> {
    match value {
        "0" => Some(Model::Raw),
        "1" => Some(model(name)),
        "span" => Some(Model::Span),
        "block" => Some(Model::Block),
        _ => None,
    }
}

/// Where the name at `at` ends.
fn name_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let length = rest.find(|c: char| !(c.is_alphanumeric() || "-_.:".contains(c))).unwrap_or(rest.len());
    Some(at + rest[..length].trim_end_matches(':').len())
}

fn spaces_end(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start().len()
}

/// The start tag at `at`.
pub(super) fn start_tag<'a>(text: &'a str, at: usize, finder: &mut Finder) -> Option<StartTag<'a>> {
    if !text[at..].starts_with('<') {
        return None;
    }
    let mut position = name_end(text, at + 1)?;
    let name = text[at + 1..position].to_lowercase();
    let mut attributes = Vec::new();
    loop {
        let after = spaces_end(text, position);
        let rest = &text[after..];
        if rest.starts_with('>') {
            return Some(StartTag { name, attributes, closed: false, end: after + 1 });
        }
        if rest.starts_with("/>") {
            return Some(StartTag { name, attributes, closed: true, end: after + 2 });
        }
        if after == position || attributes.len() > MOST_ATTRIBUTES {
            return None;
        }
        let end = name_end(text, after)?;
        let mut value = "";
        position = end;
        let equals = spaces_end(text, end);
        if text[equals..].starts_with('=') {
            let start = spaces_end(text, equals + 1);
            let quote = text[start..].get(..1).filter(|quote| matches!(*quote, "\"" | "'"));
            if let Some(quote) = quote {
                let close = finder.find(text, quote, start + 1)?;
                value = &text[start + 1..close];
                position = close + 1;
            } else {
                let rest = &text[start..];
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                if length == 0 {
                    return None;
                }
                value = &rest[..length];
                position = start + length;
            }
        }
        attributes.push((text[after..end].to_lowercase(), value, after..position));
    }
}

/// How many attributes a tag may have.
const MOST_ATTRIBUTES: usize = 100;

/// The name in the end tag at `at`, and where the tag ends.
pub(super) fn end_tag(text: &str, at: usize) -> Option<(String, usize)> {
    if !text[at..].starts_with("</") {
        return None;
    }
    let end = name_end(text, at + 2)?;
    let close = spaces_end(text, end);
    text[close..].starts_with('>').then(|| (text[at + 2..end].to_lowercase(), close + 1))
}

/// Where the comment at `at` ends.
pub(super) fn comment_end(text: &str, at: usize, finder: &mut Finder) -> Option<usize> {
    text[at..].starts_with("<!--").then(|| finder.find(text, "-->", at + 4)).flatten().map(|end| end + 3)
}

/// Where the end tag of `name` after `at` begins.
pub(super) fn close_of(text: &str, name: &str, at: usize, finder: &mut Finder) -> Option<usize> {
    let mut from = at;
    for _ in 0..MOST_CLOSES {
        let open = finder.find(text, "</", from)?;
        match end_tag(text, open) {
            Some((other, _)) if other == name => return Some(open),
            _ => from = open + 2,
        }
    }
    None
}

/// How many other end tags may stand before the one looked for.
const MOST_CLOSES: usize = 1_000;

/// Whether a line that begins with this text ends a paragraph: the tag of an element that stands beside words.
pub(super) fn ends_paragraph(line: &str) -> bool {
    let indent = line.bytes().take(3).take_while(|byte| *byte == b' ').count();
    let Some(inside) = line[indent..].strip_prefix('<') else { return false };
    let (inside, is_end) = inside.strip_prefix('/').map_or((inside, false), |inside| (inside, true));
    let Some(end) = name_end(inside, 0) else { return false };
    let name = inside[..end].to_lowercase();
    if stands_among_words(&name) || name == "script" {
        return false;
    }
    !is_end || inside[end..].trim_start().starts_with('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let tag = start_tag(text, 0, &mut Finder::default())?;
        let attributes: Vec<_> = tag.attributes.iter().map(|(name, value, _)| format!(" {name}={value}")).collect();
        Some(format!("{}{}{} {}", tag.name, attributes.concat(), if tag.closed { "/" } else { "" }, tag.end))
    }

    #[test]
    fn tags_are_what_kramdown_takes_for_them() {
        assert_eq!(shown("<P class='x y' id = \"z\" hidden n=1>t").as_deref(), Some("p class=x y id=z hidden= n=1 35"));
        assert_eq!(shown("<br/>").as_deref(), Some("br/ 5"));
        assert_eq!(shown("<a href=\"<>\"\n>").as_deref(), Some("a href=<> 14"));
        for text in ["< p>", "<3>", "<a href=/x>", "<a href='x>", "<p", "<p/ >", "</p>", "<p class=\"a\"id=b>"] {
            assert_eq!(shown(text), None, "{text}");
        }
        assert_eq!(end_tag("</DIV >x", 0), Some(("div".to_owned(), 7)));
        assert!(ends_paragraph("  <div class") && ends_paragraph("</p>") && ends_paragraph("<custom"));
        assert!(!ends_paragraph("<b>") && !ends_paragraph("<script>") && !ends_paragraph("1 < 2"));
    }
}
