//! Open editions: their deliveries are written in chunks, and the office is told how they went.

use chrono::{DateTime, Utc};
use tracing::error;

use super::journal;
use crate::domain::{Edition, EditionId, EditionKind, Frequency, SubscriberId};
use crate::policy::{Audience, DigestRun, Followers};
use crate::store::{EditionFilter, OpeningEnd, StoreError};
use crate::task::newsroom::{Current, Newsroom};
use crate::task::office::{OfficeError, log_untold};

/// How many subscribers are looked at in one transaction: claims wait for its end.
const CHUNK: u32 = 500;
/// The same where the database does it all by itself.
const WHOLE_CHUNK: u32 = 10_000;

/// Writes the deliveries of editions that are opening, whether they were opened just now or before a restart.
pub(super) async fn deliver_open(
    newsroom: &Newsroom,
    current: &Current,
    now: DateTime<Utc>,
) -> Result<(), OfficeError> {
    let opening = EditionFilter { states: vec!["opening"], ..EditionFilter::default() };
    for edition in newsroom.store.editions_uncounted(&opening).await? {
        match deliver(newsroom, &edition, now).await {
            // The office learns that, too.
            Ok(OpeningEnd::ToNobody) => tell_summary(newsroom, current, edition.id, now).await?,
            Ok(OpeningEnd::Sending) => {}
            // One that cannot be read stops no other.
            Err(error @ StoreError::Row { .. }) => {
                error!(edition.id = %edition.id, %error, "edition {} is not delivered: {error}", edition.id);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Writes all deliveries of one opening edition.
pub(super) async fn deliver(
    newsroom: &Newsroom,
    edition: &Edition,
    now: DateTime<Utc>,
) -> Result<OpeningEnd, StoreError> {
    let audience = audience_of(newsroom, edition, now).await?;
    let size = match &audience {
        Audience::Followers(_) => WHOLE_CHUNK,
        Audience::Readers { .. } | Audience::Digest(_) | Audience::Again { .. } => CHUNK,
    };
    let mut written = 0;
    loop {
        let chunk = newsroom.store.deliver_chunk(edition.id, &audience, size, now).await?;
        newsroom.letters_queued.notify_waiters();
        written += chunk.written;
        if let Some(end) = chunk.end {
            journal::delivered(edition.id, written);
            return Ok(end);
        }
    }
}

/// Whom an edition is for, as of the instant it opened; `now` when it has not.
pub(super) async fn audience_of(
    newsroom: &Newsroom,
    edition: &Edition,
    now: DateTime<Utc>,
) -> Result<Audience, StoreError> {
    let opened = edition.opened.unwrap_or(now);
    if let Some((source, only)) = repeated(&edition.subject) {
        return Ok(Audience::Again { edition: source, only });
    }
    Ok(match (edition.kind, &edition.release) {
        (EditionKind::Correction, Some(release)) => {
            Audience::Readers { release: release.clone(), lacking: Some(edition.subject.clone()) }
        }
        (EditionKind::Withdrawal, Some(release)) => Audience::Readers { release: release.clone(), lacking: None },
        (EditionKind::Digest, _) => {
            let round: Option<crate::domain::DigestRound> = edition.subject.parse().ok();
            let frequency = round.map_or(Frequency::Daily, |round| round.frequency);
            let covers = newsroom.store.covered_by(edition.id).await?;
            Audience::Digest(DigestRun { frequency, covers })
        }
        (EditionKind::Announcement, _) | (EditionKind::Correction | EditionKind::Withdrawal, None) => {
            let topics = newsroom.store.edition_topics(edition.id).await?;
            Audience::Followers(Followers::new(topics, Frequency::Immediate, opened))
        }
    })
}

/// The word that begins the subject of a repeat.
pub(super) const REPEAT: &str = "repeat";

/// The edition that one with this `subject` repeats, and to whom alone.
pub(super) fn repeated(subject: &str) -> Option<(EditionId, Vec<SubscriberId>)> {
    let mut numbers = subject.strip_prefix(REPEAT)?.split_whitespace();
    let source = numbers.next()?.parse().ok()?;
    Some((source, numbers.filter_map(|number| number.parse().ok()).collect()))
}

/// Tells the office how editions went whose last letter has left.
pub(super) async fn finish(newsroom: &Newsroom, current: &Current, now: DateTime<Utc>) -> Result<(), OfficeError> {
    for id in newsroom.store.finish_editions(newsroom.config.newsletter.on_lost_reply, now).await? {
        tell_summary(newsroom, current, id, now).await?;
    }
    Ok(())
}

/// Tells the office how one edition went; a digest that nobody received is no news.
pub(super) async fn tell_summary(
    newsroom: &Newsroom,
    current: &Current,
    id: EditionId,
    now: DateTime<Utc>,
) -> Result<(), OfficeError> {
    let Some(edition) = newsroom.store.edition(id).await? else { return Ok(()) };
    journal::ended(&edition);
    if edition.kind != EditionKind::Digest || edition.tally.total() > 0 {
        log_untold(newsroom.tell_summary(current, &edition, now).await);
    }
    Ok(())
}

/// How many receive an edition: those its deliveries are for, or would be for if it opened now; for a digest that has not
/// opened, those who chose it.
///
/// # Errors
/// When the database does not answer.
pub async fn recipients(newsroom: &Newsroom, edition: &Edition) -> Result<u64, StoreError> {
    if !edition.state.is_before_opening() {
        return Ok(edition.tally.total());
    }
    let now = newsroom.now();
    let audience = audience_of(newsroom, edition, now).await?;
    newsroom.store.audience_size(&audience, now).await
}
