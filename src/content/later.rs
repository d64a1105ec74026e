//! Which texts can be read later: those of which nothing but their own words depends.
//!
//! A text is read at once when it may make the file an error, link to an upload or another release, or stand for the
//! chapeau. Both questions here are asked of the text as it is written and answered cautiously: whoever is told "no"
//! reads the text, which is never wrong.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr2, memchr2_iter};

use super::kramdown;
use super::plain_characters::is_plain;
use crate::domain::{SafeHtml, lines};

/// A longer text may have more parts than are read.
const LONGEST: usize = 64 * 1024;

/// As many signs may begin a line as blocks can be nested in it, and a text with more is read.
const DEEPEST: usize = kramdown::DEEPEST / 2;

/// A longer chapeau is read as any text.
const LONGEST_PARAGRAPH: usize = 4 * 1024;

/// Signs that begin a block or indent one.
const BEGINS_BLOCKS: &[u8] = b" >*+-.:)(#[]^=~|";

/// What begins what is read at once: Liquid, kramdown's extensions, characters by number or by the names of white space.
const BEGINNINGS: [&str; 6] = ["{{", "{%", "{::", "&#", "&Tab", "&New"];

/// Where uploads are.
static UPLOADS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("uploads"));

/// Whether `body` can be read later: it is no error, and it links to no upload and no release.
pub(super) fn can_wait(body: &str) -> bool {
    let bytes = body.as_bytes();
    let begins = |at: usize| BEGINNINGS.iter().any(|beginning| bytes[at..].starts_with(beginning.as_bytes()));
    body.len() <= LONGEST
        && memchr2(b'<', b'\t', bytes).is_none()
        && !memchr2_iter(b'{', b'&', bytes).any(begins)
        && UPLOADS.find(bytes).is_none()
        && lines(body).all(is_shallow)
}

fn is_shallow(line: &str) -> bool {
    let begins = |byte: &u8| byte.is_ascii_digit() || BEGINS_BLOCKS.contains(byte);
    line.len() < DEEPEST || line.bytes().take(DEEPEST).any(|byte| !begins(&byte))
}

/// What `text` becomes when it is one paragraph without any markup; `None` when it may be anything else.
pub(super) fn plain_paragraph(text: &str) -> Option<SafeHtml> {
    let text = text.trim_end_matches('\n');
    if text.len() > LONGEST_PARAGRAPH {
        return None;
    }
    let is_plain =
        |line: &str| line.starts_with(char::is_alphabetic) && !line.ends_with(' ') && line.chars().all(is_plain);
    let runs = ["  ", "..", "--"];
    let is_one = text.split('\n').all(is_plain) && runs.iter().all(|run| !text.contains(run));
    is_one.then(|| SafeHtml::trust_sanitised(["<p>", text, "</p>"].concat()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::plain_text;
    use super::*;
    use crate::domain::{UploadFacts, UploadPath};
    use crate::language::Language;

    /// What the paragraph would be read as.
    fn read(text: &str) -> (String, bool) {
        let (site, page) = ("https://presse.example".parse().unwrap(), "/x/".parse().unwrap());
        let uploads: std::collections::BTreeMap<UploadPath, UploadFacts> = std::collections::BTreeMap::new();
        let surroundings = super::super::surroundings::Surroundings {
            base: super::super::address::Base::new(&site, &page),
            uploads: &uploads,
            site_url: "https://presse.example",
            language: Language::French,
            notes_prefix: "chapeau-",
        };
        let rendered = super::super::markup::render(text, &surroundings, super::super::markup::Wanted::Whole);
        (rendered.html.as_str().to_owned(), rendered.remarks.is_empty())
    }

    proptest! {
        #[test]
        fn a_plain_paragraph_is_what_it_would_be_read_as(text in "[a-zéÉ][a-zéÉ0-9 ,;.?!()/%:’«»–—…€°\n-]{0,40}") {
            if let Some(html) = plain_paragraph(&text) {
                prop_assert_eq!(read(&text), (html.as_str().to_owned(), true));
                prop_assert!(!plain_text(html.as_str()).is_empty());
            }
        }
    }
}
