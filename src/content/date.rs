//! Dates as editors write them: RFC 3339 (§5.6) and its looser Jekyll forms, in the site's zone when they name none.
//!
//! Leap seconds, the year 0 and years beyond 9999 are refused: no feed could carry them.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// An instant, and whether its zone's clocks made it doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instant {
    Certain(DateTime<Utc>),
    /// The clocks skipped it; this is later by as much as they skipped.
    Skipped(DateTime<Utc>),
    /// It came twice; this is the first.
    Ambiguous(DateTime<Utc>),
}

impl Instant {
    pub(super) fn utc(self) -> DateTime<Utc> {
        match self {
            Self::Certain(at) | Self::Skipped(at) | Self::Ambiguous(at) => at,
        }
    }
}

/// The instant that `text` names; `None` when it names none.
pub(super) fn parse(text: &str, zone: Tz) -> Option<Instant> {
    let mut scanner = Scanner(text.trim());
    let year = i32::try_from(scanner.digits(4, 4)?).ok().filter(|year| *year > 0)?;
    scanner.token("-")?;
    let month = scanner.digits(1, 2)?;
    scanner.token("-")?;
    let day = NaiveDate::from_ymd_opt(year, month, scanner.digits(1, 2)?)?;
    if scanner.0.is_empty() {
        return local(day.and_hms_opt(0, 0, 0)?, zone);
    }
    scanner.token("T").or_else(|| scanner.token("t")).or_else(|| scanner.spaces())?;
    let hour = scanner.digits(1, 2)?;
    scanner.token(":")?;
    let minute = scanner.digits(2, 2)?;
    let (mut second, mut micro) = (0, 0);
    if scanner.token(":").is_some() {
        second = scanner.digits(2, 2)?;
        if scanner.token(".").is_some() {
            micro = scanner.fraction()?;
        }
    }
    let civil = day.and_hms_micro_opt(hour, minute, second, micro)?;
    scanner.spaces();
    match scanner.offset()? {
        None => local(civil, zone),
        Some(offset) => in_range(civil.checked_sub_offset(offset)?.and_utc()).map(Instant::Certain),
    }
}

/// A civil time in `zone`.
fn local(civil: NaiveDateTime, zone: Tz) -> Option<Instant> {
    match zone.from_local_datetime(&civil) {
        LocalResult::Single(at) => in_range(at.to_utc()).map(Instant::Certain),
        LocalResult::Ambiguous(first, second) => in_range(first.min(second).to_utc()).map(Instant::Ambiguous),
        LocalResult::None => {
            // Read with the offset of the day before, a skipped time comes out later by the length of the gap.
            let before = civil.checked_sub_signed(TimeDelta::days(1))?;
            let day_before = zone.from_local_datetime(&before).earliest()?.to_utc();
            in_range(day_before.checked_add_signed(TimeDelta::days(1))?).map(Instant::Skipped)
        }
    }
}

/// `at`, unless its year has not four digits in every zone.
fn in_range(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    use chrono::Datelike as _;
    (2..=9998).contains(&at.year()).then_some(at)
}

struct Scanner<'a>(&'a str);

impl Scanner<'_> {
    fn token(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(token)?;
        Some(())
    }

    fn spaces(&mut self) -> Option<()> {
        let rest = self.0.trim_start_matches([' ', '\t']);
        let moved = rest.len() < self.0.len();
        self.0 = rest;
        moved.then_some(())
    }

    /// A number of `least` to `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if !(least..=most).contains(&count) {
            return None;
        }
        let (number, rest) = self.0.split_at(count);
        self.0 = rest;
        number.parse().ok()
    }

    /// The digits after a decimal point, as microseconds; finer ones are cut.
    fn fraction(&mut self) -> Option<u32> {
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let micro = format!("{:0<6}", &digits[..count.min(6)]);
        (count > 0).then(|| micro.parse().ok()).flatten()
    }

    /// What stands after the time: nothing, `Z`, `UTC`, `+02:00`, `+0200` or `+02`.
    #[expect(clippy::option_option, reason = "no offset is not the same as a wrong one")]
    fn offset(&mut self) -> Option<Option<FixedOffset>> {
        let sign = match self.0 {
            "" => return Some(None),
            "Z" | "z" | "UTC" | "GMT" => return Some(FixedOffset::east_opt(0)),
            text if text.starts_with('+') => 1,
            text if text.starts_with('-') => -1,
            _ => return None,
        };
        self.0 = &self.0[1..];
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (hours, minutes) = match count {
            4 => (self.0[..2].parse::<i32>().ok()?, self.0[2..4].parse::<i32>().ok()?),
            1 | 2 => (i32::try_from(self.digits(1, 2)?).ok()?, 0),
            _ => return None,
        };
        let mut minutes = minutes;
        if count == 4 {
            self.0 = &self.0[4..];
        } else if self.token(":").is_some() {
            minutes = i32::try_from(self.digits(2, 2)?).ok()?;
        }
        if !self.0.is_empty() || minutes > 59 {
            return None;
        }
        FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match parse(text, chrono_tz::Europe::Paris) {
            None => "none".to_owned(),
            Some(Instant::Certain(at)) => at.to_rfc3339(),
            Some(Instant::Skipped(at)) => format!("skipped {}", at.to_rfc3339()),
            Some(Instant::Ambiguous(at)) => format!("ambiguous {}", at.to_rfc3339()),
        };
        assert_eq!(shown.replace("+00:00", "Z"), expected, "{text}");
    }

    #[test]
    fn every_usual_form_is_read() {
        check("2026-07-14 09:30:00 +02:00", "2026-07-14T07:30:00Z");
        check("2026-07-14 09:30:00 Z", "2026-07-14T09:30:00Z");
        check("2026-07-14 09:30:00 +0200", "2026-07-14T07:30:00Z");
        check("2026-07-14T09:30:00-03:30", "2026-07-14T13:00:00Z");
        check("2026-07-14T09:30:00.250Z", "2026-07-14T09:30:00.250Z");
        check("2026-07-14 9:30", "2026-07-14T07:30:00Z");
        check("2026-7-4", "2026-07-03T22:00:00Z");
        check(" 2026-01-14 ", "2026-01-13T23:00:00Z");
        check("2026-07-14 09:30:00 +02", "2026-07-14T07:30:00Z");
    }

    #[test]
    fn nights_on_which_clocks_move_are_told() {
        check("2026-03-29 02:30:00", "skipped 2026-03-29T01:30:00Z");
        check("2026-03-29 01:59:59", "2026-03-29T00:59:59Z");
        check("2026-10-25 02:30:00", "ambiguous 2026-10-25T00:30:00Z");
        check("2026-10-25 02:30:00 +01:00", "2026-10-25T01:30:00Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "demain",
            "2026",
            "2026-13-01",
            "2026-02-30",
            "0000-01-01",
            "20261-01-01",
            "2026-01-01T",
            "2026-01-01 25:00",
            "2026-12-31T23:59:60Z",
            "2026-01-01 10:00:00 CET",
            "2026-01-01 10:00 +99:00",
            "2026-01-01 10:00 +02:00x",
            "2026-01-01 10:00 +é",
            "9999-12-31 23:59:59 -10:00",
            "-2026-01-01",
            "2026-01-01é",
        ] {
            check(bad, "none");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[0-9TZ:+ .é-]{0,30}") {
            parse(&text, chrono_tz::Pacific::Apia);
        }
    }
}
