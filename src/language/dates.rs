//! Dates as people write them.
//!
//! Only the words: which zone a date is shown in is the caller's choice, and machine-readable dates are written where
//! their format is.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeZone, Timelike as _, Weekday};

use super::Language;

/// Months by language, January first.
const MONTHS: [[&str; 12]; 2] = [
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

/// The day in words: `lundi 23 novembre 2026`, `Monday 23 November 2026`; the first of a month is `1er` in French.
///
/// ```
/// use depeche::language::{Language, date_words};
///
/// let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day of the calendar");
/// assert_eq!(date_words(day, Language::French), "dimanche 1er mars 2026");
/// assert_eq!(date_words(day, Language::English), "Sunday 1 March 2026");
/// ```
#[must_use]
pub fn date_words(day: NaiveDate, language: Language) -> String {
    let weekday = weekday_words(day.weekday(), language);
    let ordinal = if day.day() == 1 && language == Language::French { "er" } else { "" };
    format!("{weekday} {}{ordinal} {} {}", day.day(), month(day.month0(), language), day.year())
}

/// The day and the time in words, as the clock shows them in the zone of `instant`:
/// `lundi 23 novembre 2026 à 10 h 30`, `Monday 23 November 2026 at 10:30`.
#[must_use]
pub fn instant_words<Z: TimeZone>(instant: &DateTime<Z>, language: Language) -> String {
    let local = instant.naive_local();
    let (day, hour) = (date_words(local.date(), language), hour_words(local.time(), language));
    match language {
        Language::French => format!("{day} à {hour}"),
        Language::English => format!("{day} at {hour}"),
    }
}

/// The time as a clock shows it: `8 h 30`, `08:30`.
///
/// ```
/// use depeche::language::{Language, hour_words};
///
/// let eight = chrono::NaiveTime::from_hms_opt(8, 0, 0).expect("a time of the day");
/// assert_eq!(hour_words(eight, Language::French), "8\u{a0}h");
/// assert_eq!(hour_words(eight, Language::English), "08:00");
/// ```
#[must_use]
pub fn hour_words(time: NaiveTime, language: Language) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    match language {
        Language::French if minute == 0 => format!("{hour}\u{a0}h"),
        Language::French => format!("{hour}\u{a0}h\u{a0}{minute:02}"),
        Language::English => format!("{hour:02}:{minute:02}"),
    }
}

/// Some days of the week, in whatever order they come: `du lundi au vendredi`, `le lundi et le jeudi`; `None` for all
/// of them.
///
/// ```
/// use chrono::Weekday::{Fri, Mon, Thu, Tue, Wed};
/// use depeche::language::{Language, days_words};
///
/// let check = |days: &[chrono::Weekday], language| days_words(days, language).unwrap_or_default();
/// assert_eq!(check(&[Fri, Mon, Tue, Wed, Thu], Language::French), "du lundi au vendredi");
/// assert_eq!(check(&[Thu, Mon], Language::English), "on Monday and Thursday");
/// ```
#[must_use]
pub fn days_words(days: &[Weekday], language: Language) -> Option<String> {
    const WEEK: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let named: Vec<Weekday> = WEEK.into_iter().filter(|day| days.contains(day)).collect();
    let words = |day: &Weekday| weekday_words(*day, language);
    let (first, last) = (named.first()?, named.last()?);
    let span = last.num_days_from_monday() - first.num_days_from_monday() + 1;
    if named.len() == WEEK.len() {
        return None;
    }
    if named.len() > 2 && u32::try_from(named.len()) == Ok(span) {
        return Some(match language {
            Language::French => format!("du {} au {}", words(first), words(last)),
            Language::English => format!("{} to {}", words(first), words(last)),
        });
    }
    let (article, and, before) = match language {
        Language::French => ("le ", " et ", ""),
        Language::English => ("", " and ", "on "),
    };
    let named: Vec<String> = named.iter().map(|day| format!("{article}{}", words(day))).collect();
    let (last, others) = named.split_last()?;
    let others = others.join(", ");
    Some(if others.is_empty() { format!("{before}{last}") } else { format!("{before}{others}{and}{last}") })
}

/// The month's name; `month0` counts from 0.
fn month(month0: u32, language: Language) -> &'static str {
    let names = match language {
        Language::French => &MONTHS[0],
        Language::English => &MONTHS[1],
    };
    usize::try_from(month0).ok().and_then(|month| names.get(month)).copied().unwrap_or_default()
}

/// The day's name.
#[must_use]
pub fn weekday_words(day: Weekday, language: Language) -> &'static str {
    let (french, english) = match day {
        Weekday::Mon => ("lundi", "Monday"),
        Weekday::Tue => ("mardi", "Tuesday"),
        Weekday::Wed => ("mercredi", "Wednesday"),
        Weekday::Thu => ("jeudi", "Thursday"),
        Weekday::Fri => ("vendredi", "Friday"),
        Weekday::Sat => ("samedi", "Saturday"),
        Weekday::Sun => ("dimanche", "Sunday"),
    };
    match language {
        Language::French => french,
        Language::English => english,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use chrono_tz::Europe::Paris;

    use super::*;

    #[test]
    fn instants_are_shown_in_their_zone() {
        let instant = Utc.with_ymd_and_hms(2026, 11, 23, 23, 30, 0).unwrap();
        let check = |shown: String, expected: &str| assert_eq!(shown, expected);
        check(instant_words(&instant, Language::English), "Monday 23 November 2026 at 23:30");
        let local = instant.with_timezone(&Paris);
        check(instant_words(&local, Language::French), "mardi 24 novembre 2026 à 0\u{a0}h\u{a0}30");
        let noon = Utc.with_ymd_and_hms(2026, 8, 1, 10, 0, 0).unwrap().with_timezone(&Paris);
        check(instant_words(&noon, Language::French), "samedi 1er août 2026 à 12\u{a0}h");
    }

    #[test]
    fn days_are_a_span_or_a_list() {
        use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        let check = |days: &[Weekday], french: Option<&str>, english: Option<&str>| {
            assert_eq!(days_words(days, Language::French).as_deref(), french);
            assert_eq!(days_words(days, Language::English).as_deref(), english);
        };
        check(&[Mon, Tue, Wed, Thu, Fri, Sat, Sun], None, None);
        check(&[Tue, Mon, Wed], Some("du lundi au mercredi"), Some("Monday to Wednesday"));
        let (french, english) = ("le lundi, le jeudi et le dimanche", "on Monday, Thursday and Sunday");
        check(&[Mon, Thu, Sun], Some(french), Some(english));
        check(&[Sat, Sat], Some("le samedi"), Some("on Saturday"));
        check(&[Sat, Sun], Some("le samedi et le dimanche"), Some("on Saturday and Sunday"));
    }

    #[test]
    fn every_month_and_weekday_has_a_name_in_both_languages() {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        for language in Language::ALL {
            let words: std::collections::BTreeSet<String> = first
                .iter_days()
                .take(365)
                .flat_map(|day| date_words(day, language).split(' ').map(str::to_owned).collect::<Vec<_>>())
                .filter(|word| word.chars().all(char::is_alphabetic))
                .collect();
            assert_eq!(words.len(), 12 + 7, "{words:?}");
        }
    }
}
