//! Announcements: planned as policy says, shown to the office, opened at their time.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::journal;
use super::planned::{Planned, alone, cancel, earlier};
use super::writing;
use crate::catalog::{GONE_AFTER, Published};
use crate::domain::{
    Edition, EditionId, EditionKind, EditionState, HoldReason, NewEdition, ReleaseId, RenderedLetter, Topic,
};
use crate::language::Language;
use crate::mail::Copied;
use crate::policy::{Links, Plan, Situation, carried, crowd, crowd_of, plan};
use crate::register::{Announcement, Record};
use crate::store::StoreError;
use crate::task::newsroom::{Current, Newsroom, random_boundary};
use crate::task::office::{OfficeError, log_untold};

/// How long before an edition leaves the office sees it; one prepared for later than that is shown in time.
const SHOWN_AHEAD: TimeDelta = TimeDelta::hours(24);
/// How long a release's page may fail to answer before the office is told.
const PAGE_PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// Looks at every release whose announcement is not decided. Returns when the next one falls due.
pub(super) async fn plan_all(
    newsroom: &Newsroom,
    current: &Current,
    planned: &Planned,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let is_undecided = |record: &&Record| record.announcement == Announcement::Undecided;
    let undecided: Vec<&Record> = current.register.records.values().filter(is_undecided).collect();
    let appeared = if undecided.is_empty() { Vec::new() } else { appearances(current) };
    let instants: Vec<DateTime<Utc>> = appeared.iter().map(|(_, since)| *since).collect();
    let mut next = None;
    for record in undecided {
        let edition = planned.announcement(&record.id);
        let published = current.catalog.get(&record.id).map(AsRef::as_ref);
        // What asks for no letter is not even looked up: there may be many such, and a look each second.
        let asks =
            published.is_some_and(|published| published.release.is_publishable() && published.release.newsletter);
        if edition.is_none() && (!asks || was_announced(newsroom, record).await?) {
            continue;
        }
        let since = record.publishable_since.filter(|since| Some(*since) != current.register.started);
        let crowd = since.map_or(0, |since| crowd(&instants, since));
        let restored = planned.restored;
        let case = Case { newsroom, current, record, published, edition, crowd, restored, now };
        let seen_to = case.see_to(&appeared).await;
        next = earlier(next, alone(seen_to, &record.title)?);
    }
    // What turned out to be a copy after its edition was planned is no news.
    for edition in planned.of_kind(EditionKind::Announcement) {
        let record = edition.release.as_ref().and_then(|release| current.register.records.get(release));
        if let Some(Announcement::Never(reason)) = record.map(|record| record.announcement) {
            cancel(newsroom, edition.id, reason.as_str(), now).await?;
        }
    }
    Ok(next)
}

/// Whether the release has an edition that is past planning (sent, cancelled): nothing more is decided then.
async fn was_announced(newsroom: &Newsroom, record: &Record) -> Result<bool, StoreError> {
    newsroom.store.has_edition(&announcement_key(&record.id)).await
}

fn announcement_key(release: &ReleaseId) -> String {
    format!("announce:{release}")
}

/// When each release was first seen publishable. What was there at the first look is no crowd, and later ones do not make
/// it one.
pub(super) fn appearances(current: &Current) -> Vec<(ReleaseId, DateTime<Utc>)> {
    let started = current.register.started;
    let since = current.register.records.values().filter_map(|record| {
        let since = record.publishable_since.filter(|since| Some(*since) != started)?;
        Some((record.id.clone(), since))
    });
    since.collect()
}

/// Whether a release's file was deleted so long ago that nobody waits for it any more. Should it come back, it is news as
/// before.
pub(super) fn is_long_gone(record: &Record, now: DateTime<Utc>) -> bool {
    record.missing_since.is_some_and(|since| since + GONE_AFTER <= now)
}

/// One release whose announcement is not decided.
struct Case<'a> {
    newsroom: &'a Newsroom,
    current: &'a Current,
    record: &'a Record,
    published: Option<&'a Published>,
    edition: Option<&'a Edition>,
    crowd: u32,
    restored: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

impl Case<'_> {
    /// Plans, and does what the plan says; returns when it falls due next.
    async fn see_to(&self, appeared: &[(ReleaseId, DateTime<Utc>)]) -> Result<Option<DateTime<Utc>>, OfficeError> {
        let Self { newsroom, current, published, now, .. } = *self;
        let unasked = self.plan(&Links::default());
        let (links, page_missing_since) = match (&unasked, published) {
            (Plan::Wait(due) | Plan::Ask(due), Some(published)) => {
                let known = newsroom.known_links(published, *due, now);
                (known.links, known.page_missing_since)
            }
            (Plan::Nothing | Plan::Hold(_), _) | (_, None) => (Links::default(), None),
        };
        let plan = self.plan(&links);
        if let (Plan::Hold(HoldReason::Unpublished), Some(edition)) = (&plan, self.edition)
            && is_long_gone(self.record, now)
        {
            cancel(newsroom, edition.id, "its file has been gone for a week", now).await?;
            return Ok(None);
        }
        let (state, due) = match &plan {
            Plan::Nothing => return Ok(None),
            Plan::Wait(due) | Plan::Ask(due) => (EditionState::Waiting { due: *due }, Some(*due)),
            Plan::Hold(reason) => (EditionState::Held(reason.clone()), None),
        };
        let id = self.settle(&state).await?;
        let Some(published) = published else { return Ok(None) };
        match &plan {
            // A crowd is one question: its members are shown once it is answered.
            Plan::Hold(HoldReason::ManyAtOnce { .. }) => {
                let members = crowd_of(appeared, &self.record.id);
                log_untold(newsroom.tell_crowd(current, id, &self.record.id, &members, now).await);
                return Ok(None);
            }
            Plan::Hold(HoldReason::PageMissing) => {
                if page_missing_since.is_some_and(|since| now - since >= PAGE_PATIENCE) {
                    log_untold(newsroom.tell_page_missing(current, published, id, page_missing_since, now).await);
                }
            }
            Plan::Wait(due) if *due - now > SHOWN_AHEAD => return Ok(Some(*due - SHOWN_AHEAD)),
            Plan::Nothing | Plan::Wait(_) | Plan::Ask(_) | Plan::Hold(_) => {}
        }
        log_untold(newsroom.send_office_copy(&Copied::Announcement(published), Some(published), id, &state, now).await);
        match due {
            Some(due) if due <= now => {
                if matches!(plan, Plan::Wait(_)) {
                    open(newsroom, current, published, id, now).await?;
                }
                Ok(None)
            }
            due => Ok(due),
        }
    }

    fn plan(&self, links: &Links) -> Plan {
        plan(Situation {
            record: self.record,
            release: self.published.map(|published| published.release.as_ref()),
            folder_in_doubt: self.current.folder_in_doubt(),
            edition: self.edition,
            crowd: self.crowd,
            links,
            clock: self.newsroom.clock.doubt(),
            restored: self.restored,
            settings: &self.newsroom.config.newsletter,
            now: self.now,
        })
    }

    /// Makes the edition, or moves it to `state`; gives its id.
    async fn settle(&self, state: &EditionState) -> Result<EditionId, OfficeError> {
        let Self { newsroom, current, record, published, now, .. } = *self;
        let topics = published.map(|published| current.catalog.topics_of(&published.release)).unwrap_or_default();
        let Some(edition) = self.edition else { return create(newsroom, record, &topics, state, now).await };
        let is_revised = *edition.title != *record.title || newsroom.store.edition_topics(edition.id).await? != topics;
        if published.is_some() && is_revised {
            newsroom.store.revise_edition(edition.id, &record.title, &topics).await?;
        }
        if edition.state != *state && newsroom.store.replan_edition(edition, state, now).await? {
            journal::changed(edition, state);
            let changed = Edition { state: state.clone(), ..edition.clone() };
            log_untold(newsroom.tell_held(current, &changed, now).await);
        }
        Ok(edition.id)
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
        subject: String::new(),
        dedup_key: announcement_key(&record.id),
        title: record.title.to_string(),
        state: state.clone(),
    };
    let (id, created) = newsroom.store.create_edition(&edition, topics, now).await?;
    if created {
        journal::planned(id, &edition);
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
    let letters = announcement_letters(newsroom, current, published, id, now)?;
    if newsroom.store.open_edition(id, &letters, None, now).await? {
        journal::opened(id, Some(&published.id));
    }
    Ok(())
}

/// The announcement in every language, ready to be stored.
pub(super) fn announcement_letters(
    newsroom: &Newsroom,
    current: &Current,
    published: &Published,
    edition: EditionId,
    now: DateTime<Utc>,
) -> Result<Vec<RenderedLetter>, OfficeError> {
    Language::ALL
        .into_iter()
        .map(|language| announcement_letter(newsroom, current, published, edition, language, now))
        .collect()
}

/// An announcement in one language, ready to be stored.
fn announcement_letter(
    newsroom: &Newsroom,
    current: &Current,
    published: &Published,
    edition: EditionId,
    language: Language,
    now: DateTime<Utc>,
) -> Result<RenderedLetter, OfficeError> {
    let boundary = random_boundary();
    let parts = newsroom.writer(current.resources.site()).announcement(published, language, &boundary)?;
    let letter = writing::about_release(current, published, language, now, (boundary, parts));
    Ok(RenderedLetter { edition: Some(edition), carries: carried(&published.release), ..letter })
}
