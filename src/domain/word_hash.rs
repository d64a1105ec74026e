//! Words as numbers, for comparing many of them.

/// The hash of the letters of a word, one after the other (FNV-1a). Two words with one hash are rare and possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordHash(u64);

impl WordHash {
    /// That of no letter.
    pub const NONE: Self = Self(0xcbf2_9ce4_8422_2325);

    /// That of the same word with one letter more.
    #[must_use]
    pub fn with(self, letter: char) -> Self {
        Self((self.0 ^ u64::from(letter)).wrapping_mul(0x0100_0000_01b3))
    }

    /// The hash; `None` before the first letter.
    #[must_use]
    pub fn of_a_word(self) -> Option<u64> {
        (self != Self::NONE).then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_their_order_count() {
        let hash = |word: &str| word.chars().fold(WordHash::NONE, WordHash::with).of_a_word();
        assert_eq!(hash(""), None);
        assert_eq!(hash("pont"), hash("pont"));
        assert!(hash("pont").is_some() && hash("pont") != hash("tnop"));
    }
}
