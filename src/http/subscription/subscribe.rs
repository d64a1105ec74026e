//! `/subscribe`: the form, and the confirmation it asks for (double opt-in).
//!
//! The answer is the same whether or not the address is known, so nobody learns who subscribes.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{Response, StatusCode};

use super::form::Wishes;
use crate::domain::{EmailAddress, Frequency, NewSubscriber, Topic};
use crate::http::form::Fields;
use crate::http::page::{Problem, page, private_layout, respond};
use crate::language::say;
use crate::store::Proof;
use crate::task::Newsroom;
use crate::template::{CheckInboxPage, Layout, SubscribePage, SubscriptionForm};

/// The longest name or organisation that is kept, in characters.
const LONGEST_NAME: usize = 120;

pub(in crate::http) async fn show(State(newsroom): State<Arc<Newsroom>>, RawQuery(query): RawQuery) -> Response<Body> {
    let current = newsroom.current();
    let live = current.resources.live();
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let mut wishes = Wishes::read(&fields, live, newsroom.language(), Frequency::Immediate);
    if wishes.topics.is_empty() {
        wishes.topics = BTreeSet::from([Topic::All]);
    }
    let form = wishes.form(&newsroom, live, action(&newsroom), newsroom.language());
    page(&newsroom, StatusCode::OK, &context(&newsroom, form))
}

pub(in crate::http) async fn act(State(newsroom): State<Arc<Newsroom>>, body: Bytes) -> Response<Body> {
    let result = acted(&newsroom, &Fields::parse(&body)).await;
    respond(&newsroom, result)
}

fn action(newsroom: &Newsroom) -> String {
    format!("{}/subscribe", newsroom.config.site.url.path())
}

fn context(newsroom: &Newsroom, form: SubscriptionForm) -> SubscribePage {
    let title = say(newsroom.language(), "subscribe.title", &[]);
    let layout = private_layout(newsroom, newsroom.language(), &title);
    SubscribePage { layout: Layout { noindex: false, ..layout }, form }
}

async fn acted(newsroom: &Newsroom, fields: &Fields) -> Result<Response<Body>, Problem> {
    let current = newsroom.current();
    let live = current.resources.live();
    let language = newsroom.language();
    let wishes = Wishes::read(fields, live, language, Frequency::Immediate);
    let address = fields.get("email").parse::<EmailAddress>();
    let (Ok(address), false) = (&address, wishes.topics.is_empty()) else {
        let mut form = wishes.form(newsroom, live, action(newsroom), language);
        fields.get("email").clone_into(&mut form.email);
        fields.get("name").clone_into(&mut form.name);
        fields.get("organisation").clone_into(&mut form.organisation);
        form.email_error = address.is_err().then(|| say(language, "form.error-email", &[]));
        form.topics_error = wishes.topics.is_empty().then(|| say(language, "form.error-topics", &[]));
        return Ok(page(newsroom, StatusCode::UNPROCESSABLE_ENTITY, &context(newsroom, form)));
    };
    // People do not see this field; programs fill it, and are told what everybody is told.
    if fields.get("website").is_empty() {
        ask(newsroom, fields, address, wishes).await?;
    }
    let title = say(language, "check-inbox.title", &[]);
    let layout = private_layout(newsroom, language, &title);
    Ok(page(newsroom, StatusCode::OK, &CheckInboxPage { layout, address: address.to_string() }))
}

async fn ask(newsroom: &Newsroom, fields: &Fields, address: &EmailAddress, wishes: Wishes) -> Result<(), Problem> {
    let words = |name| {
        let text: String = fields.get(name).chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        Some(text).filter(|text| !text.is_empty())
    };
    let Wishes { topics, frequency, language } = wishes;
    let new = NewSubscriber {
        address: address.clone(),
        name: words("name"),
        organisation: words("organisation"),
        language,
        frequency,
        topics,
        source: "web".to_owned(),
    };
    let asked = newsroom.store.subscribe_pending(&new, &proof(newsroom, "subscribe.button"), newsroom.now()).await?;
    if asked.send_confirmation {
        newsroom.post_confirmation(asked.id, &new).await?;
    }
    Ok(())
}

/// What is kept of how somebody agreed: the words of the button, and that it was on the web.
pub(super) fn proof(newsroom: &Newsroom, button: &str) -> Proof {
    Proof { words: say(newsroom.language(), button, &[]), source: "web".to_owned() }
}
