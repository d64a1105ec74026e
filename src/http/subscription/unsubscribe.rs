//! `/u/{token}`: leave the list. One button, no login, for ever; mail programs may post by themselves (RFC 8058).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::confirm::path_of;
use super::form::subscriber;
use crate::domain::{EndReason, SubscriberId, Token};
use crate::http::page::{Problem, page, private_layout, respond};
use crate::language::say;
use crate::task::Newsroom;
use crate::template::{UnsubscribePage, UnsubscribedPage};

pub(in crate::http) async fn show(State(newsroom): State<Arc<Newsroom>>, Path(token): Path<String>) -> Response<Body> {
    respond(&newsroom, shown(&newsroom, &token).await)
}

/// A person's button and a mail program's `List-Unsubscribe=One-Click` are answered alike: 200, no redirect, no cookie.
pub(in crate::http) async fn act(State(newsroom): State<Arc<Newsroom>>, Path(token): Path<String>) -> Response<Body> {
    respond(&newsroom, acted(&newsroom, &token).await)
}

fn whose(token: Token) -> Option<SubscriberId> {
    match token {
        Token::Unsubscribe { subscriber } => Some(subscriber),
        Token::Confirm { .. } | Token::Preferences { .. } | Token::Office { .. } | Token::Bounce { .. } => None,
    }
}

async fn shown(newsroom: &Newsroom, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = subscriber(newsroom, token, whose).await?;
    let context = UnsubscribePage {
        layout: private_layout(newsroom, subscriber.language, &say(subscriber.language, "unsubscribe.title", &[])),
        address: subscriber.address.masked(),
        action: format!("{}/u/{token}", newsroom.config.site.url.path()),
        preferences: path_of(&newsroom.preferences_url(subscriber.id)),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(newsroom: &Newsroom, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = subscriber(newsroom, token, whose).await?;
    // Leaving twice is no harm.
    newsroom.store.end(subscriber.id, EndReason::Unsubscribed, newsroom.now()).await?;
    let context = UnsubscribedPage {
        layout: private_layout(newsroom, subscriber.language, &say(subscriber.language, "unsubscribed.title", &[])),
        address: subscriber.address.masked(),
        subscribe: format!("{}/subscribe", newsroom.config.site.url.path()),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}
