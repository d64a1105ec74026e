//! A time of which the database knows nothing, found at a start or later: what was under way is held, and the office told
//! once.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::warn;

use super::newsroom::Newsroom;
use super::office::{OfficeError, log_untold};
use crate::config::Config;
use crate::store::{GapKind, StoreError};

/// How often the database is told that a daemon works.
pub(super) const ALIVE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// No shorter time without a daemon is a silence, whatever `newsletter.max_age` says: an update takes as long.
const SHORTEST_SILENCE: TimeDelta = TimeDelta::minutes(10);

/// After how long without a daemon what was under way is held.
#[must_use]
pub fn longest_silence(config: &Config) -> TimeDelta {
    config.newsletter.max_age.max(SHORTEST_SILENCE)
}

/// Says that a daemon works, and holds what may have left, or be news no more, since one last did. The office is told,
/// until that has succeeded once.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn take_up(newsroom: &Newsroom, now: DateTime<Utc>) -> Result<(), StoreError> {
    if let Some(gap) = newsroom.store.take_up(now, longest_silence(&newsroom.config)).await? {
        let (held, since) = (gap.held.len(), gap.since.to_rfc3339());
        match gap.kind {
            GapKind::Restored => warn!(held, since, "a backup of {since} was restored: {held} editions are held"),
            GapKind::Silence => warn!(held, since, "no daemon has worked since {since}: {held} editions are held"),
        }
    }
    for gap in newsroom.store.untold_gaps().await? {
        match newsroom.tell_gap(&gap, now).await {
            Ok(()) => newsroom.store.gap_told(&gap).await?,
            Err(OfficeError::Store(error)) => return Err(error),
            untold @ Err(OfficeError::Template(_)) => log_untold(untold),
        }
    }
    Ok(())
}
