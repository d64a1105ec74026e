//! An editor's own HTML: kept tag by tag where the allow-list has it, reported where not.

use std::fmt::Write as _;
use std::ops::Range;

use super::attributes::{AttributeList, kept_value};
use super::kramdown::{Chunk, DEEPEST, Element, HtmlAttribute, HtmlTag, decode};
use super::render::{Render, escape};
use super::sanitise::{DROPPED_WHOLE, is_kept};
use super::tags::{Piece, pieces};
use crate::language::Diagnosis;

/// Elements that need no end tag (HTML §13.1.2.4).
const CLOSED_BY_WHAT_FOLLOWS: [&str; 12] =
    ["caption", "colgroup", "dd", "dt", "li", "p", "tbody", "td", "tfoot", "th", "thead", "tr"];

/// Elements without content.
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];

impl Render<'_> {
    /// An element that the editor wrote as HTML, with what is in it.
    pub(super) fn html_element(&mut self, tag: &HtmlTag, element: &Element) {
        let name = tag.name.as_str();
        let needs_end = !VOID.contains(&name) && !CLOSED_BY_WHAT_FOLLOWS.contains(&name);
        if !tag.closed && needs_end {
            self.remark(&element.range, Diagnosis::TagUnclosed { tag: name.to_owned() });
        }
        if !is_kept(name) {
            self.remark(&element.range, Diagnosis::TagDropped { tag: name.to_owned() });
            if !(DROPPED_WHOLE.contains(&name) && (tag.closed || matches!(name, "script" | "style"))) {
                self.elements(&element.children);
            }
            return;
        }
        let attributes = tag.attributes.iter().map(|attribute| {
            let HtmlAttribute { name, value, range } = attribute;
            (name.as_str(), value.as_str(), range.clone())
        });
        if !self.start_tag(name, attributes, element.list.as_deref(), &element.range) {
            return;
        }
        if !VOID.contains(&name) {
            self.elements(&element.children);
            let name = self.shifted(name);
            let _ = write!(self.html, "</{name}>");
        }
        if tag.block {
            self.html.push('\n');
        }
    }

    /// Writes HTML that is not to be read as kramdown.
    pub(super) fn raw(&mut self, html: &Chunk) {
        let mut swallowing: Option<String> = None;
        let mut depth = 0;
        for piece in pieces(&html.text) {
            if let Some(tag) = &swallowing {
                if matches!(&piece, Piece::Close { name, .. } if name == tag) {
                    swallowing = None;
                }
                continue;
            }
            match piece {
                Piece::Text(text) => self.html.push_str(&escape(&decode(text))),
                Piece::Open { name, attributes, range } => {
                    let range = html.places(&range);
                    if !is_kept(&name) {
                        if DROPPED_WHOLE.contains(&name.as_str()) {
                            swallowing = Some(name.clone());
                        }
                        self.remark(&range, Diagnosis::TagDropped { tag: name });
                        continue;
                    }
                    depth += usize::from(!VOID.contains(&name.as_str()));
                    if depth > DEEPEST {
                        self.remark(&range, Diagnosis::TooDeep);
                        return;
                    }
                    let values: Vec<_> = attributes
                        .iter()
                        .map(|attribute| (&attribute.name, decode(attribute.value), html.places(&attribute.range)))
                        .collect();
                    let values =
                        values.iter().map(|(name, value, range)| (name.as_str(), value.as_str(), range.clone()));
                    self.start_tag(&name, values, None, &range);
                }
                Piece::Close { name, .. } => {
                    if is_kept(&name) && !VOID.contains(&name.as_str()) {
                        depth = depth.saturating_sub(1);
                        let name = self.shifted(&name);
                        let _ = write!(self.html, "</{name}>");
                    }
                }
                Piece::Comment { range } => self.remark(&html.places(&range), Diagnosis::CommentDropped),
                Piece::Declaration { range } => self.remark(&html.places(&range), Diagnosis::DeclarationDropped),
            }
        }
        self.html.push('\n');
    }

    /// Writes a start tag with what is kept of its attributes; says whether it was written.
    fn start_tag<'v>(
        &mut self,
        name: &str,
        attributes: impl Iterator<Item = (&'v str, &'v str, Range<usize>)>,
        list: Option<&AttributeList>,
        range: &Range<usize>,
    ) -> bool {
        let mut kept: Vec<(&str, String)> = Vec::new();
        for (attribute, value, range) in attributes {
            if let Some(value) = self.raw_value(name, attribute, value, &range)
                && !kept.iter().any(|(other, _)| *other == attribute)
            {
                kept.push((attribute, value));
            }
        }
        if name == "img" {
            if !kept.iter().any(|(name, _)| *name == "src") {
                return false;
            }
            if !kept.iter().any(|(name, _)| *name == "alt") {
                self.remark(range, Diagnosis::ImageWithoutAlternative);
                kept.push(("alt", String::new()));
            }
        }
        let name = self.shifted(name);
        self.open(&name, kept, list);
        true
    }

    /// The value that is kept of a raw attribute; what is dropped was reported.
    fn raw_value(&mut self, tag: &str, name: &str, value: &str, range: &Range<usize>) -> Option<String> {
        let is_address =
            matches!((tag, name), ("a", "href") | ("img", "src") | ("blockquote" | "q" | "del" | "ins", "cite"));
        if is_address {
            return self.address(value, range);
        }
        let kept = kept_value(tag, name, value);
        match kept {
            Some(value) if name == "id" => Some(self.surroundings.base.id(&value)),
            Some(value) if name == "headers" => {
                Some(value.split(' ').map(|id| self.surroundings.base.id(id)).collect::<Vec<_>>().join(" "))
            }
            Some(value) => Some(value),
            None => {
                self.remark(range, Diagnosis::AttributeDropped { attribute: name.to_owned() });
                None
            }
        }
    }

    /// A heading's name, one level down where the text has one of the first level.
    fn shifted(&self, name: &str) -> String {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" if self.style.shift_headings => {
                let level = name.as_bytes()[1] - b'0' + 1;
                format!("h{level}")
            }
            name => name.to_owned(),
        }
    }
}
