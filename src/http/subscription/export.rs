//! `/preferences/export/{token}`: everything that is kept of one person, as JSON. The link comes in a letter to the address
//! itself; a button downloads it, so that no scanner of links does.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{Response, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::visit::Visit;
use crate::domain::{Subscriber, Token};
use crate::http::answer::set;
use crate::http::page::{Problem, html_response, page, private_layout};
use crate::language::say;
use crate::task::{ConsentAccount, DeliveryAccount, Newsroom, SubscriberAccount, SuppressionAccount};
use crate::template::{AskPage, Choice, LostLink};

pub(in crate::http) async fn show(visit: Visit) -> Response<Body> {
    visit.answer(shown(&visit).await)
}

pub(in crate::http) async fn act(visit: Visit) -> Response<Body> {
    visit.answer(Box::pin(acted(&visit)).await)
}

async fn whose(visit: &Visit) -> Result<Subscriber, Problem> {
    let whose =
        |token| if let Token::Export { subscriber, expires } = token { Some((subscriber, expires)) } else { None };
    let id = visit.owner(whose).await?;
    visit.newsroom.store.subscriber(id).await?.ok_or(Problem::LostLink(LostLink::Wrong))
}

async fn shown(visit: &Visit) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let subscriber = whose(visit).await?;
    let language = visit.language(Some(&subscriber));
    let words = |key: &str| say(language, key, &[("address", &subscriber.address.masked_in_text())]);
    let context = AskPage {
        layout: private_layout(newsroom, language, &words("export.title")),
        lead: words("export.lead"),
        lines: vec![words("export.what")],
        action: visit.action("preferences/export"),
        buttons: vec![Choice { value: "download".to_owned(), words: words("export.button") }],
        hint: words("export.hint"),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(visit: &Visit) -> Result<Response<Body>, Problem> {
    let subscriber = whose(visit).await?;
    let kept = everything(&visit.newsroom, &subscriber).await?;
    let text = serde_json::to_string_pretty(&kept).map_err(|error| Problem::Ours(error.to_string()))?;
    let mut response = html_response(StatusCode::OK, text);
    set(response.headers_mut(), CONTENT_TYPE, "application/json; charset=utf-8");
    set(response.headers_mut(), CONTENT_DISPOSITION, "attachment; filename=\"subscription.json\"");
    Ok(response)
}

/// Whatever the database holds of a subscriber.
async fn everything(newsroom: &Newsroom, subscriber: &Subscriber) -> Result<Value, Problem> {
    let store = &newsroom.store;
    let consents = store.consents_of(subscriber.id).await?;
    let consents: Vec<ConsentAccount> = consents.iter().map(ConsentAccount::from).collect();
    let mut subjects = BTreeMap::new();
    let mut deliveries = Vec::new();
    for outcome in store.outcomes_of_subscriber(subscriber.id, u32::MAX).await? {
        let letter = outcome.delivery.letter;
        let subject = match subjects.entry(letter) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(store.letter(letter).await?.map(|letter| letter.subject)),
        };
        deliveries.push(DeliveryAccount::new(&outcome, subject.clone()));
    }
    let change = store.address_change_of(subscriber.id).await?.map(|change| {
        json!({
            "address": change.address.as_str(), "asked": change.asked.to_rfc3339(), "present_address_agreed": at(change.old_agreed),
            "new_address_agreed": at(change.new_agreed), "done": at(change.done),
        })
    });
    let former = store
        .former_addresses_of(subscriber.id)
        .await?
        .into_iter()
        .map(|former| json!({ "address_hash": former.address_hash, "left": former.gone.to_rfc3339() }));
    let former: Vec<Value> = former.collect();
    let suppressed = store.suppression_of(subscriber.id).await?;
    Ok(json!({
        "exported": newsroom.now().to_rfc3339(),
        "subscriber": SubscriberAccount::from(subscriber),
        "suppressed": suppressed.map(SuppressionAccount::from),
        "address_change": change,
        "former_addresses": former,
        "consents": consents,
        "deliveries": deliveries,
    }))
}

fn at(instant: Option<DateTime<Utc>>) -> Option<String> {
    instant.map(|instant| instant.to_rfc3339())
}
