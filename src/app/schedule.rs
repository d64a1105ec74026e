//! Ticks: what is done now and then, whether anything happened or not.
//!
//! A tick only asks what is due; a tick that comes late or twice does no harm.

use std::sync::Arc;
use std::time::Duration;

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tracing::info;

use crate::store::StoreError;
use crate::task::Newsroom;

/// The periodic look at the folder and the editions, besides what events and due times wake.
const LOOK: &str = "*/30 * * * * *";
/// Housekeeping.
const HOUSEKEEPING: &str = "0 */10 * * * *";

/// How long one step of housekeeping may take: many rows may go at once.
const LONGEST_STEP: Duration = Duration::from_mins(10);

/// Starts the ticks.
///
/// They hold nothing: what is scheduled outlives its scheduler.
///
/// # Errors
/// When the scheduler does not start.
pub(super) async fn start_schedule(newsroom: &Arc<Newsroom>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let looking = Arc::downgrade(newsroom);
    let look = Job::new_async(LOOK, move |_, _| {
        let newsroom = looking.upgrade();
        Box::pin(async move {
            if let Some(newsroom) = newsroom {
                newsroom.folder_look_wanted.notify_one();
            }
        })
    })?;
    scheduler.add(look).await?;
    let keeping = Arc::downgrade(newsroom);
    let housekeeping = Job::new_async(HOUSEKEEPING, move |_, _| {
        let newsroom = keeping.upgrade();
        Box::pin(async move {
            let Some(newsroom) = newsroom else { return };
            if let Err(error) = newsroom.store.patiently(LONGEST_STEP, keep_house(&newsroom)).await {
                newsroom.log_failure(&error, "housekeeping was not done");
            }
        })
    })?;
    scheduler.add(housekeeping).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

/// Forgets subscriptions that were never confirmed, and folds old deliveries into counts.
async fn keep_house(newsroom: &Newsroom) -> Result<(), StoreError> {
    let now = newsroom.now();
    let forgotten = newsroom.store.purge_unconfirmed(now - newsroom.config.keep.unconfirmed).await?;
    if forgotten > 0 {
        info!(forgotten, "{forgotten} subscriptions that were never confirmed are forgotten");
    }
    let mut folded = 0;
    loop {
        match newsroom.store.fold_deliveries(now - newsroom.config.keep.deliveries).await? {
            0 => break,
            some => folded += some,
        }
    }
    if folded > 0 {
        info!(folded, "{folded} old deliveries are kept as counts from now on");
    }
    newsroom.store.record_run("housekeeping", now).await
}
