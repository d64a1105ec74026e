//! Takes connections in until told to stop, then lets those that are open finish.

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::warn;

use super::answers::Answers;
use super::connection::{converse, turn_away};
use super::limits::Limits;
use super::places::{Places, Welcome};

/// How long nothing is taken in after the system could not (no file descriptor is free, say), at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Serves `router` as [`serve`] does.
pub async fn serve_router(listener: TcpListener, router: Router, limits: Limits, stop: watch::Receiver<bool>) {
    serve(listener, TowerToHyperService::new(router), limits, stop).await;
}

/// Lets `service` answer on `listener`, within `limits`, until `stop` says so or nobody could say so any more. Then
/// nothing more is taken in, and it ends when the last answer is given. Dropped, it closes everything.
pub async fn serve(listener: TcpListener, service: impl Answers, limits: Limits, mut stop: watch::Receiver<bool>) {
    let places = Places::new(&limits);
    let mut connections = JoinSet::new();
    let mut pause = PAUSES.0;
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => {
                pause = PAUSES.0;
                take_in(socket, service.clone(), &places, limits, &mut connections);
            }
            Err(error) if is_the_clients_fault(&error) => {}
            Err(error) => {
                if pause == PAUSES.0 {
                    warn!(%error, "no connection can be taken in, trying again: {error}");
                }
                places.make_room();
                let _ = timeout(pause, stop.wait_for(|stop| *stop)).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
    drop(listener);
    places.close();
    while connections.join_next().await.is_some() {}
}

fn take_in(
    socket: TcpStream,
    service: impl Answers,
    places: &Arc<Places>,
    limits: Limits,
    connections: &mut JoinSet<()>,
) {
    // Answers are written whole: waiting for more would only delay their last piece.
    let _ = socket.set_nodelay(true);
    match places.welcome() {
        Welcome::Place(place) => {
            connections.spawn(async move { converse(socket, service, place, &limits).await });
        }
        Welcome::Seat(seat) => {
            let places = places.clone();
            connections.spawn(async move {
                match places.wait(&limits).await {
                    Some(place) => {
                        drop(seat);
                        converse(socket, service, place, &limits).await;
                    }
                    // The seat is kept until it has left: those turned away have their bound, too.
                    None => turn_away(socket, &limits).await,
                }
            });
        }
        Welcome::Full => {}
    }
}

/// Whether a connection was gone before it was taken in; the next one may be there already.
fn is_the_clients_fault(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}
