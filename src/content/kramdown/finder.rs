//! Looks ahead for a text, and remembers what it found: however many marks look for the same end, the text is gone
//! through once.

use std::collections::HashMap;

/// What was found of each text that was looked for.
#[derive(Debug, Default)]
pub(in crate::content) struct Finder {
    /// From where it was last looked for, and where it stands; `usize::MAX` when nowhere.
    found: HashMap<String, (usize, usize)>,
}

impl Finder {
    /// Where `needle` next stands in `text`, at `from` or after. `text` must be the same at each call.
    pub(in crate::content) fn find(&mut self, text: &str, needle: &str, from: usize) -> Option<usize> {
        if let Some((start, at)) = self.found.get(needle)
            && (*start..=*at).contains(&from)
        {
            return Some(*at).filter(|at| *at != usize::MAX);
        }
        let at = text.get(from..)?.find(needle).map_or(usize::MAX, |at| from + at);
        self.found.insert(needle.to_owned(), (from, at));
        Some(at).filter(|at| *at != usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_found_again() {
        let mut finder = Finder::default();
        let text = "a*b*c";
        assert_eq!(
            [0, 1, 2, 3, 4].map(|from| finder.find(text, "*", from)),
            [Some(1), Some(1), Some(3), Some(3), None]
        );
        assert_eq!(finder.find(text, "*", 0), Some(1));
        assert_eq!(finder.find(text, "x", 2), None);
    }
}
