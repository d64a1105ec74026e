//! A release's id written into its file: one line more in the front matter, and no other byte touched.
//!
//! Reading and writing the file are the caller's. The result is read back before it is given, so that a front matter in
//! which a line cannot simply be put is refused rather than spoiled.

use super::front_matter::{self, Parts};
use super::source::{Findings, Text};
use crate::domain::{ReleaseId, SourcePath};

/// What became of pinning an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pinned {
    /// The file pins this very id already.
    Already,
    /// The file's bytes with the line put in.
    Bytes(Vec<u8>),
}

/// Why an id cannot be pinned in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The file has another id.
    #[error("it has another id already: `{0}`")]
    Another(String),
    /// There is no front matter, or it cannot be read.
    #[error("it has no front matter that can be read")]
    Unreadable,
    /// The front matter is written in a way that takes no further line.
    #[error("its front matter takes no further line; add `id: \"{0}\"` by hand")]
    NoPlace(ReleaseId),
}

/// The file `bytes` with `id: "…"` in its front matter, as its first line or, where that does not do, as its last.
///
/// # Errors
/// When the file has another id, or no front matter that takes the line.
///
/// ```
/// use depeche::content::{Pinned, pin_id};
///
/// let id = "tag:presse.example.org,2026:un-pont".parse().unwrap();
/// let pinned = pin_id(b"---\r\ntitle: Un pont\r\n---\r\n", &id);
/// let expected = b"---\r\nid: \"tag:presse.example.org,2026:un-pont\"\r\ntitle: Un pont\r\n---\r\n";
/// assert_eq!(pinned, Ok(Pinned::Bytes(expected.to_vec())));
/// assert!(pin_id(b"Un pont", &id).is_err());
/// ```
pub fn pin_id(bytes: &[u8], id: &ReleaseId) -> Result<Pinned, PinError> {
    match pinned_in(bytes)? {
        Some(there) if there == id.as_str() => return Ok(Pinned::Already),
        Some(there) => return Err(PinError::Another(there)),
        None => {}
    }
    let (places, ending) = places(bytes).ok_or(PinError::Unreadable)?;
    let line = format!("id: \"{id}\"{ending}");
    for place in places {
        let (before, after) = bytes.split_at(place);
        let whole = [before, line.as_bytes(), after].concat();
        if pinned_in(&whole).is_ok_and(|there| there.as_deref() == Some(id.as_str())) {
            return Ok(Pinned::Bytes(whole));
        }
    }
    Err(PinError::NoPlace(id.clone()))
}

/// The `id` in the front matter of a file.
fn pinned_in(bytes: &[u8]) -> Result<Option<String>, PinError> {
    let text = Text::decode(bytes).map_err(|_| PinError::Unreadable)?;
    let Parts::Found { yaml, .. } = front_matter::split(&text.content) else { return Err(PinError::Unreadable) };
    let path = SourcePath::new("");
    let raw = front_matter::read(yaml, &mut Findings::new(&path, &text)).ok_or(PinError::Unreadable)?;
    Ok(raw.id.map(|entry| entry.node.text().unwrap_or_default().to_owned()))
}

/// Where the front matter begins and where it ends, and how its first line ends.
fn places(bytes: &[u8]) -> Option<([usize; 2], &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let start = text.len() - text.trim_start_matches('\u{FEFF}').len();
    let (_, ending) = line_at(text, start);
    let first = start + line_at(text, start).0.len() + ending.len();
    let mut at = first;
    while at < text.len() {
        let (line, ending) = line_at(text, at);
        if matches!(line.trim_end(), "---" | "...") {
            break;
        }
        at += line.len() + ending.len();
    }
    Some(([first, at], ending))
}

/// The line that begins at `at`, and its ending.
fn line_at(text: &str, at: usize) -> (&str, &str) {
    let rest = &text[at..];
    let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let ending = if rest[end..].starts_with("\r\n") { 2 } else { rest.len().min(end + 1) - end };
    (&rest[..end], &rest[end..end + ending])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = "id: \"tag:presse.example.org,2026:un-pont\"";

    fn id() -> ReleaseId {
        "tag:presse.example.org,2026:un-pont".parse().unwrap()
    }

    #[track_caller]
    fn check(before: &str, after: Result<&str, PinError>) {
        let after = after.map(|text| Pinned::Bytes(text.replace("LINE", LINE).into_bytes()));
        assert_eq!(pin_id(before.as_bytes(), &id()), after, "{before:?}");
    }

    #[test]
    fn the_line_stands_first_with_the_files_own_ending() {
        check("---\ntitle: x\n---\ntexte", Ok("---\nLINE\ntitle: x\n---\ntexte"));
        check("\u{feff}---  \r\ntitle: x\r\n...\r\n", Ok("\u{feff}---  \r\nLINE\r\ntitle: x\r\n...\r\n"));
        check("---\rtitle: x\r---\rtexte", Ok("---\rLINE\rtitle: x\r---\rtexte"));
        check("---\n# note\n\ntitle: |-\n  x\n---", Ok("---\nLINE\n# note\n\ntitle: |-\n  x\n---"));
        check("---\n---\n", Ok("---\nLINE\n---\n"));
    }

    #[test]
    fn what_takes_no_line_is_left() {
        check("---\n  title: x\n  date: y\n---\n", Err(PinError::NoPlace(id())));
        check("---\n{title: x}\n---\n", Err(PinError::NoPlace(id())));
        check("---\nid:\ntitle: x\n---\n", Err(PinError::NoPlace(id())));
        for unreadable in
            ["", "texte", "---\ntitle: x\n", "---\ntitle: [\n---\n", "---\n- a\n---\n", "----\ntitle: x\n---\n"]
        {
            check(unreadable, Err(PinError::Unreadable));
        }
        assert_eq!(pin_id(b"---\ntitle: caf\xe9\n---\n", &id()), Err(PinError::Unreadable));
    }

    #[test]
    fn an_id_that_is_there_is_left() {
        let pinned = format!("---\ntitle: x\n{LINE}\n---\n");
        assert_eq!(pin_id(pinned.as_bytes(), &id()), Ok(Pinned::Already));
        check("---\nid: 'tag:x,2026:y'\ntitle: x\n---\n", Err(PinError::Another("tag:x,2026:y".to_owned())));
    }

    proptest! {
        #[test]
        fn without_its_line_the_file_is_as_it_was(
            mark in prop_oneof![Just(""), Just("\u{feff}")],
            ending in prop_oneof![Just("\n"), Just("\r\n")],
            close in prop_oneof![Just("---"), Just("...")],
            spaces in " {0,3}",
            keys in prop::collection::btree_map("[a-z]{3,9}", "[a-zé0-9 ]{0,12}", 0..6),
            body in "\\PC{0,40}",
            last in any::<bool>(),
        ) {
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}: \"{value}\"{ending}")).collect();
            let last = if last { ending } else { "" };
            let text = format!("{mark}---{spaces}{ending}{}{close}{spaces}{ending}{body}{last}", keys.concat());
            let Ok(Pinned::Bytes(pinned)) = pin_id(text.as_bytes(), &id()) else {
                return Err(TestCaseError::fail(format!("{text:?} was not pinned")));
            };
            let pinned_text = String::from_utf8(pinned.clone()).unwrap();
            prop_assert_eq!(pinned_text.replacen(&format!("{LINE}{ending}"), "", 1), text);
            prop_assert_eq!(pin_id(&pinned, &id()), Ok(Pinned::Already));
        }
    }
}
