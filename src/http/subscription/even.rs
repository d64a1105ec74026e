//! Answers that take as long whatever was done for them, so that their time tells no more than their words.

use std::time::Duration;

use tokio::time::sleep;

/// How long such an answer takes: longer than letters take to be queued.
const ANSWERED_AFTER: Duration = Duration::from_millis(250);

/// What comes of `work`, never before [`ANSWERED_AFTER`].
pub(super) async fn in_even_time<T>(work: impl Future<Output = T>) -> T {
    let (done, ()) = tokio::join!(work, sleep(ANSWERED_AFTER));
    done
}
