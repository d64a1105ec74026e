//! The table of contents that `{:toc}` asks for: the list it stands at becomes one of the headings.

#![expect(clippy::wildcard_enum_match_arm, reason = "a tree is gone through for a few kinds of elements")]

use std::collections::BTreeSet;

use super::element::{Element, Kind};
use crate::content::attributes::AttributeList;

/// A heading that may stand in the table.
#[derive(Debug)]
pub(super) struct Heading {
    level: u8,
    id: String,
    words: Vec<Element>,
}

impl Heading {
    /// What the table shows of a heading; `None` when it is not to be there.
    pub(super) fn of(element: &Element, levels: &BTreeSet<u8>) -> Option<Self> {
        let Kind::Heading { level, id } = &element.kind else { return None };
        let list = element.list.as_deref();
        let hidden = list.is_some_and(|list| list.classes.iter().any(|class| class == "no_toc"));
        let id = list.and_then(|list| list.id.clone()).or_else(|| id.clone())?;
        let mut words = Vec::new();
        flatten(&element.children, &mut words);
        (levels.contains(level) && !hidden).then_some(Self { level: *level, id, words })
    }
}

/// Words without links and notes.
fn flatten(elements: &[Element], out: &mut Vec<Element>) {
    for element in elements {
        match &element.kind {
            Kind::Link { .. } => flatten(&element.children, out),
            Kind::Call(_) => {}
            _ => {
                let mut copy = Element::new(element.kind.clone(), element.range.clone());
                flatten(&element.children, &mut copy.children);
                out.push(copy);
            }
        }
    }
}

/// Fills the first list that asks for a table of contents.
pub(super) fn fill(elements: &mut Vec<Element>, headings: &[Heading]) -> bool {
    for index in 0..elements.len() {
        let element = &mut elements[index];
        let asks = element.list.as_ref().is_some_and(|list| list.has_name("toc"));
        if asks && let Kind::List { ordered } = element.kind {
            if headings.is_empty() {
                elements.remove(index);
                return true;
            }
            let range = element.range.clone();
            let least = AttributeList { id: Some("markdown-toc".to_owned()), ..AttributeList::default() };
            let own = element.list.take().unwrap_or_default();
            let id = own.id.clone().or(least.id.clone()).unwrap_or_default();
            element.give(least);
            element.give(*own);
            element.children = table(headings, ordered, &id, &range);
            return true;
        }
        if fill(&mut element.children, headings) {
            return true;
        }
    }
    false
}

/// The table's items: each heading below the last one of a higher level.
fn table(headings: &[Heading], ordered: bool, id: &str, range: &std::ops::Range<usize>) -> Vec<Element> {
    let mut items: Vec<Element> = Vec::new();
    // The items that are open, with their levels; each is put into the one before it when it is over.
    let mut open: Vec<(u8, Element)> = Vec::new();
    let close = |open: &mut Vec<(u8, Element)>, items: &mut Vec<Element>| {
        let Some((_, done)) = open.pop() else { return };
        let Some((_, around)) = open.last_mut() else {
            items.push(done);
            return;
        };
        match around.children.last_mut() {
            Some(list) if matches!(list.kind, Kind::List { .. }) => list.children.push(done),
            _ => around.children.push(Element::with(Kind::List { ordered }, range.clone(), vec![done])),
        }
    };
    for heading in headings {
        while open.last().is_some_and(|(level, _)| *level >= heading.level) {
            close(&mut open, &mut items);
        }
        let link = Kind::Link { address: format!("#{}", heading.id), title: None };
        let mut link = Element::with(link, range.clone(), heading.words.clone());
        let own = AttributeList { id: Some(format!("{id}-{}", heading.id)), ..AttributeList::default() };
        link.give(own);
        let words = Element::with(Kind::Paragraph { transparent: true }, range.clone(), vec![link]);
        open.push((heading.level, Element::with(Kind::Item, range.clone(), vec![words])));
    }
    while !open.is_empty() {
        close(&mut open, &mut items);
    }
    items
}
