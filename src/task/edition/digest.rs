//! Digests: made once a civil day for those who chose them, of what was announced since their last one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::journal;
use super::planned::{Planned, alone, cancel, earlier};
use super::writing;
use crate::catalog::Published;
use crate::config::DigestSettings;
use crate::domain::{
    DigestRound, Edition, EditionKind, EditionState, Frequency, HoldReason, LetterKind, NewEdition, RenderedLetter,
    Taxonomy, Topic,
};
use crate::language::Language;
use crate::mail::{Copied, contents_of};
use crate::policy::{DigestEntry, DigestTurn, carried, held_for_a_person, is_lifted, reach, turns};
use crate::resource::Wording;
use crate::store::{DigestContents, DigestText, StoreError};
use crate::task::newsroom::{Current, Newsroom, new_letter, random_boundary};
use crate::task::office::{OfficeError, log_untold};
use crate::template::digest_title;

/// Makes the digests that are due and the next ones, so that the office sees them coming; opens those whose hour has
/// come. Returns when the next one falls due.
pub(super) async fn plan_all(
    newsroom: &Newsroom,
    current: &Current,
    planned: &Planned,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let Some(started) = current.register.started.filter(|_| !current.folder_in_doubt()) else { return Ok(None) };
    let (settings, zone) = (&newsroom.config.newsletter.digest, newsroom.config.site.timezone);
    let mut next = None;
    for frequency in [Frequency::Daily, Frequency::Weekly] {
        let (last, coming) = turns(settings, frequency, zone, started, now);
        let own: Vec<(&Edition, DigestRound)> = planned
            .of_kind(EditionKind::Digest)
            .filter_map(|edition| Some((edition, edition.subject.parse::<DigestRound>().ok()?)))
            .filter(|(_, round)| round.frequency == frequency)
            .collect();
        for turn in last.into_iter().chain(coming) {
            if !own.iter().any(|(_, round)| *round == turn.round) {
                make(newsroom, turn, planned.restored, now).await?;
                next = earlier(next, Some(turn.due.max(now)));
            }
        }
        let is_asked = own.iter().any(|(edition, _)| edition.state == EditionState::Held(HoldReason::Restored));
        for (edition, round) in own {
            let turn = last.into_iter().chain(coming).find(|turn| turn.round == round);
            let case = Case { newsroom, current, edition, round, turn, settings, is_asked, now };
            next = earlier(next, alone(case.see_to().await, &edition.subject)?);
        }
    }
    Ok(next)
}

/// Makes the edition of one digest, unless there is one or nobody has chosen it.
async fn make(
    newsroom: &Newsroom,
    turn: DigestTurn,
    restored: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let DigestTurn { round, due } = turn;
    let dedup_key = format!("digest:{}:{}", round.frequency, round.day);
    if newsroom.store.has_edition(&dedup_key).await? {
        return Ok(());
    }
    if !newsroom.store.has_digest_readers(round.frequency, now).await? {
        return Ok(());
    }
    let edition = NewEdition {
        kind: EditionKind::Digest,
        release: None,
        subject: round.to_string(),
        dedup_key,
        title: digest_title(newsroom.language(), round.frequency, round.day),
        state: match restored {
            Some(restored) if due <= restored => EditionState::Held(HoldReason::Restored),
            Some(_) | None => EditionState::Waiting { due },
        },
    };
    let (id, created) = newsroom.store.create_edition(&edition, &BTreeSet::new(), now).await?;
    if created {
        journal::planned(id, &edition);
        if let Some(edition) = newsroom.store.edition(id).await? {
            log_untold(newsroom.tell_held(&newsroom.current(), &edition, now).await);
        }
    }
    Ok(())
}

/// One digest that has not opened.
struct Case<'a> {
    newsroom: &'a Newsroom,
    current: &'a Current,
    edition: &'a Edition,
    round: DigestRound,
    /// Its turn, when it is the last one due or the next one.
    turn: Option<DigestTurn>,
    settings: &'a DigestSettings,
    /// One of the same kind may have left before a backup was restored, and nobody has said yet: this one might hold the
    /// same.
    is_asked: bool,
    now: DateTime<Utc>,
}

impl Case<'_> {
    /// Plans, and does what is due; returns when it falls due next.
    async fn see_to(&self) -> Result<Option<DateTime<Utc>>, OfficeError> {
        let Self { newsroom, edition, now, .. } = *self;
        let held = match &edition.state {
            EditionState::Held(reason) => Some(reason),
            EditionState::Waiting { .. }
            | EditionState::Opening { .. }
            | EditionState::Sending
            | EditionState::Paused(_)
            | EditionState::Done
            | EditionState::Cancelled => None,
        };
        if held_for_a_person(Some(edition)).is_some() {
            return Ok(None);
        }
        let sent_now = is_lifted(Some(edition), "grace");
        let Some(turn) = self.turn else {
            if sent_now {
                return self.open_now().await;
            }
            // Missed or not approved, and a later one has come, which holds the same; or its day is no day of digests
            // any more.
            let why = format!("digests are due at {}, and a later one takes its place", self.settings.at);
            cancel(newsroom, edition.id, &why, now).await?;
            return Ok(None);
        };
        let grace = newsroom.config.newsletter.grace;
        let due = if sent_now { now } else { turn.due };
        let asks = newsroom.config.newsletter.approval && !is_lifted(Some(edition), "approval");
        if asks && held == Some(&HoldReason::Approval) {
            return Ok(None);
        }
        if due - now > grace {
            self.stand(&EditionState::Waiting { due }).await?;
            return Ok(Some(due - grace));
        }
        if due <= now && self.is_asked && !sent_now {
            return Ok(None);
        }
        // What it holds is put together twice: to be shown, and to leave.
        if due > now && newsroom.has_shown(edition.id) {
            self.stand(&EditionState::Waiting { due }).await?;
            return Ok(Some(due));
        }
        let contents = self.contents().await?;
        if asks && !contents.texts.is_empty() {
            let state = EditionState::Held(HoldReason::Approval);
            self.stand(&state).await?;
            self.show_office(&state, &contents.texts).await;
            return Ok(None);
        }
        let state = EditionState::Waiting { due };
        self.stand(&state).await?;
        self.show_office(&state, &contents.texts).await;
        if due <= now { self.open(contents).await } else { Ok(Some(due)) }
    }

    /// Moves the edition to `state` where it stands otherwise.
    async fn stand(&self, state: &EditionState) -> Result<(), StoreError> {
        let both_wait = matches!((&self.edition.state, state), (EditionState::Waiting { due }, EditionState::Waiting { due: other }) if *due == *other || *due <= self.now);
        if self.edition.state != *state
            && !both_wait
            && self.newsroom.store.replan_edition(self.edition, state, self.now).await?
        {
            journal::changed(self.edition, state);
        }
        Ok(())
    }

    async fn open_now(&self) -> Result<Option<DateTime<Utc>>, OfficeError> {
        let contents = self.contents().await?;
        self.show_office(&EditionState::Waiting { due: self.now }, &contents.texts).await;
        self.open(contents).await
    }

    /// The office sees it first, when there is something to see.
    async fn show_office(&self, state: &EditionState, texts: &[DigestText]) {
        if texts.is_empty() {
            return;
        }
        let language = self.newsroom.language();
        let fragments = texts.iter().flat_map(|text| &text.fragments).filter(|fragment| fragment.language == language);
        let contents = contents_of(fragments);
        let copied = Copied::Digest { frequency: self.round.frequency, day: self.round.day, contents: &contents };
        let shown = self.newsroom.send_office_copy(&copied, None, self.edition.id, state, self.now).await;
        log_untold(shown);
    }

    async fn open(&self, contents: DigestContents) -> Result<Option<DateTime<Utc>>, OfficeError> {
        let Self { newsroom, current, edition, round, now, .. } = *self;
        let mut letters = Vec::new();
        for language in Language::ALL {
            letters.push(digest_letter(newsroom, current, round, &contents.texts, language, now)?);
        }
        if newsroom.store.open_edition(edition.id, &letters, Some(&contents), now).await? {
            journal::opened(edition.id, None);
        }
        Ok(None)
    }

    /// What it may hold if it opened now.
    async fn contents(&self) -> Result<DigestContents, OfficeError> {
        contents(self.newsroom, self.current, self.round.frequency, self.now).await
    }
}

/// The releases that a digest of `frequency` may hold at `now`, by category, the newest first in each.
///
/// # Errors
/// When the database does not answer or a template cannot be rendered.
async fn contents(
    newsroom: &Newsroom,
    current: &Current,
    frequency: Frequency,
    now: DateTime<Utc>,
) -> Result<DigestContents, OfficeError> {
    let announced = newsroom.store.announced(frequency, now - reach(frequency)).await?;
    let mut covers = announced.covers;
    let live = current.resources.live();
    let mut chosen: Vec<(Option<String>, &Published, u64)> = Vec::new();
    for (release, turn) in &announced.releases {
        let Some(published) = live.get(release).filter(|published| published.is_live_at(now)) else {
            // It may come back within reach: it is not dealt with.
            covers = covers.min(turn.saturating_sub(1));
            continue;
        };
        chosen.push((category_of(current, published), published, *turn));
    }
    // Those without a category come last.
    chosen.sort_by_key(|(category, published, _)| {
        (category.is_none(), category.clone(), std::cmp::Reverse(published.release.date), published.id.clone())
    });
    let mut texts = Vec::new();
    for (place, (_, published, turn)) in (0..).zip(chosen) {
        texts.push(text_of(newsroom, current, published, turn, (place + 1, place))?);
    }
    Ok(DigestContents { texts, covers })
}

/// The words of a release's first category.
fn category_of(current: &Current, published: &Published) -> Option<String> {
    let words = Wording::of_letters(current.resources.site(), current.resources.site().language);
    let categories = words.topics(current.resources.live(), published, Taxonomy::Category);
    categories.into_iter().next().map(|link| link.words)
}

/// What a digest says of a release, in every language, under a number and at a place.
pub(super) fn text_of(
    newsroom: &Newsroom,
    current: &Current,
    published: &Published,
    turn: u64,
    (number, place): (u32, u32),
) -> Result<DigestText, OfficeError> {
    let writer = newsroom.writer(current.resources.site());
    let category = category_of(current, published);
    let mut fragments = Vec::new();
    for language in Language::ALL {
        fragments.push(writer.fragment(published, category.as_deref(), place, language)?);
    }
    let topics = current.catalog.topics_of(&published.release);
    let entry = DigestEntry { number, release: published.id.clone(), turn, topics };
    Ok(DigestText { entry, carries: carried(&published.release), fragments })
}

/// The letter around a digest's contents in one language, ready to be stored.
fn digest_letter(
    newsroom: &Newsroom,
    current: &Current,
    round: DigestRound,
    texts: &[DigestText],
    language: Language,
    now: DateTime<Utc>,
) -> Result<RenderedLetter, OfficeError> {
    let boundary = random_boundary();
    let site = current.resources.site();
    let parts = newsroom.writer(site).digest(round.frequency, round.day, language, &boundary)?;
    let words = Wording::of_letters(site, language);
    let topics: BTreeSet<Topic> = texts.iter().flat_map(|text| text.entry.topics.iter().cloned()).collect();
    Ok(RenderedLetter {
        boundary,
        archive: Some(words.own_address("/")),
        topic_words: writing::topic_words(current, &words, topics),
        ..new_letter(LetterKind::Edition, language, parts, now)
    })
}
