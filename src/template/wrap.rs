//! The last hand on a plain-text part: lines of readable length, no stray white space.
//!
//! Lines break at plain spaces only: an address, or words joined by a no-break space, may be longer than a line.

/// Columns a line may have (RFC 5322 §2.1.1 asks for 78; answers are quoted with `> `).
const COLUMNS: usize = 72;

/// `text` with long lines wrapped, lines' ends trimmed, and never two empty lines in a row. A wrapped line goes on below
/// its first word when it begins with a dash, else where it began.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut empty_before = true;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            if !empty_before {
                out.push('\n');
            }
            empty_before = true;
        } else {
            empty_before = false;
            wrap(line, &mut out);
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Adds `line` to `out` in pieces of at most [`COLUMNS`], each ended.
fn wrap(line: &str, out: &mut String) {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let hanging = indent + if text.starts_with("- ") { 2 } else { 0 };
    out.extend(std::iter::repeat_n(' ', indent));
    let mut column = indent;
    let mut first = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let width = word.chars().count();
        if !first && column + 1 + width > COLUMNS {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', hanging));
            column = hanging;
        } else if !first {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        first = false;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_lines_break_at_spaces_and_items_hang() {
        let text = "\n\n  \nA title  \n\n\n\n- Un élément assez long pour que la ligne où il est ne suffise pas à le montrer \
                    entier\n  https://example.org/a/very/long/address/that/is/never/broken/because/nobody/could/follow/it\n";
        assert_eq!(
            tidy(text),
            "A title\n\n- Un élément assez long pour que la ligne où il est ne suffise pas à le\n  montrer entier\n  \
             https://example.org/a/very/long/address/that/is/never/broken/because/nobody/could/follow/it\n"
        );
    }

    #[test]
    fn a_no_break_space_holds() {
        let text = format!("{} 10\u{a0}h\u{a0}30", "mot ".repeat(17).trim_end());
        assert!(tidy(&text).ends_with("\n10\u{a0}h\u{a0}30\n"), "{}", tidy(&text));
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_line_is_long_without_need(text in "[a-zé \n-]{0,400}") {
            let tidied = tidy(&text);
            prop_assert_eq!(
                tidied.split_whitespace().collect::<Vec<_>>(),
                text.split_whitespace().collect::<Vec<_>>()
            );
            for line in tidied.lines() {
                prop_assert!(line.chars().count() <= COLUMNS || !line.trim_start().trim_start_matches("- ").contains(' '));
            }
        }
    }
}
