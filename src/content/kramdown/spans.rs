//! The words of a block: emphasis, code, HTML, notes, links and the rest, from left to right.
//!
//! kramdown tries an opening mark, reads on, and goes back when its end does not come. So do we, but a text has only so
//! many steps: when they are used up, marks that are left are text.

use std::ops::Range;

use super::chunk::Chunk;
use super::definitions::is_note_name;
use super::element::{DEEPEST, Element, HtmlAttribute, HtmlTag, Kind};
use super::entities::{decode, entity};
use super::extensions::{Braces, LONGEST, braces};
use super::finder::Finder;
use super::html::{self, Model};
use super::parser::Parser;
use super::typography;
use crate::content::attributes::AttributeList;
use crate::domain::ByteSet;
use crate::language::Diagnosis;

/// How many steps a text has for each of its bytes, and besides.
const STEPS_A_BYTE: usize = 6;
const STEPS_BESIDES: usize = 2_000;

/// Whether quotes and dashes are made typographic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typography {
    Curled,
    AsWritten,
}

/// Where reading stops.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// At the end of the text.
    Never,
    /// At the mark that ends emphasis.
    Mark(&'static str),
    /// At the bracket that ends a link's words.
    Bracket,
    /// At an end tag.
    EndTag(String),
}

/// Reads the words of one text.
pub(super) struct Spans<'p, 'c> {
    pub(super) parser: &'p mut Parser,
    pub(super) chunk: &'c Chunk,
    pub(super) at: usize,
    pub(super) finder: Finder,
    steps: usize,
    typography: Typography,
    /// Only HTML is read: the inside of `<code>`.
    only_html: bool,
    /// What is open around.
    pub(super) emphasis: usize,
    strong: usize,
    pub(super) links: usize,
    depth: usize,
    html_depth: usize,
    /// Whether the innermost open element is emphasis.
    pub(super) directly_in_emphasis: bool,
    /// How many brackets are open in a link's words.
    pub(super) brackets: isize,
}

/// Elements while they are gathered: text joins the text before.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) elements: Vec<Element>,
    images: isize,
}

/// Bytes that may be a mark whatever follows.
static ALONE: ByteSet = ByteSet::of(b"*_`<[]\"'${&\\~");

/// The same, and bytes that may begin a mark of several: `--`, `...`, ` >>`, `![`, two spaces and a line's end.
static BEGINNINGS: ByteSet = ByteSet::of(b"*_`<[]\"'${&\\~!-.> \n");

impl Gathered {
    pub(super) fn text(&mut self, text: &str, range: Range<usize>) {
        if let Some(Element { kind: Kind::Text(before), range: whole, list: None, .. }) = self.elements.last_mut() {
            before.push_str(text);
            whole.end = range.end;
        } else {
            self.elements.push(Element::new(Kind::Text(text.to_owned()), range));
        }
    }

    pub(super) fn push(&mut self, element: Element) {
        self.images += isize::from(matches!(element.kind, Kind::Image { .. }));
        self.elements.push(element);
    }
}

impl<'p, 'c> Spans<'p, 'c> {
    pub(super) fn new(parser: &'p mut Parser, chunk: &'c Chunk, typography: Typography) -> Self {
        Self {
            parser,
            chunk,
            at: 0,
            finder: Finder::default(),
            steps: chunk.text.len() * STEPS_A_BYTE + STEPS_BESIDES,
            typography,
            only_html: false,
            emphasis: 0,
            strong: 0,
            links: 0,
            depth: 0,
            html_depth: 0,
            directly_in_emphasis: false,
            brackets: 0,
        }
    }

    pub(super) fn all(mut self) -> Vec<Element> {
        self.run(&Stop::Never).0
    }

    pub(super) fn rest(&self) -> &'c str {
        &self.chunk.text[self.at..]
    }

    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        self.chunk.places(&range)
    }

    /// Takes the next bytes as text.
    pub(super) fn take_text(&mut self, out: &mut Gathered, length: usize) {
        let range = self.at..self.at + length;
        let text = &self.chunk.text[range.clone()];
        out.text(text, self.place(range));
        self.at += length;
    }

    /// Whether steps are left to look ahead.
    pub(super) fn may_look_ahead(&self) -> bool {
        self.steps > 0 && self.depth < DEEPEST
    }

    /// Counts what was looked at ahead.
    pub(super) fn spend(&mut self, steps: usize) {
        self.steps = self.steps.saturating_sub(steps);
    }

    fn before(&self) -> Option<char> {
        self.chunk.text[..self.at].chars().next_back()
    }

    /// Reads until `stop`; says whether it came. It is not taken.
    pub(super) fn run(&mut self, stop: &Stop) -> (Vec<Element>, bool) {
        let mut out = Gathered::default();
        while self.at < self.chunk.text.len() {
            self.steps = self.steps.saturating_sub(1);
            if self.steps == 0 && !matches!(stop, Stop::Never) {
                return (out.elements, false);
            }
            let plain = self.plain_length();
            if plain > 0 {
                self.steps = self.steps.saturating_sub(plain);
                self.take_text(&mut out, plain);
                continue;
            }
            if self.stops(stop, &out) {
                return (out.elements, true);
            }
            self.one(&mut out);
        }
        (out.elements, false)
    }

    /// How many bytes there are before anything that may be a mark.
    fn plain_length(&self) -> usize {
        let rest = self.rest().as_bytes();
        let means_something = |at: usize| rest.get(at).is_some_and(|byte| BEGINNINGS.contains(*byte));
        let is_special = |at: usize| means_something(at) && (ALONE.contains(rest[at]) || means_something(at + 1));
        let Some(found) = (0..rest.len()).find(|at| is_special(*at)) else { return rest.len() };
        // A quote is looked at together with the character before it.
        if matches!(rest[found], b'"' | b'\'') && found > 0 {
            let mut start = found - 1;
            while start > 0 && !self.rest().is_char_boundary(start) {
                start -= 1;
            }
            return start;
        }
        found
    }

    /// Whether what stands here is what is waited for.
    fn stops(&mut self, stop: &Stop, out: &Gathered) -> bool {
        let rest = self.rest();
        match stop {
            Stop::Never => false,
            Stop::Mark(mark) => {
                if !rest.starts_with(mark) || out.elements.is_empty() || self.before().is_none_or(char::is_whitespace) {
                    return false;
                }
                let after = &rest[mark.len()..];
                let is_strong_mark = mark.len() == 1 && after.starts_with(mark) && !after[1..].starts_with(mark);
                let inside_word = mark.starts_with('_') && after.starts_with(char::is_alphanumeric);
                !is_strong_mark && !inside_word
            }
            Stop::Bracket => {
                if rest.starts_with(']') {
                    self.brackets -= 1;
                } else if rest.starts_with('[') || rest.starts_with("![") {
                    self.brackets += 1;
                } else {
                    return false;
                }
                self.brackets == out.images
            }
            Stop::EndTag(name) => {
                rest.starts_with("</")
                    && html::end_tag(&self.chunk.text, self.at).is_some_and(|(other, _)| other == *name)
            }
        }
    }

    /// Reads what stands here: a mark with what belongs to it, or a character.
    fn one(&mut self, out: &mut Gathered) {
        let rest = self.rest();
        let first = rest.as_bytes().first().copied().unwrap_or_default();
        if self.only_html {
            if !(first == b'<' && self.html(out) || first == b'&' && self.reference(out)) {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                self.take_text(out, length);
            }
            return;
        }
        let found = match first {
            b'*' | b'_' => self.emphasis(out),
            b'`' => self.code(out),
            b'<' => self.autolink(out) || self.html(out),
            b'[' => self.call(out) || self.link(out),
            b'!' => rest.starts_with("![") && self.link(out),
            _ => false,
        };
        if found || self.quote(out) {
            return;
        }
        let found = match first {
            b'$' => self.math(out),
            b'{' => self.braces(out),
            b'&' => self.reference(out),
            _ => false,
        };
        if found || self.symbol(out) || self.line_break(out) {
            return;
        }
        let protects = |c: char| "\\.*_+`<>()[]{}#!:|\"'$=-~".contains(c);
        if first == b'\\' && rest[1..].starts_with(protects) {
            self.at += 1;
            self.take_text(out, 1);
        } else if !(first == b'~' && self.struck(out)) {
            let length = rest.chars().next().map_or(1, char::len_utf8);
            self.take_text(out, length);
        }
    }

    fn emphasis(&mut self, out: &mut Gathered) -> bool {
        let rest = self.rest();
        let mark = if rest.starts_with("**") {
            "**"
        } else if rest.starts_with("__") {
            "__"
        } else if rest.starts_with('*') {
            "*"
        } else {
            "_"
        };
        let strong = mark.len() == 2;
        let inside_word = mark.starts_with('_') && {
            let before = self.chunk.text[..self.at].trim_end_matches('-');
            let dashes = self.at - before.len();
            dashes <= 1 && before.ends_with(char::is_alphabetic)
        };
        let open = if strong { self.strong } else { self.emphasis } > 0;
        if inside_word || open || rest[mark.len()..].starts_with(char::is_whitespace) {
            self.take_text(out, mark.len());
            return true;
        }
        let start = self.at;
        let mut found = self.emphasised(mark);
        if found.is_none() && strong && !self.directly_in_emphasis {
            self.at = start;
            found = self.emphasised(&mark[..1]);
        }
        if let Some(element) = found {
            out.push(element);
        } else {
            self.at = start;
            self.take_text(out, mark.len());
        }
        true
    }

    /// The element between two marks, when the second one comes.
    fn emphasised(&mut self, mark: &'static str) -> Option<Element> {
        let start = self.at;
        if !self.may_look_ahead() {
            return None;
        }
        self.finder.find(&self.chunk.text, mark, start + mark.len())?;
        self.at += mark.len();
        let strong = mark.len() == 2;
        let directly = std::mem::replace(&mut self.directly_in_emphasis, !strong);
        self.strong += usize::from(strong);
        self.emphasis += usize::from(!strong);
        self.depth += 1;
        let (children, found) = self.run(&Stop::Mark(mark));
        self.depth -= 1;
        self.strong -= usize::from(strong);
        self.emphasis -= usize::from(!strong);
        self.directly_in_emphasis = directly;
        if !found {
            return None;
        }
        self.at += mark.len();
        let kind = if strong { Kind::Strong } else { Kind::Emphasis };
        Some(Element::with(kind, self.place(start..self.at), children))
    }

    fn code(&mut self, out: &mut Gathered) -> bool {
        let rest = self.rest();
        let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
        let alone =
            ticks == 1 && self.before().is_none_or(char::is_whitespace) && rest[1..].starts_with(char::is_whitespace);
        let start = self.at;
        let close = if alone || !self.may_look_ahead() {
            None
        } else {
            self.finder.find(&self.chunk.text, &rest[..ticks], start + ticks)
        };
        let Some(close) = close else {
            self.take_text(out, ticks);
            return true;
        };
        let mut code = &self.chunk.text[start + ticks..close];
        if ticks > 1 {
            code = code.strip_prefix(' ').unwrap_or(code);
            code = code.strip_suffix(' ').unwrap_or(code);
        }
        self.at = close + ticks;
        let place = self.place(start..self.at);
        out.push(Element::new(Kind::Code(code.to_owned()), place));
        true
    }

    /// `<https://…>` and `<name@example.org>`.
    fn autolink(&mut self, out: &mut Gathered) -> bool {
        let line = self.rest();
        let schemes = ["mailto:", "http:", "https:", "ftp:", "ftps:"];
        let by_scheme = schemes.iter().any(|scheme| line[1..].starts_with(scheme));
        let length = if by_scheme {
            let close = self.finder.find(&self.chunk.text, ">", self.at);
            let line_end = self.finder.find(&self.chunk.text, "\n", self.at).unwrap_or(usize::MAX);
            close.filter(|close| *close < line_end).map(|close| close - self.at)
        } else {
            let length =
                line[1..].find(|c: char| !(c.is_alphanumeric() || "-_.@".contains(c))).map(|length| length + 1);
            length.filter(|length| line[*length..].starts_with('>'))
        };
        let Some(length) = length else { return false };
        let inside = &line[1..length];
        let right = if by_scheme {
            inside.split_once(':').is_some_and(|(_, rest)| !rest.is_empty())
        } else {
            inside
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        };
        if !right {
            return false;
        }
        let address = if by_scheme { inside.to_owned() } else { format!("mailto:{inside}") };
        let place = self.place(self.at..self.at + length + 1);
        let words = inside.strip_prefix("mailto:").unwrap_or(inside).to_owned();
        let words = Element::new(Kind::Text(words), place.clone());
        out.push(Element::with(Kind::Link { address, title: None }, place, vec![words]));
        self.at += length + 1;
        true
    }

    fn html(&mut self, out: &mut Gathered) -> bool {
        let text = &self.chunk.text;
        let start = self.at;
        if let Some(end) = html::comment_end(text, start, &mut self.finder) {
            let place = self.place(start..end);
            out.push(Element::new(Kind::Comment, place));
            self.at = end;
            return true;
        }
        if let Some((_, end)) = html::end_tag(text, start) {
            self.take_text(out, end - start);
            return true;
        }
        let Some(tag) = html::start_tag(text, start, &mut self.finder) else { return false };
        if html::stands_beside_words(&tag.name) || self.depth >= DEEPEST {
            self.take_text(out, tag.end - start);
            return true;
        }
        let mut is_read = self.parser.settings.span_html && !self.only_html;
        is_read &= !matches!(
            tag.name.as_str(),
            "script" | "style" | "math" | "option" | "textarea" | "pre" | "code" | "kbd" | "samp" | "var"
        );
        let mut attributes = Vec::new();
        for (name, value, range) in &tag.attributes {
            if name == "markdown" {
                is_read = match html::asked_model(&tag.name, value) {
                    Some(Model::Raw) => false,
                    Some(Model::Span) => true,
                    Some(Model::Block) | None => is_read,
                };
            } else {
                let range = self.place(range.clone());
                attributes.push(HtmlAttribute { name: name.clone(), value: decode(&value.replace('\n', " ")), range });
            }
        }
        self.at = tag.end;
        let closed = tag.closed || html::is_void(&tag.name);
        let html = HtmlTag { name: tag.name.clone(), attributes, block: false, closed };
        let mut element = Element::new(Kind::Html(html), self.place(start..tag.end));
        if !closed {
            let found;
            (element.children, found) = self.inside_html(&tag.name, is_read);
            if let Kind::Html(tag) = &mut element.kind {
                tag.closed = found;
            }
        }
        out.push(element);
        true
    }

    /// What is inside an element among words; one that is not closed takes what is left.
    fn inside_html(&mut self, name: &str, is_read: bool) -> (Vec<Element>, bool) {
        let only_html = std::mem::replace(&mut self.only_html, !is_read);
        let directly = std::mem::replace(&mut self.directly_in_emphasis, false);
        self.depth += 1;
        self.html_depth += 1;
        let (mut children, found) = self.run(&Stop::EndTag(name.to_owned()));
        self.html_depth -= 1;
        self.depth -= 1;
        self.only_html = only_html;
        self.directly_in_emphasis = directly;
        if found {
            self.at = html::end_tag(&self.chunk.text, self.at).map_or(self.at, |(_, end)| end);
        } else if self.at < self.chunk.text.len() {
            let mut rest = Gathered { elements: std::mem::take(&mut children), images: 0 };
            let place = self.place(self.at..self.chunk.text.len());
            rest.text(&decode(self.rest()), place);
            self.at = self.chunk.text.len();
            children = rest.elements;
        }
        (children, found)
    }

    /// `[^name]`
    fn call(&mut self, out: &mut Gathered) -> bool {
        let Some(rest) = self.rest().strip_prefix("[^") else { return false };
        let length = rest.find(|c: char| !(c.is_alphanumeric() || "_-".contains(c))).unwrap_or(rest.len());
        let name = &rest[..length];
        if !is_note_name(name) || !rest[length..].starts_with(']') {
            return false;
        }
        let place = self.place(self.at..self.at + length + 3);
        out.push(Element::new(Kind::Call(name.to_owned()), place));
        self.at += length + 3;
        true
    }

    fn quote(&mut self, out: &mut Gathered) -> bool {
        let rest = self.rest();
        let mut chars = rest.chars();
        let first = chars.next().unwrap_or_default();
        let here = matches!(first, '"' | '\'') || first != '\\' && chars.as_str().starts_with(['"', '\'']);
        if !here {
            return false;
        }
        if self.typography == Typography::AsWritten {
            self.take_text(out, first.len_utf8());
            return true;
        }
        let Some((set, length)) = typography::quotes(rest) else { return false };
        let place = self.place(self.at..self.at + length);
        out.text(&set, place);
        self.at += length;
        true
    }

    fn symbol(&mut self, out: &mut Gathered) -> bool {
        if self.typography == Typography::AsWritten {
            return false;
        }
        let Some((set, length)) = typography::symbol(self.rest()) else { return false };
        let place = self.place(self.at..self.at + length);
        out.text(set, place);
        self.at += length;
        true
    }

    /// `$$ … $$` among words is left to whoever shows formulas.
    fn math(&mut self, out: &mut Gathered) -> bool {
        if !self.rest().starts_with("$$") {
            return false;
        }
        let start = self.at;
        let Some(close) = self.finder.find(&self.chunk.text, "$$", start + 2) else { return false };
        let formula = self.chunk.text[start + 2..close].trim().to_owned();
        self.at = close + 2;
        let place = self.place(start..self.at);
        out.push(Element::new(Kind::Math { formula, block: false }, place));
        true
    }

    fn reference(&mut self, out: &mut Gathered) -> bool {
        let Some((characters, length)) = entity(self.rest()) else { return false };
        let place = self.place(self.at..self.at + length);
        out.text(&characters, place);
        self.at += length;
        true
    }

    /// Two spaces or back slashes at the end of a line, or one back slash.
    fn line_break(&mut self, out: &mut Gathered) -> bool {
        let rest = self.rest();
        // kramdown's GitHub flavour looks for single back slashes afterwards, and not inside HTML.
        let marks = if self.html_depth > 0 { &["  \n", "\\\\\n"][..] } else { &["  \n", "\\\\\n", "\\\n"] };
        let Some(length) = marks.iter().find(|mark| rest.starts_with(**mark)).map(|mark| mark.len() - 1) else {
            return false;
        };
        let place = self.place(self.at..self.at + length);
        out.push(Element::new(Kind::Break, place));
        self.at += length;
        true
    }

    fn struck(&mut self, out: &mut Gathered) -> bool {
        let rest = self.rest();
        let inside = rest.strip_prefix("~~").filter(|rest| !rest.starts_with(|c: char| c.is_whitespace() || c == '~'));
        if inside.is_none() || !self.may_look_ahead() {
            return false;
        }
        let start = self.at + 2;
        let mut from = start;
        let close = loop {
            let Some(found) = self.finder.find(&self.chunk.text, "~~", from) else { return false };
            if found > start && !self.chunk.text[..found].ends_with(|c: char| c.is_whitespace() || c == '~') {
                break found;
            }
            if self.steps == 0 {
                return false;
            }
            self.steps -= 1;
            from = found + 1;
        };
        self.spend(close - start);
        let inside = self.chunk.part(start..close);
        let mut spans = Spans::new(self.parser, &inside, self.typography);
        (spans.steps, spans.depth, spans.links) = (self.steps, self.depth + 1, self.links);
        let (children, _) = spans.run(&Stop::Never);
        self.steps = spans.steps;
        let place = self.place(start - 2..close + 2);
        self.at = close + 2;
        out.push(Element::with(Kind::Struck, place, children));
        true
    }

    /// An attribute list, or an extension.
    fn braces(&mut self, out: &mut Gathered) -> bool {
        if !self.rest().starts_with("{:")
            || self.finder.find(&self.chunk.text, "}", self.at).is_none_or(|end| end - self.at > LONGEST)
        {
            return false;
        }
        let Some((found, length)) = braces(self.rest()) else { return false };
        let place = self.place(self.at..self.at + length);
        let start = self.at;
        self.at += length;
        match found {
            Braces::List(inside) | Braces::Named { inside, .. } => {
                let list = AttributeList::parse(inside, place.clone());
                match out.elements.last_mut() {
                    Some(before) if !matches!(before.kind, Kind::Text(_)) => before.give(list),
                    _ => {
                        let mut carrier = Element::new(Kind::Text(String::new()), place);
                        carrier.list = Some(Box::new(list));
                        out.push(carrier);
                    }
                }
            }
            Braces::Start { name, inside, closed } => self.extension(name, inside, closed, start, out),
            Braces::Stop => {
                let written = self.chunk.text[start..self.at].to_owned();
                self.parser.remark(place, Diagnosis::ExtensionDropped { written });
            }
        }
        true
    }

    fn extension(&mut self, name: &str, inside: &str, closed: bool, start: usize, out: &mut Gathered) {
        let body = self.at;
        let place = self.place(start..body);
        let mut end = body;
        if !closed {
            let stop = self.finder.find(&self.chunk.text, "{:/", body);
            let length = stop.and_then(|stop| match braces(&self.chunk.text[stop..]) {
                Some((Braces::Stop, length)) => Some(length),
                _ => None,
            });
            let (Some(stop), Some(length)) = (stop, length) else {
                let written = self.chunk.text[start..body].to_owned();
                self.parser.remark(place, Diagnosis::ExtensionDropped { written });
                return;
            };
            end = stop;
            self.at = stop + length;
        }
        let list = AttributeList::parse(inside, place.clone());
        match name {
            "comment" => {}
            "nomarkdown" => {
                if list.value("type").is_none_or(|kinds| kinds.split(' ').any(|kind| kind == "html")) {
                    let html = self.chunk.part(body..end);
                    out.push(Element::new(Kind::RawHtml(html), place));
                }
            }
            "options" => self.parser.set_options(&list),
            _ => {
                // Its inside is text.
                let written = format!("{{::{name}{inside}}}");
                self.parser.remark(place, Diagnosis::ExtensionDropped { written });
                self.at = body;
            }
        }
    }
}
