//! The administration's addresses.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response};
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::response::Redirect;
use axum::routing::{get, post};

use super::gate::{AdminToken, gate};
use super::{health, letters, previews, waiting};
use crate::http::page::{Problem, paged, problem};
use crate::http::prepared::Prepared;
use crate::resource::Found;
use crate::task::Newsroom;
use crate::template::STYLESHEET_ADDRESS;

/// The largest form that is read.
const LARGEST_FORM: usize = 16 * 1024;

/// Everything of the administration; `token` is asked for when there is one.
pub fn admin_router(newsroom: Arc<Newsroom>, token: Option<AdminToken>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/mailbox/") }))
        .route("/mailbox", get(|| async { Redirect::permanent("/mailbox/") }))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route(STYLESHEET_ADDRESS, get(stylesheet))
        .route("/mailbox/", get(waiting::show))
        .route("/mailbox/editions/{edition}", post(waiting::act))
        .route("/mailbox/folder/confirm", post(waiting::confirm_folder))
        .route("/mailbox/clock/confirm", post(waiting::confirm_machine_clock))
        .route("/mailbox/letters/", get(letters::list))
        .route("/mailbox/letters/{name}", get(letters::show))
        .route("/mailbox/letters/{name}/html", get(letters::html))
        .route("/mailbox/letters/{name}/raw", get(letters::raw))
        .route("/mailbox/previews/", get(previews::list))
        .route("/mailbox/previews/{kind}", get(previews::show))
        .route("/mailbox/previews/{kind}/html", get(previews::html))
        .fallback(missing)
        .with_state(newsroom.clone())
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(map_response_with_state(newsroom, as_page))
        .layer(from_fn_with_state(token, gate))
}

async fn stylesheet(State(newsroom): State<Arc<Newsroom>>, method: Method, headers: HeaderMap) -> Response<Body> {
    match newsroom.current().resources.find(STYLESHEET_ADDRESS) {
        Ok(Found::Document(document)) => Prepared::new(document, None, None).answer(&method, &headers),
        Ok(Found::Upload(_) | Found::Moved(_) | Found::Gone | Found::Missing) | Err(_) => {
            problem(&newsroom, Problem::NotFound)
        }
    }
}

async fn as_page(State(newsroom): State<Arc<Newsroom>>, response: Response<Body>) -> Response<Body> {
    paged(&newsroom, response)
}

async fn missing(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    problem(&newsroom, Problem::NotFound)
}
