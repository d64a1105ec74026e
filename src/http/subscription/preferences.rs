//! `/preferences/{token}`: what one follows, how often, in which language.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::confirm::path_of;
use super::form::{Wishes, known_topics, subscriber};
use super::subscribe::proof;
use crate::domain::{Subscriber, SubscriberId, SubscriberState, Token, Topic};
use crate::http::form::Fields;
use crate::http::page::{Problem, page, private_layout, respond};
use crate::language::say;
use crate::store::Preferences;
use crate::task::Newsroom;
use crate::template::PreferencesPage;

pub(in crate::http) async fn show(State(newsroom): State<Arc<Newsroom>>, Path(token): Path<String>) -> Response<Body> {
    respond(&newsroom, shown(&newsroom, &token).await)
}

pub(in crate::http) async fn act(
    State(newsroom): State<Arc<Newsroom>>,
    Path(token): Path<String>,
    body: Bytes,
) -> Response<Body> {
    respond(&newsroom, acted(&newsroom, &token, &Fields::parse(&body)).await)
}

fn whose(token: Token) -> Option<SubscriberId> {
    match token {
        Token::Preferences { subscriber } => Some(subscriber),
        Token::Confirm { .. } | Token::Unsubscribe { .. } | Token::Office { .. } | Token::Bounce { .. } => None,
    }
}

/// Somebody who left, or never confirmed, has no preferences: the way back is to subscribe.
fn active(subscriber: Subscriber) -> Result<Subscriber, Problem> {
    match subscriber.state {
        SubscriberState::Active { .. } => Ok(subscriber),
        SubscriberState::Pending { .. } | SubscriberState::Ended { .. } => Err(Problem::LinkOver),
    }
}

async fn shown(newsroom: &Newsroom, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = active(subscriber(newsroom, token, whose).await?)?;
    let Subscriber { topics, frequency, language, .. } = subscriber.clone();
    let topics = known_topics(topics, newsroom.current().resources.live()).collect();
    Ok(answer(newsroom, token, &subscriber, &Wishes { topics, frequency, language }, Outcome::Shown))
}

async fn acted(newsroom: &Newsroom, token: &str, fields: &Fields) -> Result<Response<Body>, Problem> {
    let subscriber = active(subscriber(newsroom, token, whose).await?)?;
    let current = newsroom.current();
    let live = current.resources.live();
    let mut wishes = Wishes::read(fields, live, subscriber.language, subscriber.frequency);
    if wishes.topics.is_empty() {
        return Ok(answer(newsroom, token, &subscriber, &wishes, Outcome::NoTopics));
    }
    if !wishes.topics.contains(&Topic::All) {
        // The form shows no topic that is empty today: nobody can have meant to leave one of those.
        let shown = |topic: &Topic| *topic == Topic::All || live.topics().iter().any(|entry| entry.topic == *topic);
        let kept = known_topics(subscriber.topics.iter().cloned(), live);
        wishes.topics.extend(kept.filter(|topic| !shown(topic)));
    }
    let Wishes { topics, frequency, language } = wishes.clone();
    let preferences = Preferences { topics, frequency, language };
    let proof = proof(newsroom, "preferences.button");
    if !newsroom.store.change_preferences(subscriber.id, &preferences, &proof, newsroom.now()).await? {
        return Err(Problem::LinkOver);
    }
    Ok(answer(newsroom, token, &subscriber, &wishes, Outcome::Saved))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Shown,
    Saved,
    NoTopics,
}

fn answer(
    newsroom: &Newsroom,
    token: &str,
    subscriber: &Subscriber,
    wishes: &Wishes,
    outcome: Outcome,
) -> Response<Body> {
    let current = newsroom.current();
    let root = newsroom.config.site.url.path();
    let language = wishes.language;
    let mut form = wishes.form(newsroom, current.resources.live(), format!("{root}/preferences/{token}"), language);
    form.topics_error = (outcome == Outcome::NoTopics).then(|| say(language, "form.error-topics", &[]));
    let status = if outcome == Outcome::NoTopics { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let leave = newsroom.token_url("u", &Token::Unsubscribe { subscriber: subscriber.id });
    let context = PreferencesPage {
        layout: private_layout(newsroom, language, &say(language, "preferences.title", &[])),
        address: subscriber.address.masked(),
        form,
        saved: outcome == Outcome::Saved,
        unsubscribe: path_of(&leave),
    };
    page(newsroom, status, &context)
}
