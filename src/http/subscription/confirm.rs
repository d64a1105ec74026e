//! `/confirm/{token}`: the second half of double opt-in.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use tracing::info;

use super::visit::Visit;
use crate::domain::{Subscriber, SubscriberState, Token};
use crate::http::page::{Problem, page, private_layout};
use crate::language::{Language, say};
use crate::resource::Wording;
use crate::task::Newsroom;
use crate::template::{ConfirmPage, ConfirmedPage, LostLink};

pub(in crate::http) async fn show(visit: Visit) -> Response<Body> {
    visit.answer(shown(&visit).await)
}

pub(in crate::http) async fn act(visit: Visit) -> Response<Body> {
    visit.answer(acted(&visit).await)
}

/// Whose confirmation a token is. One that is late, or whose subscription ended, leads to the form.
async fn asked(visit: &Visit) -> Result<Subscriber, Problem> {
    let whose = |token| if let Token::Confirm { subscriber, .. } = token { Some(subscriber) } else { None };
    let subscriber = visit.subscriber(LostLink::Confirmation, whose).await?;
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

async fn shown(visit: &Visit) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let subscriber = asked(visit).await?;
    let language = visit.language(Some(&subscriber));
    if matches!(subscriber.state, SubscriberState::Active { .. }) {
        return Ok(confirmed(newsroom, &subscriber, language));
    }
    let context = ConfirmPage {
        layout: private_layout(newsroom, language, &say(language, "confirm.title", &[])),
        address: subscriber.address.masked_in_text(),
        topics: topics(newsroom, &subscriber, language),
        name: subscriber.name.clone(),
        organisation: subscriber.organisation.clone(),
        action: visit.action("confirm"),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(visit: &Visit) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let subscriber = asked(visit).await?;
    let language = visit.language(Some(&subscriber));
    if !newsroom.store.confirm(subscriber.id, &visit.proof(language, "confirm.button"), newsroom.now()).await? {
        return Err(Problem::LostLink(LostLink::Subscription));
    }
    if matches!(subscriber.state, SubscriberState::Pending { .. }) {
        let source = visit.source.masked();
        info!(subscriber.id = %subscriber.id, source, "subscriber {} confirmed", subscriber.id);
    }
    Ok(confirmed(newsroom, &subscriber, language))
}

fn confirmed(newsroom: &Newsroom, subscriber: &Subscriber, language: Language) -> Response<Body> {
    let context = ConfirmedPage {
        layout: private_layout(newsroom, language, &say(language, "confirmed.title", &[])),
        address: subscriber.address.masked_in_text(),
        topics: topics(newsroom, subscriber, language),
        preferences: path_of(&newsroom.preferences_url(subscriber.id)),
    };
    page(newsroom, StatusCode::OK, &context)
}

/// The path of one of our own absolute addresses.
pub(super) fn path_of(address: &str) -> String {
    url::Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.path().to_owned())
}
