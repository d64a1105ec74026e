//! How long until something happens, in words.

use chrono::TimeDelta;

use super::Language;

/// A year of the calendar, leap days shared out among all.
const SECONDS_IN_A_YEAR: i64 = 31_556_952;

/// `dans 9 min`, `in 2 days`; what is due now is `maintenant`, `now`. Beyond a hundred days it is told in whole months, beyond
/// two years in whole years: nobody can imagine `dans 26336 jours`.
///
/// ```
/// use chrono::TimeDelta;
/// use depeche::language::{Language, countdown_words};
///
/// assert_eq!(countdown_words(TimeDelta::seconds(540), Language::French), "dans 9\u{a0}min");
/// assert_eq!(countdown_words(TimeDelta::hours(49), Language::English), "in 2\u{a0}days");
/// assert_eq!(countdown_words(TimeDelta::days(26_336), Language::French), "dans 72\u{a0}ans");
/// assert_eq!(countdown_words(TimeDelta::seconds(-3), Language::English), "now");
/// ```
#[must_use]
pub fn countdown_words(left: TimeDelta, language: Language) -> String {
    let (number, french, english) = match left.num_seconds() {
        ..1 => return if language == Language::French { "maintenant" } else { "now" }.to_owned(),
        seconds @ 1..60 => (seconds, ["s", "s"], ["s", "s"]),
        seconds @ 60..3_600 => (seconds / 60, ["min", "min"], ["min", "min"]),
        seconds @ 3_600..172_800 => (seconds / 3_600, ["heure", "heures"], ["hour", "hours"]),
        seconds @ 172_800..8_640_000 => (seconds / 86_400, ["jour", "jours"], ["day", "days"]),
        seconds if seconds < 2 * SECONDS_IN_A_YEAR => {
            (seconds * 12 / SECONDS_IN_A_YEAR, ["mois", "mois"], ["month", "months"])
        }
        seconds => (seconds / SECONDS_IN_A_YEAR, ["an", "ans"], ["year", "years"]),
    };
    match language {
        Language::French => format!("dans {number}\u{a0}{}", french[usize::from(number > 1)]),
        Language::English => format!("in {number}\u{a0}{}", english[usize::from(number > 1)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: TimeDelta, french: &str, english: &str) {
        assert_eq!(countdown_words(left, Language::French).replace('\u{a0}', " "), french);
        assert_eq!(countdown_words(left, Language::English).replace('\u{a0}', " "), english);
    }

    #[test]
    fn each_unit_is_told_as_far_as_one_can_imagine_it() {
        check(TimeDelta::seconds(59), "dans 59 s", "in 59 s");
        check(TimeDelta::minutes(60), "dans 1 heure", "in 1 hour");
        check(TimeDelta::hours(48) - TimeDelta::seconds(1), "dans 47 heures", "in 47 hours");
        check(TimeDelta::days(100) - TimeDelta::seconds(1), "dans 99 jours", "in 99 days");
        check(TimeDelta::days(100), "dans 3 mois", "in 3 months");
        check(TimeDelta::days(730), "dans 23 mois", "in 23 months");
        check(TimeDelta::days(731), "dans 2 ans", "in 2 years");
        check(TimeDelta::MAX, "dans 292277024 ans", "in 292277024 years");
    }
}
