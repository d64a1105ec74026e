//! What is asked on connections, whatever it answers.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::service::Service;

/// Whatever answers requests.
pub trait Answers:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static> + Clone + Send + 'static
{
}

impl<S> Answers for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + 'static
{
}
