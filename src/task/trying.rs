//! Trying again: after each failure a task waits twice as long as before, and what changes meanwhile does not shorten that.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// How many tries failed in a row, and how long to wait before the next.
#[derive(Debug)]
pub(super) struct Tries {
    /// The pause after the first failure; it doubles with each further one.
    first: Duration,
    /// The longest pause.
    longest: Duration,
    failures: u32,
}

impl Tries {
    /// None has failed yet.
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// The number of the try under way, since the last one that succeeded.
    pub(super) const fn number(&self) -> u32 {
        self.failures.saturating_add(1)
    }

    /// It succeeded.
    pub(super) const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// It failed: how long to wait before the next.
    pub(super) fn failed(&mut self) -> Duration {
        self.failures = self.number();
        let doubled = 2_u32.saturating_pow(self.failures.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// Waits until there is something to do again: something has changed or, after a failure, its `pause` is over. A change must
/// not shorten the pause, or a busy day would ask a server that is down without end. `false` when the task is to stop.
pub(super) async fn next_try<T>(
    pause: Option<Duration>,
    changes: &mut watch::Receiver<T>,
    stop: &mut watch::Receiver<bool>,
) -> bool {
    let again = async {
        match pause {
            Some(pause) => sleep(pause).await,
            None => drop(changes.changed().await),
        }
    };
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => false,
        () = again => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let mut tries = Tries::new(Duration::from_secs(30), Duration::from_hours(1));
        let pauses: Vec<u64> = (0..9).map(|_| tries.failed().as_secs()).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        tries.failures = u32::MAX;
        assert_eq!((tries.failed().as_secs(), tries.number()), (3_600, u32::MAX));
        tries.succeeded();
        assert_eq!((tries.number(), tries.failed().as_secs()), (1, 30));
    }
}
