//! The public side: documents looked up by address, and one file per interactive page.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_LENGTH, LINK, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use axum::middleware::{Next, from_fn, map_response};
use axum::routing::get;
use futures_util::FutureExt as _;
use futures_util::future::Either;
use hyper::service::Service;
use hyper_util::service::{TowerToHyperService, TowerToHyperServiceFuture};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::answer::{answer_changes, coding_for, guard, set, tag_of};
use super::conditional::{A_IM, is_not_modified, known_tags, takes_changes};
use super::page::{Problem, paged, respond};
use super::prepared::{Given, Prepared};
use super::{office, subscription, upload};
use crate::domain::ReleaseId;
use crate::metrics::RequestKind;
use crate::resource::{Coding, Found, PublicDocument, ResourceError};
use crate::store::{Ailment, StoreError};
use crate::task::{Current, Newsroom};

/// The largest form that is read.
const LARGEST_FORM: usize = 64 * 1024;

/// How often, and each time how long, the next state of the site is waited for, when the present one cannot be shown.
const WAITS: (usize, Duration) = (10, Duration::from_secs(1));

/// How long an answer may take: what takes longer waits for a database that says nothing.
const LONGEST_ANSWER: Duration = Duration::from_mins(1);

/// Everything public, below the path of `site.url`.
///
/// A document that was given before is given again at once; all else goes through the router.
#[derive(Debug, Clone)]
pub struct PublicRouter {
    side: Arc<PublicSide>,
    router: TowerToHyperService<Router>,
}

#[derive(Debug)]
struct PublicSide {
    newsroom: Arc<Newsroom>,
    given: Given,
    /// How many documents are made at a time: whoever comes second for the same one finds it made.
    making: Arc<Semaphore>,
}

/// Everything public, below the path of `site.url`.
pub fn public_router(newsroom: Arc<Newsroom>) -> PublicRouter {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let side = Arc::new(PublicSide { newsroom, given: Given::default(), making: Arc::new(Semaphore::new(cores)) });
    PublicRouter { router: TowerToHyperService::new(router(&side)), side }
}

impl Service<Request<Body>> for PublicRouter {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response<Body>, Infallible>>, TowerToHyperServiceFuture<Router, Request<Body>>>;

    fn call(&self, request: Request<Body>) -> Self::Future {
        match self.side.given_again(&request) {
            Some(response) => {
                self.side.count(request.uri().path(), &response);
                Either::Left(ready(Ok(response)))
            }
            None => Either::Right(self.router.call(request)),
        }
    }
}

fn router(side: &Arc<PublicSide>) -> Router {
    let newsroom = side.newsroom.clone();
    let prefix = newsroom.config.site.url.path().to_owned();
    let document = {
        let side = side.clone();
        move |method: Method, uri: Uri, headers: HeaderMap| {
            let side = side.clone();
            async move { side.document(&method, &uri, &headers).await }
        }
    };
    let inner = Router::new()
        .route("/subscribe", get(subscription::subscribe::show).post(subscription::subscribe::act))
        .route("/confirm/{token}", get(subscription::confirm::show).post(subscription::confirm::act))
        .route("/preferences/{token}", get(subscription::preferences::show).post(subscription::preferences::act))
        .route("/preferences/address/{token}", get(subscription::address::show).post(subscription::address::act))
        .route("/preferences/export/{token}", get(subscription::export::show).post(subscription::export::act))
        .route("/preferences/erase/{token}", get(subscription::erase::show).post(subscription::erase::act))
        .route("/u/{token}", get(subscription::unsubscribe::show).post(subscription::unsubscribe::act))
        .route("/office/{token}", get(office::show).post(office::act))
        .fallback(document.clone());
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
    let counting = side.clone();
    router
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(map_response(guarded))
        .layer(from_fn(move |request: Request<Body>, next: Next| answered(counting.clone(), request, next)))
        .with_state(newsroom)
}

/// Answers, and counts that; whoever waits for a database that says nothing is told so in the end. What a form asks for is
/// done to its end, also when its sender goes away meanwhile: half of it is worse than all or nothing.
async fn answered(side: Arc<PublicSide>, request: Request<Body>, next: Next) -> Response<Body> {
    let path = request.uri().path().to_owned();
    if !path.is_empty() && path == side.newsroom.config.site.url.path() {
        // The front page has one address.
        let response = moved(&format!("{path}/"));
        side.count(&path, &response);
        return response;
    }
    let is_form = *request.method() == Method::POST;
    let answer = next.run(request);
    let answer = if is_form { Either::Left(tokio::spawn(answer)) } else { Either::Right(answer.map(Ok)) };
    let response = match timeout(LONGEST_ANSWER, answer).await {
        Ok(Ok(response)) => paged(&side.newsroom, response),
        Ok(Err(error)) => respond(&side.newsroom, Err(Problem::Ours(error.to_string()))),
        Err(_) => respond(&side.newsroom, Err(StoreError::Ill(Ailment::Silent).into())),
    };
    side.count(&path, &response);
    response
}

async fn guarded(mut response: Response<Body>) -> Response<Body> {
    guard(response.headers_mut());
    response
}

/// Nothing stands outside the site's path.
async fn elsewhere(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    respond(&newsroom, Err(Problem::NotFound))
}

impl PublicSide {
    fn count(&self, path: &str, response: &Response<Body>) {
        let path = path.strip_prefix(self.newsroom.config.site.url.path()).unwrap_or(path);
        self.newsroom.metrics.requests.count(RequestKind::of(path), response.status().as_u16());
    }

    /// The answer for a document that was given before, as [`PublicSide::document`] gives it.
    fn given_again(&self, request: &Request<Body>) -> Option<Response<Body>> {
        let (method, headers) = (request.method(), request.headers());
        if !matches!(*method, Method::GET | Method::HEAD) || headers.contains_key(A_IM) {
            return None;
        }
        let path = request.uri().path().strip_prefix(self.newsroom.config.site.url.path())?;
        let prepared = self.given.get(&self.newsroom.current.borrow(), path)?;
        Some(prepared.answer(method, headers))
    }

    /// Answers from what is public now.
    async fn document(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
        let found = self.find(method, uri, headers).await;
        respond(&self.newsroom, found)
    }

    async fn find(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Response<Body>, Problem> {
        let newsroom = &self.newsroom;
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(Problem::MethodNotAllowed);
        }
        let prefix = newsroom.config.site.url.path();
        let path = uri.path();
        let path = path.strip_prefix(prefix).unwrap_or(path);
        let path = if path.is_empty() { "/" } else { path };
        let (current, found) = self.found(path, method, headers).await?;
        match found {
            Found::Document(document) => Ok(self.give(&current, path, document, method, headers)),
            Found::Upload(upload) => upload::answer(newsroom, &upload, method, headers).await,
            Found::Moved(address) => Ok(moved(&address)),
            Found::Gone => Err(Problem::Gone),
            Found::Missing => Err(Problem::NotFound),
        }
    }

    /// What stands at `path`, and of which state of the site. Where a file changed under our hands, its text is read from the
    /// database; where that has another already, the next state is waited for: it is on its way.
    async fn found(
        &self,
        path: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<(Arc<Current>, Found), ResourceError> {
        let newsroom = &self.newsroom;
        let mut states = newsroom.current.subscribe();
        let (mut waited, mut recalled) = (0, None);
        loop {
            let current = states.borrow_and_update().clone();
            if let Some(found) = current.resources.at_hand(path) {
                return Ok((current, found));
            }
            match self.make(&current, path, method, headers).await {
                Err(ResourceError::Body(_)) if waited < WAITS.0 => {
                    newsroom.folder_look_wanted.notify_one();
                    if recalled.as_ref().is_none_or(|recalled| !Arc::ptr_eq(recalled, &current))
                        && self.recall(&current, path).await
                    {
                        recalled = Some(current);
                        continue;
                    }
                    waited += 1;
                    // A file that is as it was again makes no new state: then, too, it is tried again.
                    let _ = timeout(WAITS.1, states.changed()).await;
                }
                found => return found.map(|found| (current, found)),
            }
        }
    }

    /// Finds what stands at `path` on a thread of its own, in the form that will be asked for: whoever is given what is at
    /// hand does not wait meanwhile.
    async fn make(
        &self,
        current: &Arc<Current>,
        path: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Found, ResourceError> {
        let turn = Arc::clone(&self.making).acquire_owned().await;
        let (resources, path) = (current.resources.clone(), path.to_owned());
        let (is_whole, headers) = (*method == Method::GET, headers.clone());
        let making = tokio::task::spawn_blocking(move || {
            // Whoever asked may hang up meanwhile: the turn is over when the document is made.
            let _turn = turn;
            let found = resources.find(&path);
            if let Ok(Found::Document(document)) = &found {
                let coding = coding_for(document, &headers);
                if is_whole && !is_not_modified(&headers, &tag_of(document, coding), None) {
                    let _ = document.encoded(coding);
                }
            }
            found
        });
        making.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
    }

    /// Fetches the texts of the document at `path` from the database; `false` when none is of use.
    async fn recall(&self, current: &Current, path: &str) -> bool {
        let releases = current.resources.made_of(path);
        let ids: Vec<&ReleaseId> = releases.iter().map(|published| &published.id).collect();
        let texts = self.newsroom.store.last_good_texts(&ids).await.unwrap_or_else(|error| {
            self.newsroom.log_failure(&error, "texts that files have no more could not be read from the database");
            HashMap::new()
        });
        let recalled = releases
            .iter()
            .filter(|published| texts.get(&published.id).is_some_and(|text| published.release.body.recall(text)));
        recalled.count() > 0
    }

    fn give(
        &self,
        current: &Arc<Current>,
        path: &str,
        document: Arc<PublicDocument>,
        method: &Method,
        headers: &HeaderMap,
    ) -> Response<Body> {
        let (resources, served) = (&current.resources, &self.newsroom.served);
        let modified = document
            .modified(|changed| served.note((path, document.tag()), resources.held(path), changed, current.looked));
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
                    let mut response = answer_changes(&document, &changes, modified, method, headers);
                    response.headers_mut().extend(self.link(current, path).map(|link| (LINK, link)));
                    return response;
                }
            }
        }
        let prepare = || Prepared::new(document, modified, self.link(current, path));
        self.given.get_or_prepare(current, path, prepare).answer(method, headers)
    }

    /// The hub that is told of changes and the feed's own address (WebSub §4), when `path` is that of a feed.
    fn link(&self, current: &Current, path: &str) -> Option<HeaderValue> {
        let hub = self.newsroom.config.feeds.hub.as_ref().filter(|_| current.resources.is_feed(path))?;
        let own = self.newsroom.config.site.url.join(path);
        HeaderValue::from_str(&format!("<{hub}>; rel=\"hub\", <{own}>; rel=\"self\"")).ok()
    }
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
