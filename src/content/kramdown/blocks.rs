//! Blocks, one after the other, in the order in which kramdown asks what begins at a line.
//!
//! Lists, tables and definitions have files of their own.

use std::ops::Range;

use super::chunk::Chunk;
use super::element::{Boundary, DEEPEST, Element, HtmlAttribute, HtmlTag, Kind};
use super::entities::decode;
use super::extensions::{Braces, line_of_braces, line_of_lists};
use super::finder::Finder;
use super::html::{self, Model};
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
    open: Vec<(String, bool)>,
    /// The end tag of the innermost of them was just read.
    is_closed: bool,
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

    fn block(&mut self) {
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

    /// A named list, a list of attributes, or an extension, on a line of its own.
    fn extension(&mut self, line: &str) -> bool {
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
    fn report_waiting(&mut self) {
        if let Some(list) = self.waiting.take() {
            self.parser.remark(list.range, Diagnosis::AttributeListOrphan { written: list.written });
        }
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

    /// HTML that stands beside words.
    fn html(&mut self, line: &str) -> bool {
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

/// How many other ends of extensions may stand before the one looked for.
const MOST_STOPS: usize = 1_000;

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
