//! A start after a time of which the database knows nothing: what was under way is held, and the office told once.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::warn;

use super::newsroom::Newsroom;
use super::office::log_untold;
use crate::store::{GapKind, StoreError};

/// How often the database is told that a daemon works.
pub(super) const ALIVE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// No shorter time without a daemon is a silence, whatever `newsletter.max_age` says: an update takes as long.
const SHORTEST_SILENCE: TimeDelta = TimeDelta::minutes(10);

/// Says that a daemon begins to work, and holds what may have left, or be news no more, since one last did.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn take_up(newsroom: &Newsroom, now: DateTime<Utc>) -> Result<(), StoreError> {
    let longest = newsroom.config.newsletter.max_age.max(SHORTEST_SILENCE);
    let Some(gap) = newsroom.store.take_up(now, longest).await? else { return Ok(()) };
    let (held, since) = (gap.held.len(), gap.since);
    match gap.kind {
        GapKind::Restored => warn!(held, %since, "a backup of {since} was restored: {held} editions are held"),
        GapKind::Silence => warn!(held, %since, "no daemon has worked since {since}: {held} editions are held"),
    }
    // A silence that stopped nothing is no news.
    if gap.kind == GapKind::Restored || held > 0 {
        log_untold(newsroom.tell_gap(&gap, now).await);
    }
    Ok(())
}
