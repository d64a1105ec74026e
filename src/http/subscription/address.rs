//! `/preferences/address/{token}`: both sides of a change of address agree, or the present one refuses.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use tracing::info;

use super::even::in_even_time;
use super::visit::Visit;
use crate::domain::{AddressChangeId, Subscriber, Token};
use crate::http::fields::Fields;
use crate::http::page::{Problem, page, private_layout};
use crate::language::{Language, say};
use crate::store::{AddressAnswer, AddressChange, AddressSide};
use crate::task::Newsroom;
use crate::template::{AskPage, Choice, DonePage, LostLink};

pub(in crate::http) async fn show(visit: Visit) -> Response<Body> {
    visit.answer(shown(&visit).await)
}

pub(in crate::http) async fn act(visit: Visit, fields: Fields) -> Response<Body> {
    visit.answer(acted(&visit, &fields).await)
}

const OVER: Problem = Problem::LostLink(LostLink::Request);

/// A change as one of its sides sees it.
struct Asked {
    id: AddressChangeId,
    side: AddressSide,
    change: AddressChange,
    subscriber: Subscriber,
}

impl Asked {
    async fn find(visit: &Visit) -> Result<Self, Problem> {
        let (id, side) = visit.token(LostLink::Request, |token| match token {
            Token::AddressOld { change, .. } => Some((change, AddressSide::Old)),
            Token::AddressNew { change, .. } => Some((change, AddressSide::New)),
            Token::Confirm { .. }
            | Token::Preferences { .. }
            | Token::Unsubscribe { .. }
            | Token::Office { .. }
            | Token::Export { .. }
            | Token::Erase { .. }
            | Token::Bounce { .. } => None,
        })?;
        let store = &visit.newsroom.store;
        let change = store.address_change(id).await?.ok_or(OVER)?;
        let subscriber = store.subscriber(change.subscriber).await?.ok_or(OVER)?;
        Ok(Self { id, side, change, subscriber })
    }

    /// Whether this side has nothing left to say.
    fn has_agreed(&self) -> bool {
        let agreed = match self.side {
            AddressSide::Old => self.change.old_agreed,
            AddressSide::New => self.change.new_agreed,
        };
        agreed.is_some()
    }

    /// A text of this page: `lead` is `address.old-lead` or `address.new-lead`. Each side is shown its own address alone.
    fn words(&self, language: Language, part: &str) -> String {
        let (side, address) = match self.side {
            AddressSide::Old => ("old", self.subscriber.address.masked_in_text()),
            AddressSide::New => ("new", self.change.address.masked_in_text()),
        };
        say(language, &format!("address.{side}-{part}"), &[("address", &address)])
    }
}

async fn shown(visit: &Visit) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let asked = Asked::find(visit).await?;
    let language = visit.language(Some(&asked.subscriber));
    if asked.has_agreed() {
        let answer = if asked.change.done.is_some() { AddressAnswer::Done } else { AddressAnswer::Waiting };
        return done(newsroom, &asked, language, answer);
    }
    let choice = |value: &str| Choice { value: value.to_owned(), words: asked.words(language, value) };
    let (lines, buttons) = match asked.side {
        AddressSide::Old => (["agree-what", "refuse-what"].as_slice(), vec![choice("agree"), choice("refuse")]),
        AddressSide::New => (["agree-what"].as_slice(), vec![choice("agree")]),
    };
    let context = AskPage {
        layout: private_layout(newsroom, language, &say(language, "address.title", &[])),
        lead: asked.words(language, "lead"),
        lines: lines.iter().map(|line| asked.words(language, line)).collect(),
        action: visit.action("preferences/address"),
        buttons,
        hint: asked.words(language, "hint"),
    };
    Ok(page(newsroom, StatusCode::OK, &context))
}

async fn acted(visit: &Visit, fields: &Fields) -> Result<Response<Body>, Problem> {
    let newsroom = &*visit.newsroom;
    let asked = Asked::find(visit).await?;
    let language = visit.language(Some(&asked.subscriber));
    let now = newsroom.now();
    match (fields.get("do"), asked.side) {
        ("agree", side) => {
            let button = if side == AddressSide::Old { "address.old-agree" } else { "address.new-agree" };
            let proof = visit.proof(language, button);
            // Whether there is another subscription to become one with, its time does not tell.
            let answer = in_even_time(newsroom.store.agree_to_address(asked.id, side, &proof, now)).await?;
            info!(subscriber.id = %asked.subscriber.id, ?answer, "subscriber {} agrees to another address", asked.subscriber.id);
            done(newsroom, &asked, language, answer)
        }
        ("refuse", AddressSide::Old) => {
            let proof = visit.proof(language, "address.old-refuse");
            if !newsroom.store.refuse_address(asked.id, &proof, now).await? {
                return Err(OVER);
            }
            info!(subscriber.id = %asked.subscriber.id, "subscriber {} refuses another address", asked.subscriber.id);
            Ok(said(newsroom, language, "address.refused-title", asked.words(language, "refused")))
        }
        _ => Err(Problem::BadRequest),
    }
}

fn done(
    newsroom: &Newsroom,
    asked: &Asked,
    language: Language,
    answer: AddressAnswer,
) -> Result<Response<Body>, Problem> {
    Ok(match answer {
        AddressAnswer::Waiting => said(newsroom, language, "address.waiting-title", asked.words(language, "waiting")),
        AddressAnswer::Done => said(newsroom, language, "address.done-title", say(language, "address.done", &[])),
        AddressAnswer::Over => return Err(OVER),
    })
}

fn said(newsroom: &Newsroom, language: Language, title: &str, lead: String) -> Response<Body> {
    let layout = private_layout(newsroom, language, &say(language, title, &[]));
    page(newsroom, StatusCode::OK, &DonePage { layout, lead, lines: Vec::new(), more: None })
}
