//! Corrections and withdrawals: what the file of a release that was mailed asks for later.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tracing::info;

use super::announcement::{announcement_letters, is_long_gone};
use super::delivering::repeated;
use super::digest;
use super::journal;
use super::planned::{Planned, alone, cancel, earlier};
use super::writing;
use crate::catalog::Published;
use crate::domain::{
    Edition, EditionId, EditionKind, EditionState, HoldReason, NewEdition, ReleaseId, RenderedLetter, SkipReason,
};
use crate::language::Language;
use crate::mail::Copied;
use crate::policy::{FollowUpPlan, FollowUpSituation, Revision, plan_follow_up};
use crate::register::Announcement;
use crate::store::{EditionFilter, StoreError};
use crate::task::newsroom::{Current, Newsroom, random_boundary};
use crate::task::office::{OfficeError, log_untold};

/// Looks at every correction and withdrawal that is planned, and at every release that was announced and whose file asks
/// for one. Returns when the next one falls due.
pub(super) async fn plan_all(
    newsroom: &Newsroom,
    current: &Current,
    planned: &Planned,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut next = None;
    let mut seen = BTreeSet::new();
    let mut stopped = BTreeSet::new();
    let editions = planned.of_kind(EditionKind::Correction).chain(planned.of_kind(EditionKind::Withdrawal));
    for edition in editions {
        let Some(release) = &edition.release else { continue };
        let revision = Revision { kind: edition.kind, mark: edition.subject.clone() };
        seen.insert(revision.dedup_key(release));
        if edition.state == EditionState::Held(HoldReason::Office) {
            stopped.insert((edition.kind, release));
        }
        let published = current.catalog.get(release).map(AsRef::as_ref);
        let (revision, edition, is_stopped) = (&revision, Some(edition), false);
        let restored = planned.restored;
        let case = Case { newsroom, current, release, published, revision, edition, is_stopped, restored, now };
        next = earlier(next, alone(case.see_to().await, release.as_str())?);
    }
    let (known, is_any_on_its_way) =
        (newsroom.store.follow_up_keys().await?, newsroom.store.is_any_on_its_way().await?);
    for published in current.catalog.revised() {
        let id = &published.id;
        let Some(revision) = Revision::of(&published.release) else { continue };
        // Most were dealt with long ago.
        if !is_any_on_its_way && known.contains(&revision.dedup_key(id)) {
            continue;
        }
        let record = current.register.records.get(id);
        let was_announced = record.is_some_and(|record| record.announcement == Announcement::Opened);
        if !was_announced || current.folder_in_doubt() || !seen.insert(revision.dedup_key(id)) {
            continue;
        }
        let case = Case {
            newsroom,
            current,
            release: id,
            published: Some(published),
            revision: &revision,
            edition: None,
            is_stopped: stopped.contains(&(revision.kind, id)),
            restored: planned.restored,
            now,
        };
        next = earlier(next, alone(case.begin().await, &published.release.title)?);
    }
    Ok(next)
}

/// One correction or withdrawal of one release.
struct Case<'a> {
    newsroom: &'a Newsroom,
    current: &'a Current,
    release: &'a ReleaseId,
    published: Option<&'a Published>,
    revision: &'a Revision,
    edition: Option<&'a Edition>,
    /// The office holds one in other words, which this one takes the place of: mending the words does not let it go.
    is_stopped: bool,
    restored: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

impl Case<'_> {
    /// The mark that a text must have not to need this; none has been withdrawn from its readers.
    fn lacking(&self) -> Option<&str> {
        (self.revision.kind == EditionKind::Correction).then_some(self.revision.mark.as_str())
    }

    /// Sees to one that has no planned edition: it may be new, or past planning.
    async fn begin(&self) -> Result<Option<DateTime<Utc>>, OfficeError> {
        let store = &self.newsroom.store;
        self.renew_what_is_on_its_way().await?;
        if store.has_edition(&self.revision.dedup_key(self.release)).await? {
            return Ok(None);
        }
        // Whoever has not had the release yet gets it as it is now.
        let reached = store.has_reached_anybody(self.release, self.lacking()).await?;
        if !reached && !store.is_in_flight(self.release, self.lacking()).await? {
            return Ok(None);
        }
        self.see_to().await
    }

    /// Plans, and does what the plan says; returns when it falls due next.
    async fn see_to(&self) -> Result<Option<DateTime<Utc>>, OfficeError> {
        let Self { newsroom, current, published, now, .. } = *self;
        if let Some(edition) = self.edition {
            let record = current.register.records.get(self.release);
            if record.is_some_and(|record| is_long_gone(record, now)) {
                cancel(newsroom, edition.id, "its file has been gone for a week", now).await?;
                return Ok(None);
            }
            self.renew_what_is_on_its_way().await?;
        }
        let situation = FollowUpSituation {
            revision: self.revision,
            edition: self.edition,
            release: published.map(|published| published.release.as_ref()),
            folder_in_doubt: current.folder_in_doubt(),
            restored: self.restored,
            settings: &newsroom.config.newsletter,
            now,
        };
        let (state, due) = match plan_follow_up(situation) {
            FollowUpPlan::Nothing => return Ok(None),
            FollowUpPlan::Wait(_) if self.is_stopped => (EditionState::Held(HoldReason::Office), None),
            FollowUpPlan::Wait(due) => (EditionState::Waiting { due }, Some(due)),
            FollowUpPlan::Hold(reason) => (EditionState::Held(reason), None),
            FollowUpPlan::Drop => {
                if let Some(edition) = self.edition {
                    cancel(newsroom, edition.id, "its file does not ask for it any more", now).await?;
                }
                return Ok(None);
            }
        };
        let Some(id) = self.settle(&state).await? else { return Ok(None) };
        let Some(published) = published else { return Ok(None) };
        let copied = match self.revision.kind {
            EditionKind::Withdrawal => Copied::Withdrawal(published),
            EditionKind::Announcement | EditionKind::Digest | EditionKind::Correction => Copied::Correction(published),
        };
        log_untold(newsroom.send_office_copy(&copied, Some(published), id, &state, now).await);
        match due {
            Some(due) if due <= now => {
                // While a relay may be taking the old letter, its reader might get it after this one.
                if !newsroom.store.is_in_flight(self.release, self.lacking()).await? {
                    self.open(published, id).await?;
                }
                Ok(None)
            }
            due => Ok(due),
        }
    }

    /// What is on its way and was not handed over gets the text as it is now; what corrected the release before stops.
    async fn renew_what_is_on_its_way(&self) -> Result<(), OfficeError> {
        let Self { newsroom, current, published, now, .. } = *self;
        let filter =
            EditionFilter { states: vec!["opening", "sending", "paused"], release: Some(self.release.clone()) };
        for edition in newsroom.store.editions_uncounted(&filter).await? {
            if edition.kind == EditionKind::Correction && self.is_outdated(&edition).await? {
                let has_stopped = newsroom.store.withdraw_edition(edition.id, now).await?;
                if has_stopped {
                    journal::stopped(edition.id, self.release, "its release was corrected once more");
                }
            }
            let Some(published) = published.filter(|_| self.revision.kind == EditionKind::Correction) else { continue };
            if edition.kind == EditionKind::Announcement
                && newsroom.store.has_outdated_letters(edition.id, &self.revision.mark).await?
            {
                let letters = announcement_letters(newsroom, current, published, edition.id, now)?;
                newsroom.store.supersede_letters(edition.id, &letters, now).await?;
                newsroom.letters_queued.notify_waiters();
                info!(edition.id = %edition.id, release.id = %self.release, "edition {} goes on with the corrected text", edition.id);
            }
        }
        let Some(published) = published.filter(|_| self.revision.kind == EditionKind::Correction) else {
            return Ok(());
        };
        for outdated in newsroom.store.outdated_fragments(self.release, &self.revision.mark).await? {
            let text = digest::text_of(newsroom, current, published, outdated.turn, (0, outdated.place))?;
            let id = outdated.edition;
            newsroom.store.replace_fragment(outdated, Some(&text), SkipReason::Superseded, now).await?;
            info!(edition.id = %id, release.id = %self.release, "digest {id} goes on with the corrected text of {}", self.release);
            newsroom.letters_queued.notify_waiters();
        }
        Ok(())
    }

    /// Whether a correction on its way, or the one that it repeats, tells of other words than the file does now.
    async fn is_outdated(&self, correction: &Edition) -> Result<bool, StoreError> {
        let mut mark = correction.subject.clone();
        while let Some((source, _)) = repeated(&mark) {
            let Some(source) = self.newsroom.store.edition(source).await? else { break };
            mark = source.subject;
        }
        Ok(mark != self.revision.mark)
    }

    /// Makes the edition, or moves it to `state`; gives its id, unless it was made and ended before.
    async fn settle(&self, state: &EditionState) -> Result<Option<EditionId>, OfficeError> {
        let Self { newsroom, current, now, .. } = *self;
        if let Some(edition) = self.edition {
            if edition.state != *state && newsroom.store.replan_edition(edition, state, now).await? {
                journal::changed(edition, state);
                let changed = Edition { state: state.clone(), ..edition.clone() };
                log_untold(newsroom.tell_held(current, &changed, now).await);
            }
            return Ok(Some(edition.id));
        }
        let title = self.published.map(|published| published.release.title.to_string()).unwrap_or_default();
        let edition = NewEdition {
            kind: self.revision.kind,
            release: Some(self.release.clone()),
            subject: self.revision.mark.clone(),
            dedup_key: self.revision.dedup_key(self.release),
            title,
            state: state.clone(),
        };
        let (id, created) = newsroom.store.create_edition(&edition, &BTreeSet::new(), now).await?;
        if created {
            journal::planned(id, &edition);
        }
        Ok(created.then_some(id))
    }

    async fn open(&self, published: &Published, id: EditionId) -> Result<(), OfficeError> {
        let Self { newsroom, current, now, .. } = *self;
        let mut letters = Vec::new();
        for language in Language::ALL {
            letters.push(follow_up_letter(newsroom, current, published, self.revision.kind, language, now)?);
        }
        if newsroom.store.open_edition(id, &letters, None, now).await? {
            journal::opened(id, Some(self.release));
        }
        Ok(())
    }
}

/// A correction or a withdrawal in one language, ready to be stored.
fn follow_up_letter(
    newsroom: &Newsroom,
    current: &Current,
    published: &Published,
    kind: EditionKind,
    language: Language,
    now: DateTime<Utc>,
) -> Result<RenderedLetter, OfficeError> {
    let boundary = random_boundary();
    let writer = newsroom.writer(current.resources.site());
    let is_withdrawal = kind == EditionKind::Withdrawal;
    let parts = if is_withdrawal {
        writer.withdrawal(published, language, &boundary)?
    } else {
        writer.correction(published, language, &boundary)?
    };
    let letter = writing::about_release(current, published, language, now, (boundary, parts));
    // A withdrawn release has no page.
    let archive = letter.archive.filter(|_| !is_withdrawal);
    Ok(RenderedLetter { archive, ..letter })
}
