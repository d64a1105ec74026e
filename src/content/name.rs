//! Which files are releases, by their name alone.

use crate::domain::{SourcePath, composed};

/// Whether a file at `path` is read as a release: `.md` or `.markdown`, outside `_drafts` and whatever begins with a dot.
#[must_use]
pub fn is_release_name(path: &SourcePath) -> bool {
    let hidden = path.as_str().split('/').any(|part| part.starts_with('.') || part == "_drafts");
    let ending = path.file_name().rsplit_once('.').map(|(_, ending)| ending);
    !hidden && ending.is_some_and(|ending| ending.eq_ignore_ascii_case("md") || ending.eq_ignore_ascii_case("markdown"))
}

/// Whether a file of this name is what a sync program left of two versions that it could not reconcile: Syncthing,
/// Dropbox, Nextcloud and ownCloud, Seafile, Resilio. It holds a release that is there already, so it is none of its own.
#[must_use]
pub fn is_conflict_copy(name: &str) -> bool {
    // Whatever they call it has these letters.
    if !name.as_bytes().windows(6).any(|letters| letters.eq_ignore_ascii_case(b"confli")) {
        return false;
    }
    let stem = composed(name.rsplit_once('.').map_or(name, |(stem, _)| stem)).to_lowercase();
    let in_brackets = stem.rsplit_once('(').map_or("", |(_, words)| words);
    let words = ["conflicted copy", "copie en conflit", "case conflict", "sfconflict"];
    words.iter().any(|words| in_brackets.contains(words))
        || follows(&stem, ".sync-conflict-", 8)
        || follows(&stem, "_conflict-", 8)
        || stem.ends_with(".conflict")
}

/// Whether `mark` stands in `text` with at least this many digits behind it.
fn follows(text: &str, mark: &str, digits: usize) -> bool {
    let after = text.rsplit_once(mark).map_or("", |(_, after)| after);
    after.chars().take_while(char::is_ascii_digit).count() >= digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflict_copies_are_told_by_their_names() {
        for copy in [
            "pont.sync-conflict-20261123-101010-ABCDEFG.md",
            "a/pont (conflicted copy 2026-11-23).md",
            "pont (Ann's conflicted copy 2026-11-23).md",
            "pont (Copie en conflit de Ann 2026-11-23).md",
            "pont (copie en conflit, 2026-11-23).markdown",
            "pont (Case Conflict).md",
            "pont_conflict-20261123-101010.md",
            "pont (SFConflict ann@example.org 2026-11-23-10-10-10).md",
            "pont.Conflict.md",
        ] {
            assert!(is_conflict_copy(SourcePath::new(copy).file_name()), "{copy}");
        }
        for release in [
            "2026-11-23-copie-en-conflit.md",
            "(conflicted copy)/pont.md",
            "un (grand) conflit.md",
            "le-droit-du_conflict-resolution.md",
            "pont (copie).md",
        ] {
            assert!(!is_conflict_copy(SourcePath::new(release).file_name()), "{release}");
        }
    }

    #[track_caller]
    fn check(path: &str, expected: bool) {
        assert_eq!(is_release_name(&SourcePath::new(path)), expected, "{path}");
    }

    #[test]
    fn releases_are_markdown_files_in_plain_sight() {
        check("2026-11-23-un-pont.md", true);
        check("2026/Été/un pont.MARKDOWN", true);
        check("un-pont.txt", false);
        check("md", false);
        check("un-pont.md~", false);
        check(".un-pont.md", false);
        check(".git/un-pont.md", false);
        check("_drafts/un-pont.md", false);
        check("a/_drafts/b/un-pont.md", false);
    }
}
