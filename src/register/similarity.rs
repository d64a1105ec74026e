//! How alike two releases are: the share of neighbouring word pairs that both have.
//!
//! Pairs rather than words: two unrelated French texts share a third of their words (`de`, `la`, `et`) and next to none
//! of their pairs.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The word pairs of a release's title and body, ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Likeness(HashSet<u64>);

impl Likeness {
    /// The likeness of a release with this title and this file text; front matter is left out.
    pub(crate) fn of(title: &str, source: &str) -> Self {
        let words: Vec<String> = title
            .split(|c: char| !c.is_alphanumeric())
            .chain(body_of(source).split(|c: char| !c.is_alphanumeric()))
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let pairs = words.windows(2).map(|pair| {
            let mut hasher = DefaultHasher::new();
            pair.hash(&mut hasher);
            hasher.finish()
        });
        Self(pairs.collect())
    }

    /// From 0 (nothing in common) to 1 (the same pairs): twice the shared pairs over all pairs (Dice).
    pub(crate) fn similarity(&self, other: &Self) -> f64 {
        let all = self.0.len() + other.0.len();
        if all == 0 {
            return 1.0;
        }
        let shared = self.0.intersection(&other.0).count();
        #[expect(clippy::cast_precision_loss, reason = "a release has far fewer than 2^52 words")]
        let share = 2.0 * shared as f64 / all as f64;
        share
    }
}

/// What follows the front matter; everything when there is none.
fn body_of(source: &str) -> &str {
    let Some(rest) = source.trim_start_matches('\u{feff}').strip_prefix("---") else { return source };
    match rest.find("\n---").or_else(|| rest.find("\n...")) {
        Some(end) => rest.get(end + 4..).unwrap_or_default(),
        None => source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGE: &str = "---\ntitle: x\ntags: a\n---\nLe pont de la Vire ouvre lundi à la circulation, après deux ans de travaux et de concertation.";

    #[test]
    fn an_edit_stays_like_and_another_text_is_not() {
        let original = Likeness::of("Un pont neuf", BRIDGE);
        let edited = Likeness::of("Un pont neuf", &BRIDGE.replace("lundi", "mardi"));
        let other = Likeness::of(
            "La carte des bacs",
            "---\ntitle: y\n---\nLa liste de tous les bacs de la côte et de leurs horaires paraît à la fin du mois de mai.",
        );
        assert!(original.similarity(&edited) > 0.6, "{}", original.similarity(&edited));
        assert!(original.similarity(&other) < 0.3, "{}", original.similarity(&other));
        assert!((original.similarity(&original) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn front_matter_does_not_count() {
        assert_eq!(body_of("---\ntitle: x\n---\ntexte"), "\ntexte");
        assert_eq!(body_of("texte"), "texte");
        assert_eq!(body_of("--- sans fin"), "--- sans fin");
    }
}
