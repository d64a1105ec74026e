//! `/preferences/export/{token}`: everything that is kept of one person, as JSON. The link comes in a letter to the address
//! itself; a button downloads it, so that no scanner of links does.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{Response, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::form::subscriber;
use super::spoken::Visitor;
use crate::domain::{Bounce, DeliveryState, EditionId, Subscriber, SubscriberState, Token};
use crate::http::answer::set;
use crate::http::page::{Problem, html_response, page, private_layout};
use crate::language::say;
use crate::store::{AttemptMade, DeliveryOutcome};
use crate::task::Newsroom;
use crate::template::{AskPage, Choice, LostLink};

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
    visitor.answer(&newsroom, Box::pin(acted(&newsroom, &token)).await)
}

async fn whose(newsroom: &Newsroom, token: &str) -> Result<Subscriber, Problem> {
    let whose = |token| if let Token::Export { subscriber, .. } = token { Some(subscriber) } else { None };
    subscriber(newsroom, token, LostLink::Request, whose).await
}

async fn shown(newsroom: &Newsroom, visitor: Visitor, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = whose(newsroom, token).await?;
    let language = visitor.language(newsroom, Some(subscriber.language));
    let words = |key: &str| say(language, key, &[("address", &subscriber.address.masked())]);
    let context = AskPage {
        layout: private_layout(newsroom, language, &words("export.title")),
        lead: words("export.lead"),
        lines: vec![words("export.what")],
        action: visitor.action(&format!("{}/preferences/export/{token}", newsroom.config.site.url.path())),
        buttons: vec![Choice { value: "download".to_owned(), words: words("export.button") }],
        hint: words("export.hint"),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(newsroom: &Newsroom, token: &str) -> Result<Response<Body>, Problem> {
    let subscriber = whose(newsroom, token).await?;
    let kept = everything(newsroom, &subscriber).await?;
    let text = serde_json::to_string_pretty(&kept).map_err(|error| Problem::Ours(error.to_string()))?;
    let mut response = html_response(StatusCode::OK, text);
    set(response.headers_mut(), CONTENT_TYPE, "application/json; charset=utf-8");
    set(response.headers_mut(), CONTENT_DISPOSITION, "attachment; filename=\"subscription.json\"");
    Ok(response)
}

/// Whatever the database holds of a subscriber.
async fn everything(newsroom: &Newsroom, subscriber: &Subscriber) -> Result<Value, Problem> {
    let store = &newsroom.store;
    let consents: Vec<Value> = store
        .consents_of(subscriber.id)
        .await?
        .into_iter()
        .map(|kept| {
            json!({
                "at": kept.at.to_rfc3339(), "action": kept.action.as_str(), "words": kept.proof.words, "source": kept.proof.source,
            })
        })
        .collect();
    let mut subjects = BTreeMap::new();
    let mut deliveries = Vec::new();
    for outcome in store.outcomes_of_subscriber(subscriber.id, u32::MAX).await? {
        let letter = outcome.delivery.letter;
        let subject = match subjects.entry(letter) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(store.letter(letter).await?.map(|letter| letter.subject)),
        };
        deliveries.push(delivery(&outcome, subject.as_deref()));
    }
    let change = store.address_change_of(subscriber.id).await?.map(|change| {
        json!({
            "address": change.address.as_str(), "asked": change.asked.to_rfc3339(), "present_address_agreed": at(change.old_agreed),
            "new_address_agreed": at(change.new_agreed), "done": at(change.done),
        })
    });
    let suppressed = store.suppression_of(subscriber.id).await?;
    Ok(json!({
        "exported": newsroom.now().to_rfc3339(),
        "subscriber": person(subscriber),
        "suppressed": suppressed.map(|(reason, at)| json!({ "reason": reason.as_str(), "at": at.to_rfc3339() })),
        "address_change": change,
        "consents": consents,
        "deliveries": deliveries,
    }))
}

fn at(instant: Option<DateTime<Utc>>) -> Option<String> {
    instant.map(|instant| instant.to_rfc3339())
}

fn person(subscriber: &Subscriber) -> Value {
    let Subscriber { id: _, address, name, organisation, language, frequency, state, pause, topics, source, created } =
        subscriber;
    let (state, since, reason) = match state {
        SubscriberState::Pending { since } => ("pending", since, None),
        SubscriberState::Active { since } => ("active", since, None),
        SubscriberState::Ended { at, reason } => ("ended", at, Some(reason.as_str())),
    };
    json!({
        "address": address.as_str(), "name": name, "organisation": organisation, "language": language.code(),
        "frequency": frequency.as_str(), "state": state, "since": since.to_rfc3339(), "end_reason": reason,
        "last_pause": pause.map(|pause| json!({ "since": pause.since.to_rfc3339(), "until": pause.until.to_rfc3339() })),
        "topics": topics.iter().map(ToString::to_string).collect::<Vec<_>>(), "source": source, "created": created.to_rfc3339(),
    })
}

fn delivery(outcome: &DeliveryOutcome, subject: Option<&str>) -> Value {
    let DeliveryOutcome { delivery, attempts, bounces } = outcome;
    let (state, at, why) = match &delivery.state {
        DeliveryState::Queued { due } => ("queued", Some(due), None),
        DeliveryState::Leased { until } => ("leased", Some(until), None),
        DeliveryState::InFlight { until } => ("in_flight", Some(until), None),
        DeliveryState::Sent { at } => ("sent", Some(at), None),
        DeliveryState::Failed { at } => ("failed", Some(at), None),
        DeliveryState::Skipped(reason) => ("skipped", None, Some(reason.as_str())),
        DeliveryState::Unknown { since } => ("unknown", Some(since), None),
    };
    json!({
        "subject": subject, "edition": delivery.edition.map(EditionId::number),
        "name": delivery.recipient.name, "address": delivery.recipient.address.as_str(),
        "topics": delivery.topics.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "state": state, "at": at.copied().map(|at| at.to_rfc3339()), "why": why,
        "attempts": attempts.iter().map(attempt).collect::<Vec<_>>(),
        "came_back": bounces.iter().map(came_back).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &AttemptMade) -> Value {
    json!({
        "at": attempt.at.to_rfc3339(), "relay": attempt.relay, "phase": attempt.phase, "code": attempt.code,
        "enhanced": attempt.enhanced, "reply": attempt.reply, "message_id": attempt.message_id,
        "verdict": attempt.verdict,
    })
}

fn came_back(bounce: &Bounce) -> Value {
    json!({
        "at": bounce.at.to_rfc3339(), "kind": bounce.kind.as_str(), "status": bounce.status.map(|status| status.to_string()),
        "said": bounce.diagnostic,
    })
}
