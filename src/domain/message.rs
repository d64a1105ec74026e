//! A letter's bytes, in pieces that copies share. How they are written to a relay is the session's.

use std::ops::Range;

use bytes::Bytes;

/// A stretch of a message. Copies share its bytes.
#[derive(Debug, Clone, Default)]
pub struct Segment {
    bytes: Bytes,
    is_ascii: bool,
    has_dotted_line: bool,
}

impl Segment {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a line in it, other than its first, may begin with a dot.
    #[must_use]
    pub const fn has_dotted_line(&self) -> bool {
        self.has_dotted_line
    }

    /// A part of it, which shares its bytes.
    ///
    /// # Panics
    /// When it does not reach that far.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let bytes = self.bytes.slice(range);
        Self { is_ascii: self.is_ascii || bytes.is_ascii(), bytes, has_dotted_line: self.has_dotted_line }
    }
}

impl From<&str> for Segment {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Segment {
    fn from(text: String) -> Self {
        let has_dotted_line = memchr::memmem::find(text.as_bytes(), b"\n.").is_some();
        Self { is_ascii: text.is_ascii(), bytes: text.into(), has_dotted_line }
    }
}

/// A message (RFC 5322): header, empty line and body. What is the same in many messages, they share.
#[derive(Debug, Clone, Default)]
pub struct Message(Vec<Segment>);

impl Message {
    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.iter().map(|segment| segment.bytes.len()).sum()
    }

    /// Whether it has nothing but ASCII.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.0.iter().all(|segment| segment.is_ascii)
    }

    /// What it is made of.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Its bytes in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.size());
        self.0.iter().for_each(|segment| bytes.extend_from_slice(&segment.bytes));
        bytes
    }
}

impl FromIterator<Segment> for Message {
    fn from_iter<S: IntoIterator<Item = Segment>>(segments: S) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self(vec![text.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_what_its_segments_are() {
        let shared = Segment::from("Subject: été\r\n\r\n".to_owned());
        let message: Message = [shared.slice(0..9), "ete\r\n\r\n".into(), shared.slice(9..12)].into_iter().collect();
        assert_eq!(String::from_utf8(message.to_vec()).unwrap(), "Subject: ete\r\n\r\nét");
        assert_eq!((message.size(), message.is_ascii()), (19, false));
        let message: Message = [shared.slice(0..9), "\r\n".into()].into_iter().collect();
        assert!(message.is_ascii() && Message::default().is_ascii());
    }
}
