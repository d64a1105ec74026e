//! One connection, from the first request to the last answer.

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, Request};
use futures_util::future::Either;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::Service;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

use super::answers::Answers;
use super::limits::{LARGEST_HEAD, Limits};
use super::patient::PatientSocket;
use super::places::Place;

/// What is said when every place is taken, whole: nothing of the request is read for it.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 36\r\ncache-control: no-store\r\nretry-after: 5\r\nconnection: close\r\n\r\n\
    Too many connections: try again soon";

/// The other end of the connection that a request came over. Who only reads is not asked for it: requests that may change
/// something alone carry it.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Peer(pub(in crate::http) IpAddr);

/// Answers requests on `socket` until the client goes, is too slow, or the connection is asked to leave. When all are
/// asked, one more request is answered ([`Limits::linger`]).
///
/// Answers to requests in a row are written one by one: hyper's `pipeline_flush` would copy each body and bound nothing.
pub(super) async fn converse<S: Answers>(socket: TcpStream, service: S, mut place: Place, limits: &Limits) {
    let peer = socket.peer_addr().ok().map(|address| Peer(address.ip()));
    let is_answering = Arc::new(AtomicBool::new(false));
    let socket = PatientSocket::new(socket, limits, is_answering.clone());
    let is_last = Arc::new(AtomicBool::new(false));
    let noted = (is_answering.clone(), is_last.clone());
    let service = Noting { service, peer, is_answering, is_last, body_within: limits.body };
    let mut connection = pin!(http1::Builder::new().max_header_size(LARGEST_HEAD).serve_connection(socket, service));
    // What ends a connection is the client's doing: nobody here could mend it.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = &mut place.asked_to_leave => {}
    }
    let (is_answering, is_last) = noted;
    if place.is_closed() && !is_answering.load(Ordering::Relaxed) {
        is_last.store(true, Ordering::Relaxed);
        if timeout(limits.linger, connection.as_mut()).await.is_ok() {
            return;
        }
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Tells a client that there is no place.
pub(super) async fn turn_away(mut socket: TcpStream, limits: &Limits) {
    let said = async {
        socket.write_all(BUSY).await?;
        socket.shutdown().await?;
        // Closed with the request unread, the connection would be reset and the answer lost.
        let mut rest = [0; 1024];
        while socket.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    let _ = timeout(limits.wait, said).await;
}

/// Notes when a request is being answered and whose it is, and gives its body a time.
struct Noting<S> {
    service: S,
    peer: Option<Peer>,
    is_answering: Arc<AtomicBool>,
    /// Whether the client is to be told that nothing more is answered on this connection.
    is_last: Arc<AtomicBool>,
    body_within: Duration,
}

impl<S: Answers> Service<Request<Incoming>> for Noting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(peer) = self.peer
            && !matches!(*request.method(), Method::GET | Method::HEAD)
        {
            request.extensions_mut().insert(peer);
        }
        self.is_answering.store(true, Ordering::Relaxed);
        let answer = self.service.call(request.map(|body| {
            if body.is_end_stream() {
                Body::empty()
            } else {
                Body::new(TimedBody { body, alarm: Box::pin(sleep(self.body_within)) })
            }
        }));
        if !self.is_last.load(Ordering::Relaxed) {
            return Either::Left(answer);
        }
        Either::Right(Box::pin(async move {
            let mut answer = answer.await?;
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            Ok(answer)
        }))
    }
}

/// A body that must be there in time.
struct TimedBody {
    body: Incoming,
    alarm: Pin<Box<Sleep>>,
}

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("the body took too long")]
    TooSlow,
    #[error("failed to read the body")]
    Read(#[from] hyper::Error),
}

impl hyper::body::Body for TimedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let read = Pin::new(&mut self.body).poll_frame(context);
        if read.is_pending() && self.alarm.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(BodyError::TooSlow)));
        }
        read.map(|frame| frame.map(|frame| frame.map_err(BodyError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
