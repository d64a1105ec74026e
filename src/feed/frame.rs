//! A feed's bytes before, between and after its entries.
//!
//! The libraries write a feed as a whole. Written around one entry of no importance, it falls into what stands before
//! entries and what stands after them; written around nothing but one entry, it gives that entry's bytes.

/// What stands around the entries of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    before: Vec<u8>,
    between: &'static [u8],
    after: Vec<u8>,
}

impl Frame {
    /// With `between` two entries.
    pub(super) fn new(before: Vec<u8>, between: &'static [u8], after: Vec<u8>) -> Self {
        Self { before, between, after }
    }

    /// What stands around the one entry of a document, which begins with `begin`, indentation included, and ends with
    /// `end`. Neither stands in the text before the entry, where every `<` is escaped, or behind it.
    pub(super) fn of(document: &[u8], begin: &[u8], end: &[u8]) -> Self {
        let (from, to) = place(document, begin, end);
        Self { before: document[..from].to_vec(), between: b"", after: document[to..].to_vec() }
    }

    /// The feed around `entries`.
    pub(super) fn around<B: AsRef<[u8]>>(&self, entries: &[B]) -> Vec<u8> {
        let length: usize = entries.iter().map(|entry| entry.as_ref().len() + self.between.len()).sum();
        let mut bytes = Vec::with_capacity(self.before.len() + length + self.after.len());
        bytes.extend_from_slice(&self.before);
        for (number, entry) in entries.iter().enumerate() {
            if number > 0 {
                bytes.extend_from_slice(self.between);
            }
            bytes.extend_from_slice(entry.as_ref());
        }
        bytes.extend_from_slice(&self.after);
        bytes
    }
}

/// The one entry of a document, which begins with `begin` and ends with `end`.
pub(super) fn entry_in<'d>(document: &'d [u8], begin: &[u8], end: &[u8]) -> &'d [u8] {
    let (from, to) = place(document, begin, end);
    &document[from..to]
}

/// From the first `begin` to the end of the last `end`.
fn place(document: &[u8], begin: &[u8], end: &[u8]) -> (usize, usize) {
    let from = document.windows(begin.len()).position(|window| window == begin).unwrap_or(document.len());
    let to = document.windows(end.len()).rposition(|window| window == end).map_or(document.len(), |at| at + end.len());
    (from, to.max(from))
}
