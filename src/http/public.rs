//! The public side: documents looked up by address, and one file per interactive page.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_LENGTH, LINK, LOCATION};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use axum::middleware::map_response;
use axum::routing::get;

use super::answer::{answer, answer_changes, guard, set};
use super::conditional::{known_tags, takes_changes};
use super::page::{Problem, respond};
use super::{office, subscription, upload};
use crate::resource::{Coding, Found, PublicDocument};
use crate::task::{Current, Newsroom};

/// The largest form that is read.
const LARGEST_FORM: usize = 64 * 1024;

/// Everything public, below the path of `site.url`.
pub fn public_router(newsroom: Arc<Newsroom>) -> Router {
    let prefix = newsroom.config.site.url.path().to_owned();
    let inner = Router::new()
        .route("/subscribe", get(subscription::subscribe::show).post(subscription::subscribe::act))
        .route("/confirm/{token}", get(subscription::confirm::show).post(subscription::confirm::act))
        .route("/preferences/{token}", get(subscription::preferences::show).post(subscription::preferences::act))
        .route("/u/{token}", get(subscription::unsubscribe::show).post(subscription::unsubscribe::act))
        .route("/office/{token}", get(office::show).post(office::act))
        .fallback(document);
    let router = if prefix.is_empty() {
        inner
    } else {
        // Every address lies below the path; the bare host only says where to go.
        let home = format!("{prefix}/");
        let redirect = move || async move { moved(&home) };
        Router::new()
            .nest(&prefix, inner)
            .route("/", get(redirect))
            .route(&format!("{prefix}/"), get(document))
            .fallback(elsewhere)
    };
    router.layer(DefaultBodyLimit::max(LARGEST_FORM)).layer(map_response(guarded)).with_state(newsroom)
}

async fn guarded(mut response: Response<Body>) -> Response<Body> {
    guard(response.headers_mut());
    response
}

/// Nothing stands outside the site's path.
async fn elsewhere(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    respond(&newsroom, Err(Problem::NotFound))
}

/// Answers from what is public now.
async fn document(
    State(newsroom): State<Arc<Newsroom>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let found = find(&newsroom, &method, &uri, &headers).await;
    respond(&newsroom, found)
}

async fn find(newsroom: &Newsroom, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Response<Body>, Problem> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Problem::MethodNotAllowed);
    }
    let prefix = newsroom.config.site.url.path();
    let path = uri.path();
    let path = path.strip_prefix(prefix).unwrap_or(path);
    let path = if path.is_empty() { "/" } else { path };
    let current = newsroom.current();
    match current.resources.find(path)? {
        Found::Document(document) => Ok(document_answer(newsroom, &current, path, &document, method, headers)),
        Found::Upload(upload) => upload::answer(newsroom, &upload, method, headers).await,
        Found::Moved(address) => Ok(moved(&address)),
        Found::Gone => Err(Problem::Gone),
        Found::Missing => Err(Problem::NotFound),
    }
}

fn document_answer(
    newsroom: &Newsroom,
    current: &Current,
    path: &str,
    document: &PublicDocument,
    method: &Method,
    headers: &HeaderMap,
) -> Response<Body> {
    let (resources, served) = (&current.resources, &newsroom.served);
    let modified =
        document.modified(|changed| served.note((path, document.tag()), resources.held(path), changed, current.looked));
    if takes_changes(headers) && modified.is_some() {
        let tags = known_tags(headers);
        let tags = || tags.iter().map(|tag| plain_tag(tag));
        // Whoever has the present version is told so below.
        if !tags().any(|tag| tag == document.tag()) {
            let changes = tags().find_map(|tag| {
                let held = served.held(path, tag)?;
                // A file that changed meanwhile hinders this short cut alone.
                resources.since(path, tag, &held).ok().flatten()
            });
            if let Some(changes) = changes {
                return linked(answer_changes(document, &changes, modified, method, headers), newsroom, current, path);
            }
        }
    }
    linked(answer(document, modified, method, headers), newsroom, current, path)
}

/// With the hub that is told of changes and the feed's own address (WebSub §4), when `path` is that of a feed.
fn linked(mut response: Response<Body>, newsroom: &Newsroom, current: &Current, path: &str) -> Response<Body> {
    if let Some(hub) = &newsroom.config.feeds.hub
        && current.resources.is_feed(path)
    {
        let own = newsroom.config.site.url.join(path);
        set(response.headers_mut(), LINK, &format!("<{hub}>; rel=\"hub\", <{own}>; rel=\"self\""));
    }
    response
}

/// An entity tag of ours without what its coding put behind it.
fn plain_tag(tag: &str) -> &str {
    let codings = [Coding::Gzip, Coding::Brotli];
    codings.iter().find_map(|coding| tag.strip_suffix(coding.suffix())).unwrap_or(tag)
}

fn moved(address: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    set(response.headers_mut(), LOCATION, address);
    set(response.headers_mut(), CONTENT_LENGTH, "0");
    response
}
