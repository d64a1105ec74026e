//! Whether two texts certainly read otherwise, told from how they are written: by counting words.
//!
//! Rendering two texts to see that they differ costs far more than seeing, as is nearly always so, that one says a word
//! more often than the other can. Only texts are counted of which it is certain what kramdown makes of their letters:
//! each stands in the result as often as in the source and next to the same letters, or vanishes (from the target of a
//! link, an attribute list). What may vanish counts as the most that a text can say, not as the least.

use super::front_matter::{Parts, split};
use super::later::can_wait;
use super::plain_characters::is_plain;
use crate::domain::WordHash;

/// Whether the bodies of two files certainly become different HTML. `false` says nothing: they may.
#[must_use]
pub fn reads_otherwise(one: &str, other: &str) -> bool {
    let words = |source: &str| {
        // Whatever else is normalised before a text is read is nothing that is counted.
        let source = source.strip_prefix('\u{FEFF}').unwrap_or(source);
        if source.contains('\r') {
            return None;
        }
        let Parts::Found { body, .. } = split(source) else { return None };
        Words::of(&source[body])
    };
    let (Some(one), Some(other)) = (words(one), words(other)) else { return false };
    one.says_more_than(&other) || other.says_more_than(&one)
}

/// The words of a body, hashed and in order, and how sure it is that they are to be read.
struct Words {
    /// Those that stand in the HTML for certain.
    certain: Vec<u64>,
    /// Those that may stand in it: no others do.
    all: Vec<u64>,
}

impl Words {
    /// `None` where it is not certain what becomes of each letter.
    fn of(body: &str) -> Option<Self> {
        if !is_countable(body) || !can_wait(body) {
            return None;
        }
        let mut words = Self { certain: Vec::new(), all: Vec::with_capacity(body.len() / 6) };
        let mut paragraph_begins = 0;
        let mut at = 0;
        for line in body.split_inclusive('\n') {
            at += line.len();
            if line.trim().is_empty() {
                words.take(&body[paragraph_begins..at]);
                paragraph_begins = at;
            }
        }
        words.take(&body[paragraph_begins..]);
        words.certain.sort_unstable();
        words.all.sort_unstable();
        Some(words)
    }

    /// Takes in what stands between two blank lines: no link, nor any list of attributes, goes beyond it.
    fn take(&mut self, paragraph: &str) {
        let (doubt_begins, doubt_ends) = if paragraph.contains('|') {
            // What a table makes of its cells is not followed.
            (0, paragraph.len())
        } else {
            let begin = paragraph.find(['[', '{']).unwrap_or(paragraph.len());
            (begin, paragraph.rfind([')', ']', '}']).map_or(0, |end| end + 1).max(begin))
        };
        let (before, rest) = paragraph.split_at(doubt_begins);
        let (doubtful, after) = rest.split_at(doubt_ends - doubt_begins);
        let at = self.all.len();
        for certain in [before, after] {
            each_hash(certain, |word| self.all.push(word));
        }
        self.certain.extend_from_slice(&self.all[at..]);
        each_hash(doubtful, |word| self.all.push(word));
    }

    /// Whether a word certainly stands in these more often than it can in `other`.
    fn says_more_than(&self, other: &Self) -> bool {
        let mut others = other.all.iter().peekable();
        self.certain.iter().any(|word| {
            while others.next_if(|other| *other < word).is_some() {}
            others.next_if_eq(&word).is_none()
        })
    }
}

/// Whether nothing in `body` repeats letters, joins what stands apart, or takes letters away but for what stands in
/// brackets and lists of attributes behind them.
fn is_countable(body: &str) -> bool {
    let mut before = '\n';
    let mut rest = body.char_indices();
    while let Some((at, c)) = rest.next() {
        let is_plain = match c {
            // A link may be empty and leave nothing between what stands before and behind it.
            '[' => before.is_whitespace() || matches!(before, '(' | '«' | '’'),
            // A definition: of a link, a note, an abbreviation.
            ':' => before != ']',
            '{' => before == ')' && skip_attributes(&body[at..], &mut rest),
            '\n' | '|' | '*' | '_' | ']' | '"' | '\'' | '#' | '+' | '=' | '>' | '@' => true,
            // Below U+0300 all is composed.
            c => is_plain(c) && (c < '\u{300}' || !c.is_alphabetic()),
        };
        if !is_plain {
            return false;
        }
        before = if c == '{' { '}' } else { c };
    }
    !body.contains("[]")
}

/// Goes to the end of a list of attributes that begins `text`; `false` when it is none, or letters stand right behind it.
fn skip_attributes(text: &str, rest: &mut std::str::CharIndices<'_>) -> bool {
    let Some(list) = text.strip_prefix("{:").and_then(|list| list.split_once('}')) else { return false };
    let is_attribute = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '=' | '"' | '.' | '#' | '-' | '_');
    let (list, behind) = list;
    if !list.chars().all(is_attribute) || behind.starts_with(|c: char| c.is_alphabetic() || c == '{' || c == '[') {
        return false;
    }
    // All are ASCII, and the first, the brace itself, was taken.
    rest.nth(text.len() - behind.len() - 2).is_some()
}

/// Gives the hash of each run of letters to `take`.
fn each_hash(text: &str, mut take: impl FnMut(u64)) {
    let mut word = WordHash::NONE;
    for c in text.chars() {
        if matches!(c, 'a'..='z' | 'A'..='Z' | 'à'..='ö' | 'ø'..='ÿ') || c.is_alphabetic() {
            word = word.with(c);
        } else {
            word.of_a_word().into_iter().for_each(&mut take);
            word = WordHash::NONE;
        }
    }
    word.of_a_word().into_iter().for_each(take);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::address::Base;
    use super::super::markup::{Wanted, render};
    use super::super::surroundings::Surroundings;
    use super::*;
    use crate::domain::{UploadFacts, UploadPath};
    use crate::language::Language;

    fn html(body: &str) -> String {
        let (site, page) = ("https://presse.example".parse().unwrap(), "/x/".parse().unwrap());
        let uploads: BTreeMap<UploadPath, UploadFacts> = BTreeMap::new();
        let surroundings = Surroundings {
            base: Base::new(&site, &page),
            uploads: &uploads,
            site_url: "https://presse.example",
            language: Language::French,
            notes_prefix: "",
        };
        render(body, &surroundings, Wanted::Whole).html.as_str().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn file(body: &str) -> String {
        format!("---\ntitle: x\n---\n{body}")
    }

    #[track_caller]
    fn check(one: &str, other: &str, expected: bool) {
        assert_eq!(reads_otherwise(&file(one), &file(other)), expected, "{one:?} {other:?}");
        assert!(!expected || html(one) != html(other), "{one:?} {other:?}");
    }

    #[test]
    fn another_word_is_seen_and_another_way_to_write_it_is_not() {
        let link = "Le pont ([plan](/plan \"Le plan\"){:target=\"_blank\"}) ouvre lundi.";
        check("Le pont ouvre lundi.\n", "Le pont ouvre mardi.\n", true);
        check("Le pont ouvre.\n", "Le pont ouvre.\n\nUn paragraphe de plus.\n", true);
        check(link, &link.replace("lundi", "mardi"), true);
        check(link, &link.replace("plan]", "carte]"), false);
        check(link, &link.replace("_blank", "_self"), false);
        check("Le *pont* ouvre.", "Le _pont_ ouvre.", false);
        check("Le pont\nouvre.", "Le pont ouvre.", false);
        check("Un caf&eacute; de plus.", "Un café de plus.", false);
        check("- un\n- deux\n", "* un\n* deux\n", false);
        check("fo[](javascript:x)o bar", "foo bar", false);
        check("foo", "fo{:.x}o", false);
    }

    const PIECES: [&str; 48] = [
        "pont",
        "Pont",
        "bac",
        "été",
        "s",
        "1",
        " ",
        " ",
        " ",
        "  \n",
        "\n",
        "\n\n",
        "*",
        "**",
        "_",
        "[",
        "](",
        ")",
        "(",
        "]",
        "{:",
        "{: ",
        "}",
        "{:target=\"_blank\"}",
        "[pont](/pont)",
        "[bac](bac \"pont\")",
        "[été][bac]",
        "# ",
        "## ",
        "- ",
        "1. ",
        "> ",
        ": ",
        "    ",
        "\n---\n",
        "===\n",
        "'",
        "\"",
        "…",
        "...",
        "--",
        "[bac]: /x\n",
        "javascript:",
        "{:toc}",
        "|",
        "| pont | bac |\n",
        "|---|---|\n",
        "\n\n| bac\n",
    ];

    fn source() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(select(PIECES.to_vec()), 0..24)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_said_to_read_otherwise_does(
            one in source(),
            at in any::<prop::sample::Index>(),
            removed in 0..3_usize,
            put in prop::collection::vec(select(PIECES.to_vec()), 0..3),
        ) {
            let mut other = one.clone();
            let begin = at.index(one.len() + 1);
            other.splice(begin..(begin + removed).min(one.len()), put);
            let (one, other) = (one.concat(), other.concat());
            if reads_otherwise(&file(&one), &file(&other)) {
                prop_assert_ne!(html(&one), html(&other), "{:?} {:?}", one, other);
            }
        }
    }
}
