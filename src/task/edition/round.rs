//! One round: everything that is due for editions now, each kind in its turn.

use chrono::{DateTime, Utc};
use tracing::error;

use super::{announcement, delivering, digest, follow_up, journal, recall};
use crate::domain::{Edition, EditionId, EditionKind, ReleaseId};
use crate::store::{EditionFilter, StoreError};
use crate::task::newsroom::{Current, Newsroom};
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

/// The editions that have not opened.
pub(super) struct Planned {
    editions: Vec<Edition>,
    /// When a daemon first worked after a backup was restored: what was due by then may have left before.
    pub(super) restored: Option<DateTime<Utc>>,
}

impl Planned {
    /// Those of a kind; repeats are open from the moment they are made and never among them.
    pub(super) fn of_kind(&self, kind: EditionKind) -> impl Iterator<Item = &Edition> {
        self.editions.iter().filter(move |edition| edition.kind == kind)
    }

    /// The announcement of a release.
    pub(super) fn announcement(&self, release: &ReleaseId) -> Option<&Edition> {
        self.of_kind(EditionKind::Announcement).find(|edition| edition.release.as_ref() == Some(release))
    }
}

/// The earlier of two instants, where there are any.
pub(super) fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}

/// Whether most of the folder is gone at once and nothing of that is believed for now.
pub(super) fn folder_in_doubt(current: &Current) -> bool {
    current.register.alarm.is_some_and(|alarm| !alarm.confirmed)
}

/// Cancels an edition that has not opened.
pub(super) async fn cancel(
    newsroom: &Newsroom,
    id: EditionId,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if newsroom.store.drop_edition(id, why, now).await? {
        journal::cancelled(id, why);
    }
    Ok(())
}

/// What came of planning one edition: a template that cannot be rendered for it stops no other.
pub(super) fn alone(
    result: Result<Option<DateTime<Utc>>, OfficeError>,
    what: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    match result {
        Ok(due) => Ok(due),
        Err(OfficeError::Store(error)) => Err(error),
        Err(error @ OfficeError::Template(_)) => {
            error!(%error, "the edition of {what} is not sent: {error}");
            Ok(None)
        }
    }
}
