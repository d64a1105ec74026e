//! Which time is believed when a clock is set: pure, so that a test can set it at will.

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that jumps forwards by more than this is not followed.
const LARGEST_STEP: TimeDelta = TimeDelta::hours(1);

/// A machine's clock that jumped forwards and is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockDoubt {
    /// What it shows.
    pub machine: DateTime<Utc>,
    /// What the time is, reckoned from before the jump.
    pub believed: DateTime<Utc>,
}

/// What was believed last, and when that was by a clock nobody can set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reckoning {
    /// The latest instant ever believed. A clock that goes back is followed, and may come back as far as this.
    latest: Option<(DateTime<Utc>, TimeDelta)>,
    doubt: Option<ClockDoubt>,
}

impl Reckoning {
    /// Goes on in the doubt that another process was in, unless the clock was put right since.
    pub(super) fn resume(&mut self, doubt: ClockDoubt, machine: DateTime<Utc>, elapsed: TimeDelta) {
        if machine >= doubt.machine {
            let believed = machine - (doubt.machine - doubt.believed);
            self.latest = Some((believed, elapsed));
            self.doubt = Some(ClockDoubt { machine, believed });
        }
    }

    /// The time, when the machine's clock shows `machine` and `elapsed` has passed.
    pub(super) fn tell(&mut self, machine: DateTime<Utc>, elapsed: TimeDelta) -> DateTime<Utc> {
        let Some((latest, then)) = self.latest else {
            self.accept(machine, elapsed);
            return machine;
        };
        let reckoned = latest + (elapsed - then);
        if machine - reckoned > LARGEST_STEP {
            self.doubt = Some(ClockDoubt { machine, believed: reckoned });
            return reckoned;
        }
        self.doubt = None;
        if machine > reckoned {
            self.latest = Some((machine, elapsed));
        }
        machine
    }

    /// Believes what the machine's clock shows from now on.
    pub(super) fn accept(&mut self, machine: DateTime<Utc>, elapsed: TimeDelta) {
        self.latest = Some((machine, elapsed));
        self.doubt = None;
    }

    pub(super) const fn doubt(&self) -> Option<ClockDoubt> {
        self.doubt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that is set by `step` after `minutes` have passed; what is believed then.
    struct Bench {
        reckoning: Reckoning,
        machine: DateTime<Utc>,
        elapsed: TimeDelta,
        start: DateTime<Utc>,
    }

    impl Bench {
        fn new() -> Self {
            let start = "2026-11-23T09:00:00Z".parse().unwrap();
            let mut reckoning = Reckoning::default();
            reckoning.tell(start, TimeDelta::zero());
            Self { reckoning, machine: start, elapsed: TimeDelta::zero(), start }
        }

        /// The only call of [`Reckoning::tell`]: `believed` counts minutes since the start.
        #[track_caller]
        fn check(&mut self, minutes: i64, step: TimeDelta, believed: TimeDelta, in_doubt: bool) {
            self.elapsed += TimeDelta::minutes(minutes);
            self.machine += TimeDelta::minutes(minutes) + step;
            assert_eq!(self.reckoning.tell(self.machine, self.elapsed) - self.start, believed);
            assert_eq!(self.reckoning.doubt().is_some(), in_doubt);
        }
    }

    const NONE: TimeDelta = TimeDelta::zero();

    #[test]
    fn time_that_passes_is_believed_whatever_its_length() {
        let mut bench = Bench::new();
        bench.check(5, NONE, TimeDelta::minutes(5), false);
        bench.check(600, NONE, TimeDelta::minutes(605), false);
        bench.check(1, TimeDelta::minutes(59), TimeDelta::minutes(665), false);
    }

    #[test]
    fn a_jump_forwards_is_not_believed_until_it_is_undone_or_confirmed() {
        for step in [TimeDelta::minutes(61), TimeDelta::days(365)] {
            let mut bench = Bench::new();
            bench.check(10, step, TimeDelta::minutes(10), true);
            bench.check(10, NONE, TimeDelta::minutes(20), true);
            bench.check(10, -step, TimeDelta::minutes(30), false);
            bench.check(10, step, TimeDelta::minutes(40), true);
            bench.reckoning.accept(bench.machine, bench.elapsed);
            bench.check(10, NONE, TimeDelta::minutes(50) + step, false);
        }
    }

    #[test]
    fn a_clock_that_goes_back_is_followed_and_may_come_back() {
        let mut bench = Bench::new();
        bench.check(10, -TimeDelta::days(2), TimeDelta::minutes(10) - TimeDelta::days(2), false);
        bench.check(10, TimeDelta::days(2), TimeDelta::minutes(20), false);
        bench.check(10, -TimeDelta::days(2), TimeDelta::minutes(30) - TimeDelta::days(2), false);
        bench.check(10, TimeDelta::days(4), TimeDelta::minutes(40), true);
    }

    #[test]
    fn a_doubt_outlasts_the_process_unless_the_clock_was_put_right() {
        let mut bench = Bench::new();
        bench.check(10, TimeDelta::days(30), TimeDelta::minutes(10), true);
        let doubt = bench.reckoning.doubt().unwrap();
        let later = doubt.machine + TimeDelta::hours(3);
        let mut again = Reckoning::default();
        again.resume(doubt, later, NONE);
        assert_eq!(again.tell(later, NONE), doubt.believed + TimeDelta::hours(3));
        let mut righted = Reckoning::default();
        righted.resume(doubt, doubt.believed, NONE);
        assert_eq!((righted.tell(doubt.believed, NONE), righted.doubt()), (doubt.believed, None));
    }
}
