//! What kramdown and Jekyll add to Markdown, taken out of the text before the Markdown reader sees it.
//!
//! Attribute lists become marks of private characters that the renderer finds again; Liquid, extensions and
//! abbreviations are removed and reported. Places are kept: an offset in the prepared text leads back to the file.
//!
//! Jekyll reads kramdown through its GitHub flavour, in which a heading, list or quote may follow a paragraph without
//! an empty line, as in `CommonMark`; so do we. Differences from it that remain: quotes and dashes are not made
//! typographic, `$$` is not mathematics, Markdown inside an HTML block needs an empty line before it, and a line with a
//! `|` is a table only with a line of dashes below it (kramdown makes one of two links with a `|` between them).

use std::collections::HashMap;
use std::ops::Range;

use super::attributes::AttributeList;
use super::source::ERASED;
use crate::language::Diagnosis;

/// Punctuation around a mark, so that emphasis opens and closes beside it as beside a brace.
const FENCE: char = '\u{10A7F}';

/// The mark that says nothing: it only lets emphasis open or close beside a letter, as kramdown has it.
const FLANK: char = '\u{F0000}';

/// How many bytes a Liquid tag may have; two braces and two others farther apart have nothing to do with each other.
const LONGEST_LIQUID: usize = 1_000;

/// How many marks there may be.
const MOST_MARKS: u32 = 60_000;

/// To what an attribute list belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// To what stands right before it in the line.
    Span,
    /// To the heading at whose end it stands.
    Heading,
    /// To the block above.
    BlockAbove,
    /// To the block below.
    BlockBelow,
}

/// An attribute list taken out of the text.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) belongs: Belongs,
    pub(super) list: AttributeList,
    /// The list as it stands in the source.
    pub(super) written: String,
}

/// Something to say about a place in the text.
pub(super) type Remark = (Range<usize>, Diagnosis);

/// A text ready for the Markdown reader.
pub(super) struct Prepared {
    pub(super) text: String,
    marks: Vec<Mark>,
    /// Pairs of offsets (prepared, source) from which on both run in step.
    steps: Vec<(usize, usize)>,
    pub(super) remarks: Vec<Remark>,
}

/// A piece of a prepared text.
#[derive(Debug)]
pub(super) enum Segment<'a> {
    Words(&'a str),
    Mark(&'a Mark),
}

impl Prepared {
    /// The source's bytes that `range` of the prepared text comes from.
    pub(super) fn source_range(&self, range: &Range<usize>) -> Range<usize> {
        let back = |at: usize| {
            let (prepared, source) = self.steps[self.steps.partition_point(|step| step.0 <= at).saturating_sub(1)];
            source + (at - prepared)
        };
        let start = back(range.start);
        start..back(range.end).max(start)
    }

    /// Words and marks of a piece of the prepared text; erased characters and silent marks are gone.
    pub(super) fn segments<'a>(&'a self, text: &'a str) -> Vec<Segment<'a>> {
        let mut segments = Vec::new();
        let mut start = 0;
        for (at, c) in text.char_indices() {
            if !('\u{F0000}'..=ERASED).contains(&c) {
                continue;
            }
            let fenced = text[..at].ends_with(FENCE) && text[at + c.len_utf8()..].starts_with(FENCE) && c != ERASED;
            let border = if fenced { FENCE.len_utf8() } else { 0 };
            if let Some(words) = text.get(start..at - border).filter(|words| !words.is_empty()) {
                segments.push(Segment::Words(words));
            }
            if fenced && let Some(mark) = self.mark(c) {
                segments.push(Segment::Mark(mark));
            }
            start = at + c.len_utf8() + border;
        }
        if let Some(words) = text.get(start..).filter(|words| !words.is_empty()) {
            segments.push(Segment::Words(words));
        }
        segments
    }

    /// The words alone.
    pub(super) fn words(&self, text: &str) -> String {
        let word = |segment: &Segment<'_>| match segment {
            Segment::Words(words) => (*words).to_owned(),
            Segment::Mark(_) => String::new(),
        };
        self.segments(text).iter().map(word).collect()
    }

    fn mark(&self, c: char) -> Option<&Mark> {
        let number = u32::from(c).checked_sub(u32::from(FLANK) + 1)?;
        self.marks.get(usize::try_from(number).ok()?)
    }
}

/// Prepares `source`.
pub(super) fn prepare(source: &str) -> Prepared {
    let mut preparer = Preparer {
        source,
        out: Prepared {
            text: String::with_capacity(source.len()),
            marks: Vec::new(),
            steps: vec![(0, 0)],
            remarks: Vec::new(),
        },
        named: definitions(source),
        fence: None,
        open: [false; 4],
        liquid_end: [None; 2],
    };
    let mut at = 0;
    while at < source.len() {
        at = preparer.line(at);
    }
    preparer.out
}

/// The attribute lists defined under a name: `{:name: .class}` on a line of its own.
fn definitions(source: &str) -> HashMap<String, AttributeList> {
    let mut named = HashMap::new();
    for line in source.lines() {
        if let Some((name, inside)) = definition(line.trim_start_matches([' ', '\t', '>']).trim_end()) {
            let list = AttributeList::parse(inside, 0..0, &named);
            named.insert(name.to_owned(), list);
        }
    }
    named
}

/// Name and inside of a definition line.
fn definition(line: &str) -> Option<(&str, &str)> {
    let (name, inside) = line.strip_prefix("{:")?.strip_suffix('}')?.split_once(':')?;
    let right =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_".contains(c)) && !inside.contains('}');
    right.then_some((name, inside))
}

struct Preparer<'a> {
    source: &'a str,
    out: Prepared,
    named: HashMap<String, AttributeList>,
    /// The fence of the code block that is open.
    fence: Option<(char, usize)>,
    /// Whether emphasis by one, two or three stars is open.
    open: [bool; 4],
    /// Where the next `%}` and `}}` stand, once looked for.
    liquid_end: [Option<usize>; 2],
}

impl Preparer<'_> {
    /// Takes the line at `at`; returns where the next one begins.
    fn line(&mut self, at: usize) -> usize {
        let end = self.source[at..].find('\n').map_or(self.source.len(), |length| at + length);
        let line = &self.source[at..end];
        let prefix = line.len() - line.trim_start_matches([' ', '\t', '>']).len();
        let content = line[prefix..].trim_end();
        if content.is_empty() {
            self.open = [false; 4];
        }
        if self.in_code(content) {
            self.copy(at..end);
        } else if definition(content).is_some() || self.abbreviation(content, at + prefix) {
            self.copy(at..at + prefix);
        } else if content.starts_with("{:") && !content.starts_with("{::") && is_only_lists(content) {
            self.block_list(at, prefix, content);
        } else {
            let end = self.inline(at, end);
            return self.line_end(end);
        }
        self.line_end(end)
    }

    fn line_end(&mut self, end: usize) -> usize {
        if end < self.source.len() {
            self.copy(end..end + 1);
        }
        end + 1
    }

    /// Whether a line belongs to a fenced code block, its fences included.
    fn in_code(&mut self, content: &str) -> bool {
        let fence = content.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = fence.map_or(0, |fence| content.chars().take_while(|c| *c == fence).count());
        match (self.fence, fence) {
            (Some((open, least)), _) => {
                if fence == Some(open) && length >= least && content.chars().all(|c| c == open) {
                    self.fence = None;
                }
                true
            }
            (None, Some(fence)) if length >= 3 && !(fence == '`' && content[length..].contains('`')) => {
                self.fence = Some((fence, length));
                true
            }
            (None, _) => false,
        }
    }

    /// Leaves an abbreviation's definition out.
    fn abbreviation(&mut self, content: &str, at: usize) -> bool {
        let found = content.strip_prefix("*[").and_then(|rest| rest.split_once("]:")).is_some();
        if found {
            let written = content.to_owned();
            self.out.remarks.push((at..at + content.len(), Diagnosis::ExtensionDropped { written }));
        }
        found
    }

    /// A line of nothing but attribute lists: it becomes a paragraph of marks beside the block it belongs to.
    fn block_list(&mut self, at: usize, prefix: usize, content: &str) {
        self.open = [false; 4];
        let blank = |line: &str| line.trim_start_matches([' ', '\t', '>']).trim().is_empty();
        let above = self.source[..at].strip_suffix('\n').map(|text| text.rsplit('\n').next().unwrap_or_default());
        let below = self.source[at..].split('\n').nth(1);
        let belongs = if above.is_none_or(blank) && below.is_some_and(|line| !blank(line)) {
            Belongs::BlockBelow
        } else {
            Belongs::BlockAbove
        };
        let start = at + prefix;
        let lead = self.source[at..start].to_owned();
        self.insert(&format!("{lead}\n"));
        self.copy(at..start);
        let mut position = start;
        for piece in content.split_inclusive('}') {
            let skipped = piece.len() - piece.trim_start().len();
            self.mark(belongs, position + skipped..position + piece.len());
            position += piece.len();
        }
        self.step(position);
        self.insert(&format!("\n{}", lead.trim_end()));
    }

    /// Copies a line but for what is kramdown's or Jekyll's; returns where it stopped, at a line's end.
    fn inline(&mut self, start: usize, mut end: usize) -> usize {
        let line_start = start;
        let mut at = start;
        let mut no_list_end = false;
        while at < end {
            let rest = &self.source[at..end];
            let next = rest.find(['\\', '{', '*']).unwrap_or(rest.len());
            self.copy(at..at + next);
            at += next;
            let rest = &self.source[at..end];
            if rest.starts_with('\\') {
                at = self.escape(at, end);
            } else if rest.starts_with("{%") || rest.starts_with("{{") {
                let after = self.liquid(at);
                if after > end {
                    end = self.source[after..].find('\n').map_or(self.source.len(), |length| after + length);
                }
                at = after;
            } else if rest.starts_with("{:") && !no_list_end {
                match rest.find('}') {
                    Some(length) => at = self.list(at, at + length + 1),
                    None => no_list_end = true,
                }
            } else if rest.starts_with("{#") && self.heading_id(line_start, at, end) {
                at = end;
            } else if rest.starts_with('*') {
                at = self.stars(at, end);
            } else if !rest.is_empty() {
                self.copy(at..at + 1);
                at += 1;
            }
            if no_list_end && self.source[at..end].starts_with("{:") {
                self.copy(at..at + 2);
                at += 2;
            }
        }
        end
    }

    /// A back slash and what it protects; two at the end of a line are kramdown's line break.
    fn escape(&mut self, at: usize, end: usize) -> usize {
        let rest = &self.source[at..end];
        if rest.trim_end() == "\\\\" && end < self.source.len() {
            self.copy(at..at + 1);
            self.step(end);
            return end;
        }
        let protected = rest.chars().nth(1).map_or(0, char::len_utf8);
        self.copy(at..at + 1 + protected);
        at + 1 + protected
    }

    /// Leaves a Liquid tag or value out; the site's own address counts as resolved.
    fn liquid(&mut self, at: usize) -> usize {
        let rest = &self.source[at..];
        let Some(length) = self.liquid_end(at).map(|end| end - at).filter(|length| *length <= LONGEST_LIQUID) else {
            self.copy(at..at + 2);
            return at + 2;
        };
        let inside = rest[2..length - 2].trim_matches(['-', ' ', '\n', '\t']);
        let mut end = at + length;
        if inside == "comment"
            && let Some((_, after)) = rest.split_once("endcomment")
            && let Some(close) = after.find("%}")
        {
            end = self.source.len() - after.len() + close + 2;
        }
        if let Some(address) = site_address(inside) {
            self.step(at);
            self.insert(address);
        } else {
            let written = self.source[at..at + length].split_whitespace().collect::<Vec<_>>().join(" ");
            self.out.remarks.push((at..end, Diagnosis::LiquidDropped { written }));
        }
        self.step(end);
        end
    }

    /// Where the Liquid that begins at `at` ends.
    fn liquid_end(&mut self, at: usize) -> Option<usize> {
        let (kind, close) = if self.source[at..].starts_with("{%") { (0, "%}") } else { (1, "}}") };
        let known = self.liquid_end[kind].filter(|end| *end > at + 3);
        let end = known.unwrap_or_else(|| {
            self.source[at + 2..].find(close).map_or(usize::MAX, |length| at + 2 + length + close.len())
        });
        self.liquid_end[kind] = Some(end);
        (end != usize::MAX).then_some(end)
    }

    /// An attribute list or an extension inside a line.
    fn list(&mut self, at: usize, end: usize) -> usize {
        let written = &self.source[at..end];
        if written.starts_with("{::") {
            return self.extension(at, end);
        }
        self.mark(Belongs::Span, at..end);
        self.step(end);
        end
    }

    /// `{::name …}`: left out; a comment with all it holds.
    fn extension(&mut self, at: usize, end: usize) -> usize {
        let written = self.source[at..end].to_owned();
        let mut after = end;
        if written.starts_with("{::comment") && !written.ends_with("/}") {
            let line_end = self.source[end..].find('\n').map_or(self.source.len(), |length| end + length);
            let rest = &self.source[end..line_end];
            if let Some(close) =
                rest.find("{:/").and_then(|close| rest[close..].find('}').map(|length| close + length + 1))
            {
                after = end + close;
            }
        }
        self.out.remarks.push((at..after, Diagnosis::ExtensionDropped { written }));
        self.step(after);
        after
    }

    /// `{#id}` at the end of a heading's line.
    fn heading_id(&mut self, line_start: usize, at: usize, end: usize) -> bool {
        let heading = self.source[line_start..at].trim_start_matches([' ', '>']).starts_with('#');
        let rest = self.source[at..end].trim_end();
        let id = rest.strip_prefix("{#").and_then(|rest| rest.strip_suffix('}'));
        let Some(_) = id.filter(|id| heading && !id.is_empty() && !id.contains(['{', '}', ' '])) else { return false };
        self.mark(Belongs::Heading, at..at + rest.len());
        self.step(end);
        true
    }

    /// A run of stars: kramdown closes emphasis after punctuation even when a letter follows, `CommonMark` does not.
    fn stars(&mut self, at: usize, end: usize) -> usize {
        let count = self.source[at..end].bytes().take_while(|byte| *byte == b'*').count();
        let after = at + count;
        let before = self.source[..at].chars().next_back().unwrap_or(' ');
        let next = self.source[after..end].chars().next().unwrap_or(' ');
        let mark_before;
        let mut mark_after = false;
        match self.open.get(count).copied() {
            Some(true) if !before.is_whitespace() => {
                self.open[count] = false;
                mark_before = false;
                mark_after = is_punctuation(before) && next.is_alphanumeric();
            }
            Some(_) if !next.is_whitespace() => {
                self.open[count] = true;
                mark_before = before.is_alphanumeric() && is_punctuation(next);
            }
            Some(_) | None => mark_before = false,
        }
        if mark_before {
            self.insert(&fenced(FLANK));
        }
        self.copy(at..after);
        if mark_after {
            self.insert(&fenced(FLANK));
        }
        after
    }

    /// Puts a mark for the attribute list at `range`.
    fn mark(&mut self, belongs: Belongs, range: Range<usize>) {
        let written = &self.source[range.clone()];
        let inside = match belongs {
            Belongs::Heading => written.trim_start_matches('{').trim_end_matches('}'),
            Belongs::Span | Belongs::BlockAbove | Belongs::BlockBelow => {
                written.strip_prefix("{:").and_then(|rest| rest.strip_suffix('}')).unwrap_or_default()
            }
        };
        let list = AttributeList::parse(inside, range.clone(), &self.named);
        for part in &list.unread {
            self.out.remarks.push((range.clone(), Diagnosis::AttributeListUnread { written: part.clone() }));
        }
        let number = u32::try_from(self.out.marks.len()).unwrap_or(MOST_MARKS);
        match char::from_u32(u32::from(FLANK) + 1 + number).filter(|_| number < MOST_MARKS) {
            Some(c) => {
                self.out.marks.push(Mark { belongs, list, written: written.to_owned() });
                self.step(range.start);
                self.insert(&fenced(c));
            }
            None => self.out.remarks.push((range, Diagnosis::AttributeListOrphan { written: written.to_owned() })),
        }
    }

    /// Copies bytes of the source.
    fn copy(&mut self, range: Range<usize>) {
        self.step(range.start);
        self.out.text.push_str(&self.source[range]);
    }

    /// Adds a text that does not stand in the source.
    fn insert(&mut self, text: &str) {
        self.out.text.push_str(text);
    }

    /// Says that the prepared text goes on with the source at `source`.
    fn step(&mut self, source: usize) {
        let prepared = self.out.text.len();
        if let Some(last) = self.out.steps.last_mut() {
            if prepared - last.0 == source.wrapping_sub(last.1) {
                return;
            }
            if last.0 == prepared {
                last.1 = source;
                return;
            }
        }
        self.out.steps.push((prepared, source));
    }
}

fn fenced(c: char) -> String {
    format!("{FENCE}{c}{FENCE}")
}

fn is_punctuation(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace()
}

/// Whether a line holds one attribute list or several and nothing else.
fn is_only_lists(content: &str) -> bool {
    content.ends_with('}')
        && content.split_inclusive('}').all(|piece| {
            let piece = piece.trim_start();
            piece.starts_with("{:") && !piece[2..].contains('{')
        })
}

/// What a Liquid value stands for when it is only the site's address or a quoted path below it.
fn site_address(inside: &str) -> Option<&str> {
    if matches!(inside, "site.url" | "site.baseurl") {
        return Some("");
    }
    let (value, filter) = inside.split_once('|')?;
    let quoted = value.trim();
    let path = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')))?;
    let harmless = path.starts_with('/') && !path.contains([' ', '\n', '{', '<', '"', '\'']);
    (harmless && matches!(filter.trim(), "relative_url" | "absolute_url")).then_some(path)
}
