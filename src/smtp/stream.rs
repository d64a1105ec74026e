//! A TCP connection that tells whether we have spoken on it yet.
//!
//! The mail library opens a conversation in one step: greeting and EHLO. Whether the relay failed to greet or failed to
//! answer our name is seen from the first byte we wrote.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection and whether anything was written to it.
#[derive(Debug)]
pub(super) struct WatchedStream {
    stream: TcpStream,
    spoken: Arc<AtomicBool>,
}

impl WatchedStream {
    /// Watches `stream`; the flag becomes true at the first write.
    pub(super) fn new(stream: TcpStream) -> (Self, Arc<AtomicBool>) {
        let spoken = Arc::new(AtomicBool::new(false));
        (Self { stream, spoken: Arc::clone(&spoken) }, spoken)
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.spoken.store(true, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for WatchedStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
