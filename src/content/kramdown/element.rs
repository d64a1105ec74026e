//! The tree that a text becomes.

#![expect(clippy::wildcard_enum_match_arm, reason = "a tree is gone through for a few kinds of elements")]

use std::collections::VecDeque;
use std::ops::Range;

use super::chunk::Chunk;
use crate::content::attributes::AttributeList;

/// How deeply elements may be nested; a release needs about six.
pub(in crate::content) const DEEPEST: usize = 100;

/// An element, what is in it, and where it stands in the file.
#[derive(Debug, Clone)]
pub(in crate::content) struct Element {
    pub(in crate::content) kind: Kind,
    pub(in crate::content) children: Vec<Element>,
    /// Its attribute lists, put together.
    pub(in crate::content) list: Option<Box<AttributeList>>,
    pub(in crate::content) range: Range<usize>,
}

/// What an element is.
#[derive(Debug, Clone)]
pub(in crate::content) enum Kind {
    /// Empty lines; `true`: a single one without a space.
    Blank(bool),
    /// What separates two blocks and shows nothing.
    Boundary(Boundary),
    /// A paragraph; a transparent one is only its words.
    Paragraph {
        transparent: bool,
    },
    Heading {
        level: u8,
        id: Option<String>,
    },
    Rule,
    Quote,
    CodeBlock {
        code: String,
        language: Option<String>,
    },
    List {
        ordered: bool,
    },
    Item,
    DefinitionList,
    Term,
    Definition,
    Table {
        alignments: Vec<Alignment>,
    },
    Head,
    Body,
    Foot,
    Row,
    Cell,
    Html(HtmlTag),
    Comment,
    Declaration,
    /// HTML to be taken as it is.
    RawHtml(Chunk),
    /// Words that were not looked at yet.
    Words(Chunk),
    Text(String),
    /// Words inside HTML that is not read.
    Verbatim(String),
    Emphasis,
    Strong,
    Struck,
    Code(String),
    Link {
        address: String,
        title: Option<String>,
    },
    Image {
        address: String,
        title: Option<String>,
        alternative: String,
    },
    Break,
    Call(String),
    Abbreviation {
        meaning: String,
    },
    Math {
        formula: String,
        block: bool,
    },
}

/// What stands between two blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::content) enum Boundary {
    /// `^` on a line of its own.
    Marker,
    /// A link's definition, by its name.
    Link(String),
    /// An abbreviation's or note's definition.
    Definition,
    /// An attribute list, or an extension.
    Other,
}

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::content) enum Alignment {
    Default,
    Left,
    Center,
    Right,
}

/// A start tag of an editor's own HTML.
#[derive(Debug, Clone)]
pub(in crate::content) struct HtmlTag {
    /// In lower case.
    pub(in crate::content) name: String,
    pub(in crate::content) attributes: Vec<HtmlAttribute>,
    pub(in crate::content) block: bool,
    /// Whether its end was found, or none is needed.
    pub(in crate::content) closed: bool,
}

/// An attribute of a tag, its entities resolved.
#[derive(Debug, Clone)]
pub(in crate::content) struct HtmlAttribute {
    pub(in crate::content) name: String,
    pub(in crate::content) value: String,
    pub(in crate::content) range: Range<usize>,
}

impl Element {
    pub(super) fn new(kind: Kind, range: Range<usize>) -> Self {
        Self { kind, children: Vec::new(), list: None, range }
    }

    pub(super) fn with(kind: Kind, range: Range<usize>, children: Vec<Self>) -> Self {
        Self { kind, children, list: None, range }
    }

    /// Adds what an attribute list says.
    pub(super) fn give(&mut self, list: AttributeList) {
        match &mut self.list {
            Some(own) => own.merge(list),
            None => self.list = Some(Box::new(list)),
        }
    }

    /// The words in it, as they would be read.
    pub(super) fn add_words(&self, out: &mut String) {
        match &self.kind {
            Kind::Text(text) | Kind::Verbatim(text) | Kind::Code(text) => out.push_str(text),
            Kind::Math { formula, .. } => out.push_str(formula),
            _ => {
                for child in &self.children {
                    child.add_words(out);
                }
            }
        }
    }

    /// The names of the notes it calls, in order.
    pub(super) fn add_calls(&self, out: &mut VecDeque<String>) {
        if let Kind::Call(name) = &self.kind {
            out.push_back(name.clone());
        }
        for child in &self.children {
            child.add_calls(out);
        }
    }
}
