//! Who follows a link of a letter, and which.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::Response;
use axum::http::request::Parts;

use super::spoken::LanguageChoice;
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
    spoken: LanguageChoice,
    token: String,
}

impl FromRequestParts<Arc<Newsroom>> for Visit {
    type Rejection = PathRejection;

    async fn from_request_parts(parts: &mut Parts, newsroom: &Arc<Newsroom>) -> Result<Self, PathRejection> {
        let Path(token) = Path::from_request_parts(parts, newsroom).await?;
        let peer = parts.extensions.get::<Peer>().copied().map(Extension);
        let source = visitor::source(peer, &parts.headers, &newsroom.config.http.trusted_proxies);
        Ok(Self { newsroom: newsroom.clone(), source, spoken: LanguageChoice::of(parts), token })
    }
}

impl Visit {
    /// The token, when it counts still; `late` says what it was good for.
    pub(super) fn token(&self, late: LostLink) -> Result<Token, Problem> {
        Token::read(&self.token, &self.newsroom.all_keys(), self.newsroom.now()).map_err(|error| match error {
            TokenError::Forged => Problem::LostLink(LostLink::Wrong),
            TokenError::Expired => Problem::LostLink(late),
        })
    }

    /// For whom the token was made, as told by `of`.
    pub(super) fn subscriber_id(
        &self,
        late: LostLink,
        of: impl Fn(Token) -> Option<SubscriberId>,
    ) -> Result<SubscriberId, Problem> {
        of(self.token(late)?).ok_or(Problem::LostLink(LostLink::Wrong))
    }

    /// The same as a subscriber, whether active or not.
    pub(super) async fn subscriber(
        &self,
        late: LostLink,
        of: impl Fn(Token) -> Option<SubscriberId>,
    ) -> Result<Subscriber, Problem> {
        let id = self.subscriber_id(late, of)?;
        self.newsroom.store.subscriber(id).await?.ok_or(Problem::LostLink(LostLink::Wrong))
    }

    /// The language in which a subscriber is answered.
    pub(super) fn language(&self, subscriber: Option<&Subscriber>) -> Language {
        self.spoken.language(&self.newsroom, subscriber.map(|subscriber| subscriber.language))
    }

    /// Where the form of the page posts to; `page` is what stands before the token.
    pub(super) fn action(&self, page: &str) -> String {
        self.in_language(&format!("{}/{page}/{}", self.newsroom.config.site.url.path(), self.token))
    }

    /// An address of a form on this page: the answer to it is in the language that was asked for.
    pub(super) fn in_language(&self, address: &str) -> String {
        self.spoken.action(address)
    }

    /// What is kept of how somebody agreed: the words of the button as they were shown, and from which network.
    pub(super) fn proof(&self, shown: Language, button: &str) -> Proof {
        proof(say(shown, button, &[]), self.source)
    }

    /// A page's result as a response.
    pub(super) fn answer(&self, result: Result<Response<Body>, Problem>) -> Response<Body> {
        self.spoken.answer(&self.newsroom, result)
    }
}

/// What is kept of how somebody agreed to these words on a page.
pub(super) fn proof(words: String, source: Source) -> Proof {
    Proof { words, source: format!("web, {}", source.masked()) }
}
