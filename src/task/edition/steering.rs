//! What the office decides about an edition, wherever it says so: by a link in its letter, in the mailbox, at a terminal.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tracing::info;

use super::announcement::appearances;
use crate::domain::{DigestRound, Edition, EditionId, EditionKind, EditionState, HoldReason};
use crate::policy::{crowd_of, lifted_by_approval};
use crate::store::{Cause, EditionFilter, Store, StoreError};
use crate::task::newsroom::{Current, Newsroom};

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfficeDecision {
    /// Stop it before it leaves.
    Hold,
    /// Let it go now: lifts the hold it is under and the wait it is in; never an embargo.
    Approve,
    /// Never send it.
    Cancel,
    /// Stop it on its way, for a time.
    Pause,
    /// Let it go on.
    Resume,
}

/// Whether a decision is about one edition or about all of the crowd it is held with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This one.
    One,
    /// Every edition that is held with it because many releases appeared at once.
    Crowd,
}

impl OfficeDecision {
    /// The decision that a button of a form names, and what it is about.
    #[must_use]
    pub fn from_button(word: &str) -> Option<(Self, Scope)> {
        match word {
            "hold" => Some((Self::Hold, Scope::One)),
            "send" => Some((Self::Approve, Scope::One)),
            "cancel" => Some((Self::Cancel, Scope::One)),
            "pause" => Some((Self::Pause, Scope::One)),
            "resume" => Some((Self::Resume, Scope::One)),
            "send-all" => Some((Self::Approve, Scope::Crowd)),
            "cancel-all" => Some((Self::Cancel, Scope::Crowd)),
            _ => None,
        }
    }

    /// Whether an edition in this state can still be decided about so.
    #[must_use]
    pub fn applies_to(self, state: &EditionState) -> bool {
        match self {
            Self::Hold => matches!(state, EditionState::Waiting { .. }),
            Self::Approve => state.is_before_opening() && !is_without_file(state),
            Self::Cancel => !matches!(state, EditionState::Done | EditionState::Cancelled),
            Self::Pause => matches!(state, EditionState::Opening { .. } | EditionState::Sending),
            Self::Resume => matches!(state, EditionState::Paused(_)),
        }
    }

    /// Why an edition in this state cannot be decided about so, as the key of a text below `refused`, which says what can.
    #[must_use]
    pub const fn refusal(self, state: &EditionState) -> &'static str {
        match (self, state) {
            (Self::Approve, EditionState::Held(_)) if is_without_file(state) => "without-file",
            (Self::Hold, EditionState::Held(_)) => "held-already",
            (Self::Pause, EditionState::Held(_)) => "held-pause",
            (Self::Resume, EditionState::Held(_)) => "held-resume",
            (Self::Pause, EditionState::Waiting { .. }) => "waiting-pause",
            (Self::Resume, EditionState::Waiting { .. }) => "waiting-resume",
            (Self::Hold, EditionState::Opening { .. } | EditionState::Sending) => "on-its-way-hold",
            (Self::Approve | Self::Resume, EditionState::Opening { .. } | EditionState::Sending) => {
                "on-its-way-already"
            }
            (Self::Hold | Self::Pause, EditionState::Paused(_)) => "paused-already",
            (Self::Approve, EditionState::Paused(_)) => "paused-approve",
            (Self::Hold | Self::Approve | Self::Cancel | Self::Pause | Self::Resume, EditionState::Done) => "done",
            (Self::Cancel, EditionState::Cancelled) => "cancelled-already",
            (Self::Hold | Self::Approve | Self::Pause | Self::Resume, EditionState::Cancelled) => "cancelled",
            // It was in another state when the decision came, and could be decided about so now.
            (Self::Hold, EditionState::Waiting { .. })
            | (Self::Approve, EditionState::Held(_) | EditionState::Waiting { .. })
            | (Self::Pause, EditionState::Opening { .. } | EditionState::Sending)
            | (Self::Resume, EditionState::Paused(_))
            | (
                Self::Cancel,
                EditionState::Held(_)
                | EditionState::Waiting { .. }
                | EditionState::Opening { .. }
                | EditionState::Sending
                | EditionState::Paused(_),
            ) => "meanwhile",
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::Hold => "the office holds it",
            Self::Approve => "the office lets it go",
            Self::Cancel => "the office cancels it",
            Self::Pause => "the office stops it for a time",
            Self::Resume => "the office lets it go on",
        }
    }
}

/// Whether an edition is held because its release's file is gone, unpublished or broken.
const fn is_without_file(state: &EditionState) -> bool {
    matches!(state, EditionState::Held(HoldReason::FileBroken | HoldReason::Unpublished))
}

/// Carries out a decision of `who`. Returns the edition as it is afterwards and whether the decision came in time; `None`
/// when there is no such edition.
///
/// # Errors
/// When the database does not answer.
pub async fn decide(
    store: &Store,
    id: EditionId,
    decision: OfficeDecision,
    who: &str,
    now: DateTime<Utc>,
) -> Result<Option<(Edition, bool)>, StoreError> {
    let Some(before) = store.edition(id).await? else { return Ok(None) };
    let cause = Cause { who, why: decision.why() };
    let in_time = match decision {
        OfficeDecision::Hold => {
            let held = EditionState::Held(HoldReason::Office);
            store.change_edition(id, &["waiting", "held"], &held, cause, now).await?
        }
        // There is nothing to send: its file is to be mended first, and approved then.
        OfficeDecision::Approve if is_without_file(&before.state) => false,
        OfficeDecision::Approve => {
            // An embargo is no hold: nobody's word lifts it.
            let date = match &before.release {
                Some(release) if before.kind == EditionKind::Announcement => store.release_date(release).await?,
                Some(_) | None => None,
            };
            let due = date.map_or(now, |date| date.max(now));
            store.approve_edition(id, &lifted_by_approval(&before.state), due, cause, now).await?
        }
        OfficeDecision::Cancel => {
            let open = ["held", "waiting", "opening", "sending", "paused"];
            let cancelled = store.change_edition(id, &open, &EditionState::Cancelled, cause, now).await?;
            if let Some(round) = had_before_a_restoring(&before).filter(|_| cancelled) {
                store.count_digest_as_had(round.frequency).await?;
            }
            cancelled
        }
        OfficeDecision::Pause => store.pause_edition(id, cause, now).await?,
        OfficeDecision::Resume => store.resume_edition(id, cause, now).await?,
    };
    let after = store.edition(id).await?.unwrap_or(before);
    let state = after.state.as_str();
    info!(edition.id = %id, ?decision, who, in_time, state, "the office decided about edition {id}: it is {state}");
    Ok(Some((after, in_time)))
}

/// The digest that is held because it may have left before a backup was restored: to cancel it says that it had, and the
/// next one must not hold the same.
fn had_before_a_restoring(edition: &Edition) -> Option<DigestRound> {
    let is_asked = edition.state == EditionState::Held(HoldReason::Restored);
    (is_asked && edition.kind == EditionKind::Digest).then(|| edition.subject.parse().ok()).flatten()
}

/// The editions that are held in one crowd with `edition`, itself included: one decision for all of them. None when it is
/// not held for that.
///
/// # Errors
/// When the database does not answer.
pub async fn crowd_with(
    newsroom: &Newsroom,
    current: &Current,
    edition: &Edition,
) -> Result<Vec<EditionId>, StoreError> {
    let is_in_a_crowd = |edition: &Edition| matches!(edition.state, EditionState::Held(HoldReason::ManyAtOnce { .. }));
    let Some(release) = edition.release.as_ref().filter(|_| is_in_a_crowd(edition)) else { return Ok(Vec::new()) };
    let members: BTreeSet<_> = crowd_of(&appearances(current), release);
    let held = EditionFilter { states: vec!["held"], ..EditionFilter::default() };
    let editions = newsroom.store.editions_uncounted(&held).await?;
    let together = editions.iter().filter(|other| {
        is_in_a_crowd(other) && other.release.as_ref().is_some_and(|release| members.contains(release))
    });
    Ok(together.map(|other| other.id).collect())
}

/// Carries out a decision about an edition and everything that is held in one crowd with it. Returns how many editions it
/// was about.
///
/// # Errors
/// When the database does not answer.
pub async fn decide_for_crowd(
    newsroom: &Newsroom,
    current: &Current,
    edition: &Edition,
    decision: OfficeDecision,
    who: &str,
) -> Result<usize, StoreError> {
    let together = crowd_with(newsroom, current, edition).await?;
    let mut decided = 0;
    for id in together {
        if let Some((_, true)) = decide(&newsroom.store, id, decision, who, newsroom.now()).await? {
            decided += 1;
        }
    }
    Ok(decided)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Language, word};

    #[test]
    fn what_cannot_be_decided_is_refused_with_its_state_and_what_can() {
        let states = [
            EditionState::Held(HoldReason::Approval),
            EditionState::Held(HoldReason::Unpublished),
            EditionState::Waiting { due: DateTime::UNIX_EPOCH },
            EditionState::Opening { cursor: None },
            EditionState::Sending,
            EditionState::Paused(None),
            EditionState::Paused(Some(HoldReason::Restored)),
            EditionState::Done,
            EditionState::Cancelled,
        ];
        let decisions = [
            OfficeDecision::Hold,
            OfficeDecision::Approve,
            OfficeDecision::Cancel,
            OfficeDecision::Pause,
            OfficeDecision::Resume,
        ];
        for (decision, state) in decisions.iter().flat_map(|decision| states.iter().map(move |state| (decision, state)))
        {
            let refusal = decision.refusal(state);
            assert_eq!(refusal == "meanwhile", decision.applies_to(state), "{decision:?} of {state:?}: {refusal}");
            for language in Language::ALL {
                assert!(word(language, &format!("refused.{refusal}")).is_some(), "{refusal}");
            }
        }
        let paused = EditionState::Paused(None);
        assert_eq!(OfficeDecision::Approve.refusal(&paused), "paused-approve");
        assert_eq!(OfficeDecision::Pause.refusal(&paused), "paused-already");
    }
}
