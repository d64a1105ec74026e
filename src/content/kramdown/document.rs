//! A whole text: blocks, then the words in them, then what needs both.

#![expect(clippy::wildcard_enum_match_arm, reason = "a tree is gone through for a few kinds of elements")]

use std::collections::{HashMap, VecDeque};

use unicode_normalization::char::is_combining_mark;

use super::Remark;
use super::chunk::Chunk;
use super::contents::{self, Heading};
use super::element::{DEEPEST, Element, Kind};
use super::parser::{Note, Parser};
use super::spans::{Spans, Typography};
use crate::language::Diagnosis;

/// What a text became.
#[derive(Debug, Default)]
pub(in crate::content) struct Document {
    pub(in crate::content) elements: Vec<Element>,
    /// The notes that are defined, by name.
    pub(in crate::content) notes: HashMap<String, Note>,
    pub(in crate::content) remarks: Vec<Remark>,
    /// Why and where it is beyond anything a release is; then nothing else is given.
    pub(in crate::content) refused: Option<Remark>,
}

/// Reads `text`.
pub(in crate::content) fn parse(text: &Chunk) -> Document {
    let mut parser = Parser::new();
    let elements = parser.blocks(text, 0);
    let mut elements = parser.finished(elements, 0);
    let notes = parser.finished_notes(&elements);
    if parser.refused.is_some() {
        return Document { refused: parser.refused, ..Document::default() };
    }
    let headings = std::mem::take(&mut parser.headings);
    contents::fill(&mut elements, &headings);
    Document { elements, notes, remarks: parser.remarks, refused: None }
}

/// The words of a single line, its markup resolved; quotes and dashes stay as they are written.
pub(in crate::content) fn plain_words(line: &str) -> String {
    let mut parser = Parser::new();
    let elements = Spans::new(&mut parser, &Chunk::whole(line), Typography::AsWritten).all();
    let mut words = String::with_capacity(line.len());
    for element in elements {
        element.add_words(&mut words);
    }
    words
}

impl Parser {
    /// Elements whose words are read, without what only separated them.
    fn finished(&mut self, elements: Vec<Element>, depth: usize) -> Vec<Element> {
        if self.refused.is_some() {
            return Vec::new();
        }
        if depth > 3 * DEEPEST {
            let place = elements.first().map_or(0..0, |element| element.range.clone());
            self.refuse(place, Diagnosis::TooDeep);
            return Vec::new();
        }
        let mut finished = Vec::with_capacity(elements.len());
        for mut element in elements {
            self.count(&element.range);
            match &element.kind {
                Kind::Words(words) => {
                    let words = words.clone();
                    let spans = Spans::new(self, &words, Typography::Curled).all();
                    finished.extend(self.finished(spans, depth + 1));
                    continue;
                }
                Kind::Boundary(_) => continue,
                Kind::Text(text) => {
                    if self.abbreviations.is_empty() || element.list.is_some() {
                        finished.push(element);
                    } else {
                        finished.extend(self.abbreviations.split(text, &element.range));
                    }
                    continue;
                }
                _ => element.children = self.finished(std::mem::take(&mut element.children), depth + 1),
            }
            self.claim(&mut element);
            self.resolve(&mut element);
            self.name(&mut element);
            if let Kind::Heading { .. } = element.kind {
                self.headings.extend(Heading::of(&element, &self.settings.contents_levels));
            }
            finished.push(element);
        }
        finished
    }

    /// The notes, read in the order in which they are shown: that of their first calls, those of the notes themselves
    /// after those of the text, as kramdown counts equal headings. What nobody calls comes last.
    fn finished_notes(&mut self, elements: &[Element]) -> HashMap<String, Note> {
        let mut unread = std::mem::take(&mut self.notes);
        let mut read = HashMap::with_capacity(unread.len());
        let mut called: VecDeque<String> = VecDeque::new();
        for element in elements {
            element.add_calls(&mut called);
        }
        while let Some(name) = called.pop_front() {
            let Some(note) = unread.remove(&name) else { continue };
            let elements = self.finished(note.elements, 0);
            for element in &elements {
                element.add_calls(&mut called);
            }
            read.insert(name, Note { elements, ..note });
        }
        let mut uncalled: Vec<_> = unread.into_iter().collect();
        uncalled.sort_by(|(name, note), (other, next)| (note.range.start, name).cmp(&(next.range.start, other)));
        for (name, note) in uncalled {
            let elements = self.finished(note.elements, 0);
            read.insert(name, Note { elements, ..note });
        }
        read
    }

    /// Gives a block the attribute list that ends its words, where kramdown shows the list itself.
    fn claim(&mut self, element: &mut Element) {
        let takes = matches!(
            element.kind,
            Kind::Paragraph { .. } | Kind::Heading { .. } | Kind::Item | Kind::Cell | Kind::Term | Kind::Definition
        );
        let says = |child: &Element| {
            child.list.is_some() || !matches!(&child.kind, Kind::Text(text) if text.trim().is_empty())
        };
        let end = element.children.iter().rposition(says).unwrap_or_default();
        let mut trailing = Vec::new();
        for (index, child) in element.children.iter_mut().enumerate() {
            match child.kind {
                Kind::Text(_) => match child.list.take() {
                    Some(list) if takes && index == end => trailing.push(*list),
                    Some(list) => {
                        let written = list.written.clone();
                        self.remarks.push((list.range, Diagnosis::AttributeListOrphan { written }));
                    }
                    None => {}
                },
                Kind::Paragraph { transparent: true } => trailing.extend(child.list.take().map(|list| *list)),
                _ => {}
            }
        }
        for list in trailing {
            element.give(list);
        }
    }

    /// Puts what names stand for into an element's list.
    fn resolve(&mut self, element: &mut Element) {
        if let Some(list) = &mut element.list {
            for part in list.resolve(&self.named) {
                self.remarks.push((list.range.clone(), Diagnosis::AttributeListUnread { written: part }));
            }
        }
    }

    /// Gives a heading the id that kramdown's GitHub flavour makes of its words.
    fn name(&mut self, element: &mut Element) {
        let Kind::Heading { level, id } = &mut element.kind else { return };
        *level = level.saturating_add_signed(self.settings.header_offset).clamp(1, 6);
        let has_own = id.is_some() || element.list.as_ref().is_some_and(|list| list.id.is_some());
        if has_own || !self.settings.auto_ids {
            return;
        }
        let mut words = String::new();
        for child in &element.children {
            child.add_words(&mut words);
        }
        let mut made: String = words.to_lowercase().chars().filter(|c| is_word(*c) || "- \t".contains(*c)).collect();
        made = made.replace([' ', '\t'], "-");
        let count = self.ids.entry(made.clone()).or_default();
        let made = if *count > 0 { format!("{made}-{count}") } else { made };
        *count += 1;
        let whole = format!("{}{made}", self.settings.id_prefix);
        if let Kind::Heading { id, .. } = &mut element.kind {
            *id = Some(whole).filter(|id| !id.is_empty());
        }
    }
}

/// Whether a character is part of a word, as Ruby has it.
fn is_word(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || c == '_' || is_combining_mark(c)
}
