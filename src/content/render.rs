//! The tree of a text becomes HTML, which the sanitiser then checks.
//!
//! Elements carry attribute lists, ids are the release's own, addresses are resolved, and what is dropped is reported
//! with its place.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use super::address::Resolved;
use super::attributes::{AttributeList, kept_value};
use super::kramdown::{Alignment, Document, Element, Kind, Remark, decode};
use super::note_calls::NoteCalls;
use super::surroundings::Surroundings;
use super::uploads::find_upload;
use crate::domain::{ByteSet, LinkedUpload, UploadPath, character_reference};
use crate::language::Diagnosis;

/// How a text is rendered.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// Its headings go one level down, because it has one of the first level.
    pub(super) shift_headings: bool,
    /// It is shown beside the whole text: without ids and footnotes.
    pub(super) excerpt: bool,
}

/// Renders a text.
pub(super) struct Render<'a> {
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) document: &'a Document,
    pub(super) style: Style,
    pub(super) html: String,
    pub(super) remarks: Vec<Remark>,
    pub(super) calls: NoteCalls,
    linked_uploads: Vec<LinkedUpload>,
    /// The index in it of each upload.
    linked: HashMap<UploadPath, usize>,
    alignments: Vec<Alignment>,
    head: bool,
}

/// What was rendered.
pub(super) struct Output {
    pub(super) html: String,
    pub(super) remarks: Vec<Remark>,
    pub(super) linked_uploads: Vec<LinkedUpload>,
}

impl<'a> Render<'a> {
    pub(super) fn new(surroundings: &'a Surroundings<'a>, document: &'a Document, style: Style) -> Self {
        Self {
            surroundings,
            document,
            style,
            html: String::new(),
            remarks: Vec::new(),
            calls: NoteCalls::default(),
            linked_uploads: Vec::new(),
            linked: HashMap::new(),
            alignments: Vec::new(),
            head: false,
        }
    }

    /// Everything, footnotes last.
    pub(super) fn all(&mut self) {
        self.elements(&self.document.elements);
        self.write_notes();
    }

    pub(super) fn finish(self) -> Output {
        Output { html: self.html, remarks: self.remarks, linked_uploads: self.linked_uploads }
    }

    pub(super) fn elements(&mut self, elements: &[Element]) {
        for element in elements {
            self.element(element);
        }
    }

    /// Renders one element with all that is in it.
    pub(super) fn element(&mut self, element: &Element) {
        let list = element.list.as_deref();
        match &element.kind {
            Kind::Blank(_) | Kind::Boundary(_) | Kind::Words(_) => {}
            Kind::Text(text) | Kind::Verbatim(text) => self.html.push_str(&escape(text)),
            Kind::Paragraph { transparent: true } => self.elements(&element.children),
            Kind::Paragraph { transparent: false } => self.paragraph(element),
            Kind::Heading { level, id } => {
                let mut attributes = Vec::new();
                if let Some(id) = id {
                    attributes.push(("id", self.surroundings.base.id(id)));
                }
                let level = usize::from(*level) - 1 + usize::from(self.style.shift_headings);
                self.block(["h1", "h2", "h3", "h4", "h5", "h6", "h6"][level], attributes, element);
            }
            Kind::Rule => {
                self.open("hr", Vec::new(), list);
                self.html.push('\n');
            }
            Kind::Quote => self.block("blockquote", Vec::new(), element),
            Kind::List { ordered } => self.block(if *ordered { "ol" } else { "ul" }, Vec::new(), element),
            Kind::Item => self.block("li", Vec::new(), element),
            Kind::DefinitionList => self.block("dl", Vec::new(), element),
            Kind::Term => self.block("dt", Vec::new(), element),
            Kind::Definition => self.block("dd", Vec::new(), element),
            Kind::CodeBlock { code, language } => self.code_block(code, language.as_deref(), list),
            Kind::Table { alignments } => {
                self.alignments.clone_from(alignments);
                self.block("table", Vec::new(), element);
            }
            Kind::Head => {
                self.head = true;
                self.block("thead", Vec::new(), element);
                self.head = false;
            }
            Kind::Body => self.block("tbody", Vec::new(), element),
            Kind::Foot => self.block("tfoot", Vec::new(), element),
            Kind::Row => self.row(element),
            Kind::Cell => self.cell(element, Alignment::Default),
            Kind::Html(tag) => self.html_element(tag, element),
            Kind::RawHtml(html) => self.raw(html),
            Kind::Comment => self.remark(&element.range, Diagnosis::CommentDropped),
            Kind::Declaration => self.remark(&element.range, Diagnosis::DeclarationDropped),
            Kind::Emphasis => self.span("em", Vec::new(), element),
            Kind::Strong => self.span("strong", Vec::new(), element),
            Kind::Struck => self.span("del", Vec::new(), element),
            Kind::Code(code) => {
                self.open("code", Vec::new(), list);
                self.html.push_str(&escape(code));
                self.html.push_str("</code>");
            }
            Kind::Link { address, title } => self.link(address, title.as_deref(), element),
            Kind::Image { address, title, alternative } => {
                self.image(address, title.as_deref(), alternative, element);
            }
            Kind::Break => self.html.push_str("<br>"),
            Kind::Call(name) => self.note_reference(name, &element.range),
            Kind::Abbreviation { meaning } => {
                let meaning = decode(meaning);
                let attributes = if meaning.is_empty() { Vec::new() } else { vec![("title", meaning)] };
                self.span("abbr", attributes, element);
            }
            Kind::Math { formula, block: true } => {
                self.open("p", Vec::new(), list);
                let _ = writeln!(self.html, "\\[{}\\]</p>", escape(formula));
            }
            Kind::Math { formula, block: false } => {
                let _ = write!(self.html, "\\({}\\)", escape(formula));
            }
        }
    }

    /// An element on lines of its own.
    fn block(&mut self, name: &str, attributes: Vec<(&str, String)>, element: &Element) {
        self.open(name, attributes, element.list.as_deref());
        self.elements(&element.children);
        self.html.truncate(self.html.trim_end_matches([' ', '\n']).len());
        let _ = writeln!(self.html, "</{name}>");
    }

    /// An element among words.
    fn span(&mut self, name: &str, attributes: Vec<(&str, String)>, element: &Element) {
        self.open(name, attributes, element.list.as_deref());
        self.elements(&element.children);
        let _ = write!(self.html, "</{name}>");
    }

    /// A paragraph; a picture alone in one may ask to be a figure.
    fn paragraph(&mut self, element: &Element) {
        if let [image] = element.children.as_slice()
            && let Kind::Image { alternative, .. } = &image.kind
            && image.list.as_ref().is_some_and(|list| list.has_name("standalone"))
        {
            let (mut figure, mut inside) = (element.list.clone().unwrap_or_default(), image.clone());
            if let Some(own) = &mut inside.list {
                if figure.classes.is_empty() {
                    figure.classes = std::mem::take(&mut own.classes);
                }
                figure.id = figure.id.or_else(|| own.id.take());
            }
            self.open("figure", Vec::new(), Some(&figure));
            self.element(&inside);
            let _ = writeln!(self.html, "<figcaption>{}</figcaption></figure>", escape(&decode(alternative)));
            return;
        }
        self.block("p", Vec::new(), element);
    }

    fn code_block(&mut self, code: &str, language: Option<&str>, list: Option<&AttributeList>) {
        let mut list = list.cloned().unwrap_or_default();
        let named = list.classes.iter().position(|class| class.starts_with("language-"));
        let named = named.map(|index| list.classes.remove(index));
        self.open("pre", Vec::new(), Some(&list));
        let class = language.map(|language| format!("language-{language}")).or(named).map(|class| ("class", class));
        self.open("code", class.into_iter().collect(), None);
        let _ = writeln!(self.html, "{}\n</code></pre>", escape(code.strip_suffix('\n').unwrap_or(code)));
    }

    fn row(&mut self, element: &Element) {
        self.open("tr", Vec::new(), element.list.as_deref());
        for (column, cell) in element.children.iter().enumerate() {
            let alignment = self.alignments.get(column).copied().unwrap_or(Alignment::Default);
            self.cell(cell, alignment);
        }
        self.html.push_str("</tr>\n");
    }

    fn cell(&mut self, element: &Element, alignment: Alignment) {
        let name = if self.head { "th" } else { "td" };
        let mut attributes = Vec::new();
        if self.head {
            attributes.push(("scope", "col".to_owned()));
        }
        match alignment {
            Alignment::Right => attributes.push(("class", "align-right".to_owned())),
            Alignment::Center => attributes.push(("class", "align-center".to_owned())),
            Alignment::Left | Alignment::Default => {}
        }
        self.open(name, attributes, element.list.as_deref());
        self.elements(&element.children);
        if element.children.is_empty() {
            self.html.push_str("&nbsp;");
        }
        let _ = write!(self.html, "</{name}>");
    }

    fn link(&mut self, written: &str, title: Option<&str>, element: &Element) {
        let Some(address) = self.address(&decode(written), &element.range) else {
            self.elements(&element.children);
            return;
        };
        let mut attributes = vec![("href", address)];
        attributes.extend(title.map(|title| ("title", decode(title))));
        self.span("a", attributes, element);
    }

    fn image(&mut self, written: &str, title: Option<&str>, alternative: &str, element: &Element) {
        let alternative = decode(alternative);
        let Some(address) = self.address(&decode(written), &element.range) else {
            self.html.push_str(&escape(&alternative));
            return;
        };
        if alternative.trim().is_empty() {
            self.remark(&element.range, Diagnosis::ImageWithoutAlternative);
        }
        let mut attributes = vec![("src", address), ("alt", alternative)];
        attributes.extend(title.map(|title| ("title", decode(title))));
        self.open("img", attributes, element.list.as_deref());
    }

    /// The address a link or image leads to; `None` when there is none, which was then said.
    pub(super) fn address(&mut self, written: &str, range: &Range<usize>) -> Option<String> {
        let written = written.to_owned();
        let address = match self.surroundings.base.resolve(&written) {
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
        let Some((path, facts)) = find_upload(&address, self.surroundings.uploads) else { return Some(address) };
        if facts.is_none() {
            self.remark(range, Diagnosis::LinkedUploadMissing { path: path.as_str().to_owned() });
        }
        let as_found = UploadPath::from_address(&address).as_ref() == Some(&path);
        let address = if as_found { address } else { path.address() };
        let number = self.linked.len();
        if *self.linked.entry(path.clone()).or_insert(number) == number {
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
            let _ = write!(self.html, " {name}=\"{}\"", escape_value(&value));
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
            if !id.is_empty() {
                all.push(("id".to_owned(), self.surroundings.base.id(id)));
            }
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

    /// Says something about a place in the text.
    pub(super) fn remark(&mut self, range: &Range<usize>, diagnosis: Diagnosis) {
        self.remarks.push((range.clone(), diagnosis));
    }
}

/// `text` as HTML text, written as HTML is written again (HTML §13.3).
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    static SPECIAL: ByteSet = ByteSet::of(&[b'&', b'<', b'>', NO_BREAK.as_bytes()[0]]);
    SPECIAL.rewritten(text, character_reference)
}

/// `value` as an attribute's value.
pub(super) fn escape_value(value: &str) -> Cow<'_, str> {
    static SPECIAL: ByteSet = ByteSet::of(&[b'&', b'<', b'>', b'"', NO_BREAK.as_bytes()[0]]);
    SPECIAL.rewritten(value, character_reference)
}

/// A no-break space.
const NO_BREAK: &str = "\u{A0}";
