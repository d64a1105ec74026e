//! `/confirm/{token}`: the second half of double opt-in.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::form::subscriber;
use super::spoken::Visitor;
use super::subscribe::proof;
use crate::domain::{Subscriber, SubscriberState, Token};
use crate::http::page::{Problem, page, private_layout};
use crate::language::{Language, say};
use crate::resource::Wording;
use crate::task::Newsroom;
use crate::template::{ConfirmPage, ConfirmedPage, LostLink};

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

/// Whose confirmation a token is. One that is late, or whose subscription ended, leads to the form.
async fn asked(newsroom: &Newsroom, token: &str) -> Result<Subscriber, Problem> {
    let whose = |token| if let Token::Confirm { subscriber, .. } = token { Some(subscriber) } else { None };
    let subscriber = subscriber(newsroom, token, LostLink::Confirmation, whose).await?;
    match subscriber.state {
        SubscriberState::Pending { .. } | SubscriberState::Active { .. } => Ok(subscriber),
        SubscriberState::Ended { .. } => Err(Problem::LostLink(LostLink::Subscription)),
    }
}

fn topics(newsroom: &Newsroom, subscriber: &Subscriber, language: Language) -> Vec<String> {
    let current = newsroom.current();
    let words = Wording::of_letters(current.resources.site(), language);
    subscriber.topics.iter().map(|topic| words.topic(current.resources.live(), topic)).collect()
}

async fn shown(newsroom: &Newsroom, visitor: Visitor, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = asked(newsroom, token).await?;
    let language = visitor.language(newsroom, Some(subscriber.language));
    if matches!(subscriber.state, SubscriberState::Active { .. }) {
        return Ok(confirmed(newsroom, &subscriber, language));
    }
    let context = ConfirmPage {
        layout: private_layout(newsroom, language, &say(language, "confirm.title", &[])),
        address: subscriber.address.masked(),
        topics: topics(newsroom, &subscriber, language),
        action: visitor.action(&format!("{}/confirm/{token}", newsroom.config.site.url.path())),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(newsroom: &Newsroom, visitor: Visitor, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = asked(newsroom, token).await?;
    let language = visitor.language(newsroom, Some(subscriber.language));
    if !newsroom.store.confirm(subscriber.id, &proof(language, "confirm.button"), newsroom.now()).await? {
        return Err(Problem::LostLink(LostLink::Subscription));
    }
    Ok(confirmed(newsroom, &subscriber, language))
}

fn confirmed(newsroom: &Newsroom, subscriber: &Subscriber, language: Language) -> Response<Body> {
    let context = ConfirmedPage {
        layout: private_layout(newsroom, language, &say(language, "confirmed.title", &[])),
        address: subscriber.address.masked(),
        topics: topics(newsroom, subscriber, language),
        preferences: path_of(&newsroom.preferences_url(subscriber.id)),
    };
    page(newsroom, StatusCode::OK, &context)
}

/// The path of one of our own absolute addresses.
pub(super) fn path_of(address: &str) -> String {
    url::Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.path().to_owned())
}
