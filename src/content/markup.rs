//! kramdown text becomes safe HTML, and what was dropped or doubtful on the way is reported with its place.
//!
//! The steps: `kramdown.rs` takes out what Markdown does not know, the Markdown reader (`CommonMark` with tables,
//! footnotes, strikethrough and definition lists) finds the structure, `attached.rs` gives attribute lists to what they
//! belong to, `render.rs` writes HTML, `sanitise.rs` lets nothing harmful pass.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TextMergeWithOffset};

use super::address::Base;
use super::attached::{Attached, attach};
use super::kramdown::{Prepared, Remark, prepare};
use super::render::{Render, Style};
use super::sanitise::sanitise;
use crate::domain::{LinkedUpload, SafeHtml, Uploads};
use crate::language::{Diagnosis, Language};

/// How deeply elements may be nested; a release needs about six.
pub(super) const DEEPEST: usize = 100;

/// What a text is rendered with.
pub(super) struct Setting<'a> {
    pub(super) base: Base<'a>,
    pub(super) uploads: &'a dyn Uploads,
    pub(super) language: Language,
    /// Distinguishes the ids of the chapeau's footnotes from the body's.
    pub(super) notes_prefix: &'static str,
}

/// What became of a text.
#[derive(Default)]
pub(super) struct Rendered {
    pub(super) html: SafeHtml,
    /// The first paragraph that says something, without ids and footnotes.
    pub(super) first_paragraph: SafeHtml,
    pub(super) linked_uploads: Vec<LinkedUpload>,
    pub(super) remarks: Vec<Remark>,
}

/// An event and the bytes of the prepared text it comes from.
pub(super) type Placed<'a> = (Event<'a>, Range<usize>);

/// Renders `source`; the remarks' places are offsets in it.
pub(super) fn render(source: &str, setting: &Setting<'_>) -> Rendered {
    if let Some(line) = too_deep(source) {
        return Rendered { remarks: vec![(line, Diagnosis::TooDeep)], ..Rendered::default() };
    }
    let mut prepared = prepare(source);
    let mut remarks = std::mem::take(&mut prepared.remarks);
    let events = events(&prepared);
    if let Some(at) = deep_event(&events) {
        return Rendered { remarks: vec![(prepared.source_range(&at), Diagnosis::TooDeep)], ..Rendered::default() };
    }
    let attached = attach(&events, &prepared, &mut remarks);
    let style = Style { shift_headings: has_first_heading(&attached), excerpt: false };
    let mut whole = Render::new(setting, &prepared, &attached, style);
    whole.all();
    let whole = whole.finish();
    remarks.extend(whole.remarks);
    let first_paragraph = first_paragraph(setting, &prepared, &attached);
    Rendered { html: sanitise(&whole.html), first_paragraph, linked_uploads: whole.linked_uploads, remarks }
}

/// The events of a prepared text.
pub(super) fn events(prepared: &Prepared) -> Vec<Placed<'_>> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_DEFINITION_LIST;
    TextMergeWithOffset::new(Parser::new_ext(&prepared.text, options).into_offset_iter()).collect()
}

/// The first line that opens more quotes and lists at once than may be nested.
fn too_deep(source: &str) -> Option<Range<usize>> {
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let lead = line.bytes().take_while(|byte| b"> \t-+*".contains(byte));
        if lead.filter(|byte| *byte == b'>').count() > DEEPEST {
            return Some(at..at + line.len());
        }
        let markers = line.split(' ').take_while(|word| matches!(*word, "" | "-" | "+" | "*" | ">"));
        let markers = markers.filter(|word| !word.is_empty()).count();
        let is_rule = line.trim().chars().all(|c| c == ' ' || line.trim().starts_with(c));
        if markers > DEEPEST && !is_rule {
            return Some(at..at + line.len());
        }
        at += line.len();
    }
    None
}

/// The first event below [`DEEPEST`].
fn deep_event(events: &[Placed<'_>]) -> Option<Range<usize>> {
    let mut depth = 0;
    for (event, range) in events {
        if matches!(event, Event::Start(_)) {
            depth += 1;
        } else if matches!(event, Event::End(_)) {
            depth -= 1;
        }
        if depth > DEEPEST {
            return Some(range.clone());
        }
    }
    None
}

/// Whether a heading of the first level stands in the text, which is the page's own.
fn has_first_heading(attached: &Attached<'_>) -> bool {
    attached.events.iter().any(|(event, _)| {
        if let Event::Start(Tag::Heading { level, .. }) = event {
            return *level == HeadingLevel::H1;
        }
        let (Event::Html(html) | Event::InlineHtml(html)) = event else { return false };
        let html = html.to_ascii_lowercase();
        html.contains("<h1>") || html.contains("<h1 ")
    })
}

/// The first paragraph at the top that holds words.
fn first_paragraph(setting: &Setting<'_>, prepared: &Prepared, attached: &Attached<'_>) -> SafeHtml {
    let mut depth = 0_usize;
    for (index, (event, _)) in attached.events.iter().enumerate() {
        if depth == 0 && matches!(event, Event::Start(Tag::Paragraph)) {
            let style = Style { shift_headings: false, excerpt: true };
            let mut excerpt = Render::new(setting, prepared, attached, style);
            excerpt.element(index);
            let html = sanitise(&excerpt.finish().html);
            if !super::plain_text(html.as_str()).trim().is_empty() {
                return html;
            }
        }
        if matches!(event, Event::Start(_)) {
            depth += 1;
        } else if matches!(event, Event::End(_)) {
            depth = depth.saturating_sub(1);
        }
    }
    SafeHtml::default()
}
