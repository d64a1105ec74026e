//! When digests leave, and what each reader's holds.
//!
//! A digest leaves at a civil hour of the site's zone, once a civil day. An hour that a change of clocks skips is the
//! first instant after the gap; one that comes twice counts the first time.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Days, LocalResult, NaiveDate, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::config::DigestSettings;
use crate::domain::{DigestRound, Frequency, ReleaseId, Topic};

/// How long after its hour a digest that was missed is still made; all that were missed are one.
pub const CAUGHT_UP: TimeDelta = TimeDelta::days(7);
/// The longest gap that a change of clocks makes (a whole day was skipped in the Pacific).
const LONGEST_GAP_MINUTES: i64 = 24 * 60;

/// Which digests there should be at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestTurn {
    /// Which one.
    pub round: DigestRound,
    /// When it leaves, or should have left.
    pub due: DateTime<Utc>,
}

/// The last digest of `frequency` that should have left by `now`, unless that is too long ago or before `started`; and
/// the next one.
#[must_use]
pub fn turns(
    settings: &DigestSettings,
    frequency: Frequency,
    zone: Tz,
    started: DateTime<Utc>,
    now: DateTime<Utc>,
) -> (Option<DigestTurn>, Option<DigestTurn>) {
    let today = now.with_timezone(&zone).date_naive();
    let turn = |day: NaiveDate| {
        let due = instant_of(settings, day, zone)?;
        takes_place(settings, frequency, day).then_some(DigestTurn { round: DigestRound { frequency, day }, due })
    };
    let back = (0..=CAUGHT_UP.num_days() + 1).filter_map(|days| turn(today - TimeDelta::days(days)));
    let last = back.filter(|turn| turn.due <= now).find(|turn| turn.due > started && turn.due > now - CAUGHT_UP);
    let ahead = (0..=8).filter_map(|days| turn(today + Days::new(days)));
    let next = ahead.filter(|turn| turn.due > now).min_by_key(|turn| turn.due);
    (last, next)
}

/// Whether a digest of `frequency` leaves on `day`.
fn takes_place(settings: &DigestSettings, frequency: Frequency, day: NaiveDate) -> bool {
    match frequency {
        Frequency::Immediate => false,
        Frequency::Daily => settings.days.contains(&day.weekday()),
        Frequency::Weekly => day.weekday() == settings.weekly_on,
    }
}

/// The instant of the digests' hour on `day`.
fn instant_of(settings: &DigestSettings, day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let civil = day.and_time(settings.at);
    (0..=LONGEST_GAP_MINUTES).find_map(|minutes| {
        match zone.from_local_datetime(&(civil + TimeDelta::minutes(minutes))) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => Some(instant.to_utc()),
            LocalResult::None => None,
        }
    })
}

/// How far back a digest looks at most: its period, and what may be caught up.
#[must_use]
pub fn reach(frequency: Frequency) -> TimeDelta {
    match frequency {
        Frequency::Immediate | Frequency::Daily => CAUGHT_UP,
        Frequency::Weekly => TimeDelta::days(7) + CAUGHT_UP,
    }
}

/// A release that a digest may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestEntry {
    /// What stands for it in a delivery.
    pub number: u32,
    /// Which release.
    pub release: ReleaseId,
    /// The turn in which its announcement opened: turns are counted, so that no clock makes two of them trade places.
    pub turn: u64,
    /// What it is about, [`Topic::All`] among them.
    pub topics: BTreeSet<Topic>,
}

/// One reader of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestReader {
    /// What is followed.
    pub topics: BTreeSet<Topic>,
    /// What was announced up to this turn is dealt with.
    pub covered: u64,
    /// Nothing announced after this turn concerns this reader's digest: they have chosen another frequency since.
    pub until: Option<u64>,
    /// The turns in which something was announced while they paused.
    pub paused: BTreeSet<u64>,
    /// The releases that this reader had already, in letters of their own or in digests.
    pub had: BTreeSet<ReleaseId>,
}

impl DigestReader {
    /// The numbers of the entries that this reader's digest holds: followed, new to the digest, and not had before. None:
    /// nothing is sent.
    #[must_use]
    pub fn contents(&self, entries: &[DigestEntry]) -> Vec<u32> {
        let concerns = |entry: &&DigestEntry| {
            entry.turn > self.covered
                && self.until.is_none_or(|until| entry.turn <= until)
                && !self.paused.contains(&entry.turn)
                && !entry.topics.is_disjoint(&self.topics)
                && !self.had.contains(&entry.release)
        };
        entries.iter().filter(concerns).map(|entry| entry.number).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveTime, Weekday};

    use super::*;

    const PARIS: Tz = chrono_tz::Europe::Paris;
    const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

    fn settings(hour: u32, minute: u32, days: &[Weekday]) -> DigestSettings {
        let at = NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        DigestSettings { at, days: days.to_vec(), weekly_on: Weekday::Mon }
    }

    fn utc(text: &str) -> DateTime<Utc> {
        format!("{text}:00Z").parse().unwrap()
    }

    /// The only call of [`turns`]: the last and the next digest at `now`, as `round at instant`.
    #[track_caller]
    fn check(settings: &DigestSettings, frequency: Frequency, now: &str, last: &str, next: &str) {
        let words = |turn: Option<DigestTurn>| {
            turn.map_or_else(String::new, |turn| format!("{} at {}", turn.round, turn.due.format("%Y-%m-%dT%H:%M")))
        };
        let started = utc("2026-01-01T00:00");
        let (found_last, found_next) = turns(settings, frequency, PARIS, started, utc(now));
        assert_eq!((words(found_last), words(found_next)), (last.to_owned(), next.to_owned()));
    }

    #[test]
    fn a_daily_digest_leaves_on_its_days_at_its_civil_hour() {
        let settings = settings(8, 30, &WORKDAYS);
        let (monday, tuesday) = ("daily 2026-11-23 at 2026-11-23T07:30", "daily 2026-11-24 at 2026-11-24T07:30");
        check(&settings, Frequency::Daily, "2026-11-23T07:29", "daily 2026-11-20 at 2026-11-20T07:30", monday);
        check(&settings, Frequency::Daily, "2026-11-23T07:30", monday, tuesday);
        check(
            &settings,
            Frequency::Daily,
            "2026-11-27T08:00",
            "daily 2026-11-27 at 2026-11-27T07:30",
            "daily 2026-11-30 at 2026-11-30T07:30",
        );
    }

    #[test]
    fn a_weekly_digest_leaves_on_its_day_and_is_caught_up_for_a_week() {
        let settings = settings(8, 30, &WORKDAYS);
        let next = "weekly 2026-11-30 at 2026-11-30T07:30";
        check(&settings, Frequency::Weekly, "2026-11-26T12:00", "weekly 2026-11-23 at 2026-11-23T07:30", next);
        check(&settings, Frequency::Weekly, "2026-11-30T07:29", "weekly 2026-11-23 at 2026-11-23T07:30", next);
        check(&settings, Frequency::Immediate, "2026-11-26T12:00", "", "");
    }

    #[test]
    fn the_hour_is_civil_on_both_nights_on_which_clocks_change() {
        let settings = settings(8, 30, &[Weekday::Sat, Weekday::Sun]);
        let spring = ("daily 2026-03-28 at 2026-03-28T07:30", "daily 2026-03-29 at 2026-03-29T06:30");
        check(&settings, Frequency::Daily, "2026-03-28T12:00", spring.0, spring.1);
        let autumn = ("daily 2026-10-24 at 2026-10-24T06:30", "daily 2026-10-25 at 2026-10-25T07:30");
        check(&settings, Frequency::Daily, "2026-10-24T12:00", autumn.0, autumn.1);
    }

    #[test]
    fn an_hour_that_is_skipped_or_comes_twice_is_one_instant() {
        let settings = settings(2, 30, &[Weekday::Sun]);
        check(
            &settings,
            Frequency::Daily,
            "2026-03-28T12:00",
            "daily 2026-03-22 at 2026-03-22T01:30",
            "daily 2026-03-29 at 2026-03-29T01:00",
        );
        check(
            &settings,
            Frequency::Daily,
            "2026-10-25T00:30",
            "daily 2026-10-25 at 2026-10-25T00:30",
            "daily 2026-11-01 at 2026-11-01T01:30",
        );
        check(
            &settings,
            Frequency::Daily,
            "2026-10-25T01:30",
            "daily 2026-10-25 at 2026-10-25T00:30",
            "daily 2026-11-01 at 2026-11-01T01:30",
        );
    }

    #[test]
    fn nothing_of_before_the_first_start_is_caught_up() {
        let settings = settings(8, 30, &WORKDAYS);
        let (last, _) = turns(&settings, Frequency::Daily, PARIS, utc("2026-11-23T08:00"), utc("2026-11-23T09:00"));
        assert_eq!(last, None);
    }

    #[test]
    fn a_reader_gets_what_is_followed_new_and_not_had() {
        let release = |name: &str| ReleaseId::mint("presse.example.org", 2026, name);
        let topics = |text: &str| text.split(' ').map(|topic| topic.parse().unwrap()).collect::<BTreeSet<Topic>>();
        let entry = |number, name: &str, turn: u64, follows: &str| DigestEntry {
            number,
            release: release(name),
            turn,
            topics: topics(follows),
        };
        let entries = [
            entry(1, "dealt-with", 8, "all tag:eau"),
            entry(2, "new", 10, "all tag:eau"),
            entry(3, "had", 10, "all tag:eau"),
            entry(4, "other", 10, "all tag:bacs"),
            entry(5, "late", 12, "all tag:eau"),
        ];
        let reader = DigestReader {
            paused: BTreeSet::new(),
            topics: topics("tag:eau tag:ponts"),
            covered: 8,
            until: None,
            had: BTreeSet::from([release("had")]),
        };
        assert_eq!(reader.contents(&entries), [2, 5]);
        let left = DigestReader { until: Some(11), ..reader.clone() };
        assert_eq!(left.contents(&entries), [2]);
        assert_eq!(DigestReader { topics: topics("all"), ..reader }.contents(&entries), [2, 4, 5]);
    }
}
