//! The last gate: whatever the Markdown reader or an editor's own HTML produced leaves here as a safe fragment.
//!
//! The allow-list of elements and address schemes is here, that of attributes in `attributes.rs`. Reporting what is
//! dropped is not done here: the renderer did it while it still knew the places.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::attributes::{EVERYWHERE, kept_on};
use super::clean::is_clean;
use super::source::is_illegal;
use crate::domain::SafeHtml;

/// The bytes of text after which [`CUT`] may stand.
const LONGEST_TEXT: usize = 4_096;

/// What ends a text and leaves no trace.
const CUT: &str = "<!---->";

/// How often a text is cleaned until it stays the same.
const MOST_ROUNDS: usize = 8;

/// Elements that are kept.
const ELEMENTS: [&str; 62] = [
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "ul",
];

/// Further elements that are kept.
const RARE_ELEMENTS: [&str; 3] = ["u", "var", "wbr"];

/// Elements that are dropped with all they hold.
pub(super) const DROPPED_WHOLE: [&str; 15] = [
    "applet", "audio", "canvas", "head", "iframe", "math", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "video",
];

/// Whether an element is kept.
pub(super) fn is_kept(tag: &str) -> bool {
    ELEMENTS.contains(&tag) || RARE_ELEMENTS.contains(&tag)
}

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let elements: HashSet<&str> = ELEMENTS.iter().chain(&RARE_ELEMENTS).copied().collect();
    let attributes: HashMap<&str, HashSet<&str>> =
        elements.iter().map(|tag| (*tag, kept_on(tag).iter().copied().collect())).collect();
    let mut cleaner = ammonia::Builder::empty();
    cleaner
        .tags(elements)
        .tag_attributes(attributes)
        .generic_attributes(EVERYWHERE.into_iter().collect())
        .clean_content_tags(DROPPED_WHOLE.into_iter().collect())
        .url_schemes(["http", "https", "mailto", "tel"].into_iter().collect())
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true);
    cleaner
});

/// `html` as a safe fragment: well-formed, allowed elements and attributes only, no character that no feed may hold, no
/// blank around it.
///
/// What is written is read again until it says the same: elements from a table that is no table may stand where no
/// reader would put them. Nearly always, the first look shows that nothing changed.
pub(super) fn sanitise(html: &str) -> SafeHtml {
    let mut html = Cow::Borrowed(html.trim());
    if is_clean(&html) {
        return SafeHtml::trust_sanitised(html.into_owned());
    }
    for _ in 0..MOST_ROUNDS {
        let clean = cleaned(&html);
        if clean == *html {
            break;
        }
        html = clean.into();
    }
    SafeHtml::trust_sanitised(html.into_owned())
}

/// What the cleaner makes of `html` in one go.
pub(super) fn cleaned(html: &str) -> String {
    let clean = CLEANER.clean(&in_short_texts(html)).to_string();
    with_first_lines(apart(&clean).trim())
}

/// `html` with one more line break in front of those that a preformatted text begins with: whoever reads it drops the
/// first (HTML §13.2.6.4.7), and the cleaner does not write it.
fn with_first_lines(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find("<pre") {
        let end = rest[open..].find('>').map_or(rest.len(), |close| open + close + 1);
        out.push_str(&rest[..end]);
        rest = &rest[end..];
        if rest.starts_with('\n') {
            out.push('\n');
        }
    }
    out.push_str(rest);
    out
}

/// What the last gate makes of what it let out: the same. For tests of that rule.
#[must_use]
pub fn sanitised_again(html: &str) -> String {
    sanitise(html).as_str().to_owned()
}

/// `html` with a comment wherever a text grows long; the cleaner drops it. Its writer looks through the whole rest of a
/// text again at each character it escapes, so that one long text would take the square of its length.
fn in_short_texts(html: &str) -> Cow<'_, str> {
    if html.len() <= LONGEST_TEXT {
        return html.into();
    }
    let mut out = String::with_capacity(html.len() + html.len() / LONGEST_TEXT * CUT.len());
    let (mut in_tag, mut length) = (false, 0);
    for c in html.chars() {
        if c == '<' {
            (in_tag, length) = (true, 0);
        } else if !in_tag {
            // Never inside a character reference.
            if length >= LONGEST_TEXT && !c.is_ascii_alphanumeric() && !matches!(c, '#' | ';') {
                out.push_str(CUT);
                length = 0;
            }
            length += c.len_utf8();
        }
        out.push(c);
        if c == '>' {
            in_tag = false;
        }
    }
    out.into()
}

/// `html` without illegal characters, and with what remains of `{:`, `{%` and `{{` pulled apart: a reader must never
/// take the words for an attribute list or Liquid.
fn apart(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut after_brace = false;
    for c in html.chars().filter(|c| !is_illegal(*c)) {
        if after_brace && matches!(c, ':' | '%' | '{') {
            out.push(' ');
        }
        after_brace = c == '{';
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str) {
        assert_eq!(sanitise(html).as_str(), expected, "{html}");
    }

    #[test]
    fn nothing_active_passes() {
        check("<p onclick=\"x\" style=\"y\">a<script>b</script><iframe src=\"/x\">c</iframe></p>", "<p>a</p>");
        check("<form action=\"/x\"><input name=\"y\">z</form>", "z");
        check("<a href=\"javascript:x\">y</a>", "<a>y</a>");
        check("<svg><text>x</text></svg><!-- y -->", "");
    }

    #[test]
    fn what_passed_passes_again_as_it_is() {
        for html in [
            // In a table, an item does not close the one before the table: it ends up inside it.
            "<ul><li>Un<table><tr><li>Deux</table></ul>",
            "<h3>Un<table><tr><h4>Deux</table>Trois",
            "<p>Un<table><tbody><b>Deux<td><p>Trois</table>",
            "<a href=\"/a\">Un<table><a href=\"/b\">Deux</table></a>",
            // The illegal characters that stood between blanks and the end are dropped.
            "<p>Un</p> \n&#1;\u{1} \n",
            " &#1; <p>Un</p>",
            "<pre>&#1;\n\nUn</pre>",
            "<table><tr><td>Un</td></tr> &#1;\n",
            "<p title=\"a>b<i>c\">Un",
        ] {
            let once = sanitise(html);
            assert_eq!(once.as_str(), cleaned(once.as_str()), "{html}");
        }
        check(
            "<ul><li>Un<table><tr><li>Deux</table></ul>",
            "<ul><li>Un</li><li>Deux</li><table><tbody><tr></tr></tbody></table></ul>",
        );
        check("<table><tr><td>Un</td></tr> &#1;\n", "<table><tbody><tr><td>Un</td></tr></tbody></table>");
    }

    #[test]
    fn empty_lines_at_the_start_of_a_preformatted_text_stay() {
        check("<pre>\nUn</pre>", "<pre>Un</pre>");
        check("<pre id=\"a\">\n\nUn</pre><pre>\n\n\nDeux</pre>", "<pre id=\"a\">\n\nUn</pre><pre>\n\n\nDeux</pre>");
    }

    #[test]
    fn open_elements_are_closed() {
        check("<p>a<b>b<p>c", "<p>a<b>b</b></p><p><b>c</b></p>");
    }

    #[test]
    fn a_long_text_is_written_in_short_ones_and_stays_the_same() {
        for text in ["&amp;", "»", "a&lt;b ", "<b>é</b> &nbsp;"] {
            let html = format!("<p>{}</p>", text.repeat(3_000).trim_end());
            let longest = LONGEST_TEXT + "<!---->&amp;".len();
            let cut = in_short_texts(&html);
            assert!(cut.split('<').all(|part| part.len() <= longest), "{text}");
            assert_eq!(sanitise(&html).as_str(), html);
        }
    }

    #[test]
    fn illegal_characters_and_braces_are_gone() {
        check("a&#1;b {&#58; .x} {{{: y}", "ab { : .x} { { { : y}");
    }
}
