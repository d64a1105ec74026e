//! Durations as they are written: a whole number and a unit.

use chrono::TimeDelta;

/// The longest duration taken: a hundred years, so that adding one to a date cannot leave the calendar.
const LONGEST: TimeDelta = TimeDelta::days(36_500);

/// Reads `500ms`, `30s`, `10m`, `48h` or `400d`; a space before the unit is allowed, anything else is not.
///
/// ```
/// use chrono::TimeDelta;
/// assert_eq!(depeche::config::parse_duration("48h"), Some(TimeDelta::hours(48)));
/// assert_eq!(depeche::config::parse_duration("48"), None);
/// ```
#[must_use]
pub fn parse_duration(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().ok()?;
    let duration = match unit.trim_start() {
        "ms" => TimeDelta::try_milliseconds(number),
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        _ => None,
    }?;
    (duration <= LONGEST).then_some(duration)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_told_apart() {
        let cases = [
            ("500ms", TimeDelta::milliseconds(500)),
            ("0s", TimeDelta::zero()),
            ("10m", TimeDelta::minutes(10)),
            (" 48 h ", TimeDelta::hours(48)),
            ("400d", TimeDelta::days(400)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_duration(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for bad in
            ["", "10", "m", "-1s", "+1s", "1.5h", "1h30m", "10min", "10M", "99999999999999999999s", "36501d", "é"]
        {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_without_panic(text in "\\PC*") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn every_number_of_milliseconds_is_itself(number in 0_i64..3_000_000_000_000) {
            prop_assert_eq!(parse_duration(&format!("{number}ms")), Some(TimeDelta::milliseconds(number)));
        }

        #[test]
        fn a_larger_unit_is_a_longer_duration(number in 1_i64..10_000) {
            let lengths: Vec<_> =
                ["ms", "s", "m", "h", "d"].iter().map(|unit| parse_duration(&format!("{number}{unit}"))).collect();
            prop_assert!(lengths.iter().all(Option::is_some));
            prop_assert!(lengths.is_sorted_by(|a, b| a < b));
        }
    }
}
