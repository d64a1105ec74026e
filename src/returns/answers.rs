//! What is said to the other side: within bounds of time, so that one who never reads holds no place for ever.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long the other side may leave an answer unread: it runs on the same machine.
pub(super) const UNREAD: Duration = Duration::from_secs(30);
/// How long it may once the daemon stops.
const GOODBYE: Duration = Duration::from_secs(1);
/// How much may be left to say while the other side goes on talking.
const MOST_UNSAID: usize = 16 * 1024;

/// The way to the other side, and what is still to be said.
pub(super) struct Answers<W> {
    to: W,
    unsaid: String,
    unread: Duration,
    stop: watch::Receiver<bool>,
}

impl<W: AsyncWrite + Unpin> Answers<W> {
    pub(super) fn new(to: W, unread: Duration, stop: watch::Receiver<bool>) -> Self {
        Self { to, unsaid: String::new(), unread, stop }
    }

    /// Adds a line, to be said with the next.
    pub(super) fn add(&mut self, line: &str) {
        self.unsaid.push_str(line);
        self.unsaid.push_str("\r\n");
    }

    /// Whether so much is to be said that it is said although the other side has not come to its end.
    pub(super) const fn are_many(&self) -> bool {
        self.unsaid.len() > MOST_UNSAID
    }

    /// Says what there is to say.
    pub(super) async fn say(&mut self) -> io::Result<()> {
        let Self { to, unsaid, unread, stop } = self;
        let stopping = async {
            let _ = stop.wait_for(|stop| *stop).await;
            sleep(GOODBYE).await;
        };
        let said = tokio::select! {
            biased;
            said = timeout(*unread, to.write_all(unsaid.as_bytes())) => said,
            () = stopping => return Err(io::ErrorKind::TimedOut.into()),
        };
        said.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        unsaid.clear();
        Ok(())
    }

    /// Says the last there is to say, and closes.
    pub(super) async fn end(mut self) -> io::Result<()> {
        self.say().await?;
        self.to.shutdown().await
    }
}
