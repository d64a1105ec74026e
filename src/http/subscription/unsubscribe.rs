//! `/u/{token}`: leave the list. One button, no login, for ever; mail programs may post by themselves (RFC 8058). Whoever
//! left by mistake comes back by the same link, for some days.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use chrono::TimeDelta;
use tracing::info;

use super::confirm::path_of;
use super::preferences::paused_until;
use super::visit::Visit;
use crate::domain::{Subscriber, SubscriberState};
use crate::http::fields::Fields;
use crate::http::page::{Problem, page, private_layout};
use crate::language::{Language, say};
use crate::template::{DonePage, Link, LostLink, UnsubscribePage, UnsubscribedPage};

/// How long after leaving the way back is open: later, somebody else may have the letter, and the form asks the owner.
const BACK_WITHIN: TimeDelta = TimeDelta::days(7);

pub(in crate::http) async fn show(visit: Visit) -> Response<Body> {
    visit.answer(shown(&visit).await)
}

/// A person's button and a mail program's `List-Unsubscribe=One-Click` are answered alike: 200, no redirect, no cookie.
pub(in crate::http) async fn act(visit: Visit, fields: Fields) -> Response<Body> {
    visit.answer(acted(&visit, &fields).await)
}

async fn whose(visit: &Visit) -> Result<Subscriber, Problem> {
    visit.subscriber(LostLink::Subscription, |token| token.unsubscribes()).await
}

async fn shown(visit: &Visit) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let subscriber = whose(visit).await?;
    let language = visit.language(Some(&subscriber));
    if matches!(subscriber.state, SubscriberState::Ended { .. }) {
        return gone(visit, &subscriber, language).await;
    }
    let context = UnsubscribePage {
        layout: private_layout(newsroom, language, &say(language, "unsubscribe.title", &[])),
        address: subscriber.address.masked_in_text(),
        action: visit.action("u"),
        paused: paused_until(newsroom, &subscriber, language),
        preferences: path_of(&newsroom.preferences_url(subscriber.id)),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(visit: &Visit, fields: &Fields) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let before = whose(visit).await?;
    let language = visit.language(Some(&before));
    if fields.get("do") == "back" {
        return back(visit, &before, language).await;
    }
    // Leaving twice is no harm.
    if newsroom.store.leave(before.id, &visit.proof(language, "unsubscribe.button"), newsroom.now()).await? {
        info!(subscriber.id = %before.id, source = visit.source.masked(), "subscriber {} left", before.id);
    }
    gone(visit, &whose(visit).await?, language).await
}

async fn back(visit: &Visit, subscriber: &Subscriber, language: Language) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let proof = visit.proof(language, "unsubscribed.back");
    let is_back = newsroom.take_back(subscriber, newsroom.now() - BACK_WITHIN, &proof).await?;
    // Coming back twice is no harm either.
    if !is_back && !matches!(subscriber.state, SubscriberState::Active { .. }) {
        return Err(Problem::LostLink(LostLink::Subscription));
    }
    let preferences = path_of(&newsroom.preferences_url(subscriber.id));
    let context = DonePage {
        layout: private_layout(newsroom, language, &say(language, "back.title", &[])),
        lead: say(language, "back.lead", &[("address", &subscriber.address.masked_in_text())]),
        lines: vec![say(language, "back.what", &[])],
        more: Some(Link::new(&*say(language, "done.preferences", &[]), preferences)),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn gone(visit: &Visit, subscriber: &Subscriber, language: Language) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let now = newsroom.now();
    let may_return = newsroom.store.may_come_back(subscriber.id, now - BACK_WITHIN, now).await?;
    let context = UnsubscribedPage {
        layout: private_layout(newsroom, language, &say(language, "unsubscribed.title", &[])),
        address: subscriber.address.masked_in_text(),
        subscribe: format!("{}/subscribe?lang={language}", newsroom.config.site.url.path()),
        back: may_return.then(|| visit.action("u")),
        data: Some(visit.in_language(&path_of(&newsroom.preferences_url(subscriber.id)))),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}
