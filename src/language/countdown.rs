//! How long until something happens, in words.

use chrono::TimeDelta;

use super::Language;

/// `dans 9 min`, `in 2 days`; what is due now is `maintenant`, `now`.
///
/// ```
/// use chrono::TimeDelta;
/// use depeche::language::{Language, countdown_words};
///
/// assert_eq!(countdown_words(TimeDelta::seconds(540), Language::French), "dans 9\u{a0}min");
/// assert_eq!(countdown_words(TimeDelta::hours(49), Language::English), "in 2\u{a0}days");
/// assert_eq!(countdown_words(TimeDelta::seconds(-3), Language::English), "now");
/// ```
#[must_use]
pub fn countdown_words(left: TimeDelta, language: Language) -> String {
    let (number, french, english) = match left.num_seconds() {
        ..1 => return if language == Language::French { "maintenant" } else { "now" }.to_owned(),
        seconds @ 1..60 => (seconds, ["s", "s"], ["s", "s"]),
        seconds @ 60..3_600 => (seconds / 60, ["min", "min"], ["min", "min"]),
        seconds @ 3_600..172_800 => (seconds / 3_600, ["heure", "heures"], ["hour", "hours"]),
        seconds => (seconds / 86_400, ["jour", "jours"], ["day", "days"]),
    };
    match language {
        Language::French => format!("dans {number}\u{a0}{}", french[usize::from(number > 1)]),
        Language::English => format!("in {number}\u{a0}{}", english[usize::from(number > 1)]),
    }
}
