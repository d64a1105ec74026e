//! Instants as feeds write them, in the site's zone.

use chrono::{DateTime, DurationRound as _, FixedOffset, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;

/// `instant` in `zone`, to the millisecond.
pub(super) fn local(instant: DateTime<Utc>, zone: Tz) -> DateTime<FixedOffset> {
    let whole = instant.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(instant);
    whole.with_timezone(&zone).fixed_offset()
}

/// RFC 3339, with milliseconds when there are any.
pub(super) fn rfc3339(instant: DateTime<FixedOffset>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// RFC 822 with a two-digit day and a four-digit year, as the RSS profile wants it.
pub(super) fn rfc822(instant: DateTime<FixedOffset>) -> String {
    instant.format("%a, %d %b %Y %H:%M:%S %z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(instant: &str, rss: &str, atom: &str) {
        let instant = local(instant.parse().unwrap(), chrono_tz::Europe::Paris);
        assert_eq!((rfc822(instant).as_str(), rfc3339(instant).as_str()), (rss, atom));
    }

    #[test]
    fn dates_carry_the_zone_of_their_season() {
        check("2026-01-05T08:00:00Z", "Mon, 05 Jan 2026 09:00:00 +0100", "2026-01-05T09:00:00+01:00");
        check("2026-07-31T22:30:00.002Z", "Sat, 01 Aug 2026 00:30:00 +0200", "2026-08-01T00:30:00.002+02:00");
        check("2026-10-25T00:59:59.000900Z", "Sun, 25 Oct 2026 02:59:59 +0200", "2026-10-25T02:59:59+02:00");
        check("2026-10-25T01:00:00Z", "Sun, 25 Oct 2026 02:00:00 +0100", "2026-10-25T02:00:00+01:00");
    }
}
