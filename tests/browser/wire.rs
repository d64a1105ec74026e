//! How the driver's library speaks HTTP: through the client that Depeche has anyway.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::{Request, Response};
use bytes::Bytes;
use thirtyfour::error::{WebDriverError, WebDriverErrorInner, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};
use ureq::Agent;

/// How long the driver may take for one command on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client for the driver alone.
#[derive(Debug, Clone)]
pub(crate) struct Wire(Agent);

impl Wire {
    pub(crate) fn new() -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Self(config.into())
    }

    /// `GET` of an address, its answer left aside.
    pub(crate) fn tell(&self, address: &str) {
        drop(self.0.get(address).call());
    }

    fn exchange(&self, request: Request<Vec<u8>>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, mut body) = self.0.run(request)?.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let bytes = match body {
            Body::Empty => Vec::new(),
            Body::Json(value) => serde_json::to_vec(value).unwrap(),
        };
        let (wire, request) = (self.clone(), Request::from_parts(parts, bytes));
        let answer = tokio::task::spawn_blocking(move || wire.exchange(request)).await.unwrap();
        answer.map_err(|error| WebDriverError::from_inner(WebDriverErrorInner::HttpError(error.to_string())))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(self.clone())
    }
}
