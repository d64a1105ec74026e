//! A message as it comes after `DATA`: up to the dot, its dots taken off (RFC 5321 §4.5.2), and never more than its limit
//! in memory.

/// What ends a message: a line with a dot alone. A bare LF ends no line, or one side would see two messages where the
/// other saw one.
const END: &[u8] = b".\r\n";

/// A message that is coming.
#[derive(Debug, Default)]
pub(super) struct Data {
    bytes: Vec<u8>,
    /// Where its last line begins.
    line: usize,
    is_too_large: bool,
    limit: usize,
}

impl Data {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Takes what came in; how much of it belongs to the message, once that is whole.
    pub(super) fn take_in(&mut self, piece: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < piece.len() {
            let end = memchr::memchr(b'\n', &piece[at..]).map_or(piece.len(), |found| at + found + 1);
            self.bytes.extend_from_slice(&piece[at..end]);
            at = end;
            if self.bytes.ends_with(b"\r\n") {
                if &self.bytes[self.line..] == END {
                    self.bytes.truncate(self.line);
                    return Some(at);
                }
                if self.bytes.get(self.line) == Some(&b'.') {
                    self.bytes.remove(self.line);
                }
                self.line = self.bytes.len();
            }
            self.bound();
        }
        None
    }

    /// The message; `None` when it was too large.
    pub(super) fn whole(self) -> Option<Vec<u8>> {
        (!self.is_too_large).then_some(self.bytes)
    }

    /// Of what is too large, no more is kept than tells where it ends.
    fn bound(&mut self) {
        self.is_too_large |= self.bytes.len() > self.limit;
        if !self.is_too_large {
            return;
        }
        let begun = self.bytes.len() - self.line;
        self.bytes.drain(..self.line);
        self.line = 0;
        if begun > END.len() {
            let last = self.bytes[begun - 1];
            self.bytes.clear();
            self.bytes.extend([b' ', last]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is read of `stream` in pieces of this size, and how much was left.
    fn read(stream: &[u8], size: usize, limit: usize) -> Option<(Option<Vec<u8>>, usize)> {
        let mut data = Data::new(limit);
        let mut taken = 0;
        for piece in stream.chunks(size) {
            if let Some(used) = data.take_in(piece) {
                return Some((data.whole(), stream.len() - taken - used));
            }
            taken += piece.len();
        }
        None
    }

    #[test]
    fn a_message_ends_at_its_dot_alone() {
        for size in 1..20 {
            let whole = read(b"a\r\n..b\r\n.c\r\n\n.\n\r\n.\r\nQUIT\r\n", size, 100);
            assert_eq!(whole, Some((Some(b"a\r\n.b\r\nc\r\n\n.\n\r\n".to_vec()), 6)), "{size}");
            assert_eq!(read(b".\r\nRSET", size, 100), Some((Some(Vec::new()), 4)));
            assert_eq!(read(b"a\n.\r\nb\r\n", size, 100), None);
        }
    }

    #[test]
    fn what_is_too_large_is_read_to_its_end_and_not_kept() {
        let long = [b"x".repeat(5000), b"\r\n".repeat(3), b".y\r\n".to_vec(), b".\r\nNOOP".to_vec()].concat();
        for size in [1, 2, 3, 7, 1000, 10_000] {
            let mut data = Data::new(100);
            let ended = long.chunks(size).any(|piece| {
                let ended = data.take_in(piece).is_some();
                assert!(data.bytes.len() <= 100 + size, "{}", data.bytes.len());
                ended
            });
            assert!(ended);
            assert_eq!(data.whole(), None);
            assert_eq!(read(&long, size, 100), Some((None, 4)));
        }
    }

    proptest! {
        #[test]
        fn what_was_sent_arrives(lines in prop::collection::vec("[.a-c]{0,4}", 0..8), size in 1_usize..9) {
            let (mut message, mut stream) = (String::new(), String::new());
            for line in &lines {
                message.extend([line.as_str(), "\r\n"]);
                stream.extend([if line.starts_with('.') { "." } else { "" }, line, "\r\n"]);
            }
            stream.push_str(".\r\nQUIT\r\n");
            prop_assert_eq!(read(stream.as_bytes(), size, 1000), Some((Some(message.into_bytes()), 6)));
        }
    }
}
