//! Attribute lists and extensions on lines of their own, and the blocks they belong to.

use std::ops::Range;

use super::blocks::Blocks;
use super::element::{Boundary, Element, Kind};
use super::extensions::{Braces, line_of_braces, line_of_lists};
use crate::content::attributes::AttributeList;
use crate::language::Diagnosis;

/// How many other ends of extensions may stand before the one looked for.
const MOST_STOPS: usize = 1_000;

impl Blocks<'_, '_> {
    /// A named list, a list of attributes, or an extension, on a line of its own.
    pub(super) fn extension(&mut self, line: &str) -> bool {
        if let Some((lists, length)) = line_of_lists(line) {
            let range = self.places(self.at..self.at + length);
            for inside in lists {
                self.give(AttributeList::parse(inside, range.clone()));
            }
            self.at += length;
            return true;
        }
        let Some((braces, length)) = line_of_braces(line) else { return false };
        let range = self.places(self.at..self.at + length);
        match braces {
            Braces::Named { name, inside } => {
                let list = AttributeList::parse(inside, range.clone());
                self.parser.named.entry(name.to_owned()).or_default().merge(list);
                self.push_boundary(Boundary::Other, range);
            }
            Braces::List(inside) => {
                self.give(AttributeList::parse(inside, range));
            }
            Braces::Start { name, inside, closed } => {
                let body = self.at + length;
                let stop = if closed { Some((body, body)) } else { self.extension_stop(body) };
                let Some((stop, end)) = stop else {
                    let written = line.trim().to_owned();
                    self.parser.remark(range, Diagnosis::ExtensionDropped { written });
                    self.at = body;
                    return true;
                };
                self.at = if self.run_extension(name, inside, body..stop, range) { end } else { body };
                return true;
            }
            Braces::Stop => {
                let written = line.trim().to_owned();
                self.parser.remark(range, Diagnosis::ExtensionDropped { written });
            }
        }
        self.at += length;
        true
    }

    /// Does what an extension asks for; `false` when there is none of that name, and its inside is text.
    fn run_extension(&mut self, name: &str, inside: &str, body: Range<usize>, range: Range<usize>) -> bool {
        let list = AttributeList::parse(inside, range.clone());
        match name {
            "comment" => {
                self.push_boundary(Boundary::Other, range);
            }
            "nomarkdown" => {
                if list.value("type").is_none_or(|kinds| kinds.split(' ').any(|kind| kind == "html")) {
                    let html = self.chunk.part(body);
                    let element = self.element(Kind::RawHtml(html), self.at..self.at);
                    self.children.push(element);
                }
            }
            "options" => {
                self.parser.set_options(&list);
                self.push_boundary(Boundary::Other, range);
            }
            _ => {
                let written = format!("{{::{name}{inside}}}");
                self.parser.remark(range, Diagnosis::ExtensionDropped { written });
                return false;
            }
        }
        true
    }

    /// Where the line `{:/…}` after `from` begins and ends.
    fn extension_stop(&mut self, from: usize) -> Option<(usize, usize)> {
        let mut at = from;
        for _ in 0..MOST_STOPS {
            let found = self.finder.find(&self.chunk.text, "{:/", at)?;
            let line_start = self.chunk.text[..found].rfind('\n').map_or(0, |end| end + 1);
            if line_start >= from
                && let Some((Braces::Stop, length)) = line_of_braces(&self.chunk.text[line_start..])
            {
                return Some((line_start, line_start + length));
            }
            at = found + 3;
        }
        None
    }

    /// Gives a list to the block above, or keeps it for the one below.
    fn give(&mut self, list: AttributeList) {
        let count = self.children.len();
        let above = match self.children.last() {
            // What an earlier list left: this one belongs to the same block.
            Some(Element { kind: Kind::Boundary(Boundary::Other), list: Some(_), .. }) => count.checked_sub(2),
            Some(Element { kind: Kind::Blank(_) | Kind::Boundary(Boundary::Other | Boundary::Marker), .. }) | None => {
                None
            }
            Some(_) => Some(count - 1),
        };
        let Some(element) = above.and_then(|index| self.children.get_mut(index)) else {
            match &mut self.waiting {
                Some(waiting) => waiting.merge(list),
                None => self.waiting = Some(list),
            }
            return;
        };
        let range = list.range.clone();
        if let Kind::Boundary(Boundary::Link(name)) = &element.kind {
            if let Some(link) = self.parser.links.get_mut(name) {
                link.list.get_or_insert_default().merge(list);
            }
        } else {
            element.give(list);
        }
        if above == Some(count - 1) {
            let mut after = Element::new(Kind::Boundary(Boundary::Other), range);
            after.list = Some(Box::default());
            self.children.push(after);
        }
    }

    /// Reports a list that found no block.
    pub(super) fn report_waiting(&mut self) {
        if let Some(list) = self.waiting.take() {
            self.parser.remark(list.range, Diagnosis::AttributeListOrphan { written: list.written });
        }
    }
}
