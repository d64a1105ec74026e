//! A piece of text that remembers where in the file each of its bytes stands, however often it was cut and put together.

use std::ops::Range;

/// A text and the places it comes from.
#[derive(Debug, Clone, Default)]
pub(in crate::content) struct Chunk {
    pub(in crate::content) text: String,
    /// Pairs of offsets (in the text, in the file) from which on both run in step.
    steps: Vec<(usize, usize)>,
}

impl Chunk {
    /// All of `source`.
    pub(in crate::content) fn whole(source: &str) -> Self {
        Self { text: source.to_owned(), steps: vec![(0, 0)] }
    }

    /// Adds a text that stands at `place` in the file, or stands for what does.
    pub(in crate::content) fn push(&mut self, text: &str, place: usize) {
        if text.is_empty() {
            return;
        }
        self.step(place);
        self.text.push_str(text);
    }

    /// Adds a part of another text.
    pub(super) fn push_part(&mut self, other: &Self, range: Range<usize>) {
        let mut at = range.start;
        let mut step = other.steps.partition_point(|step| step.0 <= at);
        while at < range.end {
            let end = other.steps.get(step).map_or(range.end, |next| next.0.min(range.end));
            if let Some(text) = other.text.get(at..end) {
                self.push(text, other.place(at));
            }
            at = end.max(at + 1);
            step += 1;
        }
    }

    /// A part of the text.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let mut part = Self::default();
        part.push_part(self, range);
        part
    }

    /// Where in the file the byte at `at` stands.
    pub(in crate::content) fn place(&self, at: usize) -> usize {
        let index = self.steps.partition_point(|step| step.0 <= at);
        match index.checked_sub(1).and_then(|index| self.steps.get(index)) {
            Some((own, place)) => place + (at - own),
            None => at,
        }
    }

    /// Where in the file a part of the text stands.
    pub(in crate::content) fn places(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.place(range.start);
        let end = if range.end > range.start { self.place(range.end - 1) + 1 } else { start };
        start..end.max(start)
    }

    /// Takes white space off the end.
    pub(in crate::content) fn trim_end(&mut self) {
        self.text.truncate(self.text.trim_end().len());
        let length = self.text.len();
        self.steps.retain(|step| step.0 < length);
    }

    fn step(&mut self, place: usize) {
        let own = self.text.len();
        match self.steps.last() {
            Some((last, at)) if place >= *at && own - last == place - at => {}
            _ => self.steps.push((own, place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_kept_through_cutting_and_joining() {
        let whole = Chunk::whole("> un\n> deux\n");
        let mut inside = Chunk::default();
        inside.push_part(&whole, 2..5);
        inside.push_part(&whole, 7..12);
        assert_eq!(inside.text, "un\ndeux\n");
        assert_eq!((inside.place(0), inside.places(&(3..7))), (2, 7..11));
        let again = inside.part(1..5);
        assert_eq!((again.text.as_str(), again.place(0), again.place(2)), ("n\nde", 3, 7));
        assert_eq!(Chunk::default().places(&(0..0)), 0..0);
    }
}
