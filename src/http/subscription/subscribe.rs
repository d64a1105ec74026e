//! `/subscribe`: the form, and the confirmation it asks for (double opt-in).
//!
//! The answer is the same whether or not the address is known, and takes as long, so nobody learns who subscribes. What
//! stands between the form and a letter, in this order: the form itself ([`is_from_our_form`]), the limits of
//! [`crate::policy::SignUps`], and the field that people do not see.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, Response, StatusCode};
use chrono::TimeDelta;

use super::even::in_even_time;
use super::language_choice::LanguageChoice;
use super::limit;
use super::visit::proof;
use super::wishes::{Wishes, called, email};
use crate::domain::{EmailAddress, FormStamp, Frequency, NewSubscriber, Topic};
use crate::http::answer::set;
use crate::http::fields::Fields;
use crate::http::page::{Problem, page, private_layout};
use crate::http::server::Peer;
use crate::http::visitor;
use crate::language::{Language, say};
use crate::metrics::SignUpEnd;
use crate::policy::Source;
use crate::task::Newsroom;
use crate::template::{CheckInboxPage, LanguageLink, Layout, SubscribePage, SubscriptionForm};

/// The shortest time in which a person fills the form in.
const SHORTEST_FILLING: TimeDelta = TimeDelta::seconds(3);
/// The longest time for which a form that was shown is taken.
const LONGEST_FILLING: TimeDelta = TimeDelta::hours(24);

pub(in crate::http) async fn show(
    State(newsroom): State<Arc<Newsroom>>,
    choice: LanguageChoice,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let current = newsroom.current();
    let live = current.resources.live();
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let language = choice.language(&newsroom, None);
    let mut wishes = Wishes::read(&fields, live, language, Frequency::Immediate);
    let asked = wishes.topics.clone();
    if wishes.topics.is_empty() {
        wishes.topics = BTreeSet::from([Topic::All]);
    }
    let mut form = wishes.form(&newsroom, live, choice.action(&action(&newsroom)), language);
    form.started = FormStamp::at(newsroom.now()).signed(newsroom.key());
    choice.answer(&newsroom, Ok(page(&newsroom, StatusCode::OK, &context(&newsroom, language, &asked, form))))
}

pub(in crate::http) async fn act(
    State(newsroom): State<Arc<Newsroom>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    choice: LanguageChoice,
    fields: Fields,
) -> Response<Body> {
    let source = visitor::source(peer, &headers, &newsroom.config.http.trusted_proxies);
    let is_foreign = headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site");
    let result = acted(&newsroom, choice, source, is_foreign, &fields).await;
    choice.answer(&newsroom, result)
}

fn action(newsroom: &Newsroom) -> String {
    format!("{}/subscribe", newsroom.config.site.url.path())
}

/// The page in `language`; the links to the other one keep the topics that were `asked` for.
fn context(newsroom: &Newsroom, language: Language, asked: &BTreeSet<Topic>, form: SubscriptionForm) -> SubscribePage {
    let layout = private_layout(newsroom, language, &say(language, "subscribe.title", &[]));
    let mut topics = url::form_urlencoded::Serializer::new(String::new());
    topics.extend_pairs(asked.iter().map(|topic| ("topic", topic.to_string())));
    let languages = LanguageLink::each(&action(newsroom), language, &topics.finish());
    SubscribePage { layout: Layout { noindex: false, ..layout }, form, languages }
}

async fn acted(
    newsroom: &Newsroom,
    choice: LanguageChoice,
    source: Source,
    is_foreign: bool,
    fields: &Fields,
) -> Result<Response<Body>, Problem> {
    let current = newsroom.current();
    let live = current.resources.live();
    let language = choice.language(newsroom, None);
    let wishes = Wishes::read(fields, live, language, Frequency::Immediate);
    let address = email(fields);
    // What was typed is never lost.
    let again = |status, complain: &dyn Fn(&mut SubscriptionForm)| {
        let mut form = wishes.form(newsroom, live, choice.action(&action(newsroom)), language);
        fields.get("email").clone_into(&mut form.email);
        fields.get("name").clone_into(&mut form.name);
        fields.get("organisation").clone_into(&mut form.organisation);
        fields.get("started").clone_into(&mut form.started);
        complain(&mut form);
        page(newsroom, status, &context(newsroom, language, &wishes.topics, form))
    };
    let (Some(address), false) = (&address, wishes.topics.is_empty()) else {
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &|form| {
            form.email_error = address.is_none().then(|| say(language, "form.error-email", &[]));
            form.topics_error = wishes.topics.is_empty().then(|| say(language, "form.error-topics", &[]));
        }));
    };
    if is_foreign || !is_from_our_form(newsroom, fields) {
        newsroom.metrics.sign_ups.count(SignUpEnd::Again);
        let words = say(language, "form.error-again", &[]);
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &|form| {
            form.started = FormStamp::at(newsroom.now() - SHORTEST_FILLING).signed(newsroom.key());
            form.error = Some(words.clone());
        }));
    }
    if let Err(refused) = limit::allowed(newsroom, source, address) {
        newsroom.metrics.sign_ups.count(SignUpEnd::from(refused.limit));
        let words = limit::words(newsroom, &refused, language);
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, &|form| form.error = Some(words.clone()));
        let seconds = (refused.wait + TimeDelta::milliseconds(999)).num_seconds();
        set(response.headers_mut(), RETRY_AFTER, &seconds.to_string());
        return Ok(response);
    }
    // People do not see this field; programs fill it, and are told what everybody is told.
    let is_trapped = !fields.get("website").is_empty();
    let asking = async {
        if is_trapped {
            return Ok(false);
        }
        ask(newsroom, source, language, fields, address, wishes.clone()).await
    };
    newsroom.metrics.sign_ups.count(match in_even_time(asking).await? {
        true => SignUpEnd::Asked,
        false if is_trapped => SignUpEnd::Trapped,
        false => SignUpEnd::Silent,
    });
    let title = say(language, "check-inbox.title", &[]);
    let layout = private_layout(newsroom, language, &title);
    Ok(page(newsroom, StatusCode::OK, &CheckInboxPage { layout, address: address.to_string() }))
}

/// Whether what was sent is the form that we showed, after a time in which a person fills it in. Programs that post
/// without asking for the form first do not get further; a person presses once more.
fn is_from_our_form(newsroom: &Newsroom, fields: &Fields) -> bool {
    let stamp = FormStamp::read(fields.get("started"), &newsroom.all_keys());
    let shown = stamp.and_then(FormStamp::instant);
    shown.is_some_and(|shown| (SHORTEST_FILLING..=LONGEST_FILLING).contains(&(newsroom.now() - shown)))
}

/// Keeps the wish, and asks for its confirmation; whether a letter leaves.
async fn ask(
    newsroom: &Newsroom,
    source: Source,
    shown: Language,
    fields: &Fields,
    address: &EmailAddress,
    wishes: Wishes,
) -> Result<bool, Problem> {
    let Wishes { topics, frequency, language } = wishes;
    let new = NewSubscriber {
        address: address.clone(),
        name: called(fields, "name"),
        organisation: called(fields, "organisation"),
        language,
        frequency,
        topics,
        source: "web".to_owned(),
    };
    let consent = ["form.subscribe", "form.privacy"].map(|key| say(shown, key, &[]));
    let proof = proof(consent.join(" – "), source);
    Ok(newsroom.ask_to_confirm(&new, &proof).await?)
}
