//! Stops what is on its way about releases that are not public any more.

use chrono::{DateTime, Utc};
use tracing::info;

use super::delivering::tell_summary;
use super::journal;
use crate::domain::{EditionId, EditionKind, ReleaseId, SkipReason};
use crate::register::ALARM_PATIENCE;
use crate::store::{EditionFilter, StoreError};
use crate::task::newsroom::{Current, Newsroom};
use crate::task::office::OfficeError;

/// A mark that no correction has: every text lacks it.
const NO_MARK: &str = "-";

/// Stops announcements and corrections on their way whose release was unpublished, withdrawn, put off or removed since
/// they opened, and takes such releases out of digests on their way. One whose file is away waits for it for a while. A
/// folder in doubt stops nothing.
pub(super) async fn recall(newsroom: &Newsroom, current: &Current, now: DateTime<Utc>) -> Result<(), OfficeError> {
    if current.folder_in_doubt() {
        return Ok(());
    }
    let on_its_way = EditionFilter { states: vec!["opening", "sending", "paused"], ..EditionFilter::default() };
    for edition in newsroom.store.editions_uncounted(&on_its_way).await? {
        let id = edition.id;
        match (&edition.release, edition.kind) {
            (Some(release), EditionKind::Announcement | EditionKind::Correction) => {
                if is_live(current, release, now) {
                    go_on(newsroom, id, now).await?;
                } else if is_away(current, release, now) {
                    wait(newsroom, id, now).await?;
                } else if newsroom.store.withdraw_edition(id, now).await? {
                    journal::stopped(id, release, "its release is not public any more");
                    tell_summary(newsroom, current, id, now).await?;
                }
            }
            (None, EditionKind::Digest) => {
                let entries = newsroom.store.digest_entries(id).await?;
                let told_of = entries.iter().filter(|entry| !entry.topics.is_empty());
                if told_of.clone().any(|entry| is_away(current, &entry.release, now)) {
                    wait(newsroom, id, now).await?;
                    continue;
                }
                for entry in entries.iter().filter(|entry| !is_live(current, &entry.release, now)) {
                    // Also what was with a relay the last time, and came back.
                    for outdated in newsroom.store.outdated_fragments(&entry.release, NO_MARK).await? {
                        newsroom.store.replace_fragment(outdated, None, SkipReason::Withdrawn, now).await?;
                        info!(edition.id = %id, release.id = %entry.release, "digest {id} leaves out {}", entry.release);
                    }
                }
                go_on(newsroom, id, now).await?;
            }
            // A notice of withdrawal is about a release that is gone.
            (Some(_), EditionKind::Withdrawal | EditionKind::Digest)
            | (None, EditionKind::Announcement | EditionKind::Correction | EditionKind::Withdrawal) => {}
        }
    }
    Ok(())
}

/// Lets an edition go on that waited for a file.
async fn go_on(newsroom: &Newsroom, id: EditionId, now: DateTime<Utc>) -> Result<(), StoreError> {
    if newsroom.store.go_on(id, now).await? {
        journal::goes_on(id);
    }
    Ok(())
}

/// Stops an edition until a file is back.
async fn wait(newsroom: &Newsroom, id: EditionId, now: DateTime<Utc>) -> Result<(), StoreError> {
    if newsroom.store.suspend_edition(id, now).await? {
        journal::waits(id);
    }
    Ok(())
}

/// Whether a release's file has been away for a short time only, as while an editor saves it or a branch is checked out:
/// what says nothing itself is not taken for a word to stop for good.
fn is_away(current: &Current, release: &ReleaseId, now: DateTime<Utc>) -> bool {
    let missing_since = current.register.records.get(release).and_then(|record| record.missing_since);
    current.catalog.get(release).is_none() && missing_since.is_some_and(|since| now < since + ALARM_PATIENCE)
}

/// Whether a release is public at `now`.
pub(super) fn is_live(current: &Current, release: &ReleaseId, now: DateTime<Utc>) -> bool {
    current.catalog.get(release).is_some_and(|known| known.is_live_at(now))
}
