//! Whatever stands in a release file, reading it ends without a panic, and with nothing left that no reader should
//! see; whatever comes back of a letter is read or refused; whatever stands in a request's headers, the answer is right. The fuzz targets in `fuzz/` look for texts that
//! break the same rules.
#![expect(clippy::expect_used, reason = "what is shared with the fuzz targets says why it cannot fail")]

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../fuzz/src/lib.rs"]
mod any;

/// Pieces that mean something to kramdown, Liquid or HTML.
const PIECES: [&str; 82] = [
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
    "[a](https:/https:/b)",
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
    fn anything_that_comes_back_is_read_or_refused(
        text in "([A-Za-z-]{1,12}: ?[ -~]{0,20}\r?\n|\r?\n|--b-{0,2}\n|Action: failed\n|Status: 5.1.1\n| [a-z]{3}\n){0,12}",
        more in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        any::returned(text.as_bytes());
        any::returned(&more);
    }

    #[test]
    fn any_liquid_is_resolved_or_told(text in "[a-z_./|:'\" %{}\n-]{0,60}") {
        any::body(&format!("{{% {text} %}} {text} {{{{ {text} }}}}"));
    }
}

/// Pieces of headers with conditions, codings and manipulations; see `Desk::ask`.
const HEADERS: [&str; 48] = [
    "\nn",
    "\nn",
    "\ne",
    "\ne",
    "\na",
    "\ns",
    "\nr",
    "\nm",
    "\nu",
    "\nf",
    "\"",
    "\"",
    "W/",
    "@",
    "@",
    "-gz",
    "-br",
    "~",
    "%",
    "*",
    ",",
    ", ",
    ";",
    ";q=",
    "; Q=",
    "0",
    "1",
    "0.5",
    "0.333",
    "1.001",
    "nan",
    "gzip",
    "gzip",
    "x-gzip",
    "br",
    "br",
    "identity",
    "feed",
    "vcdiff",
    "bytes=0-9",
    "Mon, 23 Nov 2026 09:00:00 GMT",
    "Monday, 23-Nov-26 09:00:00 GMT",
    "Mon Nov 23 09:00:00 2026",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "\"@\"",
    "\"@-gz\", \"~\"",
    "é",
    "\t",
];

/// The address is any, and each header is a few pieces.
fn requests() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(HEADERS.to_vec()), 0..16);
    ("[a-m]", pieces).prop_map(|(address, pieces)| format!("{address}{}", pieces.concat()))
}

#[test]
fn any_request_gets_the_right_answer() {
    let desk = any::asking::Desk::open();
    // `h` is the RSS feed of everything.
    for (request, status) in [("h", 200), ("h\nnW/\"@-gz\"\negzip", 304), ("h\ns%", 304), ("h\nn\"~\"\nafeed", 226)] {
        assert_eq!(desk.ask(request), status, "{request}");
    }
    let mut runner = TestRunner::new(ProptestConfig { cases: cases(), ..ProptestConfig::default() });
    runner
        .run(&(requests(), any::<String>()), |(request, text)| {
            desk.ask(&request);
            desk.ask(&text);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
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
