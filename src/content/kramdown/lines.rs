//! What a line by itself begins, goes on with or ends.
//!
//! Each question is asked of a line, or of a text that begins with one; nothing here knows what stood above.

use super::extensions::{Braces, line_of_braces, line_of_lists};
use super::html;

/// The first line of a text, with its end.
pub(super) fn first_line(text: &str) -> &str {
    text.find('\n').map_or(text, |end| &text[..=end])
}

/// What stands behind four spaces or a tab.
pub(super) fn indented(line: &str) -> Option<&str> {
    line.strip_prefix('\t').or_else(|| line.strip_prefix("    "))
}

/// What stands behind the mark of a quote.
pub(super) fn quoted(line: &str) -> Option<&str> {
    let indent = line.bytes().take(3).take_while(|byte| *byte == b' ').count();
    let rest = line[indent..].strip_prefix('>')?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// The character and length of a fence, and what stands behind it.
pub(super) fn fence(line: &str) -> Option<(char, usize, &str)> {
    let indent = line.bytes().take(3).take_while(|byte| *byte == b' ').count();
    let rest = &line[indent..];
    let fence = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = rest.chars().take_while(|c| *c == fence).count();
    (length >= 3).then(|| (fence, length, &rest[length..]))
}

pub(super) fn is_closing_fence(line: &str, open: char, least: usize) -> bool {
    fence(line).is_some_and(|(fence, length, info)| fence == open && length >= least && info.trim().is_empty())
}

/// A heading's level, and where its words begin.
pub(super) fn heading_start(line: &str) -> Option<(u8, usize)> {
    let level = line.bytes().take(7).take_while(|byte| *byte == b'#').count();
    let spaces = line[level..].len() - line[level..].trim_start_matches([' ', '\t']).len();
    let level = u8::try_from(level).ok().filter(|level| (1..=6).contains(level) && spaces > 0)?;
    Some((level, usize::from(level) + spaces))
}

/// Whether a line is a rule: three or more of one mark, with spaces between them.
pub(super) fn is_rule(line: &str) -> bool {
    let indent = line.bytes().take(4).take_while(|byte| *byte == b' ').count();
    let rest = line[indent..].trim_end();
    let mark = rest.chars().next().filter(|c| matches!(c, '*' | '-' | '_'));
    indent <= 3
        && mark.is_some_and(|mark| {
            rest.chars().all(|c| c == mark || c == ' ' || c == '\t') && rest.chars().filter(|c| *c == mark).count() >= 3
        })
}

pub(super) fn is_marker(line: &str) -> bool {
    line.strip_prefix('^').is_some_and(|rest| rest.trim().is_empty())
}

/// Whether an attribute list stands alone at the beginning of a text.
fn is_list_line(text: &str) -> bool {
    matches!(line_of_braces(text), Some((Braces::List(_) | Braces::Named { .. }, _))) || line_of_lists(text).is_some()
}

/// Whether what follows ends a block that goes on by itself: an empty line, an attribute list, a mark, or HTML.
pub(super) fn ends_lazily(text: &str) -> bool {
    let line = first_line(text);
    line.trim().is_empty() || is_list_line(text) || is_marker(line) || html::ends_paragraph(line)
}

/// Whether a line may go on with the block above it.
pub(super) fn is_lazy(text: &str) -> bool {
    !ends_lazily(text)
}

/// Whether what follows ends a paragraph.
pub(super) fn ends_paragraph(text: &str) -> bool {
    let line = first_line(text);
    ends_lazily(text)
        || list_marker(line, 3).is_some()
        || definition_marker(line, 3).is_some()
        || heading_start(line).is_some()
        || quoted(line).is_some()
        || fence(line).is_some()
}

/// Whether a block may end here: an empty line, an attribute list, a mark, or the end.
pub(super) fn is_boundary(text: &str) -> bool {
    let line = first_line(text);
    line.trim().is_empty() || is_marker(line) || is_list_line(text)
}

/// The marker of a list's item behind at most `widest` spaces: whether it is a number, and its length.
pub(super) fn list_marker(line: &str, widest: usize) -> Option<(bool, usize)> {
    let indent = line.bytes().take(widest).take_while(|byte| *byte == b' ').count();
    let rest = &line[indent..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (ordered, length) = match rest.as_bytes().get(digits)? {
        b'+' | b'*' | b'-' if digits == 0 => (false, 1),
        b'.' if digits > 0 => (true, digits + 1),
        _ => return None,
    };
    rest[length..].starts_with([' ', '\t', '|']).then_some((ordered, indent + length))
}

/// The length of the marker of a definition.
pub(super) fn definition_marker(line: &str, widest: usize) -> Option<usize> {
    let indent = line.bytes().take(widest).take_while(|byte| *byte == b' ').count();
    let rest = line[indent..].strip_prefix(':')?;
    rest.starts_with([' ', '\t', '|']).then_some(indent + 1)
}
