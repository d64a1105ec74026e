//! Bytes become lines of text, in whatever way the file was saved: UTF-8 with or without a mark, UTF-16 with one, else
//! Windows-1252, as a spreadsheet in Western Europe saves it.
//!
//! Without a mark each line is UTF-8 where it can be, and Windows-1252 where it cannot: so nothing need be read twice, and
//! a file that was put together from two is read right.

use std::collections::VecDeque;
use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;
/// The longest line that may be one of a list.
const LONGEST: usize = 1024 * 1024;

/// A line with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextLine {
    /// Counted from 1.
    pub(super) number: u64,
    /// `None`: it was longer than any line of a list.
    pub(super) text: Option<String>,
}

impl TextLine {
    /// Without its end; nothing when it was too long.
    pub(super) fn words(&self) -> &str {
        self.text.as_deref().unwrap_or_default().trim_end_matches(['\r', '\n'])
    }

    /// Whether there is nothing in it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.as_deref().is_some_and(|text| text.trim().is_empty())
    }
}

/// The lines of a file, as they are asked for.
pub(super) struct Lines<R> {
    inner: R,
    /// How many bytes were read of it.
    read: u64,
    decoder: Option<Decoder>,
    /// What was read and not given yet, in UTF-8 or as it was.
    buffer: Vec<u8>,
    /// Where the next line begins in it.
    start: usize,
    has_ended: bool,
    number: u64,
    put_back: VecDeque<TextLine>,
}

impl<R: Read> Lines<R> {
    /// Looks at the first bytes.
    pub(super) fn new(inner: R) -> io::Result<Self> {
        let (decoder, buffer, put_back) = (None, Vec::new(), VecDeque::new());
        let mut lines = Self { inner, read: 0, decoder, buffer, start: 0, has_ended: false, number: 0, put_back };
        while lines.buffer.len() < 4 && !lines.has_ended {
            lines.fill()?;
        }
        let (mark, encoding) = match lines.buffer.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => (3, None),
            [0xFF, 0xFE, ..] => (2, Some(UTF_16LE)),
            [0xFE, 0xFF, ..] => (2, Some(UTF_16BE)),
            _ => (0, None),
        };
        lines.buffer.drain(..mark);
        if let Some(encoding) = encoding {
            lines.decoder = Some(encoding.new_decoder_without_bom_handling());
            let wide = std::mem::take(&mut lines.buffer);
            lines.take_in(&wide, lines.has_ended);
        }
        Ok(lines)
    }

    /// How many bytes were read of the file.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// Whether the first bytes are those of no text: an archive, as spreadsheets are, or something with zeros.
    pub(super) fn is_no_text(&self) -> bool {
        self.buffer.starts_with(b"PK\x03\x04")
            || self.buffer.starts_with(&[0xD0, 0xCF, 0x11, 0xE0])
            || memchr::memchr(0, &self.buffer).is_some()
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<TextLine>> {
        if let Some(line) = self.put_back.pop_front() {
            return Ok(Some(line));
        }
        let (mut looked, mut is_too_long) = (0, false);
        let end = loop {
            let unread = &self.buffer[self.start..];
            match memchr::memchr2(b'\n', b'\r', &unread[looked..]) {
                Some(at) => {
                    let at = looked + at;
                    match (unread[at], unread.get(at + 1)) {
                        (b'\r', None) if !self.has_ended => looked = at,
                        (b'\r', Some(b'\n')) => break at + 2,
                        _ => break at + 1,
                    }
                }
                None if self.has_ended => break unread.len(),
                None => looked = unread.len(),
            }
            if looked > LONGEST {
                is_too_long = true;
                self.start += looked;
                looked = 0;
            }
            self.fill()?;
        };
        if end == 0 && !is_too_long {
            return Ok(None);
        }
        self.number += 1;
        let bytes = &self.buffer[self.start..self.start + end];
        let text = (!is_too_long && bytes.len() <= LONGEST).then(|| text_of(bytes));
        self.start += end;
        Ok(Some(TextLine { number: self.number, text }))
    }

    /// Gives `lines` once more, before those that follow.
    pub(super) fn put_back(&mut self, lines: impl DoubleEndedIterator<Item = TextLine>) {
        lines.rev().for_each(|line| self.put_back.push_front(line));
    }

    /// Reads on.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let mut chunk = vec![0; CHUNK];
        let count = loop {
            match self.inner.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.read += count as u64;
        self.has_ended = count == 0;
        self.take_in(&chunk[..count], self.has_ended);
        Ok(())
    }

    fn take_in(&mut self, bytes: &[u8], is_last: bool) {
        let Some(decoder) = &mut self.decoder else { return self.buffer.extend_from_slice(bytes) };
        let mut text = String::new();
        // Asked for after the end, it would begin anew.
        text.reserve(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 16));
        let _ = decoder.decode_to_string(bytes, &mut text, is_last);
        self.buffer.extend_from_slice(text.as_bytes());
    }
}

/// Bytes as the text that they most likely are.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(bytes).unwrap();
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            assert_eq!(line.number, found.len() as u64 + 1);
            found.push(line.text.unwrap_or_else(|| "too long".to_owned()));
        }
        assert_eq!(lines.read(), bytes.len() as u64);
        found
    }

    /// Gives a byte at a time.
    struct Slow<'b>(&'b [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn however_a_file_was_saved_its_lines_are_the_same() {
        let text = "né\r\nœuf\n";
        let little: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let marked = ["\u{feff}", text].concat();
        for bytes in [text.as_bytes(), marked.as_bytes(), &little, &big, b"n\xe9\r\n\x9cuf\n"] {
            assert_eq!(all(bytes), ["né\r\n", "œuf\n"]);
            let mut slow = Lines::new(Slow(bytes)).unwrap();
            assert_eq!(slow.next().unwrap().unwrap().words(), "né");
            assert_eq!(slow.next().unwrap().unwrap().words(), "œuf");
            assert_eq!(slow.next().unwrap(), None);
        }
        assert_eq!(all(b"n\xe9\nn\xc3\xa9\n"), ["né\n", "né\n"]);
    }

    #[test]
    fn any_line_end_ends_a_line() {
        assert_eq!(all(b"a\rb\n\nc\r\n\rd"), ["a\r", "b\n", "\n", "c\r\n", "\r", "d"]);
        assert_eq!(all(b""), Vec::<String>::new());
        assert_eq!(all(b"\xef\xbb\xbf"), Vec::<String>::new());
    }

    #[test]
    fn a_line_without_end_is_left_out_and_takes_no_memory() {
        let long = "x".repeat(3 * LONGEST);
        let mut lines = Lines::new(io::Cursor::new(format!("a\n{long}\nb"))).unwrap();
        assert_eq!(lines.next().unwrap().unwrap().words(), "a");
        assert_eq!(lines.next().unwrap().unwrap(), TextLine { number: 2, text: None });
        assert!(lines.buffer.capacity() < 3 * LONGEST, "{}", lines.buffer.capacity());
        assert_eq!(lines.next().unwrap().unwrap(), TextLine { number: 3, text: Some("b".to_owned()) });
        assert_eq!(lines.next().unwrap(), None);
    }

    proptest! {
        #[test]
        fn no_byte_of_utf_8_is_lost(text in "[aé\r\n\u{feff}œ\u{1f600}]{0,40}") {
            let given = text.strip_prefix('\u{feff}').unwrap_or(&text);
            prop_assert_eq!(all(text.as_bytes()).concat(), given);
        }
    }
}
