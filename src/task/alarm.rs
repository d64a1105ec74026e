//! A person says that releases which vanished from the folder are meant to be gone.

use super::newsroom::Newsroom;
use crate::register::{FolderAlarm, RegisterChanges};
use crate::store::StoreError;

/// Confirms the alarm there is, if any: the next look is believed.
///
/// # Errors
/// When the database does not answer.
pub async fn confirm_alarm(newsroom: &Newsroom) -> Result<(), StoreError> {
    let register = newsroom.store.load_register().await?;
    if let Some(alarm) = register.alarm {
        let changes =
            RegisterChanges { alarm: Some(FolderAlarm { confirmed: true, ..alarm }), ..RegisterChanges::default() };
        newsroom.store.save_register(&changes, newsroom.now()).await?;
        newsroom.look_wanted.notify_waiters();
    }
    Ok(())
}
