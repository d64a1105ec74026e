//! What the other side says, a line or a piece at a time, each within bounds of size and time.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long the other side may be silent (RFC 5321 §4.5.3.2.7).
const SILENCE: Duration = Duration::from_mins(5);
/// Longest command line, its end included: RFC 5321 §4.5.3.1.4, and room for what extensions add.
const LONGEST_LINE: usize = 4096;

/// Why nothing more is read.
#[derive(Debug)]
pub(super) enum End {
    /// The connection is closed or broken.
    Gone,
    /// The other side was silent for too long.
    Silent,
    /// The daemon stops.
    Stopping,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// A line that was said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without what ends it.
    Whole(String),
    /// It was longer than any command.
    TooLong,
}

/// The other side's words.
pub(super) struct Lines<R> {
    from: BufReader<R>,
    stop: watch::Receiver<bool>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(from: R, stop: watch::Receiver<bool>) -> Self {
        Self { from: BufReader::with_capacity(16 * 1024, from), stop }
    }

    /// The next line.
    pub(super) async fn next(&mut self) -> Result<Line, End> {
        let mut line = Vec::new();
        let mut is_too_long = false;
        loop {
            let piece = self.piece().await?;
            let end = memchr::memchr(b'\n', piece).map(|at| at + 1);
            let taken = &piece[..end.unwrap_or(piece.len())];
            is_too_long |= line.len() + taken.len() > LONGEST_LINE;
            if !is_too_long {
                line.extend_from_slice(taken);
            }
            let length = taken.len();
            self.take(length);
            if end.is_some() {
                break;
            }
        }
        if is_too_long {
            return Ok(Line::TooLong);
        }
        Ok(Line::Whole(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Whatever has come; never empty.
    pub(super) async fn piece(&mut self) -> Result<&[u8], End> {
        let read = tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => return Err(End::Stopping),
            read = timeout(SILENCE, self.from.fill_buf()) => read,
        };
        match read {
            Err(_) => Err(End::Silent),
            Ok(Ok([])) => Err(End::Gone),
            Ok(read) => Ok(read?),
        }
    }

    /// Whether something has come that was not taken yet: then nobody waits for answers.
    pub(super) fn has_more(&self) -> bool {
        !self.from.buffer().is_empty()
    }

    /// So many bytes of the last piece are dealt with.
    pub(super) fn take(&mut self, length: usize) {
        self.from.consume(length);
    }
}
