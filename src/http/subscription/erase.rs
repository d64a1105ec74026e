//! `/preferences/erase/{token}`: be forgotten. The link comes in a letter to the address itself.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::form::read;
use super::spoken::Visitor;
use crate::domain::{EndReason, SubscriberId, Token};
use crate::http::page::{Problem, page, private_layout};
use crate::language::{Language, say};
use crate::task::Newsroom;
use crate::template::{AskPage, Choice, DonePage, LostLink};

pub(in crate::http) async fn show(
    State(newsroom): State<Arc<Newsroom>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Response<Body> {
    visitor.answer(&newsroom, shown(&newsroom, visitor, &token).await)
}

pub(in crate::http) async fn act(
    State(newsroom): State<Arc<Newsroom>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Response<Body> {
    visitor.answer(&newsroom, acted(&newsroom, visitor, &token).await)
}

fn whose(newsroom: &Newsroom, token: &str) -> Result<SubscriberId, Problem> {
    let token = read(newsroom, token, LostLink::Request)?;
    let whose = if let Token::Erase { subscriber, .. } = token { Some(subscriber) } else { None };
    whose.ok_or(Problem::LostLink(LostLink::Wrong))
}

async fn shown(newsroom: &Newsroom, visitor: Visitor, token: &str) -> Result<Response<Body>, Problem> {
    let Some(subscriber) = newsroom.store.subscriber(whose(newsroom, token)?).await? else {
        return Ok(erased(newsroom, visitor.language(newsroom, None)));
    };
    let language = visitor.language(newsroom, Some(subscriber.language));
    let words = |key: &str| say(language, key, &[("address", &subscriber.address.masked())]);
    let context = AskPage {
        layout: private_layout(newsroom, language, &words("erase.title")),
        lead: words("erase.lead"),
        lines: vec![words("erase.what"), words("erase.stays")],
        action: visitor.action(&format!("{}/preferences/erase/{token}", newsroom.config.site.url.path())),
        buttons: vec![Choice { value: "erase".to_owned(), words: words("erase.button") }],
        hint: words("erase.hint"),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(newsroom: &Newsroom, visitor: Visitor, token: &str) -> Result<Response<Body>, Problem> {
    let id = whose(newsroom, token)?;
    let subscriber = newsroom.store.subscriber(id).await?;
    let language = visitor.language(newsroom, subscriber.map(|subscriber| subscriber.language));
    // To be forgotten twice is no harm.
    newsroom.store.end(id, EndReason::Erased, newsroom.now()).await?;
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
