//! The known word that an unknown one was probably meant to be.

/// The word of `known` that `word` is a slip of; `None` when nothing is near.
///
/// Near means at most a third of the longer word's letters wrong, missing, added or (two neighbours) swapped;
/// case, `-` and `_` do not count.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word);
    known
        .into_iter()
        .filter_map(|candidate| {
            let plain = plain(candidate);
            let distance = distance(&word, &plain);
            (distance * 3 <= word.len().max(plain.len())).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters of a word are looked at: a longer one is no slip of any key.
const LONGEST: usize = 64;

fn plain(word: &str) -> Vec<char> {
    word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).take(LONGEST).collect()
}

/// The optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(left != right);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *left == b[j - 1] && a[i - 1] == *right {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, ["title", "timezone", "releases_url", "url", "on_lost_reply"]), expected);
    }

    #[test]
    fn slips_are_understood() {
        check("titel", Some("title"));
        check("time-zone", Some("timezone"));
        check("releaseurl", Some("releases_url"));
        check("URL", Some("url"));
        check("onlostreply", Some("on_lost_reply"));
    }

    #[test]
    fn other_words_are_left_alone() {
        check("", None);
        check("colour", None);
        check(&"title".repeat(100_000), None);
    }
}
