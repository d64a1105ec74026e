//! A message on its way in.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

/// A message, whom it was for, and where to answer.
#[derive(Debug)]
pub struct Incoming {
    /// Whom it was for.
    pub recipient: String,
    /// The message.
    pub message: Arc<[u8]>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Answer>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was taken in: what it was, in a few words without an address.
    Taken(String),
    /// It could not be dealt with now: it is to be brought again.
    Later,
}

/// Passes a message on and waits for the answer; when nobody answers any more, it is to be brought again.
pub(super) async fn pass_on(intake: &mpsc::Sender<Incoming>, recipient: String, message: Arc<[u8]>) -> Answer {
    let (answer, answered) = oneshot::channel();
    if intake.send(Incoming { recipient, message, answer }).await.is_err() {
        return Answer::Later;
    }
    answered.await.unwrap_or(Answer::Later)
}
