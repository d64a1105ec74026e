//! Which footnotes a text calls, in the order of their first calls, and how often.

use std::collections::HashMap;

/// The footnotes that were called so far.
#[derive(Default)]
pub(super) struct NoteCalls {
    /// Names in the order of their numbers, and how often each was called.
    called: Vec<(String, usize)>,
    numbers: HashMap<String, usize>,
}

impl NoteCalls {
    /// Counts a call of a note: its number, from 0, and how often it was called by now.
    pub(super) fn count(&mut self, name: &str) -> (usize, usize) {
        let next = self.called.len();
        let number = *self.numbers.entry(name.to_owned()).or_insert(next);
        if number == next {
            self.called.push((name.to_owned(), 0));
        }
        self.called[number].1 += 1;
        (number, self.called[number].1)
    }

    /// The name of the note with this number, and how often it was called.
    pub(super) fn get(&self, number: usize) -> Option<(String, usize)> {
        self.called.get(number).cloned()
    }

    /// Whether a note was called.
    pub(super) fn has(&self, name: &str) -> bool {
        self.numbers.contains_key(name)
    }

    /// Whether none was.
    pub(super) fn is_empty(&self) -> bool {
        self.called.is_empty()
    }
}
