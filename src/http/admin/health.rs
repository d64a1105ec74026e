//! `/health`: the process answers. `/ready`: it can do its work, or why not.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use crate::http::answer::set;
use crate::task::Newsroom;

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<String>,
    releases: usize,
    looked: String,
}

pub(super) async fn health() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    let current = newsroom.current();
    let mut reasons = Vec::new();
    if let Err(error) = newsroom.store.ping().await {
        reasons.push(format!("the database does not answer: {error}"));
    }
    if current.register.started.is_none() {
        reasons.push(format!("there is no content folder `{}` yet", newsroom.config.content.folder));
    }
    if let Some(alarm) = current.register.alarm.filter(|alarm| !alarm.confirmed) {
        reasons.push(format!("{} of {} live releases are gone from the folder at once", alarm.missing, alarm.of));
    }
    if let Some(doubt) = newsroom.clock.doubt() {
        let (machine, believed) = (doubt.machine.to_rfc3339(), doubt.believed.to_rfc3339());
        reasons.push(format!("the machine's clock jumped to {machine}; by our reckoning it is {believed}"));
    }
    let readiness = Readiness {
        ready: reasons.is_empty(),
        reasons,
        releases: current.resources.live().releases().len(),
        looked: current.looked.to_rfc3339(),
    };
    let mut response = Response::new(Body::from(serde_json::to_string(&readiness).unwrap_or_default() + "\n"));
    if !readiness.ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    set(response.headers_mut(), CONTENT_TYPE, "application/json");
    response
}
