//! Cells that a spreadsheet must not take for a formula, and back.
//!
//! A spreadsheet reads a cell that begins with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break as more
//! than text. It may also cut a cell where we did not: a French one cuts at semicolons, and quotes within a line do not
//! keep it from doing so. So an apostrophe goes before such a beginning at the start of a cell and after each separator or
//! line break in it. Taking it away again gives the very same text.

use std::borrow::Cow;

/// What a formula begins with.
const BEGINNINGS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// Where a spreadsheet may begin a new cell.
const CUTS: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// `text` with an apostrophe before whatever would begin a formula.
///
/// ```
/// use depeche::import::{guarded, unguarded};
///
/// assert_eq!(guarded("=1+1"), "'=1+1");
/// assert_eq!(guarded("Le Fil; @rédaction"), "Le Fil;' @rédaction");
/// assert_eq!(unguarded("'=1+1"), "=1+1");
/// assert_eq!(guarded("l'Écho"), "l'Écho");
/// ```
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    rewritten(text, |rest, is_first| begins_formula(rest, is_first).then_some("'"), 0)
}

/// `text` without the apostrophes that [`guarded`] puts.
#[must_use]
pub fn unguarded(text: &str) -> Cow<'_, str> {
    rewritten(text, |rest, is_first| (rest.starts_with('\'') && begins_formula(rest, is_first)).then_some(""), 1)
}

/// Whether a spreadsheet might take `rest`, behind any guards, for a formula. Control characters count at the start of a
/// cell alone: behind a cut they are cuts themselves.
fn begins_formula(rest: &str, is_first: bool) -> bool {
    let behind = rest.trim_start_matches('\'');
    (is_first && behind.starts_with(['\t', '\r', '\n']))
        || behind.trim_start_matches(|c: char| c.is_whitespace() && !CUTS.contains(&c)).starts_with(BEGINNINGS)
}

/// `text` with what `put` says at the start of each cell, in place of `taken` bytes.
fn rewritten(text: &str, put: impl Fn(&str, bool) -> Option<&'static str>, taken: usize) -> Cow<'_, str> {
    let starts = std::iter::once(0).chain(text.match_indices(CUTS).map(|(at, cut)| at + cut.len()));
    let mut out = String::new();
    let mut copied = 0;
    for start in starts {
        if let Some(guard) = put(&text[start..], start == 0) {
            out.push_str(&text[copied..start]);
            out.push_str(guard);
            copied = start + taken;
        }
    }
    if copied == 0 && out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    out.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_beginning_is_guarded_wherever_a_cell_may_begin() {
        for (text, expected) in [
            ("", ""),
            ("Ann", "Ann"),
            ("a-b", "a-b"),
            ("=1", "'=1"),
            (" =1", "' =1"),
            ("\u{a0}+1", "'\u{a0}+1"),
            ("＝1", "'＝1"),
            ("＠a", "'＠a"),
            ("\t=1", "'\t'=1"),
            ("\r", "'\r"),
            ("x;=1", "x;'=1"),
            ("x\n-1,+2", "x\n'-1,'+2"),
            ("'=1", "''=1"),
            ("''", "''"),
            ("l'=", "l'="),
        ] {
            assert_eq!(guarded(text), expected, "{text:?}");
            assert_eq!(unguarded(&guarded(text)), text, "{text:?}");
        }
        assert_eq!(unguarded("'Ann'"), "'Ann'");
    }

    proptest! {
        #[test]
        fn a_guarded_text_begins_no_formula_and_reads_back(text in "[=+\\-@＝＠'; ,\t\r\n\u{a0}aé]{0,12}|\\PC{0,12}") {
            let written = guarded(&text).into_owned();
            for part in written.split(CUTS) {
                prop_assert!(!part.trim_start().starts_with(BEGINNINGS), "{:?}", written);
            }
            prop_assert!(!written.starts_with(['\t', '\r', '\n']), "{:?}", written);
            prop_assert_eq!(unguarded(&written).into_owned(), text);
        }
    }
}
