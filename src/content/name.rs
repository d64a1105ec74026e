//! Which files are releases, by their name alone.

use crate::domain::SourcePath;

/// Whether a file at `path` is read as a release: `.md` or `.markdown`, outside `_drafts` and whatever begins with a dot.
#[must_use]
pub fn is_release_name(path: &SourcePath) -> bool {
    let hidden = path.as_str().split('/').any(|part| part.starts_with('.') || part == "_drafts");
    let ending = path.file_name().rsplit_once('.').map(|(_, ending)| ending);
    !hidden && ending.is_some_and(|ending| ending.eq_ignore_ascii_case("md") || ending.eq_ignore_ascii_case("markdown"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
