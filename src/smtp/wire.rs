//! The connection under a conversation: plain at first, under TLS once that is agreed on.
//!
//! The mail library reads ahead, hides what a relay offers, and is strict about what it says. So replies pass through here
//! line by line (`replies.rs`), and until the conversation is open one byte at a time and remembered: nothing that was said
//! in clear can be taken for something said under TLS (the flaw of RFC 3207 §6 in many clients), and what the relay offers
//! can be read. What was written to the network is counted, which tells after a loss whether the end of a letter can have
//! left.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use chrono::{DateTime, Utc};
use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::ProtocolVersion;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::client::TlsStream;

use super::certificate::valid_until;
use super::replies::Replies;
use super::tls::Tls;

/// A connection, shared by a session and the library's part of it.
#[derive(Clone)]
pub(super) struct Wire {
    line: Arc<Mutex<Line>>,
    sent: Arc<Sent>,
}

struct Line {
    stream: Stream,
    replies: Replies,
    /// What the relay said so far; `None` once the conversation is open.
    heard: Option<Vec<u8>>,
}

enum Stream {
    Plain(Counted),
    Tls(Box<TlsStream<Counted>>),
    /// Being put under TLS, or given up at that.
    Gone,
}

/// How much has gone out.
#[derive(Debug, Default)]
struct Sent {
    bytes: AtomicU64,
    more: Notify,
}

impl Sent {
    fn count(&self, written: usize) {
        self.bytes.fetch_add(u64::try_from(written).unwrap_or(u64::MAX), Ordering::Release);
        self.more.notify_one();
    }
}

/// How much is read at once of an open conversation.
const CHUNK: usize = 4 * 1024;

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        let sent = Arc::new(Sent::default());
        let stream = Stream::Plain(Counted { stream, sent: Arc::clone(&sent) });
        let line = Line { stream, replies: Replies::default(), heard: Some(Vec::new()) };
        Self { line: Arc::new(Mutex::new(line)), sent }
    }

    /// Puts the connection under TLS.
    pub(super) async fn encrypt(&self, tls: &Tls) -> io::Result<()> {
        let Stream::Plain(stream) = std::mem::replace(&mut self.line().stream, Stream::Gone) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let stream = tls.connect(stream).await?;
        self.line().stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    /// The version of TLS, and until when the certificate counts that was shown; `None` in clear.
    pub(super) fn protection(&self) -> Option<(Option<&'static str>, Option<DateTime<Utc>>)> {
        let line = self.line();
        let Stream::Tls(stream) = &line.stream else { return None };
        let (_, session) = stream.get_ref();
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => Some("TLS 1.3"),
            Some(ProtocolVersion::TLSv1_2) => Some("TLS 1.2"),
            Some(_) | None => Some("TLS"),
        };
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        Some((version, certificate.and_then(|certificate| valid_until(certificate))))
    }

    /// What the relay said since the last call.
    pub(super) fn heard(&self) -> Vec<u8> {
        self.line().heard.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// From now on, what the relay says is read as fast as it comes, and not remembered.
    pub(super) fn open(&self) {
        let mut line = self.line();
        line.heard = None;
        line.replies = Replies::default();
    }

    /// Notes that an answer was taken from what came.
    pub(super) fn answered(&self) {
        self.line().replies.taken();
    }

    /// Whether the relay has said more than was asked of it.
    pub(super) fn has_more(&self) -> bool {
        self.line().replies.are_waiting()
    }

    /// How many bytes went out so far, what TLS adds included.
    pub(super) fn written(&self) -> u64 {
        self.sent.bytes.load(Ordering::Acquire)
    }

    /// Until more bytes have gone out.
    pub(super) async fn more_written(&self) {
        self.sent.more.notified().await;
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says nothing of what passes.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({} bytes written)", self.written())
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut line = self.line();
        let Line { stream, replies, heard } = &mut *line;
        let mut chunk = [0; CHUNK];
        loop {
            if replies.give(buf) {
                return Poll::Ready(Ok(()));
            }
            // What refuses us while we introduce ourselves has ended the conversation; the library would wait for its
            // goodbye.
            if heard.is_some() && replies.have_refused() {
                return Poll::Ready(Ok(()));
            }
            let mut read = ReadBuf::new(if heard.is_some() { &mut chunk[..1] } else { &mut chunk });
            ready!(stream.poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            let passed = replies.take_in(read.filled())?;
            if let Some(heard) = heard {
                heard.extend_from_slice(passed);
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut line = self.line();
        line.replies.asked();
        match &mut line.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut line = self.line();
        line.replies.asked();
        match &mut line.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Gone => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.line().stream {
            Stream::Plain(stream) => stream.stream.peer_addr(),
            Stream::Tls(stream) => stream.get_ref().0.stream.peer_addr(),
            Stream::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

/// The network's end: what is counted here has left us.
#[derive(Debug)]
pub(super) struct Counted {
    stream: TcpStream,
    sent: Arc<Sent>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.sent.count(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        self.sent.count(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
