//! What the log says of editions: a line for each decision, in the same words for each kind.

use chrono::{DateTime, Utc};
use tracing::info;

use crate::domain::{Edition, EditionId, EditionState, NewEdition, ReleaseId};

/// An edition was made.
pub(super) fn planned(id: EditionId, edition: &NewEdition) {
    let NewEdition { kind, release, state, dedup_key, .. } = edition;
    let release = release.as_ref().map(tracing::field::display);
    let (state, why, due) = words(state);
    info!(edition.id = %id, %kind, release.id = release, cause = dedup_key, state, why, due, "edition {id} is planned");
}

/// An edition that has not opened is in another state now.
pub(super) fn changed(edition: &Edition, state: &EditionState) {
    let id = edition.id;
    let (state, why, due) = words(state);
    info!(edition.id = %id, kind = %edition.kind, state, why, due, "edition {id} is now {state}");
}

/// An edition is cancelled before it opened.
pub(super) fn cancelled(id: EditionId, why: &str) {
    info!(edition.id = %id, why, "edition {id} is cancelled: {why}");
}

/// An edition has opened.
pub(super) fn opened(id: EditionId, release: Option<&ReleaseId>) {
    info!(edition.id = %id, release.id = release.map(tracing::field::display), "edition {id} is open");
}

/// The last delivery of an edition is written.
pub(super) fn delivered(id: EditionId, deliveries: u64) {
    info!(edition.id = %id, deliveries, "edition {id} has {deliveries} deliveries");
}

/// An edition has ended.
pub(super) fn ended(edition: &Edition) {
    let (id, tally) = (edition.id, &edition.tally);
    let (sent, failed, skipped, unknown) = (tally.sent, tally.failed, tally.skipped, tally.unknown);
    info!(edition.id = %id, sent, failed, skipped, unknown, "edition {id} is done: {sent} letters were accepted");
}

/// An edition that was on its way stops for now, or goes on.
pub(super) fn waits(id: EditionId) {
    info!(edition.id = %id, "edition {id} waits: the file of a release is away");
}

/// An edition goes on that waited for a file.
pub(super) fn goes_on(id: EditionId) {
    info!(edition.id = %id, "edition {id} goes on: the file is back");
}

/// An edition on its way stops for good.
pub(super) fn stopped(id: EditionId, release: &ReleaseId, why: &str) {
    info!(edition.id = %id, release.id = %release, why, "edition {id} stops: {why}");
}

/// The name of a state, why it is held, and when it is due.
fn words(state: &EditionState) -> (&'static str, Option<&'static str>, Option<String>) {
    let why = if let EditionState::Held(reason) = state { Some(reason.as_str()) } else { None };
    (state.as_str(), why, state.due().map(|due: DateTime<Utc>| due.to_rfc3339()))
}
