//! Carries out what policy says of announcements: plans editions, shows them to the office, opens them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{error, info};

use super::newsroom::{Current, Newsroom, new_letter, random_boundary};
use super::office::{OfficeError, log_untold};
use crate::catalog::Published;
use crate::domain::{
    Edition, EditionId, EditionKind, EditionState, Frequency, LetterKind, Mailbox, NewEdition, ReleaseId,
    RenderedLetter, Topic,
};
use crate::language::Language;
use crate::policy::{Audience, Plan, Situation, crowd, plan};
use crate::register::{Announcement, Record};
use crate::resource::Wording;
use crate::store::{EditionFilter, StoreError};

/// How long before an edition leaves the office sees it; one prepared for later than that is shown in time.
const SHOWN_AHEAD: TimeDelta = TimeDelta::hours(24);
/// How many deliveries are written in one transaction.
const CHUNK: u32 = 500;

/// Looks at every release whose announcement is not decided and every edition that is not sent, and does what is due.
/// Returns the next instant at which something falls due.
///
/// # Errors
/// When the database does not answer; what was done stays done.
pub async fn announce(newsroom: &Newsroom, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, OfficeError> {
    let current = newsroom.current();
    let planned = EditionFilter { states: vec!["held", "waiting"], ..EditionFilter::default() };
    let editions = newsroom.store.editions(&planned).await?;
    let by_release: BTreeMap<&ReleaseId, &Edition> =
        editions.iter().filter_map(|edition| Some((edition.release.as_ref()?, edition))).collect();
    let published: BTreeMap<&ReleaseId, &Published> =
        current.catalog.all().iter().map(|published| (&published.id, published.as_ref())).collect();
    let appeared = appearances(&current);
    let mut next = None;
    for record in current.register.records.values().filter(|record| record.announcement == Announcement::Undecided) {
        let edition = by_release.get(&record.id).copied();
        let published = published.get(&record.id).copied();
        if edition.is_none() && (published.is_none() || was_announced(newsroom, record).await?) {
            continue;
        }
        let situation = Situation {
            record,
            release: published.map(|published| published.release.as_ref()),
            folder_in_doubt: current.register.alarm.is_some_and(|alarm| !alarm.confirmed),
            edition,
            // What was there at the first look is no crowd, and later ones do not make it one.
            crowd: record
                .publishable_since
                .filter(|since| Some(*since) != current.register.started)
                .map_or(0, |since| crowd(&appeared, since)),
            settings: &newsroom.config.newsletter,
            now,
        };
        match carry_out(newsroom, &current, published, record, edition, plan(situation), now).await {
            Ok(due) => next = next.into_iter().chain(due).min(),
            // A template that cannot be rendered for one release stops no other.
            Err(error @ OfficeError::Template(_)) => {
                error!(release.id = %record.id, %error, "{} is not announced: {error}", record.id);
            }
            Err(error @ OfficeError::Store(_)) => return Err(error),
        }
    }
    recall(newsroom, &current, now).await?;
    advance_open(newsroom, &current, now).await?;
    finish(newsroom, &current, now).await?;
    Ok(next)
}

/// Whether the release has an edition that is past planning (sent, cancelled): nothing more is decided then.
async fn was_announced(newsroom: &Newsroom, record: &Record) -> Result<bool, OfficeError> {
    Ok(newsroom.store.edition_by_key(&announcement_key(&record.id)).await?.is_some())
}

fn announcement_key(release: &ReleaseId) -> String {
    format!("announce:{release}")
}

/// When each release was first seen publishable; those of the first look are no crowd.
fn appearances(current: &Current) -> Vec<DateTime<Utc>> {
    let started = current.register.started;
    let since = current.register.records.values().filter_map(|record| record.publishable_since);
    since.filter(|since| Some(*since) != started).collect()
}

/// Does what the plan says for one release; returns when it falls due next.
async fn carry_out(
    newsroom: &Newsroom,
    current: &Current,
    published: Option<&Published>,
    record: &Record,
    edition: Option<&Edition>,
    plan: Plan,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, OfficeError> {
    let (state, due) = match plan {
        Plan::Nothing => return Ok(None),
        Plan::Wait(due) => (EditionState::Waiting { due }, Some(due)),
        Plan::Hold(reason) => (EditionState::Held(reason), None),
    };
    let topics = published.map(|published| current.catalog.topics_of(&published.release)).unwrap_or_default();
    let id = match edition {
        None => create(newsroom, record, &topics, &state, now).await?,
        Some(edition) => {
            if published.is_some()
                && (edition.title != record.title || newsroom.store.edition_topics(edition.id).await? != topics)
            {
                newsroom.store.revise_edition(edition.id, &record.title, &topics).await?;
            }
            if edition.state != state && newsroom.store.replan_edition(edition, &state).await? {
                info!(edition.id = %edition.id, "edition {} is now {}", edition.id, state.as_str());
                let changed = Edition { state: state.clone(), ..edition.clone() };
                log_untold(newsroom.tell_held(current, &changed, now).await);
            }
            edition.id
        }
    };
    let Some(published) = published else { return Ok(None) };
    let shown = match due {
        Some(due) if due - now > SHOWN_AHEAD => return Ok(Some(due - SHOWN_AHEAD)),
        Some(_) | None => newsroom.send_office_copy(current, published, id, &state, now).await,
    };
    log_untold(shown);
    match due {
        Some(due) if due <= now => {
            open(newsroom, current, published, id, now).await?;
            Ok(None)
        }
        due => Ok(due),
    }
}

async fn create(
    newsroom: &Newsroom,
    record: &Record,
    topics: &BTreeSet<Topic>,
    state: &EditionState,
    now: DateTime<Utc>,
) -> Result<EditionId, OfficeError> {
    let edition = NewEdition {
        kind: EditionKind::Announcement,
        release: Some(record.id.clone()),
        dedup_key: announcement_key(&record.id),
        title: record.title.clone(),
        state: state.clone(),
    };
    let (id, created) = newsroom.store.create_edition(&edition, topics, now).await?;
    if created {
        info!(edition.id = %id, release.id = %record.id, state = state.as_str(), "edition {id} is planned");
    }
    Ok(id)
}

/// Opens an edition: its letters are rendered, the release is marked announced, deliveries begin.
async fn open(
    newsroom: &Newsroom,
    current: &Current,
    published: &Published,
    id: EditionId,
    now: DateTime<Utc>,
) -> Result<(), OfficeError> {
    let mut letters = Vec::new();
    for language in Language::ALL {
        letters.push(announcement_letter(newsroom, current, published, id, language, now)?);
    }
    if newsroom.store.open_edition(id, &letters, now).await? {
        info!(edition.id = %id, release.id = %published.id, "edition {id} is open");
    }
    Ok(())
}

/// An announcement in one language, ready to be stored.
///
/// # Errors
/// When a template that replaces a built-in one cannot be rendered.
pub fn announcement_letter(
    newsroom: &Newsroom,
    current: &Current,
    published: &Published,
    edition: EditionId,
    language: Language,
    now: DateTime<Utc>,
) -> Result<RenderedLetter, OfficeError> {
    let boundary = random_boundary();
    let site = current.resources.site();
    let parts = newsroom.writer(site).announcement(published, language, &boundary)?;
    let contact = published.release.contact.as_ref();
    let words = Wording::of_letters(site, language);
    let topics = current.catalog.topics_of(&published.release);
    Ok(RenderedLetter {
        boundary,
        edition: Some(edition),
        reply_to: contact.and_then(|contact| Some(Mailbox::new(contact.name.as_deref(), contact.email.clone()?))),
        archive: Some(words.address(published.release.permalink.as_str())),
        topic_words: topics
            .into_iter()
            .map(|topic| (topic.clone(), words.topic(current.resources.live(), &topic)))
            .collect(),
        ..new_letter(LetterKind::Edition, language, parts, now)
    })
}

/// Writes the deliveries of editions that are opening, whether they were opened just now or before a restart.
async fn advance_open(newsroom: &Newsroom, current: &Current, now: DateTime<Utc>) -> Result<(), OfficeError> {
    let opening = EditionFilter { states: vec!["opening"], ..EditionFilter::default() };
    for edition in newsroom.store.editions(&opening).await? {
        let mut topics = newsroom.store.edition_topics(edition.id).await?;
        topics.insert(Topic::All);
        let audience =
            Audience { topics, frequency: Frequency::Immediate, subscribed_before: edition.opened.unwrap_or(now) };
        loop {
            let chunk = newsroom.store.deliver_chunk(edition.id, &audience, CHUNK, now).await?;
            newsroom.letters_queued.notify_waiters();
            if chunk.finished {
                break;
            }
        }
        // An edition that nobody receives is done at once, and the office learns that too.
        if newsroom.store.edition(edition.id).await?.is_some_and(|edition| edition.state == EditionState::Done) {
            tell_summary(newsroom, current, edition.id, now).await?;
        }
    }
    Ok(())
}

/// Stops editions on their way whose release was unpublished, withdrawn, put off or removed since they opened. A folder
/// in doubt stops nothing.
async fn recall(newsroom: &Newsroom, current: &Current, now: DateTime<Utc>) -> Result<(), OfficeError> {
    if current.register.alarm.is_some_and(|alarm| !alarm.confirmed) {
        return Ok(());
    }
    let on_its_way = EditionFilter { states: vec!["opening", "sending", "paused"], ..EditionFilter::default() };
    for edition in newsroom.store.editions(&on_its_way).await? {
        let Some(release) = &edition.release else { continue };
        let is_live = current.catalog.all().iter().any(|known| known.id == *release && known.is_live_at(now));
        if !is_live && newsroom.store.withdraw_edition(edition.id, now).await? {
            info!(edition.id = %edition.id, release.id = %release, "edition {} stops: its release is not public any more", edition.id);
            tell_summary(newsroom, current, edition.id, now).await?;
        }
    }
    Ok(())
}

/// Tells the office how editions went whose last letter has left.
async fn finish(newsroom: &Newsroom, current: &Current, now: DateTime<Utc>) -> Result<(), OfficeError> {
    for id in newsroom.store.finish_editions(newsroom.config.newsletter.on_lost_reply, now).await? {
        tell_summary(newsroom, current, id, now).await?;
    }
    Ok(())
}

async fn tell_summary(
    newsroom: &Newsroom,
    current: &Current,
    id: EditionId,
    now: DateTime<Utc>,
) -> Result<(), OfficeError> {
    if let Some(edition) = newsroom.store.edition(id).await? {
        log_untold(newsroom.tell_summary(current, &edition, now).await);
    }
    Ok(())
}

/// How many receive an edition: those its deliveries are for, or would be for if it opened now.
///
/// # Errors
/// When the database does not answer.
pub async fn recipients(newsroom: &Newsroom, edition: &Edition) -> Result<u64, StoreError> {
    if !edition.state.is_before_opening() {
        return Ok(edition.tally.total());
    }
    let mut topics = newsroom.store.edition_topics(edition.id).await?;
    topics.insert(Topic::All);
    let audience = Audience { topics, frequency: Frequency::Immediate, subscribed_before: newsroom.now() };
    newsroom.store.audience_size(&audience).await
}
