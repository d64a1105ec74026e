//! A socket that is patient with its client, but not for ever.
//!
//! It knows of requests only that one is being answered: from its head until the first byte that is written. Timers are
//! set when something is waited for, and only moved when they ring: a request costs one look at the clock.

use std::io::{Error, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;

/// A socket with the limits on how long its client may take.
#[derive(Debug)]
pub(super) struct PatientSocket {
    socket: TokioIo<TcpStream>,
    limits: Limits,
    /// Set by whoever takes a request, for as long as nothing of the answer is written.
    is_answering: Arc<AtomicBool>,
    /// Since when the client is waited for: the beginning, or the last byte that was written.
    since: Instant,
    /// When the reader must have taken more, while it does not take all.
    take_by: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl PatientSocket {
    pub(super) fn new(socket: TcpStream, limits: &Limits, is_answering: Arc<AtomicBool>) -> Self {
        let (socket, since) = (TokioIo::new(socket), Instant::now());
        Self { socket, limits: *limits, is_answering, since, take_by: None, alarm: None }
    }

    /// Whether `deadline` is over; if not, the task is woken then or earlier.
    fn is_over(&mut self, context: &mut Context<'_>, deadline: Instant) -> bool {
        if let Some(alarm) = &self.alarm
            && !alarm.is_elapsed()
            && alarm.deadline() <= deadline
        {
            return false;
        }
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            if alarm.is_elapsed() || alarm.deadline() > deadline {
                alarm.as_mut().reset(deadline);
            }
            // Looking at it is what wakes the task.
            if alarm.as_mut().poll(context).is_pending() {
                return false;
            }
            if deadline <= Instant::now() {
                return true;
            }
        }
    }

    /// Notes what came of writing `offered` bytes.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        offered: usize,
        outcome: Poll<Result<usize, Error>>,
    ) -> Poll<Result<usize, Error>> {
        let Poll::Ready(outcome) = outcome else {
            let stalled = self.limits.stalled;
            let deadline = *self.take_by.get_or_insert_with(|| Instant::now() + stalled);
            return if self.is_over(context, deadline) { Poll::Ready(Err(too_slow())) } else { Poll::Pending };
        };
        let taken = outcome?;
        self.since = Instant::now();
        self.is_answering.store(false, Ordering::Relaxed);
        if taken >= offered {
            self.take_by = None;
        } else if let Some(take_by) = self.take_by {
            // Whoever takes less than the pace comes nearer to the end with every piece.
            let earned = Duration::from_secs_f64(lossy(taken) / f64::from(self.limits.pace.max(1)));
            self.take_by = Some((take_by + earned).min(self.since + self.limits.stalled));
        }
        // What comes next is the client's, and nobody may ask before it comes.
        let _ = self.is_over(context, self.since + self.limits.head);
        Poll::Ready(Ok(taken))
    }
}

#[expect(clippy::cast_precision_loss, reason = "nothing depends on the last bytes")]
fn lossy(bytes: usize) -> f64 {
    bytes as f64
}

fn too_slow() -> Error {
    Error::from(ErrorKind::TimedOut)
}

impl Read for PatientSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<(), Error>> {
        let outcome = Pin::new(&mut self.socket).poll_read(context, buffer);
        if outcome.is_pending() && !self.is_answering.load(Ordering::Relaxed) && self.take_by.is_none() {
            let deadline = self.since + self.limits.head;
            if self.is_over(context, deadline) {
                return Poll::Ready(Err(too_slow()));
            }
        }
        outcome
    }
}

impl Write for PatientSocket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        let outcome = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.written(context, bytes.len(), outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        // A head alone: the system takes one piece in a plain way for less.
        if let [bytes] = pieces {
            return self.poll_write(context, bytes);
        }
        let outcome = Pin::new(&mut self.socket).poll_write_vectored(context, pieces);
        self.written(context, pieces.iter().map(|piece| piece.len()).sum(), outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
