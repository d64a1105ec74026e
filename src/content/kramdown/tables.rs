//! Tables: any lines with a `|` between two empty ones, with or without a line of dashes.

use std::ops::Range;

use super::blocks::Blocks;
use super::chunk::Chunk;
use super::element::{Alignment, Element, Kind};
use super::lines::{first_line, is_boundary};

/// How many columns a table may have.
const MOST_COLUMNS: usize = 200;

impl Blocks<'_, '_> {
    pub(super) fn table(&mut self, line: &str) -> bool {
        let indent = line.bytes().take(4).take_while(|byte| *byte == b' ').count();
        if indent > 3 || !has_pipe(&line[indent..]) || !self.is_after_boundary() {
            return false;
        }
        let start = self.at;
        let leading = line.trim_start().starts_with('|');
        let mut table = Gathered::default();
        let mut at = start;
        if is_separator(line) {
            at += line.len();
        }
        loop {
            let line = first_line(&self.chunk.text[at..]);
            if line.is_empty() || !has_pipe(line) {
                break;
            }
            if is_separator(line) {
                table.separate(line);
            } else if is_foot_separator(line) {
                table.begin_foot();
            } else {
                let Some(cells) = cells(self.chunk, at..at + line.trim_end().len(), leading) else { return false };
                let range = self.places(at..at + line.len());
                table.row(cells, range);
            }
            at += line.len();
        }
        if !each_line_has_pipe(&self.chunk.text[start..at]) {
            return false;
        }
        let Some((alignments, columns, mut parts)) =
            Some(table).filter(|_| is_boundary(&self.chunk.text[at..])).and_then(Gathered::finish)
        else {
            return false;
        };
        for row in parts.iter_mut().flat_map(|part| &mut part.children) {
            let range = row.range.clone();
            row.children.resize_with(columns, || Element::new(Kind::Cell, range.clone()));
        }
        let mut element = self.element(Kind::Table { alignments }, start..at);
        element.children = parts;
        self.children.push(element);
        self.at = at;
        true
    }
}

/// The rows so far.
#[derive(Default)]
struct Gathered {
    parts: Vec<Element>,
    rows: Vec<Element>,
    alignments: Option<Vec<Alignment>>,
    columns: usize,
    foot: bool,
}

impl Gathered {
    fn row(&mut self, cells: Vec<Chunk>, range: Range<usize>) {
        self.columns = self.columns.max(cells.len());
        let cells = cells.into_iter().map(|words| {
            let range = words.places(&(0..words.text.len()));
            Element::with(Kind::Cell, range.clone(), vec![Element::new(Kind::Words(words), range)])
        });
        self.rows.push(Element::with(Kind::Row, range, cells.collect()));
    }

    fn close(&mut self, kind: Kind) {
        let rows = std::mem::take(&mut self.rows);
        let range = rows.first().map_or(0..0, |row| row.range.clone());
        self.parts.push(Element::with(kind, range, rows));
    }

    fn separate(&mut self, line: &str) {
        if self.rows.is_empty() {
            return;
        }
        if self.alignments.is_none() && !self.foot {
            self.close(Kind::Head);
            self.alignments = Some(alignments(line));
        } else if !self.foot {
            self.close(Kind::Body);
        }
    }

    fn begin_foot(&mut self) {
        if !self.rows.is_empty() {
            self.close(Kind::Body);
        }
        self.foot = true;
    }

    /// Alignments, columns and parts; `None` without a body.
    fn finish(mut self) -> Option<(Vec<Alignment>, usize, Vec<Element>)> {
        if !self.rows.is_empty() {
            self.close(if self.foot { Kind::Foot } else { Kind::Body });
        }
        let has_body = self.parts.iter().any(|part| matches!(part.kind, Kind::Body));
        let mut alignments = self.alignments.unwrap_or_default();
        alignments.resize(self.columns, Alignment::Default);
        (has_body && self.columns <= MOST_COLUMNS).then_some((alignments, self.columns, self.parts))
    }
}

/// Whether each line has a `|` that stands in no code, be it code that runs over several lines.
fn each_line_has_pipe(text: &str) -> bool {
    let (mut at, mut has_pipe) = (0, false);
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = code_length(rest) {
            if rest[..length].contains('\n') {
                return false;
            }
            at += length;
            continue;
        }
        match rest.as_bytes()[0] {
            b'|' => has_pipe = true,
            b'\\' if rest[1..].starts_with('|') => at += 1,
            b'\n' if !has_pipe => return false,
            b'\n' => has_pipe = false,
            _ => {}
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    true
}

/// Whether a line has a `|` that is not escaped.
fn has_pipe(line: &str) -> bool {
    line.starts_with('|') || line.as_bytes().windows(2).any(|pair| pair[1] == b'|' && !matches!(pair[0], b'\\' | b'\n'))
}

fn is_separator(line: &str) -> bool {
    let line = line.trim_end();
    line.contains('-') && line.chars().all(|c| "+|: \t-".contains(c))
}

fn is_foot_separator(line: &str) -> bool {
    let line = line.trim_end();
    line.contains('=') && line.chars().all(|c| "+|: \t=".contains(c))
}

/// What the runs of dashes say of the columns.
fn alignments(line: &str) -> Vec<Alignment> {
    let mut alignments = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(|byte| *byte == b'-').map(|offset| at + offset) {
        let end = bytes[start..].iter().position(|byte| *byte != b'-').map_or(bytes.len(), |offset| start + offset);
        let left = start > at.max(1) - usize::from(at == 0) && bytes[start - 1] == b':';
        let right = bytes.get(end) == Some(&b':');
        alignments.push(match (left, right) {
            (false, false) => Alignment::Default,
            (true, false) => Alignment::Left,
            (false, true) => Alignment::Right,
            (true, true) => Alignment::Center,
        });
        at = end + usize::from(right);
    }
    alignments
}

/// The cells of a row; `None` when every `|` stands in code.
fn cells(chunk: &Chunk, range: Range<usize>, leading: bool) -> Option<Vec<Chunk>> {
    let mut cells = vec![Chunk::default()];
    let text = &chunk.text;
    let (mut at, mut start) = (range.start, range.start);
    let push = |cells: &mut Vec<Chunk>, range: Range<usize>| {
        if let Some(cell) = cells.last_mut() {
            cell.push_part(chunk, range);
        }
    };
    while at < range.end {
        let rest = &text[at..range.end];
        if let Some(length) = code_length(rest) {
            at += length;
        } else if rest.starts_with("\\|") {
            push(&mut cells, start..at);
            (at, start) = (at + 2, at + 1);
        } else if rest.starts_with('|') {
            push(&mut cells, start..at);
            cells.push(Chunk::default());
            at += 1;
            start = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    push(&mut cells, start..range.end);
    if cells.len() < 2 {
        return None;
    }
    if leading && cells.first().is_some_and(|cell| cell.text.trim().is_empty()) {
        cells.remove(0);
    }
    if cells.last().is_some_and(|cell| cell.text.trim().is_empty()) {
        cells.pop();
    }
    Some(cells.iter().map(trimmed).collect())
}

fn trimmed(cell: &Chunk) -> Chunk {
    let start = cell.text.len() - cell.text.trim_start().len();
    cell.part(start..start.max(cell.text.trim_end().len()))
}

/// The length of the code that begins a text.
fn code_length(text: &str) -> Option<usize> {
    if let Some(inside) = text.strip_prefix("<code") {
        return inside.find("</code>").map(|end| "<code".len() + end + "</code>".len());
    }
    let ticks = text.bytes().take_while(|byte| *byte == b'`').count();
    if ticks == 0 {
        return None;
    }
    let end = text[ticks..].find(&text[..ticks]);
    Some(end.map_or(ticks, |end| ticks + end + ticks))
}
