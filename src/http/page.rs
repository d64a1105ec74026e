//! Pages made for one request: never kept by anybody, never found by search engines.

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Response, StatusCode};
use tracing::{error, warn};

use super::answer::{guard, is_page, set};
use crate::domain::BodyGone;
use crate::feed::FeedSite;
use crate::language::Language;
use crate::resource::{ResourceError, layout};
use crate::store::StoreError;
use crate::task::Newsroom;
use crate::template::{Layout, LostLink, Page, ProblemPage};

/// Why a request has no page. Each becomes a page of its own.
#[derive(Debug)]
pub(super) enum Problem {
    /// What was asked for cannot be understood, or is not ours.
    BadRequest,
    /// There is nothing at this address.
    NotFound,
    /// There was something, for a time.
    Gone,
    /// A link in a letter that leads nowhere.
    LostLink(LostLink),
    /// The address takes other methods.
    MethodNotAllowed,
    /// What was sent is larger than any form of ours.
    TooLarge,
    /// The database does not answer.
    Store(StoreError),
    /// The text changes faster than it can be read.
    Unsettled(BodyGone),
    /// A page cannot be rendered, or something else is our own fault.
    Ours(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<crate::task::PreviewError> for Problem {
    fn from(error: crate::task::PreviewError) -> Self {
        Self::Ours(error.to_string())
    }
}

impl From<crate::task::OfficeError> for Problem {
    fn from(error: crate::task::OfficeError) -> Self {
        Self::Ours(error.to_string())
    }
}

impl From<ResourceError> for Problem {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::Template(error) => Self::Ours(error.to_string()),
            ResourceError::Body(gone) => Self::Unsettled(gone),
        }
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound { Self::NotFound } else { Self::Ours(error.to_string()) }
    }
}

/// The frame of a page made for one request, in `language`.
pub(super) fn private_layout(newsroom: &Newsroom, language: Language, title: &str) -> Layout {
    let current = newsroom.current();
    let site = FeedSite { language, ..current.resources.site().clone() };
    Layout { noindex: true, ..layout(&site, title) }
}

/// `page` with `status`.
pub(super) fn page(newsroom: &Newsroom, status: StatusCode, page: &impl Page) -> Response<Body> {
    match newsroom.templates.page(page) {
        Ok(html) => html_response(status, html),
        Err(error) => problem(newsroom, Problem::Ours(error.to_string())),
    }
}

pub(super) fn html_response(status: StatusCode, html: String) -> Response<Body> {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    set(response.headers_mut(), CONTENT_TYPE, "text/html; charset=utf-8");
    set(response.headers_mut(), CACHE_CONTROL, "no-store");
    guard(response.headers_mut());
    response
}

/// The page that says what is wrong and what to do, in the site's language.
pub(super) fn problem(newsroom: &Newsroom, problem: Problem) -> Response<Body> {
    problem_in(newsroom, newsroom.language(), problem)
}

/// The page that says what is wrong and what to do. What is our own fault is logged here, and not shown.
pub(super) fn problem_in(newsroom: &Newsroom, language: Language, problem: Problem) -> Response<Body> {
    let lost_link = if let Problem::LostLink(link) = problem { Some(link) } else { None };
    let status = match problem {
        Problem::BadRequest => StatusCode::BAD_REQUEST,
        Problem::NotFound => StatusCode::NOT_FOUND,
        Problem::Gone => StatusCode::GONE,
        Problem::LostLink(link) => StatusCode::from_u16(link.status()).unwrap_or(StatusCode::NOT_FOUND),
        Problem::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Problem::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Problem::Store(error) => {
            newsroom.log_failure(&error, "a request could not be answered");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Problem::Unsettled(gone) => {
            warn!(%gone, "a request could not be answered yet: {gone}");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Problem::Ours(error) => {
            error!(error, "a request could not be answered: {error}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let layout = private_layout(newsroom, language, "");
    let context = match lost_link {
        Some(link) => ProblemPage::lost_link(layout, link),
        None => ProblemPage::new(layout, status.as_u16()),
    };
    let html = newsroom.templates.page(&context).unwrap_or_else(|error| {
        error!(%error, "the page of problems cannot be rendered: {error}");
        status.to_string()
    });
    let mut response = html_response(status, html);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        set(response.headers_mut(), ALLOW, "GET, HEAD");
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        set(response.headers_mut(), RETRY_AFTER, "30");
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        set(response.headers_mut(), RETRY_AFTER, "86400");
    }
    response
}

/// A handler's result as a response.
pub(super) fn respond(newsroom: &Newsroom, result: Result<Response<Body>, Problem>) -> Response<Body> {
    respond_in(newsroom, newsroom.language(), result)
}

/// The same, where a problem is told in `language`.
pub(super) fn respond_in(
    newsroom: &Newsroom,
    language: Language,
    result: Result<Response<Body>, Problem>,
) -> Response<Body> {
    result.unwrap_or_else(|found| problem_in(newsroom, language, found))
}

/// What the router itself refuses (a form too large, an address that is no text), as the page that says so.
pub(super) fn paged(newsroom: &Newsroom, refused: Response<Body>) -> Response<Body> {
    let media_type = refused.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !refused.status().is_client_error() || media_type.is_some_and(is_page) {
        return refused;
    }
    let mut response = problem(
        newsroom,
        match refused.status() {
            StatusCode::METHOD_NOT_ALLOWED => Problem::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
            StatusCode::NOT_FOUND => Problem::NotFound,
            _ => Problem::BadRequest,
        },
    );
    // Where it is the router that knows, it may say so later.
    match refused.headers().get(ALLOW) {
        Some(allowed) => response.headers_mut().insert(ALLOW, allowed.clone()),
        None => response.headers_mut().remove(ALLOW),
    };
    response
}
