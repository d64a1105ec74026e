//! The tags in a piece of HTML, one after the other (HTML §13.2.5, without its rarer states).
//!
//! Whatever is not clearly a tag is text. This only reports and rewrites what an editor wrote; that the result is safe
//! is the sanitiser's work.

use std::ops::Range;

/// One piece of HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Open {
        name: String,
        attributes: Vec<Attribute<'a>>,
        range: Range<usize>,
    },
    Close {
        name: String,
        range: Range<usize>,
    },
    Comment {
        range: Range<usize>,
    },
    /// `<!…>`, `<?…>`
    Declaration {
        range: Range<usize>,
    },
}

/// An attribute of a tag, its value as written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    pub(super) name: String,
    pub(super) value: &'a str,
    pub(super) range: Range<usize>,
}

/// How many beginnings of tags may lead nowhere; each is looked at up to the end of the text, and the rest is text.
const MOST_BROKEN: usize = 100;

/// Takes `html` apart.
pub(super) fn pieces(html: &str) -> Vec<Piece<'_>> {
    pieces_and_broken(html).0
}

/// The pieces of `html`, and how many beginnings of tags led nowhere.
fn pieces_and_broken(html: &str) -> (Vec<Piece<'_>>, usize) {
    let mut pieces = Vec::new();
    let mut broken = 0;
    let (mut at, mut text_start) = (0, 0);
    while broken < MOST_BROKEN
        && let Some(open) = html[at..].find('<').map(|offset| at + offset)
    {
        let Some(piece) = piece(html, open) else {
            at = open + 1;
            broken += usize::from(html[at..].starts_with(|c: char| c.is_ascii_alphabetic() || "!?/".contains(c)));
            continue;
        };
        if text_start < open {
            pieces.push(Piece::Text(&html[text_start..open]));
        }
        at = end_of(&piece);
        text_start = at;
        pieces.push(piece);
    }
    if text_start < html.len() {
        pieces.push(Piece::Text(&html[text_start..]));
    }
    (pieces, broken)
}

fn end_of(piece: &Piece<'_>) -> usize {
    match piece {
        Piece::Text(_) => 0,
        Piece::Open { range, .. }
        | Piece::Close { range, .. }
        | Piece::Comment { range }
        | Piece::Declaration { range } => range.end,
    }
}

/// The tag, comment or declaration that begins at `open`.
fn piece(html: &str, open: usize) -> Option<Piece<'_>> {
    let rest = &html[open..];
    let until = |end: &str| rest.find(end).map(|at| open..open + at + end.len());
    if let Some(comment) = rest.strip_prefix("<!--") {
        let close = comment.find("-->").map_or(html.len(), |at| open + at + 7);
        return Some(Piece::Comment { range: open..close });
    }
    if rest.starts_with("<![CDATA[") {
        return until("]]>").map(|range| Piece::Declaration { range });
    }
    if rest.starts_with("<!") || rest.starts_with("<?") {
        return until(">").map(|range| Piece::Declaration { range });
    }
    if let Some(name) = rest.strip_prefix("</") {
        let name = tag_name(name)?;
        return until(">").map(|range| Piece::Close { name, range });
    }
    let name = tag_name(&rest[1..])?;
    let (attributes, end) = attributes(html, open + 1 + name.len())?;
    Some(Piece::Open { name, attributes, range: open..end })
}

fn tag_name(text: &str) -> Option<String> {
    let end = text.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(text.len());
    let name = &text[..end];
    let right = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-:_.".contains(c));
    right.then(|| name.to_ascii_lowercase())
}

/// The attributes from `at` on, and where the tag ends.
fn attributes(html: &str, mut at: usize) -> Option<(Vec<Attribute<'_>>, usize)> {
    let mut found = Vec::new();
    loop {
        at += html[at..].find(|c: char| !(c.is_ascii_whitespace() || c == '/'))?;
        if html[at..].starts_with('>') {
            return Some((found, at + 1));
        }
        let start = at;
        at += html[at..].find(|c: char| c.is_ascii_whitespace() || "=>/".contains(c)).filter(|length| *length > 0)?;
        let name = html[start..at].to_ascii_lowercase();
        let after = at + html[at..].find(|c: char| !c.is_ascii_whitespace())?;
        let mut value = "";
        if html[after..].starts_with('=') {
            at = after + 1;
            at += html[at..].find(|c: char| !c.is_ascii_whitespace())?;
            let quote = html[at..].chars().next().filter(|c| matches!(c, '"' | '\''));
            if let Some(quote) = quote {
                let length = html[at + 1..].find(quote)?;
                value = &html[at + 1..at + 1 + length];
                at += length + 2;
            } else {
                let length = html[at..].find(|c: char| c.is_ascii_whitespace() || c == '>')?;
                value = &html[at..at + length];
                at += length;
            }
        }
        found.push(Attribute { name, value, range: start..at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        let mut out = String::new();
        for piece in pieces(html) {
            match piece {
                Piece::Text(text) => out.extend(["[", text, "]"]),
                Piece::Open { name, attributes, .. } => {
                    let attributes: Vec<_> = attributes.iter().map(|a| format!(" {}={}", a.name, a.value)).collect();
                    out.extend(["<", name.as_str(), &attributes.concat(), ">"]);
                }
                Piece::Close { name, .. } => out.extend(["</", name.as_str(), ">"]),
                Piece::Comment { .. } => out.push('#'),
                Piece::Declaration { .. } => out.push('!'),
            }
        }
        out
    }

    #[test]
    fn tags_are_told_from_text() {
        assert_eq!(shown("a <B Class='x y' z=1 disabled/>b</b >"), "[a ]<b class=x y z=1 disabled=>[b]</b>");
        assert_eq!(shown("1 < 2 <3> <é> <!-- <p> --><?php ?><!x>"), "[1 < 2 <3> <é> ]#!!");
        assert_eq!(shown("<a href=\"<>\">x"), "<a href=<>>[x]");
        assert_eq!(shown("<a href=\"x"), "[<a href=\"x]");
        assert_eq!(shown("<!-- open"), "#");
    }

    #[test]
    fn what_never_ends_is_not_looked_at_again_and_again() {
        for broken in ["<!A", "<?a", "<![CDATA[", "</a", "<a b='c", "<a <a"] {
            let html = broken.repeat(2_001);
            assert_eq!(pieces_and_broken(&html).1, MOST_BROKEN, "{broken}");
        }
        let few = "1 < 2 ".repeat(500) + "<b>";
        assert!(matches!(pieces_and_broken(&few), (pieces, 0) if pieces.len() == 2));
    }
}
