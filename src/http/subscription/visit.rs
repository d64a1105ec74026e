//! Who follows a link of a letter, and which.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::Response;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};

use super::language_choice::LanguageChoice;
use crate::domain::{Subscriber, SubscriberId, Token, TokenError};
use crate::http::page::Problem;
use crate::http::server::Peer;
use crate::http::visitor;
use crate::language::{Language, say};
use crate::policy::Source;
use crate::store::Proof;
use crate::task::Newsroom;
use crate::template::LostLink;

/// A request for the page behind a link with a token.
pub(in crate::http) struct Visit {
    pub(super) newsroom: Arc<Newsroom>,
    /// Where it comes from.
    pub(super) source: Source,
    choice: LanguageChoice,
    token: String,
}

impl FromRequestParts<Arc<Newsroom>> for Visit {
    type Rejection = PathRejection;

    async fn from_request_parts(parts: &mut Parts, newsroom: &Arc<Newsroom>) -> Result<Self, PathRejection> {
        let Path(token) = Path::from_request_parts(parts, newsroom).await?;
        let peer = parts.extensions.get::<Peer>().copied().map(Extension);
        let source = visitor::source(peer, &parts.headers, &newsroom.config.http.trusted_proxies);
        Ok(Self { newsroom: newsroom.clone(), source, choice: LanguageChoice::of(parts), token })
    }
}

impl Visit {
    /// What `of` takes from the token, when that is one of this page's and counts still; `late` says what it was good for.
    pub(super) fn token<T>(&self, late: LostLink, of: impl Fn(Token) -> Option<T>) -> Result<T, Problem> {
        let wrong = Problem::LostLink(LostLink::Wrong);
        match Token::read(&self.token, &self.newsroom.all_keys(), self.newsroom.now()) {
            Ok(token) => of(token).ok_or(wrong),
            Err(TokenError::Expired(token)) if of(token).is_some() => Err(Problem::LostLink(late)),
            Err(TokenError::Expired(_) | TokenError::Forged) => Err(wrong),
        }
    }

    /// The subscriber for whom the token was made, as told by `of`; whether active or not.
    pub(super) async fn subscriber(
        &self,
        late: LostLink,
        of: impl Fn(Token) -> Option<SubscriberId>,
    ) -> Result<Subscriber, Problem> {
        let id = self.token(late, of)?;
        self.newsroom.store.subscriber(id).await?.ok_or(Problem::LostLink(LostLink::Wrong))
    }

    /// For whom the token of a link to one's data was made, and until when, as told by `of`; a link that was sent to an address
    /// which is not theirs any more has ended.
    pub(super) async fn owner(
        &self,
        of: impl Fn(Token) -> Option<(SubscriberId, DateTime<Utc>)>,
    ) -> Result<SubscriberId, Problem> {
        let (id, expires) = self.token(LostLink::Request, of)?;
        if self.newsroom.has_moved_since_link(id, expires).await? {
            return Err(Problem::LostLink(LostLink::Request));
        }
        Ok(id)
    }

    /// The language in which a subscriber is answered.
    pub(super) fn language(&self, subscriber: Option<&Subscriber>) -> Language {
        self.choice.language(&self.newsroom, subscriber.map(|subscriber| subscriber.language))
    }

    /// Where the form of the page posts to; `page` is what stands before the token.
    pub(super) fn action(&self, page: &str) -> String {
        self.in_language(&format!("{}/{page}/{}", self.newsroom.config.site.url.path(), self.token))
    }

    /// An address of a form on this page: the answer to it is in the language that was asked for.
    pub(super) fn in_language(&self, address: &str) -> String {
        self.choice.action(address)
    }

    /// What is kept of how somebody agreed: the words of the button as they were shown, and from which network.
    pub(super) fn proof(&self, shown: Language, button: &str) -> Proof {
        proof(say(shown, button, &[]), self.source)
    }

    /// A page's result as a response.
    pub(super) fn answer(&self, result: Result<Response<Body>, Problem>) -> Response<Body> {
        self.choice.answer(&self.newsroom, result)
    }
}

/// What is kept of how somebody agreed to these words on a page.
pub(super) fn proof(words: String, source: Source) -> Proof {
    Proof { words, source: format!("web, {}", source.masked()) }
}
