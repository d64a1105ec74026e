//! A file's bytes as text, and places in it.
//!
//! The text is normalised so that every later offset counts the same characters as the editor sees: no byte order mark,
//! one `\n` a line, and each character that no feed may hold replaced by one [`ERASED`], which is dropped on the way out.

use std::cell::Cell;
use std::ops::Range;

use crate::domain::{Digest, SourcePath, is_unsuspicious};
use crate::language::{Diagnosis, Severity};

/// A file below the content folder with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it stands below the content folder, spelled as on disk.
    pub path: SourcePath,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their digest.
    pub digest: Digest,
}

impl SourceFile {
    /// The file at `path` with these bytes.
    #[must_use]
    pub fn new(path: SourcePath, bytes: Vec<u8>) -> Self {
        Self { path, digest: Digest::of(&bytes), bytes }
    }
}

/// Something to say about a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub path: SourcePath,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// How many characters are meant, at least 1, never beyond the line.
    pub length: usize,
    /// What there is to say.
    pub diagnosis: Diagnosis,
}

impl Diagnostic {
    /// Whether the file is not published because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.diagnosis.severity() == Severity::Error
    }
}
/// How many diagnostics are kept of one file: nobody reads more at once.
const MOST_FINDINGS: usize = 500;

/// Stands for one character that was taken out.
pub(super) const ERASED: char = '\u{FFFFD}';

/// The private characters (plane 15) that this module uses itself; a file's own are erased.
const PRIVATE: std::ops::RangeInclusive<char> = '\u{F0000}'..='\u{FFFFF}';

/// Whether no output may hold `c`: outside XML 1.0 §2.2, or one of the discouraged controls U+007F–9F.
pub(super) fn is_illegal(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
        || PRIVATE.contains(&c)
}

/// `text` without any character that no output may hold.
pub(super) fn legal(text: &str) -> String {
    if is_unsuspicious(text) {
        return text.to_owned();
    }
    text.chars().filter(|c| !is_illegal(*c)).collect()
}

/// A file's text.
pub(super) struct Text {
    pub(super) content: String,
    /// The first erased character and how many there are.
    pub(super) erased: Option<(usize, usize)>,
    /// A byte offset that was asked for, and how many lines end before it: what is asked for next mostly follows.
    counted: Cell<(usize, usize)>,
}

impl Text {
    /// The text of `bytes`, or how much of it is UTF-8.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Self> {
        match simdutf8::compat::from_utf8(bytes) {
            Ok(text) => Ok(Self::normalised(text)),
            Err(error) => {
                let valid = &bytes[..error.valid_up_to()];
                Err(Self::normalised(std::str::from_utf8(valid).unwrap_or_default()))
            }
        }
    }

    fn normalised(raw: &str) -> Self {
        let raw = raw.strip_prefix('\u{FEFF}').unwrap_or(raw);
        if is_unsuspicious(raw) {
            return Self { content: raw.to_owned(), erased: None, counted: Cell::default() };
        }
        let mut text = String::with_capacity(raw.len());
        let mut erased = None;
        let mut chars = raw.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' if chars.peek() == Some(&'\n') => {}
                '\r' | '\n' => text.push('\n'),
                c if is_illegal(c) => {
                    let (_, count) = erased.get_or_insert((text.len(), 0));
                    *count += 1;
                    text.push(ERASED);
                }
                c => text.push(c),
            }
        }
        Self { content: text, erased, counted: Cell::default() }
    }

    /// Line and column of a byte offset, and the length of `range` within its first line, in characters.
    pub(super) fn place(&self, range: &Range<usize>) -> (usize, usize, usize) {
        let start = self.floor(range.start);
        let line = self.line_range(start);
        let end = self.floor(range.end).clamp(start, line.end);
        let column = self.content[line.start..start].chars().count() + 1;
        (self.line_of(start), column, self.content[start..end].trim_end().chars().count().max(1))
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        let bytes = self.content.as_bytes();
        let offset = offset.min(bytes.len());
        let (from, ended) = Some(self.counted.get()).filter(|(from, _)| *from <= offset).unwrap_or_default();
        let ended = ended + memchr::memchr_iter(b'\n', &bytes[from..offset]).count();
        self.counted.set((offset, ended));
        1 + ended
    }

    /// The byte offset of a line (from 1) and column (from 1, in characters).
    pub(super) fn offset_of(&self, line: usize, column: usize) -> usize {
        let before = line.saturating_sub(1).checked_sub(1);
        let end = |line| memchr::memchr_iter(b'\n', self.content.as_bytes()).nth(line);
        let start = before.map_or(0, |line| end(line).map_or(self.content.len(), |end| end + 1));
        let rest = &self.content[start..];
        rest.char_indices().nth(column.saturating_sub(1)).map_or(self.content.len(), |(at, _)| start + at)
    }

    /// The line that holds `offset`, without its end.
    pub(super) fn line_range(&self, offset: usize) -> Range<usize> {
        let offset = self.floor(offset);
        let (before, behind) = self.content.as_bytes().split_at(offset);
        let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        start..memchr::memchr(b'\n', behind).map_or(self.content.len(), |end| offset + end)
    }

    fn floor(&self, offset: usize) -> usize {
        let mut at = offset.min(self.content.len());
        while !self.content.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// What was found so far.
pub(super) struct Findings<'a> {
    path: &'a SourcePath,
    pub(super) text: &'a Text,
    list: Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(path: &'a SourcePath, text: &'a Text) -> Self {
        Self { path, text, list: Vec::new() }
    }

    /// Notes `diagnosis` about the bytes at `range` of the text. Beyond [`MOST_FINDINGS`] only errors are kept.
    pub(super) fn add(&mut self, range: Range<usize>, diagnosis: Diagnosis) {
        let is_error = diagnosis.severity() == Severity::Error;
        if self.list.len() >= MOST_FINDINGS && !(is_error && self.list.len() < 2 * MOST_FINDINGS) {
            return;
        }
        let (line, column, length) = self.text.place(&range);
        self.list.push(Diagnostic { path: self.path.clone(), line, column, length, diagnosis });
    }

    /// All of them in the file's order.
    pub(super) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|found| (found.line, found.column));
        self.list.dedup();
        self.list
    }
}
