//! What a relay says, line by line, as the mail library can read it.
//!
//! RFC 5321 §4.2: a line is three digits, `-` or a space, and text; the last line of a reply has the space, or nothing at
//! all. Relays write text in any encoding, and one without line ends must not fill the memory.

use std::io;

use tokio::io::ReadBuf;

/// The longest line that is read. The standard has 512 bytes (RFC 5321 §4.5.3.1.5).
const LONGEST_LINE: usize = 4 * 1024;

/// The most that is read of what answers one question.
const LONGEST_REPLY: usize = 64 * 1024;

/// Replies on their way from the relay to the library.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// A line that has not ended yet.
    begun: Vec<u8>,
    /// Lines that are whole, and how much of them was given on.
    whole: Vec<u8>,
    given: usize,
    /// How many bytes came since we last said something.
    since_asked: usize,
    /// How many replies came, and how many of them were taken for answers.
    came: u64,
    taken: u64,
    /// The last reply was neither 2xx nor 3xx.
    refused: bool,
}

impl Replies {
    /// We have said something: what comes now may answer it.
    pub(super) const fn asked(&mut self) {
        self.since_asked = 0;
    }

    /// A reply was taken for an answer.
    pub(super) const fn taken(&mut self) {
        self.taken += 1;
    }

    /// Whether replies came that were not taken for answers yet.
    pub(super) const fn are_waiting(&self) -> bool {
        self.came > self.taken
    }

    /// Whether the last reply said no.
    pub(super) const fn have_refused(&self) -> bool {
        self.refused
    }

    /// Takes in what came; gives the lines that became whole by it, as they are given on.
    pub(super) fn take_in(&mut self, bytes: &[u8]) -> io::Result<&[u8]> {
        if self.given == self.whole.len() {
            self.whole.clear();
            self.given = 0;
        }
        let before = self.whole.len();
        self.since_asked += bytes.len();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
        if self.begun.len() > LONGEST_LINE || self.since_asked > LONGEST_REPLY {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a reply without end"));
        }
        Ok(&self.whole[before..])
    }

    /// The begun line is whole: written as every relay should, it waits to be given on.
    fn end_line(&mut self) {
        let line = self.begun.trim_ascii_end();
        let is_code = line.len() >= 3 && line[..3].iter().all(u8::is_ascii_digit);
        let goes_on = line.get(3) == Some(&b'-');
        if is_code && !goes_on {
            self.came += 1;
            self.refused = !matches!(line[0], b'2' | b'3');
        }
        match std::str::from_utf8(line) {
            Ok(_) => self.whole.extend_from_slice(line),
            Err(_) => self.whole.extend(line.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' })),
        }
        if is_code && line.len() == 3 {
            self.whole.push(b' ');
        }
        self.whole.extend_from_slice(b"\r\n");
        self.begun.clear();
    }

    /// Gives on what fits into `buf`; whether there was anything.
    pub(super) fn give(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let waiting = &self.whole[self.given..];
        let count = waiting.len().min(buf.remaining());
        buf.put_slice(&waiting[..count]);
        self.given += count;
        count > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is given on of `bytes` when they come in pieces of this length.
    fn given(bytes: &[u8], piece: usize) -> (String, Replies) {
        let mut replies = Replies::default();
        let mut all = Vec::new();
        for piece in bytes.chunks(piece) {
            replies.take_in(piece).unwrap();
            let mut room = [0; 7];
            let mut buf = ReadBuf::new(&mut room);
            while replies.give(&mut buf) {
                all.extend_from_slice(buf.filled());
                buf.clear();
            }
        }
        (String::from_utf8(all).unwrap(), replies)
    }

    #[test]
    fn replies_are_written_as_the_standard_has_them_however_they_come() {
        let said = b"220 hello\r\n250-a\n250-caf\xe9\r\n250-\xc3\xa9 \r\n250\r\nwhat?\r\n451 4.7.1 later\r\n25";
        let expected = "220 hello\r\n250-a\r\n250-caf?\r\n250-é\r\n250 \r\nwhat?\r\n451 4.7.1 later\r\n";
        for piece in [1, 2, 3, 10, 1000] {
            let (all, mut replies) = given(said, piece);
            assert_eq!(all, expected, "in pieces of {piece}");
            assert!(replies.have_refused());
            for _ in 0..3 {
                assert!(replies.are_waiting());
                replies.taken();
            }
            assert!(!replies.are_waiting());
        }
    }

    #[test]
    fn a_reply_ends() {
        let mut replies = Replies::default();
        assert!(replies.take_in(&[b'x'; LONGEST_LINE]).is_ok());
        assert!(replies.take_in(b"x").is_err());
        let mut replies = Replies::default();
        let mut lines = (0..).map(|_| replies.take_in(b"250-more\r\n").is_ok());
        let taken = lines.position(|is_taken| !is_taken).unwrap();
        assert!(taken < LONGEST_REPLY / 10 + 2);
        replies.asked();
        assert!(replies.take_in(b"250 ok\r\n").is_ok());
    }
}
