//! Lists and definition lists: which lines belong to an item, and which items are paragraphs.
//!
//! kramdown asks for the column in which an item's first words stand, not for two or four spaces; a line that goes on
//! with an item's words may stand anywhere. An item is a paragraph of its own when an empty line follows its words.

use std::ops::Range;

use super::blocks::Blocks;
use super::chunk::Chunk;
use super::element::{Element, Kind};
use super::extensions::{Braces, braces};
use super::lines::{definition_marker, first_line, is_lazy, is_marker, is_rule, list_marker};
use crate::content::attributes::AttributeList;

/// One item while its lines are gathered.
#[derive(Default)]
struct Item {
    /// Its lines; what is nested begins a text of its own.
    texts: Vec<Chunk>,
    list: Option<AttributeList>,
    /// The column of its first words.
    column: usize,
    range: Range<usize>,
    /// A definition behind an empty line.
    as_paragraph: bool,
}

impl Item {
    fn text(&mut self) -> &mut Chunk {
        if self.texts.is_empty() {
            self.texts.push(Chunk::default());
        }
        let last = self.texts.len() - 1;
        &mut self.texts[last]
    }

    fn first_text(&self) -> &str {
        self.texts.first().map_or("", |chunk| chunk.text.as_str())
    }
}

impl Blocks<'_, '_> {
    pub(super) fn list(&mut self, line: &str) -> bool {
        let Some((ordered, _)) = list_marker(line, 3) else { return false };
        let start = self.at;
        let mut items: Vec<Item> = Vec::new();
        let (mut widest, mut nested, mut after_blank, mut ended) = (3, false, false, false);
        while self.at < self.chunk.text.len() {
            let line = self.line();
            if after_blank && is_rule(line) {
                break;
            }
            if is_marker(line) {
                self.at += line.len();
                ended = true;
                break;
            }
            let marker = list_marker(line, widest).filter(|(other, _)| *other == ordered);
            if let Some((_, length)) = marker {
                let item = self.first_line_of_item(line, length);
                widest = indent_of_markers(item.column);
                nested = list_marker(item.first_text(), 3).is_some();
                after_blank = false;
                items.push(item);
                continue;
            }
            let Some(item) = items.last_mut() else { break };
            if line.trim().is_empty() {
                nested = true;
                after_blank = true;
                item.text().push_part(self.chunk, self.at..self.at + line.len());
            } else if is_deep(line, item.column) || (!after_blank && is_lazy_at(self.rest(), item.column)) {
                let mut content = Chunk::default();
                let found = push_without(&mut content, self.chunk, self.at, line, item.column);
                let begins_list = list_marker(&content.text, 3).is_some();
                if !nested && found && begins_list {
                    item.texts.push(Chunk::default());
                    nested = true;
                } else if nested && !found && begins_list {
                    let spaces = " ".repeat(item.column + 4);
                    item.text().push(&spaces, self.chunk.place(self.at));
                }
                item.text().push_part(&content, 0..content.text.len());
                after_blank = false;
            } else {
                break;
            }
            self.at += line.len();
        }
        let mut list = self.element(Kind::List { ordered }, start..self.at);
        let (children, blank) = self.items(items, ended);
        list.children = children;
        self.children.push(list);
        if !ended {
            self.children.extend(blank);
        }
        true
    }

    /// The item that the marker of this length begins.
    fn first_line_of_item(&mut self, line: &str, marker: usize) -> Item {
        let range = self.places(self.at..self.at + line.len());
        let after = &line[marker..];
        let mut column = marker;
        for c in after.chars() {
            match c {
                ' ' => column += 1,
                '\t' => column += 4 - column % 4,
                _ => break,
            }
        }
        let mut start = line.len() - after.trim_start_matches([' ', '\t']).len();
        let mut item = Item { column, range, ..Item::default() };
        if let Some((Braces::List(inside), length)) = braces(&line[start..]) {
            item.list = Some(AttributeList::parse(inside, self.places(self.at + start..self.at + start + length)));
            start += length;
            start += line[start..].len() - line[start..].trim_start().len();
        }
        if line[start..].trim().is_empty() {
            // Its words begin on the next line.
            item.column = 4;
            start = line.len();
        }
        let text = self.chunk.part(self.at + start..self.at + line.len());
        item.texts.push(text);
        self.at += line.len();
        item
    }

    /// The items with what is in them, and the empty lines that end the last.
    fn items(&mut self, items: Vec<Item>, ended: bool) -> (Vec<Element>, Option<Element>) {
        let count = items.len();
        let mut last = None;
        let mut done: Vec<Element> = Vec::with_capacity(count);
        let mut some_is_paragraph = false;
        for (index, item) in items.into_iter().enumerate() {
            let mut element = Element::new(Kind::Item, item.range);
            if let Some(list) = item.list {
                element.give(list);
            }
            for text in &item.texts {
                let more = self.parser.blocks(text, self.depth + 1);
                element.children.extend(more);
            }
            let children = &mut element.children;
            let given = |children: &[Element]| children.first().is_some_and(|first| first.list.is_some());
            if children.len() >= 2
                && matches!(children[0].kind, Kind::Paragraph { .. })
                && matches!(children[1].kind, Kind::Boundary(_))
                && given(children)
            {
                children.remove(1);
            }
            let is_last = index + 1 == count;
            let blank_second = children.get(1).is_some_and(|second| matches!(second.kind, Kind::Blank(_)));
            let stands_alone = !blank_second || (is_last && children.len() == 2 && !ended);
            let by_others = !is_last || count == 1 || some_is_paragraph;
            if stands_alone && by_others {
                make_transparent(children, !blank_second);
            }
            last = take_last_blank(children);
            let is_plain =
                children.first().is_some_and(|first| matches!(first.kind, Kind::Paragraph { transparent: false }));
            some_is_paragraph |= !is_plain;
            done.push(element);
        }
        (done, last)
    }

    /// Lines of terms, then lines that begin with `:`.
    pub(super) fn definition_list(&mut self, line: &str) -> bool {
        if definition_marker(line, 3).is_none() {
            return false;
        }
        let count = self.children.len();
        let is_words =
            |element: Option<&Element>| element.is_some_and(|element| matches!(element.kind, Kind::Paragraph { .. }));
        let over_blank = matches!(self.children.last(), Some(Element { kind: Kind::Blank(true), .. }));
        if !(is_words(self.children.last()) || over_blank && count >= 2 && is_words(self.children.get(count - 2))) {
            return false;
        }
        let start = self.at;
        if over_blank {
            self.children.pop();
        }
        let Some(above) = self.children.pop() else { return false };
        let mut list = self.element(Kind::DefinitionList, start..start + line.len());
        list.range.start = above.range.start.min(list.range.start);
        if let Some(own) = above.list.clone() {
            list.give(*own);
        }
        list.children = terms(&above);
        let (items, blank) = self.definitions(over_blank);
        for item in items {
            let mut element = Element::new(Kind::Definition, item.range.clone());
            if let Some(list) = item.list.clone() {
                element.give(list);
            }
            for text in &item.texts {
                let more = self.parser.blocks(text, self.depth + 1);
                element.children.extend(more);
            }
            let _ = take_last_blank(&mut element.children);
            if !item.as_paragraph {
                make_transparent(&mut element.children, true);
            }
            list.children.push(element);
        }
        self.join_definitions(list);
        self.children.extend(blank);
        true
    }

    /// Puts a definition list after one that stands right above.
    fn join_definitions(&mut self, list: Element) {
        let count = self.children.len();
        let blank = matches!(self.children.last(), Some(Element { kind: Kind::Blank(_), .. }));
        let above = if blank { count.checked_sub(2) } else { count.checked_sub(1) };
        if let Some(above) = above
            && matches!(self.children[above].kind, Kind::DefinitionList)
        {
            self.children.truncate(above + 1);
            self.children[above].children.extend(list.children);
        } else {
            self.children.push(list);
        }
    }

    /// The definitions from here on, and the empty lines below them.
    fn definitions(&mut self, over_blank: bool) -> (Vec<Item>, Option<Element>) {
        let mut items: Vec<Item> = Vec::new();
        let (mut widest, mut after_blank, mut as_paragraph) = (3, false, over_blank);
        let mut blank: Option<Range<usize>> = None;
        while self.at < self.chunk.text.len() {
            let line = self.line();
            if let Some(length) = definition_marker(line, widest) {
                let mut item = self.first_line_of_item(line, length);
                item.as_paragraph = as_paragraph;
                widest = indent_of_markers(item.column);
                items.push(item);
                (as_paragraph, after_blank, blank) = (false, false, None);
                continue;
            }
            if is_marker(line) {
                break;
            }
            let Some(item) = items.last_mut() else { break };
            if line.trim().is_empty() {
                (as_paragraph, after_blank) = (true, true);
                let range = self.chunk.places(&(self.at..self.at + line.len()));
                blank = Some(blank.map_or(range.clone(), |blank| blank.start..range.end));
                item.text().push_part(self.chunk, self.at..self.at + line.len());
            } else if is_deep(line, item.column) || (!after_blank && is_lazy_at(self.rest(), item.column)) {
                let column = item.column;
                push_without(item.text(), self.chunk, self.at, line, column);
                (as_paragraph, after_blank, blank) = (false, false, None);
            } else {
                break;
            }
            self.at += line.len();
        }
        (items, blank.map(|range| Element::new(Kind::Blank(false), range)))
    }
}

/// Each line of a paragraph as a term.
fn terms(paragraph: &Element) -> Vec<Element> {
    let mut terms = Vec::new();
    for child in &paragraph.children {
        let Kind::Words(words) = &child.kind else { continue };
        let mut at = 0;
        for line in words.text.split_inclusive('\n') {
            let mut start = at;
            let mut list = None;
            let lead = line.len() - line.trim_start().len();
            if let Some((Braces::List(inside), length)) = braces(&line[lead..]) {
                let range = words.places(&(at + lead..at + lead + length));
                list = Some(AttributeList::parse(inside, range));
                start = at + lead + length;
                start += words.text[start..].len() - words.text[start..].trim_start().len();
            }
            let end = at + line.trim_end().len();
            at += line.len();
            let text = words.part(start.min(end)..end);
            let range = words.places(&(start.min(end)..end));
            let mut term = Element::with(Kind::Term, range.clone(), vec![Element::new(Kind::Words(text), range)]);
            if let Some(list) = list {
                term.give(list);
            }
            terms.push(term);
        }
    }
    terms
}

/// Makes the first paragraph nothing but its words; a line end keeps them from what follows.
fn make_transparent(children: &mut [Element], line_end: bool) {
    let more = children.len() > 1;
    let Some(Element { kind: Kind::Paragraph { transparent }, children: words, .. }) = children.first_mut() else {
        return;
    };
    *transparent = true;
    if more
        && line_end
        && let Some(Element { kind: Kind::Words(words), range, .. }) = words.first_mut()
    {
        words.push("\n", range.end);
    }
}

fn take_last_blank(children: &mut Vec<Element>) -> Option<Element> {
    children.pop_if(|last| matches!(last.kind, Kind::Blank(_)))
}

/// How far further markers of a list may stand in, when its words stand in this column.
fn indent_of_markers(column: usize) -> usize {
    if (1..=4).contains(&column) { column - 1 } else { 3 }
}

/// Whether a line stands at `column` or behind.
fn is_deep(line: &str, column: usize) -> bool {
    let mut reached = 0;
    for byte in line.bytes() {
        match byte {
            b' ' => reached += 1,
            b'\t' => reached += 4 - reached % 4,
            _ => break,
        }
    }
    reached >= column
}

/// Whether a line goes on with an item's words though it stands too far left.
fn is_lazy_at(text: &str, column: usize) -> bool {
    let line = first_line(text);
    let indent = line.bytes().take_while(|byte| *byte == b' ').count();
    !line.trim().is_empty() && (indent > column.min(3) || is_lazy(text) || is_marker(line))
}

/// Adds a line without its first `column` columns, where it has them; says whether it had.
fn push_without(out: &mut Chunk, from: &Chunk, at: usize, line: &str, column: usize) -> bool {
    let tabs = line.bytes().take_while(|byte| *byte == b'\t').count();
    let rest = &line[tabs..];
    let spaces = rest.bytes().take_while(|byte| *byte == b' ').count();
    let place = from.place(at);
    if tabs * 4 + spaces < column {
        out.push(&" ".repeat(tabs * 4), place);
        out.push_part(from, at + tabs..at + line.len());
        return false;
    }
    let left_of_tabs = (tabs * 4).saturating_sub(column);
    let left_of_spaces = column.saturating_sub(tabs * 4);
    out.push(&" ".repeat(left_of_tabs), place);
    out.push_part(from, at + tabs + left_of_spaces..at + line.len());
    true
}
