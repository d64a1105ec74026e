//! The `updated` instants of releases: no two have the same.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use foldhash::{HashMap, HashSet};

/// How far apart two releases are kept.
const STEP: TimeDelta = TimeDelta::milliseconds(1);

/// Instants that are taken, and where the next free ones are.
pub(super) struct Instants<'a> {
    /// Those in use before.
    before: Cow<'a, HashMap<DateTime<Utc>, usize>>,
    given: HashSet<DateTime<Utc>>,
    /// From an instant that is taken to a later one before which none is free: what was walked once is skipped from
    /// then on, so that very many who want one instant cost no more than so many who want different ones.
    later: HashMap<DateTime<Utc>, DateTime<Utc>>,
    /// The same towards the past.
    earlier: HashMap<DateTime<Utc>, DateTime<Utc>>,
}

impl<'a> Instants<'a> {
    /// `before` are those in use.
    pub(super) fn new(before: Cow<'a, HashMap<DateTime<Utc>, usize>>) -> Self {
        Self { before, given: HashSet::default(), later: HashMap::default(), earlier: HashMap::default() }
    }

    /// Takes `wanted`, or the nearest millisecond to it that is free, later than `after` and not later than `now`.
    pub(super) fn take(
        &mut self,
        wanted: DateTime<Utc>,
        after: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let mut instant = self.free(wanted, Towards::Later);
        if instant > now {
            instant = self.free(wanted, Towards::Earlier);
        }
        if let Some(floor) = after.filter(|before| *before < now && instant <= *before) {
            instant = floor + STEP;
        }
        self.given.insert(instant);
        instant
    }

    fn free(&mut self, wanted: DateTime<Utc>, towards: Towards) -> DateTime<Utc> {
        let (skips, step) = match towards {
            Towards::Later => (&mut self.later, STEP),
            Towards::Earlier => (&mut self.earlier, -STEP),
        };
        let (mut instant, mut passed) = (wanted, Vec::new());
        while self.before.contains_key(&instant) || self.given.contains(&instant) {
            passed.push(instant);
            instant = skips.get(&instant).copied().unwrap_or(instant + step);
        }
        skips.extend(passed.into_iter().map(|taken| (taken, instant)));
        instant
    }
}

/// In which direction a free instant is looked for.
#[derive(Debug, Clone, Copy)]
enum Towards {
    Later,
    Earlier,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds)
    }

    /// The rule, millisecond by millisecond.
    fn by_walking(
        taken: &mut HashSet<DateTime<Utc>>,
        wanted: DateTime<Utc>,
        after: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let floor = after.filter(|before| *before < now);
        let mut instant = wanted;
        while instant <= now && taken.contains(&instant) {
            instant += STEP;
        }
        if instant > now {
            instant = wanted;
            while taken.contains(&instant) && floor.is_none_or(|floor| instant > floor) {
                instant -= STEP;
            }
        }
        if let Some(floor) = floor.filter(|floor| instant <= *floor) {
            instant = floor + STEP;
        }
        taken.insert(instant);
        instant
    }

    proptest! {
        #[test]
        fn what_is_skipped_is_taken(
            used in prop::collection::hash_set(0..30_i64, 0..20),
            wishes in prop::collection::vec((0..=24_i64, prop::option::of(-2..30_i64)), 1..30),
        ) {
            let now = at(24) + TimeDelta::microseconds(300);
            let before: HashMap<_, _> = used.iter().map(|used| (at(*used), 1)).collect();
            let mut taken: HashSet<_> = before.keys().copied().collect();
            let mut instants = Instants::new(Cow::Borrowed(&before));
            for (wanted, after) in wishes {
                let after = after.map(|after| at(after) + TimeDelta::microseconds(100));
                prop_assert_eq!(
                    instants.take(at(wanted), after, now),
                    by_walking(&mut taken, at(wanted), after, now)
                );
            }
        }
    }

    #[test]
    fn very_many_may_want_one_instant() {
        let (none, now) = (HashMap::default(), at(10_000_000));
        let mut instants = Instants::new(Cow::Borrowed(&none));
        let given: HashSet<_> = (0..100_000).map(|_| instants.take(now, None, now)).collect();
        assert_eq!((given.len(), given.iter().min()), (100_000, Some(&at(10_000_000 - 99_999))));
        let later: HashSet<_> = (0..100_000).map(|_| instants.take(at(0), None, now)).collect();
        assert_eq!((later.len(), later.iter().max()), (100_000, Some(&at(99_999))));
    }
}
