//! Footnotes: numbered in the order of their first call, shown after the text, with ids of the release's own.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use super::render::{Render, escape};
use crate::language::{Diagnosis, Language};

/// The footnotes of one text.
#[derive(Default)]
pub(super) struct Notes {
    /// The event that begins each definition.
    definitions: HashMap<String, usize>,
    /// Names in the order of their numbers, and how often each was called.
    called: Vec<(String, usize)>,
}

impl Notes {
    /// Notes that `name` is defined by the event `index`.
    pub(super) fn define(&mut self, name: &str, index: usize) {
        self.definitions.entry(name.to_owned()).or_insert(index);
    }
}

impl Render<'_> {
    /// Writes a call.
    pub(super) fn note_reference(&mut self, name: &str, range: &Range<usize>) {
        if self.style.excerpt {
            return;
        }
        if !self.notes.definitions.contains_key(name) {
            self.remark(range, Diagnosis::FootnoteOrphan { name: name.to_owned() });
            return;
        }
        let number = self.notes.called.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            self.notes.called.push((name.to_owned(), 0));
            self.notes.called.len() - 1
        });
        self.notes.called[number].1 += 1;
        let (call, note) = (self.call_id(number, self.notes.called[number].1), self.note_id(number));
        let href = self.here(&note);
        let number = number + 1;
        let id = escape(&self.setting.base.id(&call));
        let _ = write!(self.html, "<sup class=\"footnote-ref\" id=\"{id}\"><a href=\"{href}\">{number}</a></sup>");
    }

    /// Writes words of the text, without calls of notes that are defined nowhere.
    pub(super) fn words(&mut self, text: &str, range: &Range<usize>) {
        let words = self.prepared.words(text);
        let mut rest = words.as_str();
        let mut place = range.clone();
        while let Some((before, call, after)) = undefined_call(rest) {
            self.html.push_str(&escape(before));
            let written = format!("[^{call}]");
            let source = self.prepared.text.get(place.clone()).unwrap_or_default();
            let found = source.find(&written).map(|at| place.start + at..place.start + at + written.len());
            place.start = found.as_ref().map_or(place.start, |found| found.end);
            self.remark(&found.unwrap_or_else(|| range.clone()), Diagnosis::FootnoteOrphan { name: call.to_owned() });
            rest = after;
        }
        self.html.push_str(&escape(rest));
    }

    /// Writes the notes that were called; what a note calls itself comes after it.
    pub(super) fn write_notes(&mut self) {
        if !self.notes.called.is_empty() {
            self.html.push_str("<section class=\"footnotes\"><ol>\n");
            let mut number = 0;
            while let Some((name, _)) = self.notes.called.get(number).cloned() {
                let id = self.setting.base.id(&self.note_id(number));
                let _ = write!(self.html, "<li id=\"{}\">", escape(&id));
                if let Some(index) = self.notes.definitions.get(&name).copied() {
                    self.inside(index);
                }
                self.write_way_back(number);
                self.html.push_str("</li>\n");
                number += 1;
            }
            self.html.push_str("</ol></section>\n");
        }
        self.report_uncalled();
    }

    /// Writes a link to each call of a note.
    fn write_way_back(&mut self, number: usize) {
        let words = match self.setting.language {
            Language::French => "Retour au texte",
            Language::English => "Back to the text",
        };
        let calls = self.notes.called.get(number).map_or(0, |(_, calls)| *calls);
        let at = if self.html.trim_end().ends_with("</p>") {
            self.html.trim_end().len() - "</p>".len()
        } else {
            self.html.trim_end().len()
        };
        let mut links = String::new();
        for call in 1..=calls {
            let href = self.here(&self.call_id(number, call));
            let _ = write!(links, " <a class=\"footnote-back\" href=\"{href}\" aria-label=\"{words}\">↩</a>");
        }
        self.html.insert_str(at, &links);
    }

    fn report_uncalled(&mut self) {
        let mut uncalled: Vec<_> = self
            .notes
            .definitions
            .iter()
            .filter(|(name, _)| !self.notes.called.iter().any(|(called, _)| called == *name))
            .map(|(name, index)| (*index, name.clone()))
            .collect();
        uncalled.sort();
        for (index, name) in uncalled {
            let range = self.attached.events[index].1.clone();
            self.remark(&range, Diagnosis::FootnoteOrphan { name });
        }
    }

    fn note_id(&self, number: usize) -> String {
        format!("{}fn-{}", self.setting.notes_prefix, number + 1)
    }

    fn call_id(&self, number: usize, call: usize) -> String {
        format!("{}fnref-{}-{call}", self.setting.notes_prefix, number + 1)
    }

    /// The address of an id on the release's own page.
    fn here(&self, id: &str) -> String {
        match self.setting.base.resolve(&format!("#{id}")) {
            super::address::Resolved::Kept(address) => escape(&address),
            super::address::Resolved::Guessed(_)
            | super::address::Resolved::Empty
            | super::address::Resolved::Refused => String::new(),
        }
    }
}

/// The first call of a footnote in words where the Markdown reader saw none: what stands before, its name, and after.
fn undefined_call(words: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = words[from..].find("[^").map(|at| from + at) {
        let rest = &words[at + 2..];
        let length = rest.find(|c: char| !(c.is_alphanumeric() || "_-".contains(c))).unwrap_or(rest.len());
        if length > 0 && rest[length..].starts_with(']') {
            return Some((&words[..at], &rest[..length], &rest[length + 1..]));
        }
        from = at + 2 + length;
    }
    None
}
