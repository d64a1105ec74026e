//! Whatever stands in a release file, reading it ends without a panic, and with nothing left that no reader should
//! see. The fuzz targets in `fuzz/` look for texts that break the same rules.
#![expect(clippy::expect_used, reason = "what is shared with the fuzz targets says why it cannot fail")]

use proptest::prelude::*;

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../fuzz/src/lib.rs"]
mod any;

/// Pieces that mean something to kramdown, Liquid or HTML.
const PIECES: [&str; 81] = [
    "mot",
    " ",
    "\n",
    "\n\n",
    "  \n",
    "    ",
    "\t",
    "é",
    "l'été",
    "\"dit\"",
    "*",
    "**",
    "_",
    "`",
    "``",
    "~~",
    "[",
    "]",
    "(",
    ")",
    "[a](/b)",
    "![i](/c \"d\")",
    "<",
    ">",
    "</",
    "<b>",
    "</b>",
    "<div>",
    "</div>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "<li>",
    "<h4>",
    "<pre>\n",
    "<div markdown=\"1\">\n",
    "<script>",
    "</script>",
    "<style>",
    "<!--",
    "-->",
    "<a href='",
    "<img src=x onerror=y>",
    "&",
    "&amp;",
    "&#123;",
    "&lcub;",
    "{:",
    "{: .a}",
    "{:.b #c}",
    "{::comment}",
    "{:/}",
    "{::nomarkdown}",
    "{:toc}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{% raw %}",
    "{% endraw %}",
    "{% comment %}",
    "{{ site.url }}",
    "{% post_url a %}",
    "* ",
    "1. ",
    "> ",
    "# ",
    "---\n",
    "===\n",
    ": ",
    "|",
    "|---|\n",
    "[^1]",
    "[^1]: ",
    "*[A]: b\n",
    "[r]: /s\n",
    "$$",
    "\\",
    "\u{0}",
    "\u{FFFFD}",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_body_of_pieces_leaves_nothing(text in pieces()) {
        any::body(&text);
    }

    #[test]
    fn any_body_leaves_nothing(text in any::<String>()) {
        any::body(&text);
    }

    #[test]
    fn any_front_matter_is_read_or_told(text in "[a-z\\-: \\[\\]{}&*\"'|>!#%@`\n,0-9]{0,80}", more in any::<String>()) {
        any::front_matter(&text);
        any::front_matter(&format!("title: x\n{more}"));
    }

    #[test]
    fn any_attribute_list_is_read_or_told(text in "[a-z:.#=\"' {}\\\\/\n]{0,40}") {
        any::attribute_list(&text);
    }

    #[test]
    fn any_date_is_read_or_told(text in "[0-9TtZz:+ .-]{0,30}", more in any::<String>()) {
        any::date(&text);
        any::date(&more);
    }

    #[test]
    fn any_liquid_is_resolved_or_told(text in "[a-z_./|:'\" %{}\n-]{0,60}") {
        any::body(&format!("{{% {text} %}} {text} {{{{ {text} }}}}"));
    }
}

/// How many texts each rule is tried on; more with `DEPECHE_CASES`.
fn cases() -> u32 {
    std::env::var("DEPECHE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

/// Each piece again and again: nothing may be gone through as often as it is long.
#[test]
fn long_texts_of_one_piece_are_read_or_refused() {
    const BYTES: usize = 100_000;
    for piece in PIECES.iter().chain(&[
        "a|b\n",
        "* a\n\n",
        "a\n---\n\n",
        "[a](b \"",
        "**a *b [c",
        "<a b='",
        "[^1]: b\n",
        "```\n",
    ]) {
        any::file(format!("---\ntitle: x\n---\n{}", piece.repeat(BYTES / piece.len())).as_bytes());
    }
}
