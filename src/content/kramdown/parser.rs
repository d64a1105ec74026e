//! What is known of a text while it is read: what names stand for, what was set, what there is to say, and whether it is
//! beyond all measure.

use std::collections::HashMap;
use std::ops::Range;

use super::Remark;
use super::abbreviations::Abbreviations;
use super::contents::Heading;
use super::element::Element;
use super::settings::Settings;
use crate::content::attributes::AttributeList;
use crate::language::Diagnosis;

/// How many elements a text may have; the richest release has a few hundred.
const MOST_PARTS: usize = 200_000;

/// A footnote.
#[derive(Debug, Clone, Default)]
pub(in crate::content) struct Note {
    pub(in crate::content) elements: Vec<Element>,
    pub(in crate::content) range: Range<usize>,
}

/// What a link's name stands for.
#[derive(Debug, Clone, Default)]
pub(super) struct LinkDefinition {
    pub(super) address: String,
    pub(super) title: Option<String>,
    pub(super) list: Option<Box<AttributeList>>,
}

/// What is known of a text while it is read.
#[derive(Debug)]
pub(super) struct Parser {
    pub(super) settings: Settings,
    pub(super) named: HashMap<String, AttributeList>,
    pub(super) links: HashMap<String, LinkDefinition>,
    pub(super) notes: HashMap<String, Note>,
    pub(super) abbreviations: Abbreviations,
    pub(super) remarks: Vec<Remark>,
    pub(super) refused: Option<Remark>,
    /// How many elements there are so far.
    parts: usize,
    pub(super) headings: Vec<Heading>,
    pub(super) ids: HashMap<String, usize>,
}

impl Parser {
    pub(super) fn new() -> Self {
        Self {
            settings: Settings::default(),
            named: HashMap::new(),
            links: HashMap::new(),
            notes: HashMap::new(),
            abbreviations: Abbreviations::default(),
            remarks: Vec::new(),
            refused: None,
            parts: 0,
            headings: Vec::new(),
            ids: HashMap::new(),
        }
    }

    /// Counts an element; a text with more than any release has is refused.
    pub(super) fn count(&mut self, place: &Range<usize>) {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            self.refuse(place.clone(), Diagnosis::TooManyParts);
        }
    }

    /// Refuses the text; the first reason counts.
    pub(super) fn refuse(&mut self, place: Range<usize>, diagnosis: Diagnosis) {
        self.refused.get_or_insert((place, diagnosis));
    }

    pub(super) fn remark(&mut self, range: Range<usize>, diagnosis: Diagnosis) {
        self.remarks.push((range, diagnosis));
    }

    /// Does what `{::options …}` asks for; what is unknown is reported.
    pub(super) fn set_options(&mut self, list: &AttributeList) {
        for (name, value) in &list.others {
            if !self.settings.set(name, value) {
                let written = format!("{{::options {name}=\"{value}\" /}}");
                self.remarks.push((list.range.clone(), Diagnosis::ExtensionDropped { written }));
            }
        }
    }
}
