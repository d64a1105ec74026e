//! Releases that appear at the same time: one question to the office for all of them.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::ReleaseId;

/// Within how long releases that appear together count as one crowd.
pub const CROWD_WINDOW: TimeDelta = TimeDelta::minutes(10);

/// How many of `appeared` (when each release was first seen publishable) lie within [`CROWD_WINDOW`] of `instant`.
#[must_use]
pub fn crowd(appeared: &[DateTime<Utc>], instant: DateTime<Utc>) -> u32 {
    let near = appeared.iter().filter(|other| (**other - instant).abs() < CROWD_WINDOW).count();
    u32::try_from(near).unwrap_or(u32::MAX)
}

/// The releases that appeared in one crowd with `release`: each within [`CROWD_WINDOW`] of another one of them. `appeared`
/// says when each was first seen publishable.
#[must_use]
pub fn crowd_of(appeared: &[(ReleaseId, DateTime<Utc>)], release: &ReleaseId) -> BTreeSet<ReleaseId> {
    let mut in_turn: Vec<_> = appeared.iter().collect();
    in_turn.sort_by_key(|(_, since)| *since);
    let crowds = in_turn.chunk_by(|(_, before), (_, after)| *after - *before < CROWD_WINDOW);
    let own = crowds.into_iter().find(|crowd| crowd.iter().any(|(id, _)| id == release)).unwrap_or_default();
    own.iter().map(|(id, _)| id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::announce::tests::at;

    #[test]
    fn releases_within_ten_minutes_of_one_count() {
        let appeared = [at("09:00:00"), at("09:05:00"), at("09:09:59"), at("09:10:00")];
        assert_eq!(crowd(&appeared, at("09:00:00")), 3);
        assert_eq!(crowd(&appeared, at("09:05:00")), 4);
    }

    #[test]
    fn a_crowd_is_each_within_ten_minutes_of_another() {
        let id = |name: &str| ReleaseId::mint("presse.example.org", 2026, name);
        let times = [("a", "09:00:00"), ("b", "09:09:00"), ("c", "09:18:00"), ("d", "09:28:00")];
        let appeared: Vec<_> = times.iter().map(|(name, time)| (id(name), at(time))).collect();
        assert_eq!(crowd_of(&appeared, &id("c")), BTreeSet::from([id("a"), id("b"), id("c")]));
        assert_eq!(crowd_of(&appeared, &id("d")), BTreeSet::from([id("d")]));
        assert_eq!(crowd_of(&appeared, &id("z")), BTreeSet::new());
    }
}
