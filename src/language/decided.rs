//! What was decided of editions and releases, for people: the record is kept in words of one language, and shown in the
//! site's.

use super::Language;
use super::words::{say, word};

/// What was decided, by the word that is kept: `paused`.
#[must_use]
pub fn decided_words(language: Language, what: &str) -> String {
    word(language, &format!("decided.{what}")).unwrap_or(what).to_owned()
}

/// Why it was decided, by what is kept: the word of a hold, or a sentence. One that says more than its kind is shown as it is.
///
/// ```
/// use depeche::language::{Language, because_words};
///
/// assert_eq!(because_words(Language::French, "it was due"), "son heure est venue");
/// assert_eq!(because_words(Language::French, "renamed: a.md is now b.md"), "renamed: a.md is now b.md");
/// ```
#[must_use]
pub fn because_words(language: Language, why: &str) -> String {
    let of_a_hold = word(language, &format!("hold-reason.{why}")).filter(|text| !text.contains('{'));
    let sentence = word(language, &format!("because.{why}"));
    of_a_hold.or(sentence).unwrap_or(why).to_owned()
}

/// When an edition is due, as lists of decisions say it.
#[must_use]
pub fn due_words(language: Language, at: &str) -> String {
    say(language, "decided-due", &[("at", at)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::keys;

    #[test]
    fn a_hold_is_said_in_words_and_every_sentence_stands_for_itself_in_english() {
        assert!(because_words(Language::French, "restored").contains("sauvegarde"));
        assert_eq!(decided_words(Language::French, "paused"), "suspendu");
        for key in keys(Language::English).filter(|key| key.starts_with("because.")) {
            assert_eq!(word(Language::English, key), key.strip_prefix("because."));
            assert_ne!(word(Language::French, key), key.strip_prefix("because."));
        }
    }
}
