//! What the newsroom does not believe until a person confirms it: that releases are gone, that the clock is right.

use chrono::TimeDelta;
use tracing::{info, warn};

use super::newsroom::Newsroom;
use super::office::log_untold;
use crate::clock::ClockDoubt;
use crate::register::{FolderAlarm, NoTexts, RegisterChanges};
use crate::store::StoreError;

/// By how much a clock that is doubted must be set for that to be another jump, and not how two clocks drift apart.
const NOTABLE_STEP: TimeDelta = TimeDelta::minutes(1);

/// A person says that releases which vanished from the folder are meant to be gone: the next look is believed.
///
/// # Errors
/// When the database does not answer.
pub async fn confirm_alarm(newsroom: &Newsroom) -> Result<(), StoreError> {
    if let Some(alarm) = newsroom.store.folder_alarm().await? {
        let changes =
            RegisterChanges { alarm: Some(FolderAlarm { confirmed: true, ..alarm }), ..RegisterChanges::default() };
        newsroom.store.save_register(&changes, newsroom.now(), &NoTexts).await?;
        info!("releases that are gone from the folder are meant to be: confirmed");
        newsroom.look_wanted.notify_waiters();
    }
    Ok(())
}

/// A person says that the machine's clock is right although it jumped.
///
/// # Errors
/// When the database does not answer.
pub async fn confirm_clock(newsroom: &Newsroom) -> Result<(), StoreError> {
    newsroom.store.remember_clock_doubt(None).await?;
    newsroom.clock.accept();
    info!("the machine's clock is followed again: its time was confirmed");
    newsroom.folder_look_wanted.notify_one();
    Ok(())
}

/// Remembers a jump of the clock, a further one while it is doubted, or that it is over, and tells the office of a new one.
/// `before` is what was remembered. A process that starts later goes by what is remembered: were the last of two jumps
/// missing there, it would be believed.
pub(super) async fn watch_clock(newsroom: &Newsroom, before: Option<ClockDoubt>) -> Option<ClockDoubt> {
    let doubt = newsroom.clock.doubt();
    match (before, doubt) {
        (before, Some(doubt)) if before.is_none_or(|before| is_another(before, doubt)) => {
            let (machine, believed) = (doubt.machine.to_rfc3339(), doubt.believed.to_rfc3339());
            warn!(machine, believed, "the machine's clock jumped forwards and is not followed");
            if let Err(error) = newsroom.store.remember_clock_doubt(Some(doubt)).await {
                newsroom.log_failure(&error, "the jump of the clock could not be remembered");
                return before;
            }
            log_untold(newsroom.tell_clock_step(&doubt, newsroom.now()).await);
        }
        (Some(_), None) => {
            info!("the machine's clock is followed again");
            if let Err(error) = newsroom.store.remember_clock_doubt(None).await {
                newsroom.log_failure(&error, "the end of the clock's jump could not be remembered");
                return before;
            }
        }
        (Some(before), Some(_)) => return Some(before),
        (None, None | Some(_)) => {}
    }
    doubt
}

/// Whether the clock was set since `before` was remembered.
fn is_another(before: ClockDoubt, doubt: ClockDoubt) -> bool {
    let ahead = |doubt: ClockDoubt| doubt.machine - doubt.believed;
    (ahead(doubt) - ahead(before)).abs() >= NOTABLE_STEP
}
