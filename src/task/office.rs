//! What the press office is told: its own copy of each edition first, and trouble, once per cause.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, error};

use super::newsroom::{Current, Newsroom, new_letter};
use crate::catalog::Published;
use crate::clock::ClockDoubt;
use crate::domain::{
    Digest, Edition, EditionId, EditionKind, EditionState, HoldReason, LetterKind, ReleaseId, RenderedLetter, Token,
};
use crate::mail::Copied;
use crate::register::{Announcement, FolderAlarm, Record};
use crate::resource::Wording;
use crate::store::{Ailment, Gap, SingleLetter, StoreError};
use crate::template::{LetterParts, NoticeLetter, Refuser, TemplateError};

/// How long the office's links to hold, send or cancel an edition work.
pub const OFFICE_LINK_LASTS: TimeDelta = TimeDelta::days(30);

/// Why the office could not be told.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// A template that replaces a built-in one cannot be rendered.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Newsroom {
    /// The page on which the office holds, sends or cancels an edition.
    #[must_use]
    pub fn office_url(&self, edition: EditionId, now: DateTime<Utc>) -> String {
        self.token_url("office", &Token::Office { edition, expires: now + OFFICE_LINK_LASTS })
    }

    /// Sends the office its copy of an edition before everyone, once for each text of the release.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub async fn send_office_copy(
        &self,
        copied: &Copied<'_>,
        published: Option<&Published>,
        edition: EditionId,
        state: &EditionState,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let current = self.current();
        let site = current.resources.site();
        let text = match (copied, published) {
            (Copied::Digest { contents, .. }, _) => Digest::of(contents.text.as_bytes()),
            (_, Some(published)) => published.release.significant_digest(),
            (_, None) => Digest::of(b""),
        };
        let cause = format!("copy:{edition}:{}", text.short(16));
        let words = Wording::of_letters(site, site.language);
        let archive = published.map(|published| words.address(published.release.permalink.as_str()));
        let telling = Telling { cause, edition: Some(edition), archive };
        let render = || self.writer(site).office_copy(copied, state, &self.office_url(edition, now), now);
        self.tell_office(telling, render, now).await
    }

    /// Whether the office was shown an edition since this process began.
    pub(super) fn has_shown(&self, edition: EditionId) -> bool {
        let start = format!("copy:{edition}:");
        self.told.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|cause| cause.starts_with(&start))
    }

    /// Tells the office that an edition is held, once per reason. A crowd is told of as a whole, and a page that does not
    /// answer only once that lasts.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub async fn tell_held(&self, current: &Current, edition: &Edition, now: DateTime<Utc>) -> Result<(), OfficeError> {
        let EditionState::Held(reason) = &edition.state else { return Ok(()) };
        if matches!(reason, HoldReason::ManyAtOnce { .. } | HoldReason::PageMissing) {
            return Ok(());
        }
        let frame = self.writer(current.resources.site()).frame(self.language());
        let office_url = self.office_url(edition.id, now);
        let notice = NoticeLetter::edition_held(frame, edition.kind, &edition.title, reason, &office_url);
        let cause = format!("held:{}:{}:{}", edition.id, reason.as_str(), reason.detail());
        self.tell_office(Telling::about(edition.id, cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office that many releases appeared at once, once for all of them: a crowd that grows is the same
    /// question. `members` are those of the crowd that the release of `edition` is in.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub(super) async fn tell_crowd(
        &self,
        current: &Current,
        edition: EditionId,
        release: &ReleaseId,
        members: &BTreeSet<ReleaseId>,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let cause_of = |release: &ReleaseId| format!("crowd:{release}");
        let cause = cause_of(release);
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).contains(&cause) {
            return Ok(());
        }
        let causes: Vec<String> = members.iter().map(cause_of).collect();
        if self.store.was_told(&causes).await? {
            self.store.count_as_told(&cause, now).await?;
            self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(cause);
            return Ok(());
        }
        let undecided = |record: &&Record| record.announcement == Announcement::Undecided;
        let records = members.iter().filter_map(|id| current.register.records.get(id)).filter(undecided);
        let titles: Vec<String> = records.map(|record| record.title.to_string()).collect();
        let frame = self.writer(current.resources.site()).frame(self.language());
        let notice = NoticeLetter::crowd_held(frame, &titles, &self.office_url(edition, now));
        self.tell_office(Telling::about(edition, cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office that the page of a release does not answer, once an edition.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub(super) async fn tell_page_missing(
        &self,
        current: &Current,
        published: &Published,
        edition: EditionId,
        since: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let site = current.resources.site();
        let words = Wording::of_letters(site, site.language);
        let page = words.address(published.release.permalink.as_str());
        let since = words.stamp(since.unwrap_or(now)).words;
        let frame = self.writer(site).frame(self.language());
        let office_url = self.office_url(edition, now);
        let notice = NoticeLetter::page_missing(frame, &published.release.title, &page, &since, &office_url);
        let cause = format!("page:{edition}");
        self.tell_office(Telling::about(edition, cause), || self.templates.letter(&notice), now).await
    }

    /// Asks the office whether a correction is due: documents of a release that was mailed have changed. Once for each
    /// text of the release.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub(super) async fn tell_documents_changed(
        &self,
        current: &Current,
        published: &Published,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let site = current.resources.site();
        let page = Wording::of_letters(site, site.language).address(published.release.permalink.as_str());
        let frame = self.writer(site).frame(self.language());
        let notice = NoticeLetter::documents_changed(frame, &published.release.title, &page);
        let cause = format!("documents:{}:{}", published.id, published.release.significant_digest().short(16));
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office that the machine's clock jumped forwards and is not believed.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub(super) async fn tell_clock_step(&self, doubt: &ClockDoubt, now: DateTime<Utc>) -> Result<(), OfficeError> {
        let current = self.current();
        let site = current.resources.site();
        let words = Wording::of_letters(site, site.language);
        let (machine, believed) = (words.stamp(doubt.machine).words, words.stamp(doubt.believed).words);
        let notice = NoticeLetter::clock_step(self.writer(site).frame(self.language()), &machine, &believed);
        // The same jump, whenever it is looked at: how far the clock is ahead, and the hour since when.
        let ahead = (doubt.machine - doubt.believed).num_minutes();
        let cause = format!("clock:{ahead}:{}", doubt.believed.format("%Y-%m-%dT%H"));
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office what was held because the database knows nothing of the time before.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub(super) async fn tell_gap(&self, gap: &Gap, now: DateTime<Utc>) -> Result<(), OfficeError> {
        let current = self.current();
        let site = current.resources.site();
        let since = Wording::of_letters(site, site.language).stamp(gap.since).words;
        let reason = gap.kind.reason();
        let notice = NoticeLetter::gap(self.writer(site).frame(self.language()), &reason, &since, &gap.held);
        let cause = format!("{}:{}:{}", reason.as_str(), gap.since.timestamp_micros(), gap.found.timestamp_micros());
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office how an edition went, once.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub async fn tell_summary(
        &self,
        current: &Current,
        edition: &Edition,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let site = current.resources.site();
        let words = Wording::of_letters(site, site.language);
        let release = edition.release.as_ref().and_then(|id| current.release(id));
        let page = match (edition.kind, release) {
            (EditionKind::Withdrawal, _) => None,
            (EditionKind::Announcement | EditionKind::Correction | EditionKind::Digest, Some(release)) => {
                Some(words.address(release.permalink.as_str()))
            }
            (EditionKind::Announcement | EditionKind::Correction | EditionKind::Digest, None) => {
                Some(words.own_address("/"))
            }
        };
        let frame = self.writer(site).frame(self.language());
        let (title, tally) = (&edition.title, &edition.tally);
        let notice = NoticeLetter::edition_summary(frame, edition.kind, title, tally, page.as_deref());
        let cause = format!("summary:{}", edition.id);
        self.tell_office(Telling::about(edition.id, cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office of release files with errors, once per file and text.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub async fn tell_broken(
        &self,
        current: &Current,
        broken: &BrokenFile,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let frame = self.writer(current.resources.site()).frame(self.language());
        let notice = NoticeLetter::file_broken(frame, &broken.path, broken.still_shown, broken.problems.clone());
        let cause = format!("broken:{}:{}", broken.path, broken.digest);
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office that too many releases are gone at once.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub async fn tell_alarm(
        &self,
        current: &Current,
        alarm: &FolderAlarm,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let site = current.resources.site();
        let since = Wording::of_letters(site, site.language).stamp(alarm.since).words;
        let notice =
            NoticeLetter::folder_alarm(self.writer(site).frame(self.language()), alarm.missing, alarm.of, &since);
        let cause = format!("alarm:{}", alarm.since.timestamp_micros());
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office that a relay takes no letters.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub async fn tell_relay_stopped(
        &self,
        relay: &str,
        since: DateTime<Utc>,
        reply: &str,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let current = self.current();
        let site = current.resources.site();
        let words = Wording::of_letters(site, site.language).stamp(since).words;
        let notice = NoticeLetter::relay_stopped(self.writer(site).frame(self.language()), relay, &words, reply);
        let cause = format!("relay:{relay}:{}", since.timestamp_micros());
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office that a letter was refused for a reason of ours, once a day for each code.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub(super) async fn tell_refused(
        &self,
        by: Refuser<'_>,
        code: &str,
        reply: &str,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let current = self.current();
        let frame = self.writer(current.resources.site()).frame(self.language());
        let notice = NoticeLetter::letter_refused(frame, by, code, reply);
        let day = now.with_timezone(&self.config.site.timezone).date_naive();
        let cause = format!("refused:{code}:{day}");
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office that a relay of which it was told takes letters again.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub(super) async fn tell_relay_works(
        &self,
        relay: &str,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let current = self.current();
        let site = current.resources.site();
        let words = Wording::of_letters(site, site.language);
        let (since_words, until_words) = (words.stamp(since).words, words.stamp(now).words);
        let frame = self.writer(site).frame(self.language());
        let notice = NoticeLetter::relay_works(frame, relay, &since_words, &until_words);
        let cause = format!("relay-again:{relay}:{}", since.timestamp_micros());
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office of trouble with the database, once it is over.
    ///
    /// # Errors
    /// When it cannot be rendered or queued.
    pub(super) async fn tell_database_trouble(&self, trouble: Trouble, now: DateTime<Utc>) -> Result<(), OfficeError> {
        let Trouble { ailment, since, until } = trouble;
        let current = self.current();
        let site = current.resources.site();
        let words = Wording::of_letters(site, site.language);
        let (since_words, until_words) = (words.stamp(since).words, words.stamp(until).words);
        let frame = self.writer(site).frame(self.language());
        let notice = NoticeLetter::database_trouble(frame, ailment.as_str(), &since_words, &until_words);
        let cause = format!("database:{}", since.timestamp_micros());
        self.tell_office(Telling::of(cause), || self.templates.letter(&notice), now).await
    }

    /// Tells the office, unless this cause was told before: then nothing is even rendered.
    async fn tell_office(
        &self,
        telling: Telling,
        render: impl FnOnce() -> Result<LetterParts, TemplateError>,
        now: DateTime<Utc>,
    ) -> Result<(), OfficeError> {
        let Telling { cause, edition, archive } = telling;
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).contains(&cause) {
            return Ok(());
        }
        let letter = new_letter(LetterKind::Notice, self.language(), render()?, now);
        let letter = RenderedLetter { edition, archive, ..letter };
        for recipient in self.office() {
            let single = SingleLetter { letter: &letter, recipient, subscriber: None, due: now, cause: Some(&cause) };
            self.store.post_letter(&single, now).await?;
        }
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(cause);
        self.letters_queued.notify_waiters();
        Ok(())
    }
}

/// What the office is told of, and what it is about.
struct Telling {
    /// The same cause is told once, whatever is restarted.
    cause: String,
    edition: Option<EditionId>,
    archive: Option<String>,
}

impl Telling {
    fn of(cause: String) -> Self {
        Self { cause, edition: None, archive: None }
    }

    fn about(edition: EditionId, cause: String) -> Self {
        Self { cause, edition: Some(edition), archive: None }
    }
}

/// A release file with errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenFile {
    /// Where it stands.
    pub path: String,
    /// The digest of its bytes.
    pub digest: String,
    /// Whether its last good version is still public.
    pub still_shown: bool,
    /// What is wrong, a line each with its place.
    pub problems: Vec<String>,
}

/// Trouble that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) ailment: Ailment,
    pub(super) since: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

/// Logs that the office could not be told; nothing else is lost by it. What ails the database is said by the watchman.
pub(super) fn log_untold(result: Result<(), OfficeError>) {
    match result {
        Ok(()) => {}
        Err(OfficeError::Store(error)) if error.ailment().is_some() => {
            debug!(%error, "the office could not be told: {error}");
        }
        Err(error) => error!(%error, "the office could not be told: {error}"),
    }
}
