//! One SMTP conversation: a letter per transaction, each step with its own patience, each failure with its phase.
//!
//! RFC 5321 §3.3, 4.1.4, 4.5.3.2, on the mail library's connection. The connection is taken out of the session while a
//! letter is under way and put back only when the relay's state is known, so a session that was abandoned in the middle
//! can never be used again. Recipients go one by one; no pipelining.

use std::error::Error as _;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Envelope;
use super::stream::WatchedStream;
use super::timeouts::Timeouts;
use crate::domain::{Attempt, Phase, Reply};

/// How much of a letter is written at a time; each such block has its own timeout.
const BLOCK: usize = 64 * 1024;

/// An SMTP server on this machine.
#[derive(Clone)]
pub(super) struct SmtpRelay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) hello: String,
    pub(super) timeouts: Timeouts,
}

impl SmtpRelay {
    /// `smtp://host:port`
    pub(super) fn name(&self) -> String {
        if self.host.contains(':') {
            format!("smtp://[{}]:{}", self.host, self.port)
        } else {
            format!("smtp://{}:{}", self.host, self.port)
        }
    }

    /// Connects to the first of the host's loopback addresses that answers.
    async fn reach(&self) -> Result<TcpStream, String> {
        let found =
            tokio::net::lookup_host((self.host.as_str(), self.port)).await.map_err(|error| error.to_string())?;
        let local: Vec<SocketAddr> = found.filter(|address| address.ip().to_canonical().is_loopback()).collect();
        if local.is_empty() {
            return Err(format!("`{}` is not on this machine", self.host));
        }
        let stream = TcpStream::connect(local.as_slice()).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(stream)
    }
}

/// A conversation with an SMTP server.
pub(super) struct SmtpSession {
    relay: Arc<SmtpRelay>,
    /// `None` once the conversation is over.
    connection: Option<AsyncSmtpConnection>,
}

impl SmtpSession {
    /// Connects, waits to be greeted and says our name.
    pub(super) async fn connect(relay: Arc<SmtpRelay>) -> Result<Self, Attempt> {
        let Timeouts { connect, greeting, command, .. } = relay.timeouts;
        let stream = match timeout(connect, relay.reach()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Attempt::Lost { phase: Phase::Connect, error }),
            Err(_) => return Err(silent(Phase::Connect, connect)),
        };
        let (stream, spoken) = WatchedStream::new(stream);
        let hello = ClientId::Domain(relay.hello.clone());
        let phase = || if spoken.load(Ordering::Relaxed) { Phase::Hello } else { Phase::Greeting };
        let opening = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello);
        match timeout(greeting + command, opening).await {
            Ok(Ok(connection)) => Ok(Self { relay, connection: Some(connection) }),
            Ok(Err(error)) => Err(failed(phase(), &error)),
            Err(_) => Err(silent(phase(), greeting + command)),
        }
    }

    /// Whether another letter can be handed over.
    pub(super) const fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// Whether the relay offers SMTPUTF8.
    pub(super) fn takes_utf8_addresses(&self) -> bool {
        self.connection.as_ref().is_some_and(offers_utf8)
    }

    /// Hands one letter over.
    pub(super) async fn send(&mut self, envelope: &Envelope, message: &[u8]) -> Attempt {
        let Some(mut connection) = self.connection.take() else {
            return Attempt::Lost { phase: Phase::Connect, error: "the session is over".to_owned() };
        };
        let timeouts = self.relay.timeouts;
        let attempt = match transaction(&mut connection, envelope, message, &timeouts).await {
            Ok(reply) => Attempt::Accepted(reply),
            Err(attempt) => attempt,
        };
        let goes_on = match &attempt {
            Attempt::Lost { .. } => false,
            Attempt::Refused { reply, .. } if reply.closes() => false,
            Attempt::Accepted(_) | Attempt::Refused { phase: Phase::Dot, .. } => true,
            Attempt::Refused { .. } => matches!(timeout(timeouts.command, connection.command(Rset)).await, Ok(Ok(_))),
        };
        if goes_on {
            self.connection = Some(connection);
        }
        attempt
    }

    /// Says goodbye.
    pub(super) async fn quit(self) {
        if let Some(mut connection) = self.connection {
            let _ = timeout(self.relay.timeouts.quit, connection.quit()).await;
        }
    }
}

/// One letter, from `MAIL FROM` to the answer to the dot; anything but acceptance is the error.
async fn transaction(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    message: &[u8],
    timeouts: &Timeouts,
) -> Result<Reply, Attempt> {
    let Envelope { from, to } = envelope;
    let mut parameters = Vec::new();
    if !(from.as_str().is_ascii() && to.as_str().is_ascii() && message.is_ascii()) {
        if !offers_utf8(connection) {
            let reply = Reply::new(553, "5.6.7 the relay does not take addresses beyond ASCII (no SMTPUTF8)");
            return Err(Attempt::Refused { phase: Phase::Recipient, reply });
        }
        parameters.push(MailParameter::SmtpUtfEight);
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let mail = Mail::new(Some(from.as_lettre().clone()), parameters);
    step(Phase::MailFrom, Severity::PositiveCompletion, timeouts.command, connection.command(mail)).await?;
    let recipient = Rcpt::new(to.as_lettre().clone(), Vec::new());
    step(Phase::Recipient, Severity::PositiveCompletion, timeouts.command, connection.command(recipient)).await?;
    step(Phase::Data, Severity::PositiveIntermediate, timeouts.data, connection.command(Data)).await?;
    deliver(connection, message, timeouts).await
}

/// Writes the letter and the dot and waits for the answer.
///
/// The library asks for the next block when the former is written, and writes the dot when there is none: so the
/// blocks tell how far it is, and each begins a new wait.
async fn deliver(connection: &mut AsyncSmtpConnection, message: &[u8], timeouts: &Timeouts) -> Result<Reply, Attempt> {
    // The library writes CRLF before the dot; the letter's own last one would become an empty line.
    let message = message.strip_suffix(b"\r\n").unwrap_or(message);
    let (dot, moved_on) = (AtomicBool::new(false), Notify::new());
    let mut blocks = message.chunks(BLOCK);
    let told = std::iter::from_fn(|| {
        let block = blocks.next();
        dot.store(block.is_none(), Ordering::Relaxed);
        moved_on.notify_one();
        block
    });
    let mut answer = std::pin::pin!(connection.message_iter(told));
    let now_at =
        || if dot.load(Ordering::Relaxed) { (Phase::Dot, timeouts.dot) } else { (Phase::Body, timeouts.block) };
    loop {
        let (phase, limit) = now_at();
        tokio::select! {
            biased;
            result = &mut answer => return expect(now_at().0, Severity::PositiveCompletion, result),
            () = moved_on.notified() => {}
            () = tokio::time::sleep(limit) => return Err(silent(phase, limit)),
        }
    }
}

/// Waits for the answer to one command, which must be of the kind `wanted`.
async fn step(
    phase: Phase,
    wanted: Severity,
    limit: Duration,
    answer: impl Future<Output = Result<Response, Error>>,
) -> Result<Reply, Attempt> {
    match timeout(limit, answer).await {
        Ok(result) => expect(phase, wanted, result),
        Err(_) => Err(silent(phase, limit)),
    }
}

/// The reply, if it is of the kind `wanted`. One that is positive and yet not the right one leaves the conversation in
/// a state that nobody knows.
fn expect(phase: Phase, wanted: Severity, result: Result<Response, Error>) -> Result<Reply, Attempt> {
    let response = result.map_err(|error| failed(phase, &error))?;
    let reply = Reply::new(response.code().into(), &response.message().collect::<Vec<_>>().join(" "));
    if response.code().severity == wanted {
        Ok(reply)
    } else {
        Err(Attempt::Lost { phase, error: format!("unexpected reply {reply}") })
    }
}

/// What an error of the library means: a refusal when the relay gave a code, else a loss.
fn failed(phase: Phase, error: &Error) -> Attempt {
    let detail = error.source().map(ToString::to_string);
    match error.status() {
        Some(code) => Attempt::Refused { phase, reply: Reply::new(code.into(), &detail.unwrap_or_default()) },
        None => Attempt::Lost { phase, error: detail.unwrap_or_else(|| error.to_string()) },
    }
}

/// The relay did not answer in time.
fn silent(phase: Phase, limit: Duration) -> Attempt {
    Attempt::Lost { phase, error: format!("no answer within {limit:?}") }
}

/// Whether the relay takes addresses, and so letters, beyond ASCII.
fn offers_utf8(connection: &AsyncSmtpConnection) -> bool {
    let info = connection.server_info();
    info.supports_feature(Extension::SmtpUtfEight) && info.supports_feature(Extension::EightBitMime)
}
