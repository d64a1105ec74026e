//! A clock that does not follow the machine's when it jumps forwards.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::machine::Clock;
use super::reckoning::{ClockDoubt, Reckoning};

/// The machine's clock, but for a jump forwards of more than an hour: then time goes on from before the jump until the
/// clock is put right or a person confirms the new time. A clock that goes back is followed: nothing leaves earlier.
#[derive(Debug)]
pub struct SteadyClock {
    machine: Arc<dyn Clock>,
    reckoning: Mutex<Reckoning>,
}

impl SteadyClock {
    /// A steady clock on `machine`, which is believed as it is now.
    #[must_use]
    pub fn new(machine: Arc<dyn Clock>) -> Self {
        Self { machine, reckoning: Mutex::default() }
    }

    /// Goes on in the doubt that an earlier process was in, unless the clock was put right since.
    pub fn resume(&self, doubt: ClockDoubt) {
        let (machine, elapsed) = (self.machine.now(), self.machine.elapsed());
        self.reckoning.lock().unwrap_or_else(PoisonError::into_inner).resume(doubt, machine, elapsed);
    }

    /// The jump that is not believed, as it stands now; `None` while the machine's clock is followed.
    #[must_use]
    pub fn doubt(&self) -> Option<ClockDoubt> {
        let (machine, elapsed) = (self.machine.now(), self.machine.elapsed());
        let mut reckoning = self.reckoning.lock().unwrap_or_else(PoisonError::into_inner);
        reckoning.tell(machine, elapsed);
        reckoning.doubt()
    }

    /// A person says that the machine's clock is right.
    pub fn accept(&self) {
        let (machine, elapsed) = (self.machine.now(), self.machine.elapsed());
        self.reckoning.lock().unwrap_or_else(PoisonError::into_inner).accept(machine, elapsed);
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> DateTime<Utc> {
        let (machine, elapsed) = (self.machine.now(), self.machine.elapsed());
        self.reckoning.lock().unwrap_or_else(PoisonError::into_inner).tell(machine, elapsed)
    }

    fn elapsed(&self) -> TimeDelta {
        self.machine.elapsed()
    }
}
