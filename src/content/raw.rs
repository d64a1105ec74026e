//! An editor's own HTML: kept tag by tag where the allow-list has it, reported where not.

use std::fmt::Write as _;
use std::ops::Range;

use super::attributes::kept_value;
use super::markup::DEEPEST;
use super::render::{Render, escape};
use super::sanitise::{DROPPED_WHOLE, is_kept};
use super::tags::{Attribute, Piece, pieces};
use crate::language::Diagnosis;

/// Elements that need no end tag (HTML §13.1.2.4).
const CLOSED_BY_WHAT_FOLLOWS: [&str; 12] =
    ["caption", "colgroup", "dd", "dt", "li", "p", "tbody", "td", "tfoot", "th", "thead", "tr"];

/// Elements without content.
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];

impl Render<'_> {
    /// Writes a piece of raw HTML; `steps` are pairs of offsets in it and in the prepared text.
    pub(super) fn raw(&mut self, html: &str, steps: &[(usize, usize)]) {
        let place = |range: &Range<usize>| {
            let at = |offset: usize| {
                let step = steps[steps.partition_point(|step| step.0 <= offset).saturating_sub(1)];
                step.1 + (offset - step.0)
            };
            at(range.start)..at(range.end.saturating_sub(1)) + 1
        };
        if steps.is_empty() {
            return;
        }
        for piece in pieces(html) {
            if self.is_swallowed(&piece) {
                continue;
            }
            match piece {
                Piece::Text(text) => {
                    let words = self.prepared.words(text);
                    self.html.push_str(&words.replace('<', "&lt;").replace('>', "&gt;"));
                }
                Piece::Open { name, attributes, range } => self.raw_open(&name, &attributes, &place(&range), &place),
                Piece::Close { name, .. } => {
                    if is_kept(&name) && !VOID.contains(&name.as_str()) {
                        self.raw_depth = self.raw_depth.saturating_sub(1);
                        self.raw_open.get_mut(&name).and_then(Vec::pop);
                        let name = self.shifted(&name);
                        let _ = write!(self.html, "</{name}>");
                    }
                }
                Piece::Comment { range } => self.remark(&place(&range), Diagnosis::CommentDropped),
                Piece::Declaration { range } => self.remark(&place(&range), Diagnosis::DeclarationDropped),
            }
        }
    }

    /// Whether a piece lies in an element that is left out whole.
    fn is_swallowed(&mut self, piece: &Piece<'_>) -> bool {
        let Some(tag) = &self.swallowing else { return false };
        if matches!(piece, Piece::Close { name, .. } if name == tag) {
            self.swallowing = None;
        }
        true
    }

    fn raw_open(
        &mut self,
        name: &str,
        attributes: &[Attribute<'_>],
        range: &Range<usize>,
        place: &dyn Fn(&Range<usize>) -> Range<usize>,
    ) {
        if !is_kept(name) {
            self.remark(range, Diagnosis::TagDropped { tag: name.to_owned() });
            if DROPPED_WHOLE.contains(&name) && self.is_closed_after(name, range.end) {
                self.swallowing = Some(name.to_owned());
            }
            return;
        }
        let is_void = VOID.contains(&name);
        if !is_void {
            self.raw_depth += 1;
            if self.raw_depth > DEEPEST {
                if self.raw_depth == DEEPEST + 1 {
                    self.remark(range, Diagnosis::TooDeep);
                }
                return;
            }
        }
        let mut kept: Vec<(&str, String)> = Vec::new();
        for attribute in attributes {
            let value = self.raw_value(name, attribute, &place(&attribute.range));
            if let Some(value) = value
                && !kept.iter().any(|(other, _)| *other == attribute.name)
            {
                kept.push((&attribute.name, value));
            }
        }
        if name == "img" {
            if !kept.iter().any(|(name, _)| *name == "src") {
                return;
            }
            if !kept.iter().any(|(name, _)| *name == "alt") {
                self.remark(range, Diagnosis::ImageWithoutAlternative);
                kept.push(("alt", String::new()));
            }
        }
        if !is_void && !CLOSED_BY_WHAT_FOLLOWS.contains(&name) {
            self.raw_open.entry(name.to_owned()).or_default().push(range.clone());
        }
        let name = self.shifted(name);
        self.open(&name, kept, None);
    }

    /// Reports raw elements that are still open.
    pub(super) fn report_unclosed(&mut self) {
        let open = std::mem::take(&mut self.raw_open);
        let mut unclosed: Vec<_> = open
            .into_iter()
            .flat_map(|(tag, ranges)| ranges.into_iter().map(move |range| (range, tag.clone())))
            .collect();
        unclosed.sort_by_key(|(range, _)| range.start);
        for (range, tag) in unclosed {
            self.remark(&range, Diagnosis::TagUnclosed { tag });
        }
    }

    /// The value that is kept of a raw attribute; what is dropped was reported.
    fn raw_value(&mut self, tag: &str, attribute: &Attribute<'_>, range: &Range<usize>) -> Option<String> {
        let name = attribute.name.as_str();
        let value = unescape(&self.prepared.words(attribute.value));
        let is_address =
            matches!((tag, name), ("a", "href") | ("img", "src") | ("blockquote" | "q" | "del" | "ins", "cite"));
        if is_address {
            return self.address(&value, range);
        }
        let kept = kept_value(tag, name, &value);
        match kept {
            Some(value) if name == "id" => Some(self.setting.base.id(&value)),
            Some(value) if name == "headers" => {
                Some(value.split(' ').map(|id| self.setting.base.id(id)).collect::<Vec<_>>().join(" "))
            }
            Some(value) => Some(value),
            None => {
                self.remark(range, Diagnosis::AttributeDropped { attribute: name.to_owned() });
                None
            }
        }
    }

    /// Whether `</tag` stands somewhere after `at`.
    fn is_closed_after(&mut self, tag: &str, at: usize) -> bool {
        if self.never_closed.contains(tag) {
            return false;
        }
        let close = format!("</{tag}");
        let rest = self.prepared.text.as_bytes().get(at..).unwrap_or_default();
        let found = rest.windows(close.len()).any(|window| window.eq_ignore_ascii_case(close.as_bytes()));
        if !found {
            self.never_closed.insert(tag.to_owned());
        }
        found
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

/// An attribute's value with its entities resolved.
fn unescape(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    // The Markdown reader resolves entities in a link's title, as nothing else would be read there.
    let quoted = escape_quotes(value);
    let text = format!("[x](/ \"{quoted}\")");
    for event in pulldown_cmark::Parser::new(&text) {
        if let pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { title, .. }) = event {
            return title.to_string();
        }
    }
    escape(value)
}

fn escape_quotes(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ")
}
