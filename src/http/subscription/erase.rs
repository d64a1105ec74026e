//! `/preferences/erase/{token}`: be forgotten. The link comes in a letter to the address itself.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use tracing::info;

use super::visit::Visit;
use crate::domain::{EndReason, SubscriberId, Token};
use crate::http::page::{Problem, page, private_layout};
use crate::language::{Language, say};
use crate::task::Newsroom;
use crate::template::{AskPage, Choice, DonePage};

pub(in crate::http) async fn show(visit: Visit) -> Response<Body> {
    visit.answer(shown(&visit).await)
}

pub(in crate::http) async fn act(visit: Visit) -> Response<Body> {
    visit.answer(acted(&visit).await)
}

/// Somebody who was forgotten already has a link still.
async fn whose(visit: &Visit) -> Result<SubscriberId, Problem> {
    let whose =
        |token| if let Token::Erase { subscriber, expires } = token { Some((subscriber, expires)) } else { None };
    visit.owner(whose).await
}

async fn shown(visit: &Visit) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let Some(subscriber) = newsroom.store.subscriber(whose(visit).await?).await? else {
        return Ok(erased(newsroom, visit.language(None)));
    };
    let language = visit.language(Some(&subscriber));
    let words = |key: &str| say(language, key, &[("address", &subscriber.address.masked_in_text())]);
    let context = AskPage {
        layout: private_layout(newsroom, language, &words("erase.title")),
        lead: words("erase.lead"),
        lines: vec![words("erase.what"), words("erase.stays")],
        action: visit.action("preferences/erase"),
        buttons: vec![Choice { value: "erase".to_owned(), words: words("erase.button") }],
        hint: words("erase.hint"),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(visit: &Visit) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let id = whose(visit).await?;
    let language = visit.language(newsroom.store.subscriber(id).await?.as_ref());
    // To be forgotten twice is no harm.
    if newsroom.store.end(id, EndReason::Erased, newsroom.now()).await? {
        info!(subscriber.id = %id, source = visit.source.masked(), "subscriber {id} is forgotten");
    }
    Ok(erased(newsroom, language))
}

fn erased(newsroom: &Newsroom, language: Language) -> Response<Body> {
    let context = DonePage {
        layout: private_layout(newsroom, language, &say(language, "erased.title", &[])),
        lead: say(language, "erased.lead", &[]),
        lines: vec![say(language, "erased.again", &[])],
        more: None,
    };
    page(newsroom, StatusCode::OK, &context)
}
