//! Until when a pause lasts: civil days in the site's zone.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// How long somebody wants no letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseLength {
    /// Seven days.
    Week,
    /// Fourteen days.
    TwoWeeks,
    /// To the same day of the next month, or its last.
    Month,
    /// Letters come again on this day.
    Until(NaiveDate),
}

impl PauseLength {
    /// The days that may be named at `now`: from tomorrow on, up to a year from today.
    #[must_use]
    pub fn days(now: DateTime<Utc>, zone: Tz) -> (NaiveDate, NaiveDate) {
        let today = now.with_timezone(&zone).date_naive();
        (today + Days::new(1), today.checked_add_months(Months::new(12)).unwrap_or(today))
    }

    /// The first day on which letters come again; `None` for a day that may not be named.
    #[must_use]
    pub fn ends_on(self, now: DateTime<Utc>, zone: Tz) -> Option<NaiveDate> {
        let today = now.with_timezone(&zone).date_naive();
        match self {
            Self::Week => Some(today + Days::new(7)),
            Self::TwoWeeks => Some(today + Days::new(14)),
            Self::Month => today.checked_add_months(Months::new(1)),
            Self::Until(day) => {
                let (first, last) = Self::days(now, zone);
                (first..=last).contains(&day).then_some(day)
            }
        }
    }

    /// The instant at which it ends: the first one of that day, also where the clocks skip midnight.
    #[must_use]
    pub fn until(self, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let midnight = self.ends_on(now, zone)?.and_time(chrono::NaiveTime::MIN);
        let minutes = (0..24 * 60).map(|minute| midnight + TimeDelta::minutes(minute));
        let mut instants = minutes.filter_map(|local| zone.from_local_datetime(&local).earliest());
        instants.next().map(|instant| instant.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARIS: Tz = chrono_tz::Europe::Paris;

    #[track_caller]
    fn check(length: PauseLength, now: &str, zone: Tz, expected: Option<&str>) {
        let until = length.until(now.parse().unwrap(), zone);
        assert_eq!(until, expected.map(|instant| instant.parse().unwrap()), "{length:?}");
    }

    fn day(text: &str) -> PauseLength {
        PauseLength::Until(text.parse().unwrap())
    }

    #[test]
    fn a_pause_ends_at_midnight_where_the_site_is() {
        let now = "2026-10-23T22:30:00Z";
        // It is the 24th there, and the clocks are set back on the 25th.
        check(PauseLength::Week, now, PARIS, Some("2026-10-30T23:00:00Z"));
        check(PauseLength::TwoWeeks, now, PARIS, Some("2026-11-06T23:00:00Z"));
        check(PauseLength::Month, now, PARIS, Some("2026-11-23T23:00:00Z"));
        check(day("2026-10-25"), now, PARIS, Some("2026-10-24T22:00:00Z"));
        check(PauseLength::Month, "2027-01-31T12:00:00Z", PARIS, Some("2027-02-27T23:00:00Z"));
    }

    #[test]
    fn a_day_is_named_from_tomorrow_on_for_a_year() {
        let now = "2026-11-23T09:00:00Z";
        check(day("2026-11-23"), now, PARIS, None);
        check(day("2020-01-01"), now, PARIS, None);
        check(day("2026-11-24"), now, PARIS, Some("2026-11-23T23:00:00Z"));
        check(day("2027-11-23"), now, PARIS, Some("2027-11-22T23:00:00Z"));
        check(day("2027-11-24"), now, PARIS, None);
    }

    #[test]
    fn a_midnight_that_is_skipped_ends_it_at_the_first_minute_there_is() {
        check(day("2024-03-31"), "2024-03-20T12:00:00Z", chrono_tz::Asia::Beirut, Some("2024-03-30T22:00:00Z"));
    }
}
