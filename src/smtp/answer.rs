//! What a relay's answers mean.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Response, Severity};
use tokio::time::timeout;

use crate::domain::{Attempt, Phase, Reply};

/// Waits for the answer to one command, which must be of the kind `wanted`.
pub(super) async fn step(
    phase: Phase,
    wanted: Severity,
    limit: Duration,
    answer: impl Future<Output = Result<Response, Error>>,
) -> Result<(), Attempt> {
    match timeout(limit, answer).await {
        Ok(result) => expect(phase, wanted, result).map(drop),
        Err(_) => Err(silent(phase, limit)),
    }
}

/// The response, if it is of the kind `wanted`. One that is positive and yet not the right one leaves the conversation in
/// a state that nobody knows.
pub(super) fn expect(phase: Phase, wanted: Severity, result: Result<Response, Error>) -> Result<Response, Attempt> {
    let response = result.map_err(|error| failed(phase, &error))?;
    if response.code().severity == wanted {
        Ok(response)
    } else {
        let reply = reply_of(&response).without_words();
        Err(Attempt::Lost { phase, error: format!("unexpected reply {reply}") })
    }
}

/// What is kept of a response.
pub(super) fn reply_of(response: &Response) -> Reply {
    Reply::new(response.code().into(), &response.message().collect::<Vec<_>>().join(" "))
}

/// What an error of the library means: a refusal when the relay gave a code, else a loss.
pub(super) fn failed(phase: Phase, error: &Error) -> Attempt {
    let detail = error.source().map(ToString::to_string);
    match error.status() {
        Some(code) => Attempt::Refused { phase, reply: Reply::new(code.into(), &detail.unwrap_or_default()) },
        None => Attempt::Lost { phase, error: detail.unwrap_or_else(|| error.to_string()) },
    }
}

/// The relay did not answer in time.
pub(super) fn silent(phase: Phase, limit: Duration) -> Attempt {
    Attempt::Lost { phase, error: format!("no answer within {limit:?}") }
}
