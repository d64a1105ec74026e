//! The clock: against that of the database, against what was remembered, and the zone.

use chrono::{DateTime, Offset as _, TimeDelta, Utc};

use super::database::Opened;
use super::finding::Finding;
use crate::config::Config;
use crate::language::instant_words;

/// Two clocks may differ by so much.
const TOLERANCE: TimeDelta = TimeDelta::seconds(5);

pub(super) fn look(config: &Config, opened: Option<&Opened>, now: DateTime<Utc>) -> Vec<Finding> {
    let (zone, language) = (config.site.timezone, config.site.language);
    let words = |at: DateTime<Utc>| instant_words(&at.with_timezone(&zone), language);
    let local = now.with_timezone(&zone);
    let offset = local.offset().fix().to_string();
    let zone_words = [
        ("zone", zone.name()),
        ("offset", offset.as_str()),
        ("version", chrono_tz::IANA_TZDB_VERSION),
        ("now", &words(now)),
    ];
    let mut found = vec![Finding::ok("zone", &zone_words)];
    let Some(opened) = opened else { return found };
    if let Some(clock) = opened.standing.clock {
        let apart = (now - clock).abs();
        let seconds = format!("{:.1}", apart.as_seconds_f64());
        found.push(if apart > TOLERANCE {
            Finding::warning("clock-apart", &[("seconds", &seconds)])
        } else {
            Finding::ok("clock", &[("seconds", &seconds)])
        });
    }
    if let Some(alive) = opened.standing.alive.filter(|alive| *alive > now + TOLERANCE) {
        found.push(Finding::warning("clock-back", &[("now", &words(now)), ("then", &words(alive))]));
    }
    found
}
