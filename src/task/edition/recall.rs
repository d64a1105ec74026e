//! Stops what is on its way about releases that are not public any more.

use chrono::{DateTime, Utc};
use tracing::info;

use super::delivering::tell_summary;
use super::round::folder_in_doubt;
use crate::domain::{EditionKind, SkipReason};
use crate::store::EditionFilter;
use crate::task::newsroom::{Current, Newsroom};
use crate::task::office::OfficeError;

/// A mark that no correction has: every text lacks it.
const NO_MARK: &str = "-";

/// Stops announcements and corrections on their way whose release was unpublished, withdrawn, put off or removed since
/// they opened, and takes such releases out of digests on their way. A folder in doubt stops nothing.
pub(super) async fn recall(newsroom: &Newsroom, current: &Current, now: DateTime<Utc>) -> Result<(), OfficeError> {
    if folder_in_doubt(current) {
        return Ok(());
    }
    let on_its_way = EditionFilter { states: vec!["opening", "sending", "paused"], ..EditionFilter::default() };
    for edition in newsroom.store.editions(&on_its_way).await? {
        let id = edition.id;
        match (&edition.release, edition.kind) {
            (Some(release), EditionKind::Announcement | EditionKind::Correction) => {
                if !is_live(current, release, now) && newsroom.store.withdraw_edition(id, now).await? {
                    info!(edition.id = %id, release.id = %release, "edition {id} stops: its release is not public any more");
                    tell_summary(newsroom, current, id, now).await?;
                }
            }
            (None, EditionKind::Digest) => {
                for entry in newsroom.store.digest_entries(id).await? {
                    if entry.topics.is_empty() || is_live(current, &entry.release, now) {
                        continue;
                    }
                    for outdated in newsroom.store.outdated_fragments(&entry.release, NO_MARK).await? {
                        newsroom.store.replace_fragment(outdated, None, SkipReason::Withdrawn, now).await?;
                    }
                    info!(edition.id = %id, release.id = %entry.release, "digest {id} leaves out {}", entry.release);
                }
            }
            // A notice of withdrawal is about a release that is gone.
            (Some(_), EditionKind::Withdrawal | EditionKind::Digest)
            | (None, EditionKind::Announcement | EditionKind::Correction | EditionKind::Withdrawal) => {}
        }
    }
    Ok(())
}

fn is_live(current: &Current, release: &crate::domain::ReleaseId, now: DateTime<Utc>) -> bool {
    current.catalog.get(release).is_some_and(|known| known.is_live_at(now))
}
