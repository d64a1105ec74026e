//! Letters sent again by hand: an edition that is repeated, recorded with who asked for it, and what was given up.
//!
//! Neither lets out what is not public any more, or what was corrected since.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tracing::info;

use super::announcement::announcement_letters;
use super::delivering::{REPEAT, deliver};
use super::recall::is_live;
use crate::catalog::Published;
use crate::domain::{
    Edition, EditionId, EditionKind, EditionState, NewEdition, ReleaseId, RenderedLetter, SubscriberId,
};
use crate::policy::carried;
use crate::store::{Cause, StoreError};
use crate::task::newsroom::{Current, Newsroom, random_boundary};
use crate::task::office::OfficeError;

/// Why an edition cannot be repeated.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// There is no such edition.
    #[error("there is no edition {0}")]
    NoEdition(EditionId),
    /// Nothing of it has ever left.
    #[error("edition {0} has not been opened: there is nothing to repeat")]
    NeverOpened(EditionId),
    /// What it says is not to be read any more.
    #[error("edition {0} is about a release that is not public any more: it is not sent again")]
    NotPublic(EditionId),
    /// Its text was corrected since.
    #[error("edition {0} was corrected since: `editions resend {0} --to ADDRESS` sends the text of today")]
    Corrected(EditionId),
    /// It cannot be rendered, or the database does not answer.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl From<StoreError> for ResendError {
    fn from(error: StoreError) -> Self {
        Self::Office(error.into())
    }
}

/// Sends an edition once more, to everybody it was opened for and who may still be written to, or to those among them
/// named in `only`. The repeat is an edition of its own, with the same words, or those of today where they were corrected,
/// and Message-IDs of its own. What is not public any more is left out of a digest.
///
/// # Errors
/// When there is nothing to repeat, its release is not public, or the database does not answer.
pub async fn resend(
    newsroom: &Newsroom,
    current: &Current,
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
    let gone = not_public(newsroom, current, &edition).await?;
    if edition.kind != EditionKind::Digest && !gone.is_empty() {
        return Err(ResendError::NotPublic(source));
    }
    let letters = match corrected_since(current, &edition, &letters) {
        Some(published) => announcement_letters(newsroom, current, published, source, now)?,
        None => letters.into_iter().map(|letter| renewed(letter, now)).collect(),
    };
    let names: Vec<String> = only.iter().map(ToString::to_string).collect();
    let repeat = NewEdition {
        kind: edition.kind,
        release: edition.release.clone(),
        dedup_key: format!("{REPEAT}:{source}:{}", random_boundary()),
        title: edition.title.clone(),
        state: EditionState::Opening { cursor: None },
        subject: format!("{REPEAT} {source} {}", names.join(" ")).trim_end().to_owned(),
    };
    let cause = Cause { who, why: "the office repeats it" };
    let id = store.open_repeat(&repeat, source, &gone, &letters, cause, now).await?;
    let opened = store.edition(id).await?.ok_or(ResendError::NoEdition(id))?;
    deliver(newsroom, &opened, now).await?;
    info!(edition.id = %id, repeated.id = %source, who, "edition {id} repeats edition {source}");
    Ok(store.edition(id).await?.unwrap_or(opened))
}

/// Tries the letters of an edition again that were given up, and says how many there are.
///
/// # Errors
/// When there is no such edition, it holds what is not public or was corrected since, or the database does not answer.
pub async fn retry(newsroom: &Newsroom, current: &Current, id: EditionId, who: &str) -> Result<u64, ResendError> {
    let store = &newsroom.store;
    let edition = store.edition(id).await?.ok_or(ResendError::NoEdition(id))?;
    if !not_public(newsroom, current, &edition).await?.is_empty() {
        return Err(ResendError::NotPublic(id));
    }
    if corrected_since(current, &edition, &store.letters_of(id).await?).is_some() {
        return Err(ResendError::Corrected(id));
    }
    let cause = Cause { who, why: "the office tries again what was given up" };
    let letters = store.retry_failed(id, cause, newsroom.now()).await?;
    info!(edition.id = %id, letters, who, "edition {id}: {letters} letters that were given up are tried again");
    Ok(letters)
}

/// The releases that an edition holds the text of and that are not public now.
async fn not_public(
    newsroom: &Newsroom,
    current: &Current,
    edition: &Edition,
) -> Result<BTreeSet<ReleaseId>, StoreError> {
    let held: BTreeSet<ReleaseId> = match edition.kind {
        EditionKind::Announcement | EditionKind::Correction => edition.release.iter().cloned().collect(),
        EditionKind::Digest => {
            let entries = newsroom.store.digest_entries(edition.id).await?;
            entries.into_iter().map(|entry| entry.release).collect()
        }
        EditionKind::Withdrawal => BTreeSet::new(),
    };
    let now = newsroom.now();
    Ok(held.into_iter().filter(|release| !is_live(current, release, now)).collect())
}

/// The release of an announcement whose text has taken in a correction that its letters lack.
fn corrected_since<'a>(current: &'a Current, edition: &Edition, letters: &[RenderedLetter]) -> Option<&'a Published> {
    let release = edition.release.as_ref().filter(|_| edition.kind == EditionKind::Announcement)?;
    let published = current.resources.live().get(release)?;
    let mark = carried(&published.release);
    letters.iter().any(|letter| letter.carries != mark).then_some(published)
}

/// The same words under a boundary of their own: the marks in its text are made from it.
fn renewed(letter: RenderedLetter, now: DateTime<Utc>) -> RenderedLetter {
    let boundary = random_boundary();
    let renewed = |text: &str| text.replace(&letter.boundary, &boundary);
    RenderedLetter { text: renewed(&letter.text), html: renewed(&letter.html), date: now, boundary, ..letter }
}
