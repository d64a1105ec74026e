//! Markdown events become HTML, which the sanitiser then checks.
//!
//! Written here rather than by the Markdown library, because elements carry attribute lists, ids are the release's own,
//! addresses are resolved, and what is dropped must be reported with its place.

#![expect(clippy::wildcard_enum_match_arm, reason = "the Markdown library's events and tags are its own, open set")]

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::ops::Range;

use pulldown_cmark::{Alignment, CowStr, Event, Tag, TagEnd};

use super::address::Resolved;
use super::attached::Attached;
use super::attributes::{AttributeList, kept_value};
use super::items::find_upload;
use super::kramdown::{Prepared, Remark};
use super::markup::Setting;
use super::notes::Notes;
use crate::domain::{LinkedUpload, UploadPath};
use crate::language::Diagnosis;

/// How a text is rendered.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// Its headings go one level down, because it has one of the first level.
    pub(super) shift_headings: bool,
    /// It is shown beside the whole text: without ids and footnotes.
    pub(super) excerpt: bool,
}

/// Renders events.
pub(super) struct Render<'a> {
    pub(super) setting: &'a Setting<'a>,
    pub(super) prepared: &'a Prepared,
    pub(super) attached: &'a Attached<'a>,
    pub(super) style: Style,
    pub(super) html: String,
    pub(super) remarks: Vec<Remark>,
    pub(super) notes: Notes,
    /// The raw element whose content is being left out.
    pub(super) swallowing: Option<String>,
    /// Raw elements that are never closed from here on.
    pub(super) never_closed: HashSet<String>,
    /// Where the raw elements that need an end tag and have none yet begin, by name.
    pub(super) raw_open: HashMap<String, Vec<Range<usize>>>,
    /// How many raw elements are open.
    pub(super) raw_depth: usize,
    linked_uploads: Vec<LinkedUpload>,
    in_code_block: bool,
    ends: HashMap<usize, usize>,
    /// Whether each open link is written.
    links: Vec<bool>,
    table: Table,
}

/// Where in a table the renderer is.
#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    column: usize,
    head: bool,
}

/// What was rendered.
pub(super) struct Output {
    pub(super) html: String,
    pub(super) remarks: Vec<Remark>,
    pub(super) linked_uploads: Vec<LinkedUpload>,
}

impl<'a> Render<'a> {
    pub(super) fn new(
        setting: &'a Setting<'a>,
        prepared: &'a Prepared,
        attached: &'a Attached<'a>,
        style: Style,
    ) -> Self {
        let mut ends = HashMap::new();
        let mut open = Vec::new();
        let mut notes = Notes::default();
        for (index, (event, _)) in attached.events.iter().enumerate() {
            match event {
                Event::Start(tag) => {
                    open.push(index);
                    if let Tag::FootnoteDefinition(name) = tag {
                        notes.define(name, index);
                    }
                }
                Event::End(_) => {
                    if let Some(start) = open.pop() {
                        ends.insert(start, index);
                    }
                }
                _ => {}
            }
        }
        Self {
            setting,
            prepared,
            attached,
            style,
            html: String::new(),
            remarks: Vec::new(),
            notes,
            swallowing: None,
            never_closed: HashSet::new(),
            raw_open: HashMap::new(),
            raw_depth: 0,
            linked_uploads: Vec::new(),
            in_code_block: false,
            ends,
            links: Vec::new(),
            table: Table::default(),
        }
    }

    /// Everything, footnotes last.
    pub(super) fn all(&mut self) {
        self.run(0..self.attached.events.len());
        self.write_notes();
        self.report_unclosed();
    }

    /// The element that begins at `index`.
    pub(super) fn element(&mut self, index: usize) {
        self.run(index..self.end_of(index) + 1);
    }

    /// What is inside the element that begins at `index`.
    pub(super) fn inside(&mut self, index: usize) {
        self.run(index + 1..self.end_of(index));
    }

    pub(super) fn finish(self) -> Output {
        Output { html: self.html, remarks: self.remarks, linked_uploads: self.linked_uploads }
    }

    fn end_of(&self, index: usize) -> usize {
        self.ends.get(&index).copied().unwrap_or(index)
    }

    fn run(&mut self, range: Range<usize>) {
        let mut index = range.start;
        while index < range.end {
            index = self.event(index);
        }
    }

    /// Renders one event, or an element whole; returns the next event's index.
    fn event(&mut self, index: usize) -> usize {
        let attached = self.attached;
        let (event, range) = &attached.events[index];
        if self.swallowing.is_some() && !matches!(event, Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_)) {
            return index + 1;
        }
        match event {
            Event::Start(tag) => return self.start(tag, index, range),
            Event::End(end) => self.end(*end, range),
            Event::Text(text) if !self.in_code_block => self.words(text, range),
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.text(text),
            Event::Code(code) => {
                self.open("code", Vec::new(), attached.lists.get(&index));
                self.text(code);
                self.html.push_str("</code>");
            }
            Event::Html(html) | Event::InlineHtml(html) => self.raw(html, &[(0, range.start)]),
            Event::FootnoteReference(name) => self.note_reference(name, range),
            Event::SoftBreak => self.html.push('\n'),
            Event::HardBreak => self.html.push_str("<br>\n"),
            Event::Rule => self.html.push_str("<hr>\n"),
            Event::TaskListMarker(_) => {}
        }
        index + 1
    }

    fn start(&mut self, tag: &Tag<'_>, index: usize, range: &Range<usize>) -> usize {
        let list = self.attached.lists.get(&index);
        let name = match tag {
            Tag::FootnoteDefinition(_) | Tag::MetadataBlock(_) => return self.end_of(index) + 1,
            Tag::HtmlBlock => return self.html_block(index),
            Tag::Image { dest_url, title, .. } => {
                self.image(index, dest_url, title, range);
                return self.end_of(index) + 1;
            }
            Tag::Link { dest_url, title, link_type, .. } => {
                let written = if *link_type == pulldown_cmark::LinkType::Email {
                    format!("mailto:{dest_url}")
                } else {
                    dest_url.to_string()
                };
                self.link(&written, title, list, range);
                return index + 1;
            }
            Tag::CodeBlock(_) => {
                self.in_code_block = true;
                self.open("pre", Vec::new(), list);
                self.html.push_str("<code>");
                return index + 1;
            }
            Tag::List(Some(first)) if *first != 1 => {
                self.open("ol", vec![("start", first.to_string())], list);
                return index + 1;
            }
            Tag::Table(alignments) => {
                self.table = Table { alignments: alignments.clone(), ..Table::default() };
                "table"
            }
            Tag::TableCell => {
                self.cell(list);
                return index + 1;
            }
            Tag::Strikethrough if !self.is_double(range) => {
                self.html.push('~');
                return index + 1;
            }
            _ => self.name_of(tag.to_end()),
        };
        match tag {
            Tag::TableHead => {
                self.table.head = true;
                self.table.column = 0;
                self.html.push_str("<thead>");
                self.open("tr", Vec::new(), list);
            }
            Tag::TableRow => {
                self.table.column = 0;
                self.open(name, Vec::new(), list);
            }
            _ => self.open(name, Vec::new(), list),
        }
        index + 1
    }

    fn end(&mut self, end: TagEnd, range: &Range<usize>) {
        match end {
            TagEnd::HtmlBlock | TagEnd::FootnoteDefinition | TagEnd::MetadataBlock(_) | TagEnd::Image => {}
            TagEnd::Link => {
                if self.links.pop().unwrap_or_default() {
                    self.html.push_str("</a>");
                }
            }
            TagEnd::Strikethrough if !self.is_double(range) => self.html.push('~'),
            TagEnd::CodeBlock => {
                self.in_code_block = false;
                self.html.push_str("</code></pre>\n");
            }
            TagEnd::TableHead => {
                self.table.head = false;
                self.html.push_str("</tr></thead>\n<tbody>");
            }
            TagEnd::Table => self.html.push_str("</tbody></table>\n"),
            TagEnd::TableCell => self.html.push_str(if self.table.head { "</th>" } else { "</td>" }),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Superscript | TagEnd::Subscript => {
                self.close(end);
            }
            _ => {
                // What a mark left at the end of a line.
                self.html.truncate(self.html.trim_end_matches(' ').len());
                self.close(end);
                self.html.push('\n');
            }
        }
    }

    fn close(&mut self, end: TagEnd) {
        let name = self.name_of(end);
        let _ = write!(self.html, "</{name}>");
    }

    /// The HTML element of a Markdown one.
    fn name_of(&self, end: TagEnd) -> &'static str {
        match end {
            TagEnd::Paragraph => "p",
            TagEnd::Heading(level) => {
                const NAMES: [&str; 7] = ["h1", "h2", "h3", "h4", "h5", "h6", "h6"];
                NAMES[level as usize - 1 + usize::from(self.style.shift_headings)]
            }
            TagEnd::BlockQuote(_) => "blockquote",
            TagEnd::List(true) => "ol",
            TagEnd::List(false) => "ul",
            TagEnd::Item => "li",
            TagEnd::DefinitionList => "dl",
            TagEnd::DefinitionListTitle => "dt",
            TagEnd::DefinitionListDefinition => "dd",
            TagEnd::Table => "table",
            TagEnd::TableHead | TagEnd::TableRow => "tr",
            TagEnd::TableCell => "td",
            TagEnd::Emphasis => "em",
            TagEnd::Strong => "strong",
            TagEnd::Strikethrough => "del",
            TagEnd::Superscript => "sup",
            TagEnd::Subscript => "sub",
            TagEnd::Link => "a",
            TagEnd::CodeBlock => "pre",
            TagEnd::Image | TagEnd::HtmlBlock | TagEnd::FootnoteDefinition | TagEnd::MetadataBlock(_) => "span",
        }
    }

    /// Jekyll's kramdown strikes out between two tildes, not between single ones.
    fn is_double(&self, range: &Range<usize>) -> bool {
        self.prepared.text.get(range.clone()).is_some_and(|text| text.starts_with("~~"))
    }

    fn cell(&mut self, list: Option<&AttributeList>) {
        let name = if self.table.head { "th" } else { "td" };
        let mut attributes = Vec::new();
        if self.table.head {
            attributes.push(("scope", "col".to_owned()));
        }
        match self.table.alignments.get(self.table.column) {
            Some(Alignment::Right) => attributes.push(("class", "align-right".to_owned())),
            Some(Alignment::Center) => attributes.push(("class", "align-center".to_owned())),
            Some(Alignment::Left | Alignment::None) | None => {}
        }
        self.table.column += 1;
        self.open(name, attributes, list);
    }

    fn link(&mut self, written: &str, title: &str, list: Option<&AttributeList>, range: &Range<usize>) {
        let Some(address) = self.address(written, range) else {
            self.links.push(false);
            return;
        };
        let mut attributes = vec![("href", address)];
        if !title.is_empty() {
            attributes.push(("title", title.to_owned()));
        }
        self.links.push(true);
        self.open("a", attributes, list);
    }

    fn image(&mut self, index: usize, written: &str, title: &str, range: &Range<usize>) {
        let mut alternative = String::new();
        for (event, _) in &self.attached.events[index + 1..self.end_of(index)] {
            match event {
                Event::Text(text) | Event::Code(text) => alternative.push_str(&self.prepared.words(text)),
                Event::SoftBreak | Event::HardBreak => alternative.push(' '),
                _ => {}
            }
        }
        let Some(address) = self.address(written, range) else {
            self.html.push_str(&escape(&alternative));
            return;
        };
        if alternative.trim().is_empty() {
            self.remark(range, Diagnosis::ImageWithoutAlternative);
        }
        let mut attributes = vec![("src", address), ("alt", alternative)];
        if !title.is_empty() {
            attributes.push(("title", title.to_owned()));
        }
        self.open("img", attributes, self.attached.lists.get(&index));
    }

    /// A block of raw HTML, whole, so that a tag may run over several lines.
    fn html_block(&mut self, index: usize) -> usize {
        let end = self.end_of(index);
        let mut html = String::new();
        let mut steps = Vec::new();
        for (event, range) in &self.attached.events[index + 1..end] {
            if let Event::Html(line) | Event::Text(line) = event {
                steps.push((html.len(), range.start));
                html.push_str(line);
            }
        }
        self.raw(&html, &steps);
        self.html.push('\n');
        end + 1
    }

    /// Writes a text.
    pub(super) fn text(&mut self, text: &CowStr<'_>) {
        let words = self.prepared.words(text);
        self.html.push_str(&escape(&words));
    }

    /// The address a link or image leads to; `None` when there is none, which was then said.
    pub(super) fn address(&mut self, written: &str, range: &Range<usize>) -> Option<String> {
        let written = self.prepared.words(written);
        let address = match self.setting.base.resolve(&written) {
            Resolved::Kept(address) => address,
            Resolved::Guessed(taken) => {
                self.remark(range, Diagnosis::AddressWithoutScheme { written, taken: taken.clone() });
                taken
            }
            Resolved::Empty => {
                self.remark(range, Diagnosis::AddressEmpty);
                return None;
            }
            Resolved::Refused => {
                self.remark(range, Diagnosis::AddressRefused { written });
                return None;
            }
        };
        let Some((path, facts)) = find_upload(&address, self.setting.uploads) else { return Some(address) };
        if facts.is_none() {
            self.remark(range, Diagnosis::LinkedUploadMissing { path: path.as_str().to_owned() });
        }
        let as_found = UploadPath::from_address(&address).as_ref() == Some(&path);
        let address = if as_found { address } else { path.address() };
        if !self.linked_uploads.iter().any(|linked| linked.path == path) {
            self.linked_uploads.push(LinkedUpload { path, facts });
        }
        Some(address)
    }

    /// Writes a start tag with `attributes`, whose values are settled, and what `list` adds to them.
    pub(super) fn open(&mut self, name: &str, attributes: Vec<(&str, String)>, list: Option<&AttributeList>) {
        let mut all: Vec<(String, String)> =
            attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Some(list) = list {
            self.add_list(name, list, &mut all);
        }
        if all.iter().any(|(name, _)| name == "target") {
            let rel = all.iter().position(|(name, _)| name == "rel");
            match rel {
                Some(at) if all[at].1.split(' ').any(|word| word == "noopener") => {}
                Some(at) => all[at].1.push_str(" noopener"),
                None => all.push(("rel".to_owned(), "noopener".to_owned())),
            }
        }
        self.html.push('<');
        self.html.push_str(name);
        for (name, value) in all {
            if name == "id" && self.style.excerpt {
                continue;
            }
            let _ = write!(self.html, " {name}=\"{}\"", escape(&value));
        }
        self.html.push('>');
    }

    /// Adds an attribute list's attributes; what is not kept is reported at the list.
    fn add_list(&mut self, tag: &str, list: &AttributeList, all: &mut Vec<(String, String)>) {
        if !list.classes.is_empty() {
            let classes = list.classes.join(" ");
            match all.iter_mut().find(|(name, _)| name == "class") {
                Some((_, value)) => *value = format!("{value} {classes}"),
                None => all.push(("class".to_owned(), classes)),
            }
        }
        if let Some(id) = &list.id {
            all.retain(|(name, _)| name != "id");
            all.push(("id".to_owned(), self.setting.base.id(id)));
        }
        for (name, value) in &list.others {
            let value =
                if matches!(name.as_str(), "href" | "src" | "cite") { None } else { kept_value(tag, name, value) };
            if let Some(value) = value {
                all.retain(|(other, _)| other != name);
                all.push((name.clone(), value));
            } else {
                let remark = Diagnosis::AttributeDropped { attribute: name.clone() };
                self.remarks.push((list.range.clone(), remark));
            }
        }
    }

    /// Says something about a range of the prepared text.
    pub(super) fn remark(&mut self, range: &Range<usize>, diagnosis: Diagnosis) {
        self.remarks.push((self.prepared.source_range(range), diagnosis));
    }
}

/// `text` as HTML text or attribute value.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
