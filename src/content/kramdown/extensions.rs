//! What stands between `{:` and `}`: attribute lists, named ones, and the extensions `{::comment}`, `{::nomarkdown}`
//! and `{::options}`. Only the recognition is here; `block_extensions.rs` and `spans.rs` know what they belong to.

/// A pair of braces of kramdown's at the beginning of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Braces<'a> {
    /// `{: …}`: the inside.
    List(&'a str),
    /// `{:name: …}`
    Named { name: &'a str, inside: &'a str },
    /// `{::name …}` or `{::name … /}`
    Start { name: &'a str, inside: &'a str, closed: bool },
    /// `{:/name}`
    Stop,
}

/// The braces at the beginning of `text`, and their length.
pub(super) fn braces(text: &str) -> Option<(Braces<'_>, usize)> {
    let inside = text.strip_prefix("{:")?;
    let mut end = None;
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'}' if !escaped => {
                end = Some(at);
                break;
            }
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
        if at > LONGEST {
            return None;
        }
    }
    let end = end?;
    let length = end + 3;
    let inside = &inside[..end];
    if let Some(name) = inside.strip_prefix('/') {
        return (name.is_empty() || is_name(name)).then_some((Braces::Stop, length));
    }
    if let Some(rest) = inside.strip_prefix(':') {
        let (rest, closed) = rest.strip_suffix('/').map_or((rest, false), |rest| (rest, true));
        let name_end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, inside) = rest.split_at(name_end);
        let right = !name.is_empty() && (inside.is_empty() || inside.starts_with(char::is_whitespace));
        return right.then_some((Braces::Start { name, inside, closed }, length));
    }
    if let Some((name, inside)) = inside.split_once(':').filter(|(name, _)| is_name(name)) {
        return Some((Braces::Named { name, inside }, length));
    }
    (!inside.is_empty()).then_some((Braces::List(inside), length))
}

/// How many bytes may stand between braces.
pub(super) const LONGEST: usize = 2_000;

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// The braces that alone make up the first line of `text`, with the length of the whole line.
pub(super) fn line_of_braces(text: &str) -> Option<(Braces<'_>, usize)> {
    let indent = text.bytes().take(3).take_while(|byte| *byte == b' ').count();
    let (braces, length) = braces(&text[indent..])?;
    let after = &text[indent + length..];
    let line_end = after.find('\n').map_or(after.len(), |at| at + 1);
    after[..line_end].trim().is_empty().then_some((braces, indent + length + line_end))
}

/// The first line of `text`, when it holds several attribute lists and nothing else.
pub(super) fn line_of_lists(text: &str) -> Option<(Vec<&str>, usize)> {
    let end = text.find('\n').map_or(text.len(), |at| at + 1);
    let mut rest = text[..end].trim();
    let mut lists = Vec::new();
    while !rest.is_empty() {
        let (Braces::List(inside), length) = braces(rest)? else { return None };
        lists.push(inside);
        rest = rest[length..].trim_start();
    }
    (lists.len() > 1).then_some((lists, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_told_apart() {
        assert_eq!(braces("{: .a title=\"\\}\"} x"), Some((Braces::List(" .a title=\"\\}\""), 17)));
        assert_eq!(braces("{:fort: .a}"), Some((Braces::Named { name: "fort", inside: " .a" }, 11)));
        let start = Braces::Start { name: "options", inside: " a=\"b\" ", closed: true };
        assert_eq!(braces("{::options a=\"b\" /}"), Some((start, 19)));
        assert_eq!(braces("{:/comment}"), Some((Braces::Stop, 11)));
        for other in ["{:}", "{: a", "{x}", "{::}", "{:/a b}"] {
            assert_eq!(braces(other), None, "{other}");
        }
        assert_eq!(line_of_braces("  {:.a}  \nx").map(|found| found.1), Some(10));
        assert!(line_of_braces("{:.a} x\n").is_none());
        assert_eq!(line_of_lists("{:.a}{:.b}\nx").map(|found| found.0.len()), Some(2));
    }
}
