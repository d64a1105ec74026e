//! What the office decides about an edition, wherever it says so: by a link in its letter, in the mailbox, at a terminal.

use chrono::{DateTime, Utc};
use tracing::info;

use crate::domain::{Edition, EditionId, EditionState, HoldReason};
use crate::policy::lifted_by_approval;
use crate::store::{Store, StoreError};

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfficeDecision {
    /// Stop it before it leaves.
    Hold,
    /// Let it go now: lifts the hold it is under and the wait it is in; never an embargo.
    Approve,
    /// Never send it.
    Cancel,
}

impl OfficeDecision {
    /// The decision that a button of a form names.
    #[must_use]
    pub fn from_button(word: &str) -> Option<Self> {
        match word {
            "hold" => Some(Self::Hold),
            "send" => Some(Self::Approve),
            "cancel" => Some(Self::Cancel),
            _ => None,
        }
    }

    /// Whether an edition in this state can still be decided about so.
    #[must_use]
    pub fn applies_to(self, state: &EditionState) -> bool {
        match self {
            Self::Hold => matches!(state, EditionState::Waiting { .. }),
            Self::Approve => state.is_before_opening(),
            Self::Cancel => !matches!(state, EditionState::Done | EditionState::Cancelled),
        }
    }
}

/// Carries out a decision. Returns the edition as it is afterwards and whether the decision came in time; `None` when
/// there is no such edition.
///
/// # Errors
/// When the database does not answer.
pub async fn decide(
    store: &Store,
    id: EditionId,
    decision: OfficeDecision,
    now: DateTime<Utc>,
) -> Result<Option<(Edition, bool)>, StoreError> {
    let Some(before) = store.edition(id).await? else { return Ok(None) };
    let in_time = match decision {
        OfficeDecision::Hold => {
            store.change_edition(id, &["waiting", "held"], &EditionState::Held(HoldReason::Office), now).await?
        }
        OfficeDecision::Approve => {
            // An embargo is no hold: nobody's word lifts it.
            let date = match &before.release {
                Some(release) => store.release_date(release).await?,
                None => None,
            };
            let due = date.map_or(now, |date| date.max(now));
            store.approve_edition(id, &lifted_by_approval(&before.state), due).await?
        }
        OfficeDecision::Cancel => {
            let open = ["held", "waiting", "opening", "sending", "paused"];
            store.change_edition(id, &open, &EditionState::Cancelled, now).await?
        }
    };
    let after = store.edition(id).await?.unwrap_or(before);
    info!(edition.id = %id, decision = ?decision, in_time, state = after.state.as_str(), "the office decided about edition {id}");
    Ok(Some((after, in_time)))
}
