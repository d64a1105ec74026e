//! Footnotes: numbered in the order of their first call, shown after the text, with ids of the release's own.

use std::fmt::Write as _;
use std::ops::Range;

use super::render::{Render, escape_value};
use crate::language::{Diagnosis, Language};

impl Render<'_> {
    /// Writes a call.
    pub(super) fn note_reference(&mut self, name: &str, range: &Range<usize>) {
        if self.style.excerpt {
            return;
        }
        if !self.document.notes.contains_key(name) {
            self.remark(range, Diagnosis::FootnoteOrphan { name: name.to_owned() });
            return;
        }
        let (number, times) = self.calls.count(name);
        let (call, note) = (self.call_id(name, times), self.note_id(name));
        let href = self.here(&note);
        let number = number + 1;
        let id = self.surroundings.base.id(&call);
        let id = escape_value(&id);
        let _ = write!(self.html, "<sup id=\"{id}\"><a href=\"{href}\" class=\"footnote\">{number}</a></sup>");
    }

    /// Writes the notes that were called; what a note calls itself comes after it.
    pub(super) fn write_notes(&mut self) {
        if !self.calls.is_empty() {
            self.html.push_str("<div class=\"footnotes\"><ol>\n");
            let mut number = 0;
            while let Some((name, _)) = self.calls.get(number) {
                let id = self.surroundings.base.id(&self.note_id(&name));
                let _ = write!(self.html, "<li id=\"{}\">", escape_value(&id));
                if let Some(note) = self.document.notes.get(&name) {
                    self.elements(&note.elements);
                }
                self.write_way_back(number);
                self.html.push_str("</li>\n");
                number += 1;
            }
            self.html.push_str("</ol></div>\n");
        }
        self.report_uncalled();
    }

    /// Writes a link to each call of a note.
    fn write_way_back(&mut self, number: usize) {
        let words = match self.surroundings.language {
            Language::French => "Retour au texte",
            Language::English => "Back to the text",
        };
        let (name, calls) = self.calls.get(number).unwrap_or_default();
        let mut links = String::new();
        for call in 1..=calls {
            let href = self.here(&self.call_id(&name, call));
            let _ = write!(links, "\u{A0}<a href=\"{href}\" class=\"reversefootnote\" aria-label=\"{words}\">↩");
            if call > 1 {
                let _ = write!(links, "<sup>{call}</sup>");
            }
            links.push_str("</a>");
        }
        let end = self.html.trim_end().len();
        if self.html[..end].ends_with("</p>") {
            self.html.insert_str(end - "</p>".len(), &links);
        } else {
            let _ = writeln!(self.html, "<p>{}</p>", links.trim_start());
        }
    }

    fn report_uncalled(&mut self) {
        let notes = &self.document.notes;
        let uncalled = notes.iter().filter(|(name, _)| !self.calls.has(name));
        let mut uncalled: Vec<_> = uncalled.map(|(name, note)| (note.range.clone(), name.clone())).collect();
        uncalled.sort_by_key(|(range, _)| range.start);
        for (range, name) in uncalled {
            self.remark(&range, Diagnosis::FootnoteOrphan { name });
        }
    }

    fn note_id(&self, name: &str) -> String {
        format!("{}fn:{name}", self.surroundings.notes_prefix)
    }

    fn call_id(&self, name: &str, call: usize) -> String {
        let again = if call > 1 { format!(":{}", call - 1) } else { String::new() };
        format!("{}fnref:{name}{again}", self.surroundings.notes_prefix)
    }

    /// The address of an id on the release's own page.
    fn here(&self, id: &str) -> String {
        match self.surroundings.base.resolve(&format!("#{id}")) {
            super::address::Resolved::Kept(address) => escape_value(&address).into_owned(),
            super::address::Resolved::Guessed(_)
            | super::address::Resolved::Empty
            | super::address::Resolved::Refused => String::new(),
        }
    }
}
