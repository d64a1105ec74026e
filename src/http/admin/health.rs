//! `/health`: the process answers. `/ready`: it can do its work, or why not. `/metrics`: what Prometheus asks for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Response, StatusCode};
use serde::Serialize;

use crate::http::answer::set;
use crate::metrics::CONTENT_TYPE as METRICS_TYPE;
use crate::task::{Newsroom, Readiness};

#[derive(Serialize)]
struct Said {
    ready: bool,
    reasons: Vec<String>,
    releases: usize,
    looked: String,
}

pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// A line for each reason; JSON for whoever asks for it.
pub(super) async fn ready(State(newsroom): State<Arc<Newsroom>>, headers: HeaderMap) -> Response<Body> {
    let Readiness { reasons, figures } = newsroom.readiness().await;
    let is_ready = reasons.is_empty();
    let wants_json = headers
        .get(ACCEPT)
        .is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/json")));
    let (media_type, text) = if wants_json {
        let looked = newsroom.current().looked.to_rfc3339();
        let said = Said { ready: is_ready, reasons, releases: figures.live, looked };
        ("application/json", serde_json::to_string(&said).unwrap_or_default())
    } else if is_ready {
        ("text/plain; charset=utf-8", "ready".to_owned())
    } else {
        ("text/plain; charset=utf-8", reasons.join("\n"))
    };
    let mut response = answer(media_type, text + "\n");
    if !is_ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

pub(super) async fn metrics(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    let figures = newsroom.readiness().await.figures;
    answer(METRICS_TYPE, newsroom.metrics.page(&figures))
}

fn answer(media_type: &str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    set(response.headers_mut(), CONTENT_TYPE, media_type);
    set(response.headers_mut(), CACHE_CONTROL, "no-store");
    response
}
