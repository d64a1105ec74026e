//! Which of the last editions a subscriber did not receive, and why.

use tracing::error;

use super::delivering::audience_of;
use crate::domain::{Edition, EditionId, Subscriber};
use crate::policy::{Missed, Reader, missed};
use crate::store::{ConsentAction, StoreError};
use crate::task::newsroom::Newsroom;

/// An edition that a subscriber has no delivery of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedEdition {
    /// Which.
    pub edition: Edition,
    /// Why.
    pub why: Missed,
}

/// The last `limit` editions that `subscriber` has no delivery of, latest first. One that cannot be read is logged and left
/// out.
///
/// # Errors
/// When the database does not answer.
pub async fn missed_by(
    newsroom: &Newsroom,
    subscriber: &Subscriber,
    limit: u32,
) -> Result<Vec<MissedEdition>, StoreError> {
    let store = &newsroom.store;
    let consents = store.consents_of(subscriber.id).await?;
    // What was only asked for changes nothing yet.
    let asking = [
        ConsentAction::Asked,
        ConsentAction::AddressAsked,
        ConsentAction::ExportAsked,
        ConsentAction::ErasureAsked,
        ConsentAction::AddressRefused,
    ];
    let said = consents.iter().filter(|kept| !asking.contains(&kept.action));
    let changed = said.map(|kept| kept.at).max();
    let reader = Reader { subscriber, suppressed: store.suppression_of(subscriber.id).await?, changed };
    let mut found = Vec::new();
    for (id, is_folded) in store.editions_without(subscriber.id, limit).await? {
        match one(newsroom, &reader, id, is_folded).await {
            Ok(one) => found.extend(one),
            Err(error @ StoreError::Row { .. }) => {
                error!(edition.id = %id, %error, "edition {id} is left out: {error}");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

async fn one(
    newsroom: &Newsroom,
    reader: &Reader<'_>,
    id: EditionId,
    is_folded: bool,
) -> Result<Option<MissedEdition>, StoreError> {
    let Some(edition) = newsroom.store.edition(id).await? else { return Ok(None) };
    let why = if is_folded {
        Missed::Forgotten
    } else {
        missed(&edition, &audience_of(newsroom, &edition, newsroom.now()).await?, reader)
    };
    Ok(Some(MissedEdition { edition, why }))
}
