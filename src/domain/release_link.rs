//! A link from one release to another, named by its file: where it leads is known only beside all other releases.

use super::SourcePath;

/// A link that a release's text makes to another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseLink {
    /// The file as it is named: `2026-11-23-un-pont`, or a path with its ending.
    pub named: String,
    /// Where the link stands in its own file: line and column from 1, and length.
    pub place: (usize, usize, usize),
}

/// What the address of such a link begins with, until it is resolved; reserved, so that no release stands there.
const MARK: &str = "/-release-/";

impl ReleaseLink {
    /// The address that stands for a link to the file `named`.
    #[must_use]
    pub fn address_of(named: &str) -> String {
        let mut address = MARK.to_owned();
        for byte in named.bytes() {
            address.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
        }
        address
    }

    /// Whether it means the file at `path`: by its whole path, or its last parts, with or without the ending.
    #[must_use]
    pub fn means(&self, path: &SourcePath) -> bool {
        let named = strip_ending(&self.named);
        let path = strip_ending(path.as_str());
        let ends = |long: &str, short: &str| {
            long.strip_suffix(short).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        !named.is_empty() && (ends(path, named) || ends(named, path))
    }
}

/// A path without its ending, when that is one of a text's.
fn strip_ending(path: &str) -> &str {
    [".md", ".markdown", ".html"].iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path)
}

/// `html` with the links to releases that `address_of` knows, and without those it does not.
pub(super) fn resolve(html: &str, address_of: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(MARK) {
        let digits = rest[at + MARK.len()..].bytes().take_while(u8::is_ascii_hexdigit).count();
        let end = at + MARK.len() + digits;
        let address = named(&rest[at + MARK.len()..end]).and_then(|named| address_of(&named));
        let tag = rest[..at].rfind('<').filter(|open| !rest[*open..at].contains('>'));
        match (address, tag) {
            (Some(address), _) => {
                out.push_str(&rest[..at]);
                out.push_str(&address);
                rest = &rest[end..];
            }
            // A link that leads nowhere is only its words.
            (None, Some(open)) if rest[open..].starts_with("<a ") => {
                out.push_str(&rest[..open]);
                let tag_end = rest[end..].find('>').map_or(rest.len(), |close| end + close + 1);
                let after = &rest[tag_end..];
                let close = after.find("</a>").unwrap_or(after.len());
                let inside = &after[..close];
                rest = after.get(close + "</a>".len()..).unwrap_or_default();
                out.push_str(&resolve(inside, address_of));
            }
            (None, _) => {
                out.push_str(&rest[..at]);
                rest = &rest[end..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn named(hex: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> =
        (0..hex.len() / 2).map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_meant_by_their_last_parts() {
        let link = |named: &str| ReleaseLink { named: named.to_owned(), place: (1, 1, 1) };
        let path = SourcePath::new("_posts/2026-11-23-un-pont.md");
        for named in ["2026-11-23-un-pont", "_posts/2026-11-23-un-pont.md", "site/_posts/2026-11-23-un-pont.md"] {
            assert!(link(named).means(&path), "{named}");
        }
        for named in ["un-pont", "autre/2026-11-23-un-pont", "2026-11-23-un-pont.pdf", ""] {
            assert!(!link(named).means(&path), "{named}");
        }
    }

    #[test]
    fn links_lead_on_or_are_only_their_words() {
        let known = ReleaseLink::address_of("été.md");
        let unknown = ReleaseLink::address_of("x");
        let html = format!(
            "<a href=\"{known}#a\">b</a> <a class=\"c\" href=\"{unknown}#d\" rel=\"e\">f <b>g</b></a> {known} {unknown}."
        );
        let resolved = resolve(&html, &|named| (named == "été.md").then(|| "/p/été/".to_owned()));
        assert_eq!(resolved, "<a href=\"/p/été/#a\">b</a> f <b>g</b> /p/été/ .");
    }
}
