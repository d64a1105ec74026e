//! Whether HTML is safe and well-formed as it stands: so is what nearly every text becomes.
//!
//! The cleaner builds a tree of everything it is given and writes it again. Most texts are paragraphs, headings, lists,
//! quotes and plain tables with a few words marked in them, of which the same would come out; for those one look along
//! the text is enough. Cautious: whatever may come out otherwise goes to the cleaner. A property test holds the two
//! together.

use memchr::{memchr, memchr3_iter};

use super::attributes::{EVERYWHERE, kept_on};
use crate::domain::is_unsuspicious;

/// Elements may be nested so deeply at most: a text needs about six.
const DEEPEST: usize = 32;

/// Elements that stand among words and hold words.
const PHRASES: [&str; 11] = ["a", "abbr", "b", "code", "del", "em", "i", "span", "strong", "sub", "sup"];

/// How characters are written that do not stand for themselves.
const REFERENCES: [&str; 4] = ["&amp;", "&lt;", "&gt;", "&nbsp;"];

/// Whether the cleaner would let `html` out as it is.
pub(super) fn is_clean(html: &str) -> bool {
    if !is_unsuspicious(html) || memchr(b'{', html.as_bytes()).is_some() {
        return false;
    }
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        let Some((tag, after)) = after.split_once('>') else { return false };
        let is_right = is_clean_text(text, open.last().copied())
            && match tag.strip_prefix('/') {
                Some(name) => open.pop() == Some(name),
                None => opens(tag, &mut open),
            };
        if !is_right {
            return false;
        }
        rest = after;
    }
    open.is_empty() && is_clean_text(rest, None)
}

/// Whether `text` may stand in `parent` and is written as the cleaner writes it.
fn is_clean_text(text: &str, parent: Option<&str>) -> bool {
    if matches!(parent, Some("ul" | "ol" | "table" | "thead" | "tbody" | "tfoot" | "tr")) {
        return text.bytes().all(|byte| matches!(byte, b' ' | b'\n'));
    }
    is_escaped(text, &REFERENCES)
}

/// Whether every character of `text` that does not stand for itself is written as one of `references`.
fn is_escaped(text: &str, references: &[&str]) -> bool {
    memchr3_iter(b'>', b'&', 0xC2, text.as_bytes()).all(|at| match text.as_bytes()[at] {
        b'&' => references.iter().any(|reference| text[at..].starts_with(reference)),
        // The first byte of a no-break space, and of others that stand for themselves.
        0xC2 => text.as_bytes().get(at + 1) != Some(&0xA0),
        _ => false,
    })
}

/// Whether an element that begins with `tag` may stand below the `open` ones, to which it is added.
fn opens<'h>(tag: &'h str, open: &mut Vec<&'h str>) -> bool {
    let (name, attributes) = tag.split_at(tag.find(' ').unwrap_or(tag.len()));
    let is_phrase = PHRASES.contains(&name);
    let may_stand = match open.last().copied() {
        None | Some("li" | "blockquote") => is_phrase || is_block(name) || matches!(name, "br" | "hr"),
        Some("ul" | "ol") => name == "li",
        Some("table") => matches!(name, "thead" | "tbody" | "tfoot"),
        Some("thead" | "tbody" | "tfoot") => name == "tr",
        Some("tr") => matches!(name, "th" | "td"),
        Some(_) => is_phrase || name == "br",
    };
    let is_again = is_phrase && open.contains(&name);
    if !may_stand || is_again || open.len() > DEEPEST || !are_clean(attributes, name) {
        return false;
    }
    if !matches!(name, "br" | "hr") {
        open.push(name);
    }
    true
}

/// Whether an element stands on lines of its own.
fn is_block(name: &str) -> bool {
    matches!(name, "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "blockquote" | "table")
}

/// Whether the attributes of an element called `name` are kept, and written as the cleaner writes them.
fn are_clean(attributes: &str, name: &str) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut rest = attributes;
    while !rest.is_empty() {
        let Some((attribute, after)) = rest.strip_prefix(' ').and_then(|rest| rest.split_once("=\"")) else {
            return false;
        };
        let Some((value, after)) = after.split_once('"') else { return false };
        let is_kept = EVERYWHERE.contains(&attribute) || kept_on(name).contains(&attribute);
        let is_right = match attribute {
            "href" => is_clean_address(value),
            "cite" => false,
            _ => is_escaped(value, &["&amp;"]),
        };
        if !is_kept || !is_right || seen.contains(&attribute) {
            return false;
        }
        seen.push(attribute);
        rest = after;
    }
    true
}

/// Whether an address is one beyond doubt, and leads where the cleaner lets it lead.
fn is_clean_address(value: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$'()*+,;=%&".contains(&byte);
    let host = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let leads_on = match host {
        Some(rest) => is_clean_host(rest.split(['/', '?', '#']).next().unwrap_or_default()),
        None => ["mailto:", "tel:", "/", "#"].iter().any(|start| value.starts_with(start)) && !value.starts_with("//"),
    };
    leads_on && value.bytes().all(is_usual) && is_escaped(value, &["&amp;"])
}

/// Whether a host is a plain name with a dot, and no number.
fn is_clean_host(host: &str) -> bool {
    let is_label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.ends_with(|c: char| c.is_ascii_alphanumeric())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.contains("--")
    };
    let last = host.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic())) && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sanitise::cleaned;
    use super::*;

    #[test]
    fn usual_texts_are_clean() {
        for html in [
            "",
            "Un pont",
            "<p>Un pont «&nbsp;neuf&nbsp;» &amp; <strong>sûr</strong>.<br>\nEt <em>gratuit</em>.</p>",
            "<h2 id=\"a\">Titre</h2>\n<ul><li>Un</li>\n<li>Deux\n<ol><li><p>Trois</p></li></ol></li></ul>",
            "<p><a href=\"https://pont.example/a?b=c&amp;d\" class=\"lien\" target=\"_blank\" rel=\"noopener\">ici</a></p>",
            "<p><a href=\"/uploads/a%20b.pdf\">a</a>, <a href=\"mailto:a@b.example\">b</a>, <a href=\"#c\">c</a></p>",
            "<table><thead><tr><th scope=\"col\">A</th></tr>\n</thead>\n<tbody><tr><td>b</td></tr></tbody></table>",
            "<blockquote><p>Un</p></blockquote>\n<hr>\n<p>Deux</p>",
        ] {
            assert!(is_clean(html), "{html}");
            assert_eq!(cleaned(html), html);
        }
    }

    #[test]
    fn whatever_the_cleaner_may_change_is_not() {
        for html in [
            "<p>a > b</p>",
            "<p>a & b</p>",
            "<p>a\u{A0}b</p>",
            "<p>a &quot;b&quot;</p>",
            "<p>a",
            "a</p>",
            "<p><p>a</p></p>",
            "<p><ul><li>a</li></ul></p>",
            "<ul>a</ul>",
            "<li>a</li>",
            "<script>a</script>",
            "<p onclick=\"a\">b</p>",
            "<p style=\"a\">b</p>",
            "<a href=\"javascript:a\">b</a>",
            "<a href=\"//a.example\">b</a>",
            "<a href=\"a\">b</a>",
            "<a href=\"https://1.2.3.400/\">b</a>",
            "<a href=\"https://a:b@c.example/\">b</a>",
            "<p id='a'>b</p>",
            "<p id=a>b</p>",
            "<p id=\"a\" id=\"b\">c</p>",
            "<p id=\"a\"  class=\"b\">c</p>",
            "<P>a</P>",
            "<br/>",
            "<br />",
            "<br></br>",
            "<img src=\"/a\">",
            "<table><tr><td>a</td></tr></table>",
            "<table>a<tbody></tbody></table>",
            "<!-- a -->",
            "<pre>\na</pre>",
            "{: .a}",
            "<a href=\"/a\">b<em><a href=\"/c\">d</a></em></a>",
            "<em><em>a</em></em>",
            "<p>a</p",
            "<",
            "<>",
            "</>",
            "a\u{1}b",
        ] {
            assert!(!is_clean(html), "{html}");
        }
    }

    fn words() -> impl Strategy<Value = String> {
        "([a-zé«» \n’.,;:!?-]|&amp;|&lt;|&gt;|&nbsp;){0,8}|[a-z&<>\"'\u{A0}{}/=]{0,4}"
    }

    fn attributes() -> impl Strategy<Value = String> {
        prop_oneof![
            6 => Just(String::new()),
            2 => "( (id|class|title|lang|dir|rel|target|scope|start|value|colspan|datetime)=\"([a-z0-9é _-]|&amp;|\n|\t){0,5}\"){1,2}",
            1 => "( (href|src|cite|style|onclick|aria-label|Id)=[\"']?[a-z&:/]{0,5}[\"']?){1,2}",
        ]
    }

    fn address() -> impl Strategy<Value = String> {
        prop_oneof![
            "(https?://|mailto:|tel:|/|#)[a-zA-Z0-9.@-]{0,10}([/?#:=&%;,!$'()*+~_.-]|&amp;|[a-z0-9]){0,10}",
            "https?://([a-z0-9x-]{1,5}\\.){0,3}[a-z0-9x]{1,4}(/[a-z]{0,3})?",
            "[a-z:/&\"#]{0,8}",
        ]
    }

    fn phrase() -> impl Strategy<Value = String> {
        words().prop_recursive(3, 12, 3, |inner| {
            let name = prop::sample::select(PHRASES.to_vec());
            let inside = prop::collection::vec(inner, 0..3);
            prop_oneof![
                (name, attributes(), inside.clone()).prop_map(|(name, attributes, inside)| {
                    format!("<{name}{attributes}>{}</{name}>", inside.concat())
                }),
                (address(), attributes(), inside)
                    .prop_map(|(to, more, inside)| format!("<a href=\"{to}\"{more}>{}</a>", inside.concat())),
                Just("<br>".to_owned()),
                words(),
            ]
        })
    }

    fn flow() -> impl Strategy<Value = String> {
        let names = vec![
            "p",
            "h1",
            "h2",
            "ul",
            "ol",
            "li",
            "blockquote",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "hr",
            "pre",
            "div",
        ];
        let leaf = (prop::sample::select(vec!["p", "h2", "li", "td", "th", "h6"]), attributes(), phrase());
        let leaf = leaf.prop_map(|(name, attributes, inside)| format!("<{name}{attributes}>{inside}</{name}>"));
        let list = prop::collection::vec((attributes(), phrase()), 0..3).prop_map(|items| {
            let items: Vec<_> = items.iter().map(|(more, inside)| format!("<li{more}>{inside}</li>\n")).collect();
            format!("<ul>{}</ul>", items.concat())
        });
        let table = prop::collection::vec((attributes(), phrase()), 0..3).prop_map(|cells| {
            let cells: Vec<_> = cells.iter().map(|(more, inside)| format!("<td{more}>{inside}</td>")).collect();
            format!("<table><tbody><tr>{}</tr>\n</tbody></table>", cells.concat())
        });
        prop_oneof![2 => leaf, 1 => phrase(), 1 => list, 1 => table].prop_recursive(3, 16, 3, move |inner| {
            let name = prop::sample::select(names.clone());
            (name, attributes(), prop::collection::vec(inner, 0..3))
                .prop_map(|(name, attributes, inside)| format!("<{name}{attributes}>{}</{name}>", inside.join("\n")))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn what_is_clean_comes_out_as_it_is(parts in prop::collection::vec(flow(), 1..4)) {
            let html = parts.join("\n");
            let html = html.trim();
            if is_clean(html) {
                prop_assert_eq!(cleaned(html), html);
            }
        }
    }
}
