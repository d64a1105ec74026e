//! *Waiting*: what is about to leave or on its way, what is held or paused and why, and the buttons.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::response::{IntoResponse as _, Redirect};

use super::frame::layout;
use super::previews::preview_address;
use crate::domain::{Edition, EditionId, EditionKind};
use crate::http::fields::Fields;
use crate::http::office::{actions, carry_out};
use crate::http::page::{Problem, page, respond};
use crate::language::{countdown_words, edition_kind, edition_state, hold_reason, say};
use crate::resource::Wording;
use crate::store::EditionFilter;
use crate::task::{Newsroom, OfficeDecision, confirm_alarm, confirm_clock, crowd_with, recipients};
use crate::template::{AlarmBanner, ClockBanner, MailboxWaitingPage, WaitingEdition};

/// How many editions that are over are still shown.
const RECENT: usize = 20;

pub(super) async fn show(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    respond(&newsroom, shown(&newsroom).await)
}

async fn shown(newsroom: &Newsroom) -> Result<Response<Body>, Problem> {
    let current = newsroom.current();
    let words = Wording::of_pages(current.resources.site());
    let mut editions = newsroom.store.editions(&EditionFilter::default()).await?;
    editions.sort_by_key(|edition| (edition.state.is_over(), std::cmp::Reverse(edition.id)));
    let ahead = editions.iter().filter(|edition| !edition.state.is_over()).count();
    // A digest that nobody received is not worth a line.
    editions
        .retain(|edition| !edition.state.is_over() || edition.kind != EditionKind::Digest || edition.tally.total() > 0);
    editions.truncate(ahead + RECENT);
    let mut rows = Vec::new();
    // A crowd is one question: it is asked at the first of its editions.
    let mut asked = BTreeSet::new();
    for edition in &editions {
        let together =
            if asked.contains(&edition.id) { Vec::new() } else { crowd_with(newsroom, &current, edition).await? };
        asked.extend(together.iter().copied());
        rows.push(row(newsroom, &words, edition, &together).await?);
    }
    let recent = rows.split_off(ahead);
    let alarm = current.register.open_alarm().map(|alarm| AlarmBanner {
        missing: alarm.missing,
        of: alarm.of,
        since: words.stamp(alarm.since),
        action: "/mailbox/folder/confirm".to_owned(),
    });
    let clock = newsroom.clock.doubt().map(|doubt| ClockBanner {
        machine: words.stamp(doubt.machine),
        believed: words.stamp(doubt.believed),
        action: "/mailbox/clock/confirm".to_owned(),
    });
    let title = say(newsroom.language(), "admin.waiting", &[]);
    let context = MailboxWaitingPage { layout: layout(newsroom, &title), alarm, clock, editions: rows, recent };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn row(
    newsroom: &Newsroom,
    words: &Wording<'_>,
    edition: &Edition,
    together: &[EditionId],
) -> Result<WaitingEdition, Problem> {
    let language = newsroom.language();
    let due = edition.state.due();
    let preview = edition.release.as_ref().filter(|id| newsroom.current().release(id).is_some());
    Ok(WaitingEdition {
        title: edition.title.clone(),
        kind_words: edition_kind(language, edition.kind.as_str()),
        preview: preview.map(|id| preview_address(id, language)),
        state: edition.state.as_str().to_owned(),
        state_words: edition_state(language, edition.state.as_str()),
        due: due.map(|due| words.stamp(due)),
        countdown: due.map(|due| countdown_words(due - newsroom.now(), language)),
        reason: edition.state.stopped_by().map(|(code, detail)| hold_reason(language, code, &detail)),
        recipients: recipients(newsroom, edition).await?,
        actions: actions(edition, together, format!("/mailbox/editions/{}", edition.id)),
    })
}

pub(super) async fn act(
    State(newsroom): State<Arc<Newsroom>>,
    Path(edition): Path<String>,
    fields: Fields,
) -> Response<Body> {
    respond(&newsroom, acted(&newsroom, &edition, &fields).await)
}

async fn acted(newsroom: &Newsroom, edition: &str, fields: &Fields) -> Result<Response<Body>, Problem> {
    let id: EditionId = edition.parse().map_err(|_| Problem::NotFound)?;
    let (decision, scope) = OfficeDecision::from_button(fields.get("do")).ok_or(Problem::BadRequest)?;
    let edition = newsroom.store.edition(id).await?.ok_or(Problem::NotFound)?;
    carry_out(newsroom, &edition, decision, scope, "mailbox").await?;
    Ok(Redirect::to("/mailbox/").into_response())
}

pub(super) async fn confirm_folder(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    let confirmed = confirm_alarm(&newsroom).await.map_err(Problem::from);
    respond(&newsroom, confirmed.map(|()| Redirect::to("/mailbox/").into_response()))
}

pub(super) async fn confirm_machine_clock(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    let confirmed = confirm_clock(&newsroom).await.map_err(Problem::from);
    respond(&newsroom, confirmed.map(|()| Redirect::to("/mailbox/").into_response()))
}
