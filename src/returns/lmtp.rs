//! The listener: takes connections in up to a bound, and lets each have its session, until told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::Incoming;
use super::answers::UNREAD;
use super::session::{Bounds, converse};

/// How many sessions there are at once; each may hold one message of the largest size.
const SESSIONS: usize = 8;
/// How long one that is turned away may take to hear it.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long nothing is taken in after the system could not.
const PAUSE: Duration = Duration::from_secs(1);

/// Speaks LMTP on `listener` and passes messages of up to `limit` bytes on, until `stop` says so. Sessions that wait for
/// the other side are closed then; a message that was taken in is answered.
pub async fn serve_lmtp(
    listener: TcpListener,
    limit: usize,
    intake: mpsc::Sender<Incoming>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(SESSIONS));
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = sessions.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "no LMTP connection can be taken in, trying again: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (intake, stop) = (intake.clone(), stop.clone());
        match places.clone().try_acquire_owned() {
            Ok(place) => {
                sessions.spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let (from, to) = stream.into_split();
                    if let Err(error) = converse(from, to, Bounds { limit, unread: UNREAD }, &intake, stop).await {
                        debug!(%error, "an LMTP session broke off: {error}");
                    }
                    drop(place);
                });
            }
            Err(_) => drop(timeout(GOODBYE, turn_away(stream)).await),
        }
    }
    drop(listener);
    while sessions.join_next().await.is_some() {}
}

async fn turn_away(mut stream: TcpStream) {
    let _ = stream.write_all(b"421 4.3.2 too many sessions, come back later\r\n").await;
}
