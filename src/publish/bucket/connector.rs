//! How requests of `object_store` reach the store: by the HTTP client that everything else here uses. No second one is built.

use std::future::poll_fn;

use async_trait::async_trait;
use hyper::body::Body as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpService,
};
use tokio::task::spawn_blocking;

use crate::fetch::{Exchange, FetchError};

/// Hands out one client, whatever it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Connector(Exchange);

impl Connector {
    /// With at most so many connections kept.
    pub(super) fn new(connections: usize) -> Self {
        Self(Exchange::new(connections))
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let request = hyper::Request::from_parts(head, whole(body).await?);
        let exchange = self.0.clone();
        match spawn_blocking(move || exchange.send(request)).await {
            Ok(Ok(response)) => Ok(response.map(Into::into)),
            Ok(Err(error)) => Err(HttpError::new(kind(&error), error)),
            Err(error) => Err(HttpError::new(HttpErrorKind::Interrupted, error)),
        }
    }
}

/// All bytes of a request.
async fn whole(mut body: HttpRequestBody) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::with_capacity(body.content_length());
    let mut body = std::pin::Pin::new(&mut body);
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Whether it may be tried again at once.
const fn kind(error: &FetchError) -> HttpErrorKind {
    match error {
        FetchError::Timeout => HttpErrorKind::Timeout,
        FetchError::Unreachable(_) => HttpErrorKind::Connect,
        FetchError::Address(_)
        | FetchError::Forbidden(_)
        | FetchError::Insecure(_)
        | FetchError::Status(_)
        | FetchError::TooManyRedirects
        | FetchError::TooLarge
        | FetchError::Empty
        | FetchError::NotPdf => HttpErrorKind::Unknown,
    }
}
