//! Which language a visitor is answered in: the one asked for, the link's, the browser's, or the site's.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response};

use crate::http::answer::set;
use crate::http::fields::Fields;
use crate::http::page::{Problem, respond_in};
use crate::language::Language;
use crate::task::Newsroom;

/// What a request says of languages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::http) struct LanguageChoice {
    /// `?lang=en`
    chosen: Option<Language>,
    /// The first of the browser's that we speak.
    accepted: Option<Language>,
}

impl LanguageChoice {
    pub(super) fn of(request: &Parts) -> Self {
        Self::new(request.uri.query().unwrap_or_default(), &request.headers)
    }

    fn new(query: &str, headers: &HeaderMap) -> Self {
        let chosen = Fields::parse(query.as_bytes()).get("lang").parse().ok();
        let lists = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        Self { chosen, accepted: accepted(&lists.collect::<Vec<_>>().join(",")) }
    }

    /// The language of a page; `link` is that of the subscriber for whom its link was made.
    pub(super) fn language(self, newsroom: &Newsroom, link: Option<Language>) -> Language {
        self.chosen.or(link).or(self.accepted).unwrap_or(newsroom.language())
    }

    /// An address for a form: the answer to it is in the language that was asked for.
    pub(super) fn action(self, address: &str) -> String {
        match self.chosen {
            Some(language) => format!("{address}?lang={language}"),
            None => address.to_owned(),
        }
    }

    /// A handler's result as a response; a problem is told in the visitor's language.
    pub(super) fn answer(self, newsroom: &Newsroom, result: Result<Response<Body>, Problem>) -> Response<Body> {
        let mut response = respond_in(newsroom, self.language(newsroom, None), result);
        set(response.headers_mut(), VARY, "Accept-Language");
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LanguageChoice {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The language of ours that an `Accept-Language` likes best (RFC 9110 §12.5.4); `*` stands for none in particular.
fn accepted(list: &str) -> Option<Language> {
    let mut best: Option<(Language, f32)> = None;
    for entry in list.split(',') {
        let (tag, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let Ok(language) = tag.trim().parse::<Language>() else { continue };
        let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.trim().parse().ok());
        let weight: f32 = weight.unwrap_or(0.0);
        if weight > 0.0 && best.is_none_or(|(_, most)| weight > most) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, expected: Option<Language>) {
        assert_eq!(accepted(list), expected, "{list}");
    }

    #[test]
    fn the_browsers_first_language_of_ours_is_taken() {
        check("", None);
        check("*", None);
        check("de-DE,de;q=0.9", None);
        check("de, en-GB;q=0.8, fr;q=0.7", Some(Language::English));
        check("fr-CA", Some(Language::French));
        check("en;q=0.3, fr;q=0.9", Some(Language::French));
        check("en;q=0, fr;q=0.1", Some(Language::French));
        check("en;q=0", None);
        check("en;q=nothing, fr;q=0.1", Some(Language::French));
        check("en, fr", Some(Language::English));
    }

    #[test]
    fn what_is_asked_for_counts_most() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, "fr".parse().unwrap());
        let choice = LanguageChoice::new("topic=all&lang=en", &headers);
        assert_eq!((choice.chosen, choice.accepted), (Some(Language::English), Some(Language::French)));
        assert_eq!(choice.action("/subscribe"), "/subscribe?lang=en");
        let choice = LanguageChoice::new("lang=xx", &headers);
        assert_eq!((choice.chosen, choice.action("/subscribe")), (None, "/subscribe".to_owned()));
    }
}
