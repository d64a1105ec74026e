//! `/u/{token}`: leave the list. One button, no login, for ever; mail programs may post by themselves (RFC 8058). Whoever
//! left by mistake comes back by the same link, for some days.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use chrono::TimeDelta;

use super::confirm::path_of;
use super::form::subscriber;
use super::preferences::paused_until;
use super::spoken::Visitor;
use super::subscribe::proof;
use crate::domain::{EndReason, Subscriber, SubscriberState};
use crate::http::form::Fields;
use crate::http::page::{Problem, page, private_layout};
use crate::language::{Language, say};
use crate::task::Newsroom;
use crate::template::{DonePage, Link, LostLink, UnsubscribePage, UnsubscribedPage};

/// How long after leaving the way back is open: later, somebody else may have the letter, and the form asks the owner.
const BACK_WITHIN: TimeDelta = TimeDelta::days(7);

pub(in crate::http) async fn show(
    State(newsroom): State<Arc<Newsroom>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Response<Body> {
    visitor.answer(&newsroom, shown(&newsroom, visitor, &token).await)
}

/// A person's button and a mail program's `List-Unsubscribe=One-Click` are answered alike: 200, no redirect, no cookie.
pub(in crate::http) async fn act(
    State(newsroom): State<Arc<Newsroom>>,
    visitor: Visitor,
    Path(token): Path<String>,
    body: Bytes,
) -> Response<Body> {
    visitor.answer(&newsroom, acted(&newsroom, visitor, &token, &Fields::parse(&body)).await)
}

async fn whose(newsroom: &Newsroom, token: &str) -> Result<Subscriber, Problem> {
    subscriber(newsroom, token, LostLink::Subscription, |token| token.unsubscribes()).await
}

async fn shown(newsroom: &Newsroom, visitor: Visitor, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = whose(newsroom, token).await?;
    let language = visitor.language(newsroom, Some(subscriber.language));
    if matches!(subscriber.state, SubscriberState::Ended { .. }) {
        return Ok(gone(newsroom, visitor, token, &subscriber, language));
    }
    let context = UnsubscribePage {
        layout: private_layout(newsroom, language, &say(language, "unsubscribe.title", &[])),
        address: subscriber.address.masked(),
        action: action(newsroom, visitor, token),
        paused: paused_until(newsroom, &subscriber, language),
        preferences: path_of(&newsroom.preferences_url(subscriber.id)),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(newsroom: &Newsroom, visitor: Visitor, token: &str, fields: &Fields) -> Result<Response<Body>, Problem> {
    let before = whose(newsroom, token).await?;
    let language = visitor.language(newsroom, Some(before.language));
    if fields.get("do") == "back" {
        return back(newsroom, &before, language).await;
    }
    // Leaving twice is no harm.
    newsroom.store.leave(before.id, &proof(language, "unsubscribe.button"), newsroom.now()).await?;
    let subscriber = whose(newsroom, token).await?;
    Ok(gone(newsroom, visitor, token, &subscriber, language))
}

async fn back(newsroom: &Newsroom, subscriber: &Subscriber, language: Language) -> Result<Response<Body>, Problem> {
    let now = newsroom.now();
    let proof = proof(language, "unsubscribed.back");
    let is_back = newsroom.store.come_back(subscriber.id, now - BACK_WITHIN, &proof, now).await?;
    // Coming back twice is no harm either.
    if !is_back && !matches!(subscriber.state, SubscriberState::Active { .. }) {
        return Err(Problem::LostLink(LostLink::Subscription));
    }
    let preferences = path_of(&newsroom.preferences_url(subscriber.id));
    let context = DonePage {
        layout: private_layout(newsroom, language, &say(language, "back.title", &[])),
        lead: say(language, "back.lead", &[("address", &subscriber.address.masked())]),
        lines: vec![say(language, "back.what", &[])],
        more: Some(Link::new(&*say(language, "done.preferences", &[]), preferences)),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

fn action(newsroom: &Newsroom, visitor: Visitor, token: &str) -> String {
    visitor.action(&format!("{}/u/{token}", newsroom.config.site.url.path()))
}

fn gone(
    newsroom: &Newsroom,
    visitor: Visitor,
    token: &str,
    subscriber: &Subscriber,
    language: Language,
) -> Response<Body> {
    let may_return = match subscriber.state {
        SubscriberState::Ended { at, reason: EndReason::Unsubscribed } => {
            at >= newsroom.now() - BACK_WITHIN && !subscriber.topics.is_empty()
        }
        SubscriberState::Ended { .. } | SubscriberState::Pending { .. } | SubscriberState::Active { .. } => false,
    };
    let context = UnsubscribedPage {
        layout: private_layout(newsroom, language, &say(language, "unsubscribed.title", &[])),
        address: subscriber.address.masked(),
        subscribe: format!("{}/subscribe?lang={language}", newsroom.config.site.url.path()),
        back: may_return.then(|| action(newsroom, visitor, token)),
        data: Some(visitor.action(&path_of(&newsroom.preferences_url(subscriber.id)))),
    };
    page(newsroom, StatusCode::OK, &context)
}
