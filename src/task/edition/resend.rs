//! Repeating an edition: the one deliberate repeat, recorded with who asked for it.

use std::collections::BTreeSet;

use tracing::info;

use super::delivering::{REPEAT, deliver};
use crate::domain::{Edition, EditionId, EditionState, NewEdition, RenderedLetter, SubscriberId};
use crate::store::{Cause, StoreError};
use crate::task::newsroom::{Newsroom, random_boundary};

/// Why an edition cannot be repeated.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// There is no such edition.
    #[error("there is no edition {0}")]
    NoEdition(EditionId),
    /// Nothing of it has ever left.
    #[error("edition {0} has not been opened: there is nothing to repeat")]
    NeverOpened(EditionId),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends an edition once more, to everybody it was opened for and who may still be written to, or to those among them
/// named in `only`. The repeat is an edition of its own, with the same words and Message-IDs of its own.
///
/// # Errors
/// When there is nothing to repeat or the database does not answer.
pub async fn resend(
    newsroom: &Newsroom,
    source: EditionId,
    only: &[SubscriberId],
    who: &str,
) -> Result<Edition, ResendError> {
    let now = newsroom.now();
    let store = &newsroom.store;
    let edition = store.edition(source).await?.ok_or(ResendError::NoEdition(source))?;
    let letters = store.letters_of(source).await?;
    if edition.opened.is_none() || letters.is_empty() {
        return Err(ResendError::NeverOpened(source));
    }
    let names: Vec<String> = only.iter().map(ToString::to_string).collect();
    let subject = format!("{REPEAT} {source} {}", names.join(" ")).trim_end().to_owned();
    let repeat = NewEdition {
        kind: edition.kind,
        release: edition.release.clone(),
        dedup_key: format!("{REPEAT}:{source}:{}", random_boundary()),
        title: edition.title.clone(),
        state: EditionState::Waiting { due: now },
        subject,
    };
    let (id, _) = store.create_edition(&repeat, &BTreeSet::new(), now).await?;
    let letters: Vec<RenderedLetter> = letters
        .into_iter()
        .map(|letter| {
            // The marks in its text are made from its boundary.
            let boundary = random_boundary();
            let renewed = |text: &str| text.replace(&letter.boundary, &boundary);
            RenderedLetter { text: renewed(&letter.text), html: renewed(&letter.html), date: now, boundary, ..letter }
        })
        .collect();
    store.open_repeat(id, source, &letters, Cause { who, why: "the office repeats it" }, now).await?;
    let opened = store.edition(id).await?.ok_or(ResendError::NoEdition(id))?;
    deliver(newsroom, &opened, now).await?;
    info!(edition.id = %id, source = %source, "edition {id} repeats edition {source}");
    Ok(store.edition(id).await?.unwrap_or(opened))
}
