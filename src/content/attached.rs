//! Attribute lists find what they belong to.

use std::collections::HashMap;

use pulldown_cmark::{CowStr, Event, Tag, TagEnd};

use super::attributes::AttributeList;
use super::kramdown::{Belongs, Mark, Prepared, Remark, Segment};
use super::markup::Placed;
use crate::language::Diagnosis;

/// Events without marks, and the attribute lists of those that have one.
pub(super) struct Attached<'a> {
    pub(super) events: Vec<Placed<'a>>,
    /// By the index of the event that begins the element.
    pub(super) lists: HashMap<usize, AttributeList>,
}

/// Takes the marks out of `events`.
pub(super) fn attach<'a>(events: &[Placed<'a>], prepared: &Prepared, remarks: &mut Vec<Remark>) -> Attached<'a> {
    let mut attacher = Attacher {
        prepared,
        out: Attached { events: Vec::with_capacity(events.len()), lists: HashMap::new() },
        open: Vec::new(),
        above: vec![None],
        pending: Vec::new(),
        before: None,
        remarks,
    };
    let mut index = 0;
    while index < events.len() {
        index = attacher.take(events, index);
    }
    for mark in std::mem::take(&mut attacher.pending) {
        attacher.orphan(&mark);
    }
    attacher.out
}

struct Attacher<'a, 'p> {
    prepared: &'p Prepared,
    out: Attached<'a>,
    /// The indexes of the elements that are open.
    open: Vec<usize>,
    /// For each depth, the last block that was closed there.
    above: Vec<Option<usize>>,
    /// Lists that wait for the block below, all at one depth.
    pending: Vec<Mark>,
    /// The span that ended right before this event.
    before: Option<usize>,
    remarks: &'p mut Vec<Remark>,
}

impl<'a> Attacher<'a, '_> {
    fn take(&mut self, events: &[Placed<'a>], index: usize) -> usize {
        let (event, range) = &events[index];
        if let Some(marks) = self.block_marks(events, index) {
            self.block(marks);
            return index + 3;
        }
        match event {
            Event::Start(_) => {
                let at = self.push(event.clone(), range.clone());
                for mark in std::mem::take(&mut self.pending) {
                    self.give(at, mark);
                }
                self.open.push(at);
                self.above.push(None);
                self.before = None;
            }
            Event::End(end) => {
                self.push(event.clone(), range.clone());
                let start = self.open.pop();
                self.above.pop();
                if is_span(*end) {
                    self.before = start;
                } else {
                    self.before = None;
                    if let Some(last) = self.above.last_mut() {
                        *last = start;
                    }
                }
            }
            Event::Text(text) => self.text(text, range.clone(), events.get(index + 1)),
            Event::Code(code) => {
                let words = self.words_of_code(code);
                self.before = Some(self.push(Event::Code(words), range.clone()));
            }
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::TaskListMarker(_) => {
                self.push(event.clone(), range.clone());
                self.before = None;
            }
        }
        index + 1
    }

    fn push(&mut self, event: Event<'a>, range: std::ops::Range<usize>) -> usize {
        self.out.events.push((event, range));
        self.out.events.len() - 1
    }

    /// The marks of a paragraph that is nothing but marks of blocks.
    fn block_marks(&self, events: &[Placed<'a>], index: usize) -> Option<Vec<Mark>> {
        let [(Event::Start(Tag::Paragraph), _), (Event::Text(text), _), (Event::End(_), _)] =
            events.get(index..index + 3)?
        else {
            return None;
        };
        let mut marks = Vec::new();
        for segment in self.prepared.segments(text) {
            match segment {
                Segment::Mark(mark) if matches!(mark.belongs, Belongs::BlockAbove | Belongs::BlockBelow) => {
                    marks.push(mark.clone());
                }
                Segment::Words(words) if words.trim().is_empty() => {}
                Segment::Mark(_) | Segment::Words(_) => return None,
            }
        }
        (!marks.is_empty()).then_some(marks)
    }

    fn block(&mut self, marks: Vec<Mark>) {
        self.before = None;
        for mark in marks {
            let above = self.above.last().copied().flatten();
            match (mark.belongs, above) {
                (Belongs::BlockBelow, _) => self.pending.push(mark),
                (_, Some(start)) if mark.list.toc => self.drop_contents(start, &mark),
                (_, Some(start)) => self.give(start, mark),
                (_, None) => self.orphan(&mark),
            }
        }
    }

    /// `{:toc}`: the list above only stands for a table of contents, which we do not make.
    fn drop_contents(&mut self, start: usize, mark: &Mark) {
        if matches!(self.out.events.get(start), Some((Event::Start(Tag::List(_)), _))) {
            self.out.events.truncate(start);
            self.out.lists.retain(|index, _| *index < start);
            if let Some(last) = self.above.last_mut() {
                *last = None;
            }
        }
        self.remarks.push((mark.list.range.clone(), Diagnosis::ExtensionDropped { written: "{:toc}".to_owned() }));
    }

    fn text(&mut self, text: &CowStr<'a>, range: std::ops::Range<usize>, next: Option<&Placed<'a>>) {
        let prepared = self.prepared;
        let segments = prepared.segments(text);
        let count = segments.len();
        for (number, segment) in segments.into_iter().enumerate() {
            match segment {
                Segment::Words(words) => {
                    self.push(Event::Text(words.to_owned().into()), range.clone());
                    self.before = None;
                }
                Segment::Mark(mark) => {
                    let last = number + 1 == count && matches!(next, Some((Event::End(_), _)) | None);
                    match (mark.belongs, self.before) {
                        (Belongs::Span, Some(start)) => self.give(start, mark.clone()),
                        (Belongs::Span | Belongs::Heading, None) if last => self.give_to_block(mark),
                        (Belongs::Heading, Some(_)) => self.give_to_block(mark),
                        _ => self.orphan(mark),
                    }
                }
            }
        }
    }

    /// A list at the end of a block's words belongs to the block.
    fn give_to_block(&mut self, mark: &Mark) {
        let block = self.open.iter().rev().copied().find(|at| {
            matches!(
                self.out.events.get(*at),
                Some((Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::TableCell), _))
            )
        });
        match block {
            Some(block) => self.give(block, mark.clone()),
            None => self.orphan(mark),
        }
    }

    fn words_of_code(&mut self, code: &CowStr<'a>) -> CowStr<'a> {
        let prepared = self.prepared;
        let mut words = String::new();
        for segment in prepared.segments(code) {
            match segment {
                Segment::Words(part) => words.push_str(part),
                Segment::Mark(mark) => self.orphan(mark),
            }
        }
        words.into()
    }

    fn give(&mut self, at: usize, mark: Mark) {
        let range = mark.list.range.clone();
        let list = self.out.lists.entry(at).or_default();
        list.merge(mark.list);
        list.range = range;
    }

    fn orphan(&mut self, mark: &Mark) {
        let written = mark.written.clone();
        self.remarks.push((mark.list.range.clone(), Diagnosis::AttributeListOrphan { written }));
    }
}

fn is_span(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link
            | TagEnd::Image
    )
}
