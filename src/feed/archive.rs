//! A topic's history in documents that stay as they are (RFC 5005 §4): one for each civil year of the site's zone, in
//! parts when a year has many releases.
//!
//! Parts are cut from a year's oldest release on, so that a new one changes the last part alone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Tz;

use crate::catalog::{Listing, Live};
use crate::domain::Topic;

/// How many entries an archive holds at most.
pub const LARGEST_ARCHIVE: usize = 500;

/// The years that are written with four digits, as an address has them.
const YEARS: std::ops::RangeInclusive<i32> = 1000..=9999;

/// The year of an archive, and which part of the year, from 1. Written `2026`, and `2026-2` for its second part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: i32,
    part: usize,
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            1 => write!(f, "{}", self.year),
            part => write!(f, "{}-{part}", self.year),
        }
    }
}

/// Why a text is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a year such as `2026`, or a part of one such as `2026-2`")]
pub struct PeriodError(String);

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let error = || PeriodError(text.to_owned());
        let (year, part) = text.split_once('-').unwrap_or((text, "1"));
        let period = Self { year: year.parse().map_err(|_| error())?, part: part.parse().map_err(|_| error())? };
        // One spelling only: no sign, no zero in front, and the first part without its number.
        if YEARS.contains(&period.year) && period.part > 0 && period.to_string() == text {
            Ok(period)
        } else {
            Err(error())
        }
    }
}

/// One archive: its releases, and its neighbours.
#[derive(Debug, Clone, Copy)]
pub struct Archive<'l> {
    /// Which one it is.
    pub period: Period,
    /// Its releases, newest first; never none.
    pub releases: Listing<'l>,
    /// The one before it in time.
    pub older: Option<Period>,
    /// The one after it in time.
    pub newer: Option<Period>,
}

/// The archives of a topic.
#[derive(Debug, Clone)]
pub struct Archives<'l> {
    /// Newest first.
    parts: Vec<(Period, Listing<'l>)>,
}

impl<'l> Archives<'l> {
    /// The archives of `topic`, by the years of `zone`.
    #[must_use]
    pub fn of(live: &'l Live, topic: &Topic, zone: Tz) -> Self {
        let mut parts = Vec::new();
        for (year, releases) in years(live.of(topic), zone) {
            let first = parts.len();
            let chunks = releases.from_the_oldest(LARGEST_ARCHIVE).zip(1..);
            parts.extend(chunks.map(|(releases, part)| (Period { year, part }, releases)));
            parts[first..].reverse();
        }
        Self { parts }
    }

    /// The period of the newest archive of `topic`, without a look at the others; `None` for a topic without releases.
    #[must_use]
    pub fn newest_of(live: &Live, topic: &Topic, zone: Tz) -> Option<Period> {
        let (year, releases) = years(live.of(topic), zone).next()?;
        Some(Period { year, part: releases.len().div_ceil(LARGEST_ARCHIVE) })
    }

    /// Every period there is an archive of, newest first.
    pub fn periods(&self) -> impl Iterator<Item = Period> {
        self.parts.iter().map(|(period, _)| *period)
    }

    /// The archive of `period`.
    #[must_use]
    pub fn get(&self, period: Period) -> Option<Archive<'l>> {
        let at = self.parts.iter().position(|(known, _)| *known == period)?;
        let neighbour = |at: Option<usize>| at.and_then(|at| self.parts.get(at)).map(|(period, _)| *period);
        Some(Archive {
            period,
            releases: self.parts[at].1,
            older: neighbour(Some(at + 1)),
            newer: neighbour(at.checked_sub(1)),
        })
    }
}

/// The years of which there are archives, newest first, each with its releases.
fn years(releases: Listing<'_>, zone: Tz) -> impl Iterator<Item = (i32, Listing<'_>)> {
    let mut rest = releases;
    let year = move || {
        let year = year_of(rest.first()?.release.date, zone);
        let end = rest.partition_point(|one| year_of(one.release.date, zone) >= year);
        let this = rest.part(0..end);
        rest = rest.part(end..rest.len());
        Some((year, this))
    };
    std::iter::from_fn(year).filter(|(year, _)| YEARS.contains(year))
}

fn year_of(instant: DateTime<Utc>, zone: Tz) -> i32 {
    instant.with_timezone(&zone).year()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::catalog::sample::{at, catalog, labels, release};
    use crate::domain::{Release, Slug};

    const PARIS: Tz = chrono_tz::Europe::Paris;

    #[test]
    fn a_period_has_one_spelling() {
        for text in ["2026", "2026-2", "1998-12"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in ["", "26", "+2026", "02026", "2026-", "2026-1", "2026-0", "2026-02", "2026-x", "-2026", "10000"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn years_are_those_of_the_zone_of_the_site() {
        let dates = ["2024-12-31T22:59:59Z", "2024-12-31T23:00:00Z", "2026-06-01T00:00:00Z"];
        let releases = dates.iter().zip(["a", "b", "c"]).map(|(date, name)| release(name, date)).collect();
        let live = catalog(releases).live(at("2026-06-02T00:00:00Z"));
        let archives = Archives::of(&live, &Topic::All, PARIS);
        let periods: Vec<_> = archives.periods().map(|period| period.to_string()).collect();
        assert_eq!(periods, ["2026", "2025", "2024"]);
        let middle = archives.get("2025".parse().unwrap()).unwrap();
        assert_eq!((middle.older, middle.newer), ("2024".parse().ok(), "2026".parse().ok()));
        assert_eq!(middle.releases.first().unwrap().release.title.as_ref(), "Titre de b");
        assert_eq!(archives.get("2023".parse().unwrap()).map(|archive| archive.period), None);
    }

    /// `count` releases of 2026, an hour apart, all with the tag `x`.
    fn many(count: usize) -> Vec<Release> {
        let first = at("2026-01-02T00:00:00Z");
        let one = |number: usize| Release {
            date: first + TimeDelta::hours(i64::try_from(number).unwrap()),
            tags: labels(&["x"]),
            ..release(&format!("r{number}"), "2026-01-01T00:00:00Z")
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn over_500_entries_a_year_is_cut_in_parts_from_its_beginning() {
        let topic = Topic::Tag(Slug::of_label("x"));
        for count in [499, 500, 501, 1_000, 1_001] {
            let live = catalog(many(count)).live(at("2027-01-01T00:00:00Z"));
            let archives = Archives::of(&live, &topic, PARIS);
            let sizes: Vec<_> = archives.periods().map(|period| archives.get(period).unwrap().releases.len()).collect();
            assert_eq!(sizes.iter().sum::<usize>(), count);
            assert_eq!(sizes.len(), count.div_ceil(LARGEST_ARCHIVE));
            // All but the newest are full, so nothing that comes later moves into them.
            assert!(sizes[1..].iter().all(|size| *size == LARGEST_ARCHIVE), "{sizes:?}");
            assert_eq!(archives.periods().last().unwrap().to_string(), "2026");
            let oldest = archives.get("2026".parse().unwrap()).unwrap();
            assert_eq!(oldest.releases.last().unwrap().release.title.as_ref(), "Titre de r0");
        }
    }
}
