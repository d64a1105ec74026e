//! Abbreviations: wherever their letters stand alone, what they mean is shown with them.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::element::{Element, Kind};

/// How many abbreviations a text may define, and how long one may be.
const MOST: usize = 1_000;
const LONGEST: usize = 100;

/// The abbreviations that a text defines.
#[derive(Debug, Default)]
pub(super) struct Abbreviations {
    meanings: HashMap<String, String>,
    /// Their lengths, which are all that has to be tried at a place.
    lengths: BTreeSet<usize>,
}

impl Abbreviations {
    pub(super) fn is_empty(&self) -> bool {
        self.meanings.is_empty()
    }

    pub(super) fn define(&mut self, words: &str, meaning: &str) {
        if words.len() <= LONGEST && (self.meanings.len() < MOST || self.meanings.contains_key(words)) {
            self.lengths.insert(words.len());
            self.meanings.insert(words.to_owned(), meaning.to_owned());
        }
    }

    /// `text` in pieces, each abbreviation one of its own.
    pub(super) fn split(&self, text: &str, range: &Range<usize>) -> Vec<Element> {
        let element = |kind| Element::new(kind, range.clone());
        let mut pieces = Vec::new();
        let (mut start, mut at) = (0, 0);
        let mut inside_word = false;
        while at < text.len() {
            let rest = &text[at..];
            let found = if inside_word { None } else { self.at_start_of(rest) };
            if let Some((words, meaning)) = found {
                if start < at {
                    pieces.push(element(Kind::Text(text[start..at].to_owned())));
                }
                let inside = element(Kind::Text(words.to_owned()));
                let kind = Kind::Abbreviation { meaning: meaning.to_owned() };
                pieces.push(Element::with(kind, range.clone(), vec![inside]));
                at += words.len();
                start = at;
                inside_word = words.ends_with(is_word);
            } else {
                let c = rest.chars().next().unwrap_or(' ');
                inside_word = is_word(c);
                at += c.len_utf8();
            }
        }
        if start < text.len() {
            pieces.push(element(Kind::Text(text[start..].to_owned())));
        }
        pieces
    }

    /// The longest abbreviation that begins `rest` and ends at the end of a word.
    fn at_start_of<'t>(&self, rest: &'t str) -> Option<(&'t str, &str)> {
        self.lengths.iter().rev().find_map(|length| {
            let words = rest.get(..*length)?;
            let meaning = self.meanings.get(words)?;
            (!rest[*length..].starts_with(is_word)).then_some((words, meaning.as_str()))
        })
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_stand_alone() {
        let mut known = Abbreviations::default();
        known.define("MTG", "ministère");
        known.define("MTG 2", "");
        let shown: Vec<String> = known
            .split("Le MTG, MTGs, AMTG, MTG 2.", &(0..1))
            .iter()
            .map(|piece| {
                let mut words = String::new();
                piece.add_words(&mut words);
                if let Kind::Abbreviation { meaning } = &piece.kind { format!("[{words}={meaning}]") } else { words }
            })
            .collect();
        assert_eq!(shown.concat(), "Le [MTG=ministère], MTGs, AMTG, [MTG 2=].");
    }
}
