//! `/office/{token}`: where the press office holds, sends or cancels an edition. `GET` shows, `POST` acts.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::fields::Fields;
use super::page::{Problem, page, private_layout, respond};
use crate::domain::{Edition, EditionId, EditionState, Token, TokenError};
use crate::language::{edition_kind, edition_state, grouped, hold_reason, say};
use crate::resource::Wording;
use crate::task::{
    Newsroom, OFFICE_LINK_LASTS, OfficeDecision, Scope, crowd_with, decide, decide_for_crowd, recipients,
};
use crate::template::{EditionActions, Link, LostLink, OfficeDonePage, OfficePage};

pub(super) async fn show(State(newsroom): State<Arc<Newsroom>>, Path(token): Path<String>) -> Response<Body> {
    respond(&newsroom, shown(&newsroom, &token).await)
}

pub(super) async fn act(
    State(newsroom): State<Arc<Newsroom>>,
    Path(token): Path<String>,
    fields: Fields,
) -> Response<Body> {
    respond(&newsroom, acted(&newsroom, &token, &fields).await)
}

/// The edition a token is for. After a restoring another one may have the number of one that was lost: whatever was made
/// after the link is not what the link was made for.
async fn edition(newsroom: &Newsroom, token: &str) -> Result<Edition, Problem> {
    match Token::read(token, &newsroom.all_keys(), newsroom.now()) {
        Ok(Token::Office { edition, expires }) => {
            let made = expires - OFFICE_LINK_LASTS;
            let found = newsroom.store.edition(edition).await?.ok_or(Problem::NotFound)?;
            // A token knows seconds only.
            if found.created.timestamp() > made.timestamp() { Err(Problem::NotFound) } else { Ok(found) }
        }
        Err(TokenError::Expired(Token::Office { .. })) => Err(Problem::LostLink(LostLink::Office)),
        Ok(_) | Err(TokenError::Expired(_) | TokenError::Forged) => Err(Problem::NotFound),
    }
}

async fn shown(newsroom: &Newsroom, token: &str) -> Result<Response<Body>, Problem> {
    let edition = edition(newsroom, token).await?;
    let language = newsroom.language();
    let current = newsroom.current();
    let words = Wording::of_pages(current.resources.site());
    let live = edition.release.as_ref().and_then(|id| current.resources.live().get(id));
    let together = crowd_with(newsroom, &current, &edition).await?;
    let context = OfficePage {
        layout: private_layout(newsroom, language, &say(language, "office.title", &[])),
        title: edition.title.clone(),
        kind_words: edition_kind(language, edition.kind.as_str()),
        state: edition_state(language, edition.state.as_str()),
        due: edition.state.due().map(|due| words.stamp(due)),
        reason: edition.state.stopped_by().map(|(code, detail)| hold_reason(language, code, &detail)),
        recipients: grouped(recipients(newsroom, &edition).await?, language),
        release: live
            .map(|published| Link::new(&*published.release.title, words.address(published.release.permalink.as_str()))),
        actions: actions(&edition, &together, format!("{}/office/{token}", newsroom.config.site.url.path())),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(newsroom: &Newsroom, token: &str, fields: &Fields) -> Result<Response<Body>, Problem> {
    let edition = edition(newsroom, token).await?;
    let (decision, scope) = OfficeDecision::from_button(fields.get("do")).ok_or(Problem::BadRequest)?;
    let (after, in_time) = carry_out(newsroom, &edition, decision, scope, "office link").await?;
    let language = newsroom.language();
    let outcome = match decision {
        _ if !in_time => "late",
        OfficeDecision::Approve if scope == Scope::Crowd => "sent-all",
        OfficeDecision::Cancel if scope == Scope::Crowd => "cancelled-all",
        OfficeDecision::Hold => "held",
        OfficeDecision::Approve if matches!(after.state, EditionState::Waiting { due } if due > newsroom.now()) => {
            "freed"
        }
        OfficeDecision::Approve => "sent",
        OfficeDecision::Cancel => "cancelled",
        OfficeDecision::Pause => "paused",
        OfficeDecision::Resume => "resumed",
    };
    let context = OfficeDonePage {
        layout: private_layout(newsroom, language, &say(language, "office.title", &[])),
        title: after.title.clone(),
        outcome: outcome.to_owned(),
        state: edition_state(language, after.state.as_str()),
        back: format!("{}/office/{token}", newsroom.config.site.url.path()),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

/// Carries out a decision about an edition, or about its whole crowd; returns the edition as it is then, and whether the
/// decision came in time.
pub(super) async fn carry_out(
    newsroom: &Newsroom,
    edition: &Edition,
    decision: OfficeDecision,
    scope: Scope,
    who: &str,
) -> Result<(Edition, bool), Problem> {
    let decided = match scope {
        Scope::One => {
            decide(&newsroom.store, edition.id, decision, who, newsroom.now()).await?.ok_or(Problem::NotFound)?
        }
        Scope::Crowd => {
            let decided = decide_for_crowd(newsroom, &newsroom.current(), edition, decision, who).await?;
            let after = newsroom.store.edition(edition.id).await?.ok_or(Problem::NotFound)?;
            (after, decided > 0)
        }
    };
    newsroom.look_wanted.notify_waiters();
    Ok(decided)
}

/// What may still be decided about an edition, by buttons that post to `address`; `together` are the editions that are held
/// in one crowd with it and decided about here, itself included.
pub(super) fn actions(edition: &Edition, together: &[EditionId], address: String) -> EditionActions {
    EditionActions {
        address,
        hold: OfficeDecision::Hold.applies_to(&edition.state),
        send: OfficeDecision::Approve.applies_to(&edition.state),
        pause: OfficeDecision::Pause.applies_to(&edition.state),
        resume: OfficeDecision::Resume.applies_to(&edition.state),
        cancel: OfficeDecision::Cancel.applies_to(&edition.state),
        crowd: u32::try_from(together.len()).ok().filter(|together| *together > 1),
    }
}
