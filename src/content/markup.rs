//! kramdown text becomes safe HTML, and what was dropped or doubtful on the way is reported with its place.
//!
//! The steps: `liquid.rs` resolves what Jekyll would, `kramdown/` makes a tree of it, `render.rs` writes HTML, `sanitise.rs` lets nothing harmful pass.

use std::ops::Range;

use super::kramdown::{Document, Element, Kind, Remark, parse};
use super::liquid::{self, Resolved};
use super::render::{Render, Style};
use super::sanitise::sanitise;
use super::surroundings::Surroundings;
use crate::domain::{LinkedUpload, SafeHtml};
use crate::language::Diagnosis;

/// The largest HTML that a text may become, in bytes: twice the largest file.
const LARGEST_HTML: usize = 8 * 1024 * 1024;

/// What is asked of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole of it.
    Whole,
    /// The whole, and its first paragraph by itself.
    WholeAndFirstParagraph,
}

/// What became of a text.
#[derive(Default)]
pub(super) struct Rendered {
    pub(super) html: SafeHtml,
    /// The first paragraph that says something, without ids and footnotes; empty when it was not wanted.
    pub(super) first_paragraph: SafeHtml,
    pub(super) linked_uploads: Vec<LinkedUpload>,
    /// The releases it links to, and where.
    pub(super) release_links: Vec<(Range<usize>, String)>,
    pub(super) remarks: Vec<Remark>,
}

/// Renders `source`; the places of remarks and links are offsets in it.
pub(super) fn render(source: &str, surroundings: &Surroundings<'_>, wanted: Wanted) -> Rendered {
    let Resolved { text, mut remarks, links } = liquid::resolve(source, surroundings.site_url);
    let mut document = parse(&text);
    remarks.append(&mut document.remarks);
    if let Some(refused) = document.refused {
        return Rendered { remarks: vec![refused], ..Rendered::default() };
    }
    let in_notes = document.notes.values().any(|note| has_first_heading(&note.elements));
    let style = Style { shift_headings: in_notes || has_first_heading(&document.elements), excerpt: false };
    let mut whole = Render::new(surroundings, &document, style);
    whole.all();
    let whole = whole.finish();
    if whole.html.len() > LARGEST_HTML {
        return Rendered { remarks: vec![(0..source.len(), Diagnosis::TooManyParts)], ..Rendered::default() };
    }
    remarks.extend(whole.remarks);
    let first_paragraph = match wanted {
        Wanted::Whole => SafeHtml::default(),
        Wanted::WholeAndFirstParagraph => first_paragraph(surroundings, &document),
    };
    Rendered {
        html: sanitise(&whole.html),
        first_paragraph,
        linked_uploads: whole.linked_uploads,
        release_links: links,
        remarks,
    }
}

/// Whether a heading of the first level stands in the text, which is the page's own.
fn has_first_heading(elements: &[Element]) -> bool {
    elements.iter().any(|element| {
        matches!(element.kind, Kind::Heading { level: 1, .. })
            || matches!(&element.kind, Kind::Html(tag) if tag.name == "h1")
            || has_first_heading(&element.children)
    })
}

/// The first paragraph at the top that holds words.
fn first_paragraph(surroundings: &Surroundings<'_>, document: &Document) -> SafeHtml {
    for element in document.elements.iter().filter(|element| matches!(element.kind, Kind::Paragraph { .. })) {
        let style = Style { shift_headings: false, excerpt: true };
        let mut excerpt = Render::new(surroundings, document, style);
        excerpt.element(element);
        let html = sanitise(&excerpt.finish().html);
        if !super::plain_text(html.as_str()).trim().is_empty() {
            return html;
        }
    }
    SafeHtml::default()
}
