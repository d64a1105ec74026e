//! One round: everything that is due for editions now, each kind in its turn.

use chrono::{DateTime, Utc};

use super::planned::Planned;
use super::{announcement, delivering, digest, follow_up, recall};
use crate::store::EditionFilter;
use crate::task::newsroom::Newsroom;
use crate::task::office::OfficeError;

/// Looks at every release whose announcement is not decided, at what files ask for later, at the digests, and at every
/// edition that is not sent; does what is due. Returns the next instant at which something falls due.
///
/// # Errors
/// When the database does not answer; what was done stays done.
pub async fn see_to_editions(newsroom: &Newsroom, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, OfficeError> {
    let current = newsroom.current();
    let filter = EditionFilter { states: vec!["held", "waiting"], ..EditionFilter::default() };
    let planned = Planned {
        editions: newsroom.store.editions_uncounted(&filter).await?,
        restored: newsroom.store.restored_at().await?,
    };
    let announcements = announcement::plan_all(newsroom, &current, &planned, now).await?;
    recall::recall(newsroom, &current, now).await?;
    let follow_ups = follow_up::plan_all(newsroom, &current, &planned, now).await?;
    let digests = digest::plan_all(newsroom, &current, &planned, now).await?;
    delivering::deliver_open(newsroom, &current, now).await?;
    delivering::finish(newsroom, &current, now).await?;
    Ok([announcements, follow_ups, digests].into_iter().flatten().min())
}
