//! Work that is given up once nothing happens: neither an answer nor anything else wakes it.
//!
//! How long all of it takes does not matter, so a thousand statements may take their time and one that is never answered
//! is noticed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Nothing happened for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Still;

/// Work, unless it stands still.
pub(super) struct Unless<F> {
    work: Pin<Box<F>>,
    patience: Duration,
    alarm: Pin<Box<Sleep>>,
}

impl<F: Future> Unless<F> {
    /// `work`, as long as something wakes it at least once in `patience`.
    pub(super) fn still_for(patience: Duration, work: F) -> Self {
        Self { work: Box::pin(work), patience, alarm: Box::pin(sleep(patience)) }
    }
}

impl<F: Future> Future for Unless<F> {
    type Output = Result<F::Output, Still>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(done) = self.work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        if self.alarm.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(Still));
        }
        // Woken by anything but the alarm: it goes on.
        let later = Instant::now() + self.patience;
        self.alarm.as_mut().reset(later);
        self.alarm.as_mut().poll(context).map(|()| Err(Still))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn only_what_stands_still_is_given_up() {
        let steps = async {
            for _ in 0..20 {
                sleep(PATIENCE / 10).await;
            }
            "done"
        };
        assert_eq!(Unless::still_for(PATIENCE, steps).await, Ok("done"));
        let begun = Instant::now();
        assert_eq!(Unless::still_for(PATIENCE, std::future::pending::<()>()).await, Err(Still));
        assert!(begun.elapsed() >= PATIENCE);
    }
}
