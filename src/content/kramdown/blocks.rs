//! Blocks, one after the other, in the order in which kramdown asks what begins at a line.
//!
//! Lists, tables, definitions, HTML and extensions have files of their own.

use std::ops::Range;

use super::chunk::Chunk;
use super::element::{Boundary, DEEPEST, Element, Kind};
use super::finder::Finder;
use super::lines::{
    ends_lazily, ends_paragraph, fence, first_line, heading_start, indented, is_boundary, is_closing_fence, is_lazy,
    is_marker, is_rule, quoted,
};
use super::parser::Parser;
use crate::content::attributes::AttributeList;
use crate::language::Diagnosis;

/// Reads the blocks of one text.
pub(super) struct Blocks<'p, 'c> {
    pub(super) parser: &'p mut Parser,
    pub(super) chunk: &'c Chunk,
    pub(super) at: usize,
    /// How many elements are around it.
    pub(super) depth: usize,
    pub(super) children: Vec<Element>,
    /// Lists that wait for the block below.
    pub(super) waiting: Option<AttributeList>,
    pub(super) finder: Finder,
    /// The HTML elements whose inside is being read, and whether as raw HTML.
    pub(super) open: Vec<(String, bool)>,
    /// The end tag of the innermost of them was just read.
    pub(super) is_closed: bool,
    /// The shortest fence of each kind that is never closed.
    unclosed: [usize; 2],
}

impl Parser {
    /// The blocks of `text`, which lies `depth` elements deep.
    pub(super) fn blocks(&mut self, text: &Chunk, depth: usize) -> Vec<Element> {
        if depth > DEEPEST {
            self.refuse(text.places(&(0..text.text.len())), Diagnosis::TooDeep);
            return Vec::new();
        }
        let mut text = text.clone();
        if !text.text.ends_with('\n') {
            let end = text.place(text.text.len().saturating_sub(1)) + 1;
            text.push("\n", end);
        }
        Blocks::new(self, &text, depth).all()
    }
}

impl<'p, 'c> Blocks<'p, 'c> {
    fn new(parser: &'p mut Parser, chunk: &'c Chunk, depth: usize) -> Self {
        Self {
            parser,
            chunk,
            at: 0,
            depth,
            children: Vec::new(),
            waiting: None,
            finder: Finder::default(),
            open: Vec::new(),
            is_closed: false,
            unclosed: [usize::MAX; 2],
        }
    }

    fn all(mut self) -> Vec<Element> {
        while self.at < self.chunk.text.len() && self.parser.refused.is_none() {
            self.block();
        }
        self.report_waiting();
        self.children
    }

    pub(super) fn rest(&self) -> &'c str {
        &self.chunk.text[self.at..]
    }

    /// The line at the place where the reader is, with its end.
    pub(super) fn line(&self) -> &'c str {
        first_line(self.rest())
    }

    /// Where in the file a part of the text stands.
    pub(super) fn places(&self, range: Range<usize>) -> Range<usize> {
        self.chunk.places(&range)
    }

    /// An element with the lists that waited for it.
    pub(super) fn element(&mut self, kind: Kind, range: Range<usize>) -> Element {
        let range = self.places(range);
        let mut element = Element::new(kind, range);
        if let Some(list) = self.waiting.take() {
            element.give(list);
        }
        element
    }

    pub(super) fn block(&mut self) {
        let line = self.line();
        let place = self.places(self.at..self.at + line.len());
        self.parser.count(&place);
        let found = self.blank(line)
            || self.code_block(line)
            || self.fenced(line)
            || self.quote(line)
            || self.heading(line)
            || self.rule(line)
            || self.list(line)
            || self.definition_list(line)
            || self.html(line)
            || self.underlined(line)
            || self.math(line)
            || self.table(line)
            || self.note(line)
            || self.link_definition(line)
            || self.abbreviation(line)
            || self.extension(line)
            || self.boundary(line);
        if !found {
            self.paragraph();
        }
    }

    fn blank(&mut self, line: &str) -> bool {
        if !line.trim().is_empty() {
            return false;
        }
        let start = self.at;
        while self.at < self.chunk.text.len() && self.line().trim().is_empty() {
            self.at += self.line().len();
        }
        let single = &self.chunk.text[start..self.at] == "\n";
        if let Some(Element { kind: Kind::Blank(before), .. }) = self.children.last_mut() {
            *before = false;
        } else {
            let range = self.places(start..self.at);
            self.report_waiting();
            self.children.push(Element::new(Kind::Blank(single), range));
        }
        true
    }

    /// Lines behind four spaces or a tab, and what follows them without an empty line.
    fn code_block(&mut self, line: &str) -> bool {
        if indented(line).is_none() {
            return false;
        }
        let start = self.at;
        let mut code = String::new();
        while self.at < self.chunk.text.len() {
            let ahead = self.blank_lines(self.at);
            let line = first_line(&self.chunk.text[ahead..]);
            if indented(line).is_none_or(|rest| rest.trim().is_empty()) {
                break;
            }
            code.push_str(&self.chunk.text[self.at..ahead].replace("    ", ""));
            self.at = ahead;
            while let Some(inside) = indented(self.line()).filter(|inside| !inside.trim().is_empty()) {
                code.push_str(inside);
                self.at += self.line().len();
            }
            while self.at < self.chunk.text.len() && is_lazy(self.rest()) && indented(self.line()).is_none() {
                let joined = code.trim_end_matches('\n').len();
                code.truncate(joined);
                code.push(' ');
                code.push_str(self.line());
                self.at += self.line().len();
            }
        }
        if code.is_empty() {
            return false;
        }
        let element = self.element(Kind::CodeBlock { code, language: None }, start..self.at);
        self.children.push(element);
        true
    }

    /// Where the empty lines at `at` end.
    fn blank_lines(&self, mut at: usize) -> usize {
        loop {
            let line = first_line(&self.chunk.text[at..]);
            if line.is_empty() || !line.trim().is_empty() {
                return at;
            }
            at += line.len();
        }
    }

    fn fenced(&mut self, line: &str) -> bool {
        let Some((fence, length, info)) = fence(line) else { return false };
        let kind = usize::from(fence == '~');
        if self.unclosed[kind] <= length {
            return false;
        }
        let language = info.trim();
        // Anything but one word behind the fence makes it no fence.
        if language.contains(char::is_whitespace) {
            return false;
        }
        let start = self.at;
        let inside = start + line.len();
        let mut at = inside;
        loop {
            let line = first_line(&self.chunk.text[at..]);
            if line.is_empty() {
                self.unclosed[kind] = length;
                return false;
            }
            if is_closing_fence(line, fence, length) {
                break;
            }
            at += line.len();
        }
        self.at = at + first_line(&self.chunk.text[at..]).len();
        let code = self.chunk.text[inside..at].to_owned();
        let language = language.split('?').next().filter(|word| !word.is_empty()).map(str::to_owned);
        let element = self.element(Kind::CodeBlock { code, language }, start..self.at);
        self.children.push(element);
        true
    }

    fn quote(&mut self, line: &str) -> bool {
        if quoted(line).is_none() {
            return false;
        }
        let start = self.at;
        let mut inside = Chunk::default();
        loop {
            let line = self.line();
            let skipped = quoted(line).map_or(0, |rest| line.len() - rest.len());
            inside.push_part(self.chunk, self.at + skipped..self.at + line.len());
            self.at += line.len();
            if ends_lazily(self.rest()) {
                break;
            }
        }
        let mut element = self.element(Kind::Quote, start..self.at);
        element.children = self.parser.blocks(&inside, self.depth + 1);
        self.children.push(element);
        true
    }

    fn heading(&mut self, line: &str) -> bool {
        let Some((level, from)) = heading_start(line) else { return false };
        let content = line[from..].trim_end();
        let (content, id) = heading_id(content);
        let bare = content.trim_end_matches('#');
        let content = if bare.len() < content.len() && bare.ends_with([' ', '\t']) { bare.trim_end() } else { content };
        if content.is_empty() {
            return false;
        }
        self.add_heading(level, self.at + from, content, id, line.len());
        true
    }

    /// A line with one of `=` or `-` below it.
    fn underlined(&mut self, line: &str) -> bool {
        let indent = line.bytes().take(4).take_while(|byte| *byte == b' ').count();
        if indent > 3 || !self.is_after_boundary() {
            return false;
        }
        let below = first_line(&self.rest()[line.len()..]);
        let mark = below.trim_end();
        let level = match mark.as_bytes().first() {
            Some(b'=') => 1,
            Some(b'-') => 2,
            _ => return false,
        };
        if !mark.bytes().all(|byte| matches!(byte, b'=' | b'-')) || !below.ends_with('\n') {
            return false;
        }
        let (content, id) = heading_id(line[indent..].trim_end());
        if content.is_empty() {
            return false;
        }
        self.add_heading(level, self.at + indent, content, id, line.len() + below.len());
        true
    }

    fn add_heading(&mut self, level: u8, start: usize, content: &str, id: Option<&str>, length: usize) {
        let words = self.chunk.part(start..start + content.len());
        let kind = Kind::Heading { level, id: id.map(str::to_owned) };
        let mut element = self.element(kind, self.at..self.at + length);
        element.children.push(Element::new(Kind::Words(words), element.range.clone()));
        self.children.push(element);
        self.at += length;
    }

    fn rule(&mut self, line: &str) -> bool {
        if !is_rule(line) {
            return false;
        }
        let element = self.element(Kind::Rule, self.at..self.at + line.len());
        self.children.push(element);
        self.at += line.len();
        true
    }

    /// `$$ … $$` alone.
    fn math(&mut self, line: &str) -> bool {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let protected = line[indent..].starts_with("\\$$");
        let mark = indent + usize::from(protected);
        if indent > 3 || !line[mark..].starts_with("$$") || !self.is_after_boundary() {
            return false;
        }
        let inside = self.at + mark + 2;
        let Some(close) = self.finder.find(&self.chunk.text, "$$", inside) else { return false };
        let end = close + 2;
        let after = first_line(&self.chunk.text[end..]);
        if protected {
            // It stands among words: a paragraph without the back slash.
            self.at += if after.trim().is_empty() { mark } else { 0 };
            self.paragraph();
            return true;
        }
        if !after.trim().is_empty() || !is_boundary(&self.chunk.text[end + after.len()..]) {
            return false;
        }
        let formula = self.chunk.text[inside..close].trim().to_owned();
        let element = self.element(Kind::Math { formula, block: true }, self.at..end);
        self.children.push(element);
        self.at = end + after.len();
        true
    }

    pub(super) fn push_boundary(&mut self, boundary: Boundary, range: Range<usize>) {
        self.children.push(Element::new(Kind::Boundary(boundary), range));
    }

    fn boundary(&mut self, line: &str) -> bool {
        if !is_marker(line) {
            return false;
        }
        let range = self.places(self.at..self.at + line.len());
        self.push_boundary(Boundary::Marker, range);
        self.at += line.len();
        true
    }

    fn paragraph(&mut self) {
        let start = self.at;
        loop {
            self.at += self.line().len();
            if ends_paragraph(self.rest()) {
                break;
            }
        }
        let text = &self.chunk.text[start..self.at];
        let trimmed = text.trim_end();
        if let Some(Element { kind: Kind::Paragraph { .. }, children, .. }) = self.children.last_mut()
            && let Some(Element { kind: Kind::Words(words), .. }) = children.last_mut()
        {
            let joiner = if self.chunk.text[..start].ends_with("  \n") { "  \n" } else { "\n" };
            words.push(joiner, self.chunk.place(start.saturating_sub(1)));
            words.push_part(self.chunk, start..start + trimmed.len());
            return;
        }
        let lead = trimmed.len() - trimmed.trim_start().len();
        let words = self.chunk.part(start + lead..start + trimmed.len());
        let mut element = self.element(Kind::Paragraph { transparent: false }, start + lead..start + trimmed.len());
        element.children.push(Element::new(Kind::Words(words), element.range.clone()));
        self.children.push(element);
    }

    /// Whether the last block is over: an empty line, or something that shows nothing.
    pub(super) fn is_after_boundary(&self) -> bool {
        self.waiting.is_some()
            || self
                .children
                .last()
                .is_none_or(|last| matches!(last.kind, Kind::Blank(_) | Kind::Boundary(Boundary::Marker)))
    }
}

/// A heading's words, and the id that ends them: `{#id}`.
fn heading_id(content: &str) -> (&str, Option<&str>) {
    let found = content.strip_suffix('}').and_then(|rest| {
        let (words, id) = rest.rsplit_once("{#")?;
        let right = id.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':')
            && id.chars().all(|c| c.is_alphanumeric() || "-_.:".contains(c));
        (right && words.ends_with([' ', '\t'])).then(|| (words.trim_end(), Some(id)))
    });
    found.unwrap_or((content, None))
}
