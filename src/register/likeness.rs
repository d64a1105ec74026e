//! How alike two releases are: the share of neighbouring word pairs that both have.
//!
//! Pairs rather than words: two unrelated French texts share a third of their words (`de`, `la`, `et`) and next to none
//! of their pairs. Of the front matter only the chapeau counts, since many releases say everything there.

use crate::domain::WordHash;

/// How many pairs stand for a text when candidates are looked up.
const SKETCH: usize = 32;

/// The word pairs of a release's title, chapeau and body, ready to be compared: hashed, sorted, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Likeness(Vec<u64>);

impl Likeness {
    /// The likeness of a release with this title and this file text.
    pub(super) fn of(title: &str, source: &str) -> Self {
        let (front, body) = parts_of(source);
        let mut pairs = Pairs { last: 0, found: Vec::with_capacity(source.len() / 6) };
        pairs.take(title);
        for line in chapeau_lines(front) {
            pairs.take(line);
        }
        pairs.take(body);
        pairs.found.sort_unstable();
        pairs.found.dedup();
        Self(pairs.found)
    }

    /// From 0 (nothing in common) to 1 (the same pairs): twice the shared pairs over all pairs (Dice).
    pub(super) fn similarity(&self, other: &Self) -> f64 {
        let (mut a, mut b) = (self.0.as_slice(), other.0.as_slice());
        let all = a.len() + b.len();
        if all == 0 {
            return 1.0;
        }
        let mut shared = 0_u32;
        while let (Some((x, rest_a)), Some((y, rest_b))) = (a.split_first(), b.split_first()) {
            shared += u32::from(x == y);
            (a, b) = (if x <= y { rest_a } else { a }, if y <= x { rest_b } else { b });
        }
        #[expect(clippy::cast_precision_loss, reason = "a release has far fewer than 2^52 words")]
        let share = 2.0 * f64::from(shared) / all as f64;
        share
    }

    /// A few pairs chosen by their hashes alone, so that alike texts choose many of the same (bottom-k).
    pub(super) fn sketch(&self) -> &[u64] {
        &self.0[..self.0.len().min(SKETCH)]
    }
}

/// Word pairs as they are come upon.
struct Pairs {
    /// The hash of the last word; 0 before the first, which thereby makes a pair of its own.
    last: u64,
    found: Vec<u64>,
}

impl Pairs {
    fn take(&mut self, text: &str) {
        let mut word = WordHash::NONE;
        for c in text.chars() {
            word = match c {
                'a'..='z' | '0'..='9' | 'à'..='ö' | 'ø'..='ÿ' => word.with(c),
                'A'..='Z' => word.with(c.to_ascii_lowercase()),
                c if c.is_alphanumeric() => c.to_lowercase().fold(word, WordHash::with),
                _ => self.end(word),
            };
        }
        self.end(word);
    }

    /// The end of `word`, if it is one; the hash of none.
    fn end(&mut self, word: WordHash) -> WordHash {
        if let Some(word) = word.of_a_word() {
            self.found.push(mixed(self.last.rotate_left(17) ^ word));
            self.last = word;
        }
        WordHash::NONE
    }
}

/// Spreads a hash over all bits (the finisher of `MurmurHash3`), so that the smallest are a fair choice.
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Front matter and what follows it; no front matter when there is none.
fn parts_of(source: &str) -> (&str, &str) {
    let Some(rest) = source.trim_start_matches('\u{feff}').strip_prefix("---") else { return ("", source) };
    match rest.find("\n---").or_else(|| rest.find("\n...")) {
        Some(end) => (&rest[..end], rest.get(end + 4..).unwrap_or_default()),
        None => ("", source),
    }
}

/// The lines of a front matter that hold the chapeau: its key's, and those indented below.
fn chapeau_lines(front: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    front.lines().filter_map(move |line| {
        if line.starts_with([' ', '\t']) || line.trim().is_empty() {
            return inside.then_some(line);
        }
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        inside = matches!(key.trim_end(), "chapeau-text" | "chapeau" | "excerpt" | "description");
        inside.then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGE: &str = "---\ntitle: x\ntags: a\n---\nLe pont de la Vire ouvre lundi à la circulation, après deux ans de travaux et de concertation.";

    fn of(source: &str) -> Likeness {
        Likeness::of("Un pont", source)
    }

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
    fn of_the_front_matter_only_the_chapeau_counts() {
        let chapeau = |text: &str| of(&format!("---\ntitle: x\nchapeau-text: |-\n  {text}\ntags: [a]\n---\n"));
        assert_eq!(of("---\ntitle: x\ntags: a\n---\ntexte"), of("---\ntitle: y\n---\ntexte"));
        assert_eq!(chapeau("Le pont ouvre lundi."), of("---\nchapeau: Le pont ouvre lundi.\n---\n"));
        assert!(chapeau("Le pont ouvre lundi.").similarity(&chapeau("Aucun bac ne part ce soir.")) < 0.5);
        assert_eq!(of("--- sans fin"), of("sans fin"));
    }

    #[test]
    fn alike_texts_share_much_of_their_sketch() {
        let long = (0..400).map(|n| format!("mot{}", n * 7 % 401)).collect::<Vec<_>>().join(" ");
        let (one, two) = (of(&long), of(&long.replace("mot3", "autre")));
        let shared = one.sketch().iter().filter(|pair| two.sketch().contains(pair)).count();
        assert!((0.5..0.9).contains(&one.similarity(&two)) && shared >= 4, "{shared} {}", one.similarity(&two));
        assert_eq!(one.sketch().len(), SKETCH);
    }
}
