//! `/preferences/{token}`: what one follows, how often, in which language; a pause, another address, one's data.
//!
//! Letters get forwarded, and this link with them. So the page shows the address and the names masked, and what could not be
//! undone is only asked for here: it is done behind a link that is sent to the address itself.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use tracing::info;

use super::confirm::path_of;
use super::even::in_even_time;
use super::limit;
use super::visit::Visit;
use super::wishes::{Wishes, called, email, known_topics};
use crate::domain::{Subscriber, SubscriberState, Token, Topic};
use crate::http::fields::Fields;
use crate::http::page::{Problem, page, private_layout};
use crate::language::{Language, date_words, say};
use crate::policy::PauseLength;
use crate::store::{ConsentAction, Names, Preferences};
use crate::task::Newsroom;
use crate::template::{DonePage, Link, LostLink, PreferencesPage};

pub(in crate::http) async fn show(visit: Visit) -> Response<Body> {
    visit.answer(shown(&visit).await)
}

pub(in crate::http) async fn act(visit: Visit, fields: Fields) -> Response<Body> {
    visit.answer(Box::pin(acted(&visit, &fields)).await)
}

async fn whose(visit: &Visit) -> Result<Subscriber, Problem> {
    let whose = |token| if let Token::Preferences { subscriber } = token { Some(subscriber) } else { None };
    visit.subscriber(LostLink::Subscription, whose).await
}

/// Somebody who left, or never confirmed, has no preferences: the way back is to subscribe.
fn active(subscriber: Subscriber) -> Result<Subscriber, Problem> {
    match subscriber.state {
        SubscriberState::Active { .. } => Ok(subscriber),
        SubscriberState::Pending { .. } | SubscriberState::Ended { .. } => {
            Err(Problem::LostLink(LostLink::Subscription))
        }
    }
}

/// What somebody looks at.
struct Desk<'v> {
    visit: &'v Visit,
    newsroom: &'v Newsroom,
}

/// What is wrong with a form, or was done with it.
#[derive(Default)]
struct Outcome {
    note: Option<String>,
    topics_error: Option<String>,
    pause_error: Option<String>,
    address_error: Option<String>,
    new_address: String,
}

async fn shown(visit: &Visit) -> Result<Response<Body>, Problem> {
    let subscriber = active(whose(visit).await?)?;
    let desk = Desk { visit, newsroom: &visit.newsroom };
    Ok(desk.answer(&subscriber, &desk.wishes(&subscriber), Outcome::default()))
}

async fn acted(visit: &Visit, fields: &Fields) -> Result<Response<Body>, Problem> {
    let subscriber = whose(visit).await?;
    let desk = Desk { visit, newsroom: &visit.newsroom };
    match fields.get("do") {
        "export" => desk.ask_for_data(&subscriber, ConsentAction::ExportAsked).await,
        "erase" => desk.ask_for_data(&subscriber, ConsentAction::ErasureAsked).await,
        "" => desk.save(&active(subscriber)?, fields).await,
        "pause" => desk.pause(&active(subscriber)?, fields).await,
        "resume" => desk.resume(&active(subscriber)?).await,
        "address" => desk.ask_for_address(&active(subscriber)?, fields).await,
        _ => Err(Problem::BadRequest),
    }
}

impl Desk<'_> {
    fn language(&self, subscriber: &Subscriber) -> Language {
        self.visit.language(Some(subscriber))
    }

    /// What a subscriber wishes as of now.
    fn wishes(&self, subscriber: &Subscriber) -> Wishes {
        let Subscriber { topics, frequency, language, .. } = subscriber.clone();
        let topics = known_topics(topics, self.newsroom.current().resources.live()).collect();
        Wishes { topics, frequency, language }
    }

    /// Logs what a subscriber changed.
    fn log(&self, subscriber: &Subscriber, what: &str) {
        let (id, source) = (subscriber.id, self.visit.source.masked());
        info!(subscriber.id = %id, what, source, "subscriber {id} changes: {what}");
    }

    /// Whoever has the link may change much in a day, and not without end.
    async fn count_change(&self, subscriber: &Subscriber) -> Result<(), Problem> {
        let may_change = self.newsroom.store.may_change(subscriber.id, self.newsroom.now()).await?;
        may_change.then_some(()).ok_or(Problem::LostLink(LostLink::Busy))
    }

    async fn save(&self, subscriber: &Subscriber, fields: &Fields) -> Result<Response<Body>, Problem> {
        let newsroom = self.newsroom;
        let current = newsroom.current();
        let live = current.resources.live();
        let mut wishes = Wishes::read(fields, live, subscriber.language, subscriber.frequency);
        if wishes.topics.is_empty() {
            let topics_error = Some(say(self.language(subscriber), "form.error-topics", &[]));
            return Ok(self.answer(subscriber, &wishes, Outcome { topics_error, ..Outcome::default() }));
        }
        if !wishes.topics.contains(&Topic::All) {
            // The form shows no topic that is empty today: nobody can have meant to leave one of those.
            let shown = |topic: &Topic| *topic == Topic::All || live.topics().iter().any(|entry| entry.topic == *topic);
            let kept = known_topics(subscriber.topics.iter().cloned(), live);
            wishes.topics.extend(kept.filter(|topic| !shown(topic)));
        }
        let Wishes { topics, frequency, language } = wishes.clone();
        let names = if fields.get("nameless").is_empty() {
            Names::Given { name: called(fields, "name"), organisation: called(fields, "organisation") }
        } else {
            Names::Forgotten
        };
        let preferences = Preferences { topics, frequency, language, names };
        self.count_change(subscriber).await?;
        let proof = self.visit.proof(self.language(subscriber), "preferences.save");
        if !newsroom.store.change_preferences(subscriber.id, &preferences, &proof, newsroom.now()).await? {
            return Err(Problem::LostLink(LostLink::Subscription));
        }
        self.log(subscriber, "preferences");
        self.answer_anew(|language| say(language, "preferences.saved", &[])).await
    }

    async fn pause(&self, subscriber: &Subscriber, fields: &Fields) -> Result<Response<Body>, Problem> {
        let (newsroom, language) = (self.newsroom, self.language(subscriber));
        let day = fields.get("until");
        let length = match fields.get("pause") {
            // Whoever names a day means it, whatever stands ticked above.
            _ if !day.is_empty() => day.parse().ok().map(PauseLength::Until),
            "week" => Some(PauseLength::Week),
            "two-weeks" => Some(PauseLength::TwoWeeks),
            "month" => Some(PauseLength::Month),
            _ => None,
        };
        let (now, zone) = (newsroom.now(), newsroom.config.site.timezone);
        let Some(until) = length.and_then(|length| length.until(now, zone)) else {
            let pause_error = Some(say(language, "pause.error", &[]));
            let outcome = Outcome { pause_error, ..Outcome::default() };
            return Ok(self.answer(subscriber, &self.wishes(subscriber), outcome));
        };
        self.count_change(subscriber).await?;
        if !newsroom.store.pause(subscriber.id, until, &self.visit.proof(language, "pause.button"), now).await? {
            return Err(Problem::LostLink(LostLink::Subscription));
        }
        self.log(subscriber, "pause");
        self.answer_anew(|language| say(language, "pause.done", &[])).await
    }

    async fn resume(&self, subscriber: &Subscriber) -> Result<Response<Body>, Problem> {
        self.count_change(subscriber).await?;
        let proof = self.visit.proof(self.language(subscriber), "pause.resume");
        // Ending what has ended is no harm.
        self.newsroom.store.resume(subscriber.id, &proof, self.newsroom.now()).await?;
        self.log(subscriber, "resume");
        self.answer_anew(|language| say(language, "pause.resumed", &[])).await
    }

    async fn ask_for_address(&self, subscriber: &Subscriber, fields: &Fields) -> Result<Response<Body>, Problem> {
        let (newsroom, language) = (self.newsroom, self.language(subscriber));
        let wrong = |address_error: String| {
            let (address_error, new_address) = (Some(address_error), fields.get("email").to_owned());
            let outcome = Outcome { address_error, new_address, ..Outcome::default() };
            Ok(self.answer(subscriber, &self.wishes(subscriber), outcome))
        };
        let Some(address) = email(fields) else { return wrong(say(language, "form.error-email", &[])) };
        // Who holds a link may write to strangers no more than who holds none.
        if let Err(refused) = limit::allowed(newsroom, self.visit.source, &address) {
            return wrong(limit::words(newsroom, &refused, language));
        }
        let proof = self.visit.proof(language, "address.button");
        in_even_time(newsroom.ask_for_address(subscriber, &address, &proof)).await?;
        Ok(self.asked(subscriber, "address.asked-lead", &["address.asked-next", "address.asked-lost"]))
    }

    /// Asks the owner of the address, by a letter, whether it was they who asked: this link may be in other hands.
    async fn ask_for_data(&self, subscriber: &Subscriber, action: ConsentAction) -> Result<Response<Body>, Problem> {
        let (newsroom, language) = (self.newsroom, self.language(subscriber));
        if matches!(subscriber.state, SubscriberState::Pending { .. }) {
            return Err(Problem::LostLink(LostLink::Subscription));
        }
        let wants_erasure = action == ConsentAction::ErasureAsked;
        let proof = self.visit.proof(language, if wants_erasure { "data.erase" } else { "data.export" });
        let asking = async {
            if wants_erasure {
                newsroom.ask_for_erasure(subscriber, &proof).await
            } else {
                newsroom.ask_for_copy(subscriber, &proof).await
            }
        };
        in_even_time(asking).await?;
        let next = if wants_erasure { "data.asked-erase" } else { "data.asked-export" };
        Ok(self.asked(subscriber, "data.asked-lead", &[next, "data.asked-often"]))
    }

    /// A letter was sent, or is not: the page does not tell which.
    fn asked(&self, subscriber: &Subscriber, lead: &str, lines: &[&str]) -> Response<Body> {
        let language = self.language(subscriber);
        let is_active = matches!(subscriber.state, SubscriberState::Active { .. });
        let back = || Link::new(&*say(language, "done.preferences", &[]), self.action());
        let context = DonePage {
            layout: private_layout(self.newsroom, language, &say(language, "check-inbox.title", &[])),
            lead: say(language, lead, &[("address", &subscriber.address.masked_in_text())]),
            lines: lines.iter().map(|line| say(language, line, &[])).collect(),
            more: is_active.then(back),
        };
        page(self.newsroom, StatusCode::OK, &context)
    }

    fn action(&self) -> String {
        self.visit.action("preferences")
    }

    /// The page as it is after a change, with a note.
    async fn answer_anew(&self, note: impl Fn(Language) -> String) -> Result<Response<Body>, Problem> {
        let subscriber = active(whose(self.visit).await?)?;
        let note = Some(note(self.language(&subscriber)));
        Ok(self.answer(&subscriber, &self.wishes(&subscriber), Outcome { note, ..Outcome::default() }))
    }

    fn answer(&self, subscriber: &Subscriber, wishes: &Wishes, outcome: Outcome) -> Response<Body> {
        let (newsroom, language) = (self.newsroom, self.language(subscriber));
        let Outcome { note, topics_error, pause_error, address_error, new_address } = outcome;
        let is_wrong = topics_error.is_some() || pause_error.is_some() || address_error.is_some();
        let current = newsroom.current();
        let mut form = wishes.form(newsroom, current.resources.live(), self.action(), language);
        form.topics_error = topics_error;
        let leave = newsroom.token_url("u", &Token::Unsubscribe { subscriber: subscriber.id });
        let (first, last) = PauseLength::days(newsroom.now(), newsroom.config.site.timezone);
        let context = PreferencesPage {
            layout: private_layout(newsroom, language, &say(language, "preferences.title", &[])),
            address: subscriber.address.masked_in_text(),
            form,
            name_kept: subscriber.name.as_deref().map(masked),
            organisation_kept: subscriber.organisation.as_deref().map(masked),
            note,
            paused: paused_until(newsroom, subscriber, language),
            pause_first: first.to_string(),
            pause_last: last.to_string(),
            pause_error,
            address_error,
            new_address,
            unsubscribe: path_of(&leave),
        };
        let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        page(newsroom, status, &context)
    }
}

/// The first letter of a name: its owner knows it by that, nobody else does.
fn masked(name: &str) -> String {
    let first = name.chars().next().unwrap_or('…');
    format!("{first}…")
}

/// The day on which letters come again, in words, for who pauses now.
pub(super) fn paused_until(newsroom: &Newsroom, subscriber: &Subscriber, language: Language) -> Option<String> {
    let pause = subscriber.pause.filter(|pause| pause.covers(newsroom.now()))?;
    let day = pause.until.with_timezone(&newsroom.config.site.timezone).date_naive();
    Some(date_words(day, language))
}
