//! What a machine's clock says, and a clock for tests that says what it is told.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

/// How many digits of a second are kept: what a database keeps, so that an instant reads back as it was.
const MICROSECONDS: u16 = 6;

/// Says what time it is.
pub trait Clock: std::fmt::Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;

    /// How much time has passed since some moment of this process: setting the clock does not change it.
    fn elapsed(&self) -> TimeDelta;
}

/// The machine's clock, in whole microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

static PROCESS_BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine for the time")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(MICROSECONDS)
    }

    fn elapsed(&self) -> TimeDelta {
        TimeDelta::from_std(PROCESS_BEGUN.elapsed()).unwrap_or(TimeDelta::MAX)
    }
}

/// A clock that stands until it is moved: for tests.
#[derive(Debug)]
pub struct FixedClock(Mutex<Hands>);

#[derive(Debug)]
struct Hands {
    now: DateTime<Utc>,
    elapsed: TimeDelta,
}

impl FixedClock {
    /// A clock that shows `instant`.
    #[must_use]
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self(Mutex::new(Hands { now: instant, elapsed: TimeDelta::zero() }))
    }

    /// Moves the clock to `instant` as time does: forwards, or backwards as in another test.
    pub fn set(&self, instant: DateTime<Utc>) {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = (instant - hands.now).max(TimeDelta::zero());
        hands.elapsed += passed;
        hands.now = instant;
    }

    /// Lets `time` pass.
    pub fn advance(&self, time: TimeDelta) {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hands.now += time;
        hands.elapsed += time.max(TimeDelta::zero());
    }

    /// Sets the clock forwards or backwards by `step` while no time passes.
    pub fn step(&self, step: TimeDelta) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now += step;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn elapsed(&self) -> TimeDelta {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed
    }
}
