//! Titles and other single lines: Markdown and HTML resolved to plain text, since feed readers show titles raw.

use super::kramdown::plain_words;
use super::plain_characters::is_plain;
use super::source::legal;

/// `text` as plain text: no markup, no entity, no line break; no-break spaces stay.
pub(super) fn plain_line(text: &str) -> String {
    if is_plain_line(text) {
        return text.to_owned();
    }
    read_line(text)
}

fn read_line(text: &str) -> String {
    collapse(&legal(&plain_words(&collapse(&legal(text)))))
}

/// Whether a line is plain text as it is written. Cautious: one that says "no" may be so, too.
fn is_plain_line(text: &str) -> bool {
    let begins_well = text.starts_with(char::is_alphanumeric) && !text.ends_with(' ');
    begins_well && !text.contains("  ") && !text.contains("://") && text.chars().all(|c| is_plain(c) || c == '\'')
}

/// `text` with each run of white space as one space, none at its ends. Spaces that must not break are kept where they
/// stand alone: French puts them before `:` and inside quotes.
fn collapse(text: &str) -> String {
    let kept = |c: char| matches!(c, '\u{A0}' | '\u{202F}');
    let parts = text.split(|c: char| c.is_whitespace() && !kept(c)).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(plain_line(text), expected, "{text}");
    }

    proptest! {
        #[test]
        fn a_plain_line_is_what_it_would_be_read_as(text in "[a-zéÉ0-9 ,;.?!()/%:’'«»–—…€°-]{0,24}") {
            if is_plain_line(&text) {
                prop_assert_eq!(read_line(&text), text);
            }
        }
    }

    #[test]
    fn titles_are_plain_text() {
        check(
            "Un *pont* <em>neuf</em> &amp; [sûr](/x){:target=\"_blank\"} :\n  le `plan`",
            "Un pont neuf & sûr : le plan",
        );
        check("Crédits&nbsp;: 2&nbsp;M€", "Crédits\u{A0}: 2\u{A0}M€");
        check("1. Un pont", "1. Un pont");
        check("# Un pont", "# Un pont");
        check("- > * Un pont", "- > * Un pont");
        check("2 * 3 * 4 < 30 & un_nom_long", "2 * 3 * 4 < 30 & un_nom_long");
        check("**« Oui »** : **a,**b", "« Oui » : a,b");
        check(" \u{7} ", "");
        check("<b></b>", "");
    }
}
