//! HTML that stands beside words, with the blocks, the words or the HTML inside.

use std::ops::Range;

use super::blocks::Blocks;
use super::element::{DEEPEST, Element, HtmlAttribute, HtmlTag, Kind};
use super::entities::decode;
use super::html::{self, Model};
use crate::language::Diagnosis;

impl Blocks<'_, '_> {
    /// HTML that stands beside words.
    pub(super) fn html(&mut self, line: &str) -> bool {
        let indent = line.bytes().take(3).take_while(|byte| *byte == b' ').count();
        let at = self.at + indent;
        if !line[indent..].starts_with('<') {
            return false;
        }
        if let Some(end) = html::comment_end(&self.chunk.text, at, &mut self.finder) {
            let element = self.element(Kind::Comment, at..end);
            self.children.push(element);
            self.at = end;
            self.skip_line_end();
            return true;
        }
        if let Some(tag) = html::start_tag(&self.chunk.text, at, &mut self.finder)
            && !html::stands_among_words(&tag.name)
        {
            self.at = tag.end;
            let element = self.html_element(&tag, at, false);
            self.children.push(element);
            return true;
        }
        if let Some((name, end)) = html::end_tag(&self.chunk.text, at)
            && !html::stands_among_words(&name)
            && self.open.last().is_some_and(|(open, raw)| *open == name && !raw)
        {
            self.at = end;
            self.is_closed = true;
            return true;
        }
        false
    }

    /// The element that the tag just read begins, whole.
    fn html_element(&mut self, tag: &html::StartTag<'_>, at: usize, in_raw: bool) -> Element {
        let mut read = if !in_raw && self.parser.settings.block_html { html::model(&tag.name) } else { Model::Raw };
        let mut attributes = Vec::new();
        for (name, value, range) in &tag.attributes {
            if name == "markdown" {
                read = html::asked_model(&tag.name, value).unwrap_or(read);
            } else {
                let range = self.places(range.clone());
                attributes.push(HtmlAttribute { name: name.clone(), value: decode(value), range });
            }
        }
        let closed = tag.closed || html::is_void(&tag.name);
        let html = HtmlTag { name: tag.name.clone(), attributes, block: true, closed };
        let mut element = self.element(Kind::Html(html), at..tag.end);
        if read == Model::Block {
            self.skip_line_end();
        }
        if !closed {
            let found;
            (element.children, found) = self.html_inside(&tag.name, read);
            if let Kind::Html(tag) = &mut element.kind {
                tag.closed = found;
            }
        }
        if !in_raw {
            self.skip_line_end();
        }
        element
    }

    /// What is inside the HTML element `name`, and whether its end was found.
    fn html_inside(&mut self, name: &str, read: Model) -> (Vec<Element>, bool) {
        if self.depth + self.open.len() > DEEPEST {
            let range = self.places(self.at..self.at + 1);
            self.parser.refuse(range, Diagnosis::TooDeep);
            self.at = self.chunk.text.len();
            return (Vec::new(), false);
        }
        if read == Model::Span || matches!(name, "script" | "style") {
            let start = self.at;
            let close = html::close_of(&self.chunk.text, name, start, &mut self.finder);
            let end = close.unwrap_or(self.chunk.text.len());
            let words = self.chunk.part(start..end);
            self.at = close.and_then(|at| html::end_tag(&self.chunk.text, at)).map_or(end, |(_, end)| end);
            let kind = if read == Model::Span { Kind::Words(words) } else { Kind::Verbatim(words.text) };
            return (vec![Element::new(kind, self.places(start..end))], close.is_some());
        }
        self.open.push((name.to_owned(), read == Model::Raw));
        let around = std::mem::take(&mut self.children);
        let waiting = self.waiting.take();
        self.is_closed = false;
        while self.at < self.chunk.text.len() && !self.is_closed && self.parser.refused.is_none() {
            if read == Model::Block {
                self.block();
            } else {
                self.raw_html(name);
            }
        }
        let found = std::mem::take(&mut self.is_closed);
        self.open.pop();
        self.report_waiting();
        self.waiting = waiting;
        (std::mem::replace(&mut self.children, around), found)
    }

    /// A piece of HTML whose text is not read.
    fn raw_html(&mut self, name: &str) {
        let start = self.at;
        let text = &self.chunk.text;
        let Some(open) = self.finder.find(text, "<", start) else {
            self.push_raw_text(start..text.len());
            self.at = text.len();
            return;
        };
        self.push_raw_text(start..open);
        self.at = open;
        if let Some(end) = html::comment_end(text, open, &mut self.finder) {
            let range = self.places(open..end);
            self.children.push(Element::new(Kind::Comment, range));
            self.at = end;
        } else if text[open..].starts_with("<?")
            && let Some(end) = self.finder.find(text, "?>", open)
        {
            let range = self.places(open..end + 2);
            self.children.push(Element::new(Kind::Declaration, range));
            self.at = end + 2;
        } else if let Some(tag) = html::start_tag(text, open, &mut self.finder) {
            self.at = tag.end;
            let element = self.html_element(&tag, open, true);
            self.children.push(element);
        } else if let Some((other, end)) = html::end_tag(text, open) {
            self.at = end;
            if other == name {
                self.is_closed = true;
            } else {
                self.push_raw_text(open..end);
            }
        } else {
            self.push_raw_text(open..open + 1);
            self.at = open + 1;
        }
    }

    fn push_raw_text(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            let text = decode(&self.chunk.text[range.clone()]);
            let range = self.places(range);
            self.children.push(Element::new(Kind::Verbatim(text), range));
        }
    }

    fn skip_line_end(&mut self) {
        let rest = self.rest();
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if rest[spaces..].starts_with('\n') {
            self.at += spaces + 1;
        }
    }
}
