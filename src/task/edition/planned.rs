//! The editions that are planned and have not opened, and what each kind does with its own: in turn, alone, cancelled.

use chrono::{DateTime, Utc};
use tracing::error;

use super::journal;
use crate::domain::{Edition, EditionId, EditionKind, ReleaseId};
use crate::store::StoreError;
use crate::task::newsroom::Newsroom;
use crate::task::office::OfficeError;

/// The editions that have not opened.
pub(super) struct Planned {
    pub(super) editions: Vec<Edition>,
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
