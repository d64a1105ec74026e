//! `/confirm/{token}`: the second half of double opt-in.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::form::subscriber;
use super::subscribe::proof;
use crate::domain::{Subscriber, SubscriberId, Token};
use crate::http::page::{Problem, page, private_layout, respond};
use crate::language::say;
use crate::resource::Wording;
use crate::task::Newsroom;
use crate::template::{ConfirmPage, ConfirmedPage};

pub(in crate::http) async fn show(State(newsroom): State<Arc<Newsroom>>, Path(token): Path<String>) -> Response<Body> {
    respond(&newsroom, shown(&newsroom, &token).await)
}

pub(in crate::http) async fn act(State(newsroom): State<Arc<Newsroom>>, Path(token): Path<String>) -> Response<Body> {
    respond(&newsroom, acted(&newsroom, &token).await)
}

fn whose(token: Token) -> Option<SubscriberId> {
    match token {
        Token::Confirm { subscriber, .. } => Some(subscriber),
        Token::Preferences { .. } | Token::Unsubscribe { .. } | Token::Office { .. } | Token::Bounce { .. } => None,
    }
}

fn topics(newsroom: &Newsroom, subscriber: &Subscriber) -> Vec<String> {
    let current = newsroom.current();
    let words = Wording::of_letters(current.resources.site(), subscriber.language);
    subscriber.topics.iter().map(|topic| words.topic(current.resources.live(), topic)).collect()
}

async fn shown(newsroom: &Newsroom, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = subscriber(newsroom, token, whose).await?;
    let context = ConfirmPage {
        layout: private_layout(newsroom, subscriber.language, &say(subscriber.language, "confirm.title", &[])),
        address: subscriber.address.masked(),
        topics: topics(newsroom, &subscriber),
        action: format!("{}/confirm/{token}", newsroom.config.site.url.path()),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(newsroom: &Newsroom, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = subscriber(newsroom, token, whose).await?;
    if !newsroom.store.confirm(subscriber.id, &proof(newsroom, "confirm.button"), newsroom.now()).await? {
        return Err(Problem::LinkOver);
    }
    let context = ConfirmedPage {
        layout: private_layout(newsroom, subscriber.language, &say(subscriber.language, "confirmed.title", &[])),
        address: subscriber.address.masked(),
        topics: topics(newsroom, &subscriber),
        preferences: path_of(&newsroom.preferences_url(subscriber.id)),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

/// The path of one of our own absolute addresses.
pub(super) fn path_of(address: &str) -> String {
    url::Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.path().to_owned())
}
