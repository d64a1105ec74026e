//! Days and instants in cells, however a tool or a person writes them.
//!
//! A day in a column that asks for a "no" makes somebody leave, so there whatever looks like one will do. In a column that
//! asks for a "yes" it lets somebody in, so there nothing may stand beside it that could mean something else.

use super::Standing;
use super::headings::folded;
use crate::domain::composed;

/// Months, folded; three letters of one stand for it.
const MONTHS: &str = "january february march april may june july august september october november december janvier fevrier \
    mars avril mai juin juillet aout septembre octobre novembre decembre";
/// Words and signs, folded, that stand beside days and hours and say nothing else.
const BESIDE: &str = "le du de depuis since from on at a the of er st nd rd th e h m s min t z am pm utc gmt cet cest \
    monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun \
    lundi mardi mercredi jeudi vendredi samedi dimanche";
/// What may stand between them.
const SIGNS: &str = "-–—/.:,;+()[]'’\"_|";
/// The days of a spreadsheet, which counts them from 1900, that an address may have been written down on: since 1954.
const SPREADSHEET_DAYS: std::ops::RangeInclusive<u32> = 20_000..=73_050;

/// Whether this is a day or an instant: a year, three numbers, or one as long as a count of seconds or days.
pub(super) fn is_date(word: &str) -> bool {
    let numbers: Vec<&str> = word.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    numbers.len() >= 3 || numbers.iter().any(|number| is_year(number) || number.len() >= 5)
}

/// `0000-00-00 00:00:00`, as databases write it.
pub(super) fn is_date_of_nothing(word: &str) -> bool {
    word.chars().filter(char::is_ascii_digit).all(|digit| digit == '0')
}

/// How somebody stands who subscribed on a day.
pub(super) fn since(date: &str) -> Standing {
    if is_date_of_nothing(date) { Standing::Unconfirmed } else { Standing::Subscribed }
}

/// What a cell says beside one day or instant, folded: nothing, when it is one and no more. `None`: there is none, or there
/// are two, or a sign that may mean something.
pub(super) fn beside_a_day(cell: &str) -> Option<String> {
    let cell = composed(cell);
    if !cell.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || SIGNS.contains(c)) {
        return None;
    }
    let (mut numbers, mut rest) = (Vec::new(), String::new());
    for run in runs(&cell) {
        if run.starts_with(|c: char| c.is_ascii_digit()) {
            numbers.push(run);
        } else {
            let word = folded(run);
            if !is_beside(&word) {
                rest.push_str(&word);
            }
        }
    }
    let years = numbers.iter().filter(|number| is_year(number)).count();
    let days = cell.split_whitespace().filter(|word| is_day(word)).count();
    let has_day = days == 1 || years == 1 || numbers.iter().any(|number| is_count_of_days(number));
    (has_day && days < 2 && years < 2).then_some(rest)
}

/// The longest runs of digits and of letters, in order.
fn runs(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut runs = Vec::new();
    for mut word in words {
        while let Some(first) = word.chars().next() {
            let is_other = |c: char| c.is_ascii_digit() != first.is_ascii_digit();
            let (run, rest) = word.split_at(word.find(is_other).unwrap_or(word.len()));
            runs.push(run);
            word = rest;
        }
    }
    runs
}

fn is_year(number: &str) -> bool {
    number.len() == 4 && (number.starts_with("19") || number.starts_with("20"))
}

/// `7/6/22`, `2022-06-07T08:09:10Z`.
fn is_day(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
    matches!(parts.len(), 3 | 4) && parts[..3].iter().all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

/// `20220607`, or the days, seconds or milliseconds since some beginning.
fn is_count_of_days(number: &str) -> bool {
    match number.len() {
        5 => number.parse().is_ok_and(|days| SPREADSHEET_DAYS.contains(&days)),
        8 => is_year(&number[..4]),
        10 | 13 => !number.starts_with('0'),
        _ => false,
    }
}

fn is_beside(word: &str) -> bool {
    BESIDE.split(' ').any(|known| known == word)
        || (word.len() >= 3 && MONTHS.split(' ').any(|month| month.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_from_what_stands_beside_it() {
        for day in [
            "2022-06-07",
            "7/6/22",
            "le 7 juin 2022",
            "depuis le 1er août 2022 à 8h05",
            "depuis aou\u{302}t 2022",
            "mardi 7 juin 2022",
            "Tue, 07 Jun 2022 08:09:10 +0000",
            "2022-06-07T08:09:10.123456Z",
            "2022-06-07 08:09:10 +0000 UTC",
            "20220607",
            "44719",
            "1654588800",
            "0000-00-00 00:00:00",
        ] {
            assert_eq!(beside_a_day(day).as_deref(), Some(""), "{day}");
        }
        for (cell, rest) in
            [("Oui (7/6/22)", "oui"), ("désinscrit le 7.6.2022", "desinscrit"), ("à revoir en 2022", "revoiren")]
        {
            assert_eq!(beside_a_day(cell).as_deref(), Some(rest), "{cell}");
        }
        for cell in
            ["", "7", "oui", "1, 2, 3", "12345", "0612345678", "2022 ?", "❌ 2022", "2020 – 2022", "1/1/20 - 7/6/22"]
        {
            assert_eq!(beside_a_day(cell), None, "{cell}");
        }
    }
}
