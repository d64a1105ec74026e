//! One SMTP conversation: how it is opened, what is known of the relay, and whether it can be used again.
//!
//! RFC 5321 §3.1, 4.1.4, 4.5.3.2, on the mail library's connection. The connection is taken out of the session while a
//! letter is under way and put back only when the relay's state is known, so a session that was abandoned in the middle
//! can never be used again.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Auth, Ehlo, Noop, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Severity;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tracing::warn;

use super::answer::{expect, failed, silent, step};
use super::offer::{Extensions, Offer};
use super::timeouts::Timeouts;
use super::tls::Tls;
use super::transaction::{End, Ended, Opening, Standing, Transaction};
use super::wire::Wire;
use super::{Envelope, Handed};
use crate::config::Secret;
use crate::domain::{Attempt, Message, Phase};

/// An SMTP server.
#[derive(Clone)]
pub(super) struct SmtpRelay {
    pub(super) host: String,
    pub(super) port: u16,
    /// What we call ourselves.
    pub(super) hello: String,
    pub(super) encryption: Encryption,
    pub(super) login: Option<Login>,
    pub(super) timeouts: Timeouts,
    /// Whether it was found not to take what opens a letter behind the end of another, although it offers that.
    pub(super) takes_one_at_a_time: Arc<AtomicBool>,
}

/// How a conversation is kept from others.
#[derive(Debug, Clone)]
pub(super) enum Encryption {
    /// It never leaves this machine: no other address is connected to.
    OnThisMachine,
    /// Not at all.
    None,
    /// STARTTLS (RFC 3207), and nothing without it.
    StartTls(Tls),
    /// TLS from the first byte (RFC 8314 §3.3).
    Implicit(Tls),
}

/// Who we are to the relay.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Secret,
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

    /// Connects to the first of the host's addresses that answers; each has its share of the time.
    async fn reach(&self) -> io::Result<TcpStream> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await?;
        let local_only = matches!(self.encryption, Encryption::OnThisMachine);
        let fits = |address: &SocketAddr| !local_only || address.ip().to_canonical().is_loopback();
        let addresses: Vec<SocketAddr> = found.filter(fits).collect();
        if addresses.is_empty() {
            let place = if local_only { "is not on this machine" } else { "has no address" };
            return Err(io::Error::other(format!("`{}` {place}", self.host)));
        }
        let share = self.timeouts.connect / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let mut failure = io::Error::from(io::ErrorKind::TimedOut);
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => failure = error,
                Err(_) => {}
            }
        }
        Err(failure)
    }
}

/// A conversation with an SMTP server.
pub(super) struct SmtpSession {
    relay: Arc<SmtpRelay>,
    wire: Wire,
    offer: Offer,
    standing: Standing,
    /// What the relay was told of the next letter already.
    said: Option<Opening>,
    /// A letter was handed over in it before: the relay may have left since.
    was_used: bool,
    /// `None` once the conversation is over.
    connection: Option<AsyncSmtpConnection>,
}

impl SmtpSession {
    /// Connects, agrees on TLS, waits to be greeted, says our name and, where asked for, who we are.
    pub(super) async fn connect(relay: Arc<SmtpRelay>) -> Result<Self, Attempt> {
        let limits = relay.timeouts;
        let stream = io_step(Phase::Connect, limits.connect, relay.reach()).await?;
        let wire = Wire::new(stream);
        if let Encryption::Implicit(tls) = &relay.encryption {
            io_step(Phase::Tls, limits.command, wire.encrypt(tls)).await?;
        }
        let mut connection = greet(&relay, &wire).await?;
        let mut offer = Offer::read(&wire.heard());
        if let Encryption::StartTls(tls) = &relay.encryption {
            offer = start_tls(&mut connection, &relay, &wire, &offer, tls).await?;
        }
        if let Some(login) = &relay.login {
            log_in(&mut connection, &offer, login, limits.command).await?;
        }
        wire.open();
        let connection = Some(connection);
        Ok(Self { relay, wire, offer, standing: Standing::Ready, said: None, was_used: false, connection })
    }

    /// Whether another letter can be handed over.
    pub(super) const fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// What the relay offers.
    pub(super) const fn offer(&self) -> Offer {
        self.offer
    }

    /// Whether the relay was told who we are, and believed it.
    pub(super) fn is_logged_in(&self) -> bool {
        self.relay.login.is_some()
    }

    /// The version of TLS, and until when the relay's certificate counts; `None` in clear.
    pub(super) fn protection(&self) -> Option<(Option<&'static str>, Option<DateTime<Utc>>)> {
        self.wire.protection()
    }

    /// Whether the relay takes what opens the next letter together with the end of the one before.
    pub(super) fn takes_next(&self) -> bool {
        self.offer.has(Extensions::PIPELINING) && !self.relay.takes_one_at_a_time.load(Ordering::Relaxed)
    }

    /// Hands one letter over; it is not begun after `latest`, nor before `leave` is given. The `next` one is then opened
    /// already, where the relay takes that; should another follow, the conversation ends.
    pub(super) async fn send(
        &mut self,
        envelope: &Envelope,
        message: &Message,
        next: Option<(&Envelope, &Message)>,
        latest: Instant,
        leave: impl Future<Output = bool>,
    ) -> Handed {
        let Some(mut connection) = self.connection.take() else {
            leave.await;
            return Handed::NotBegun;
        };
        let said = self.said.take();
        let transaction = match Transaction::new(envelope, message, &self.offer) {
            // Another was opened, and that cannot be unsaid: the relay would take this one for it.
            transaction if said.is_some_and(|said| transaction.as_ref().map(Transaction::opening) != Ok(&said)) => {
                leave.await;
                return Handed::NotBegun;
            }
            Ok(transaction) => transaction,
            Err(refused) => {
                self.connection = Some(connection);
                return if leave.await { Handed::Over(refused) } else { Handed::Withheld };
            }
        };
        let next = next.filter(|_| self.takes_next());
        let next = next.and_then(|(envelope, message)| Opening::of(envelope, message, &self.offer).ok());
        let transaction = transaction.before(next);
        let timeouts = &self.relay.timeouts;
        let Ended { end, standing } =
            transaction.run(&mut connection, &self.wire, self.standing, latest, leave, timeouts).await;
        self.standing = standing;
        self.said = transaction.into_next().filter(|_| standing == Standing::Begun);
        if standing != Standing::Over {
            self.connection = Some(connection);
        }
        let was_used = std::mem::replace(&mut self.was_used, true);
        match end {
            End::Withheld => Handed::Withheld,
            // In a new conversation there is nothing else that it could have ended by.
            End::NotBegun(_) if was_used => Handed::NotBegun,
            End::NotHeard => {
                self.relay.takes_one_at_a_time.store(true, Ordering::Relaxed);
                warn!(
                    relay = self.relay.name(),
                    "relay {} offers PIPELINING and does not take the next letter's sender behind the end of another: it is \
                     told one letter at a time from now on",
                    self.relay.name()
                );
                Handed::NotBegun
            }
            End::NotBegun(attempt) | End::Tried(attempt) => Handed::Over(attempt),
        }
    }

    /// Asks whether the relay is still there: for a session that was idle for a while. One that is not is over. Nothing is
    /// asked while it waits for a letter.
    pub(super) async fn check(&mut self) {
        if self.standing == Standing::Begun {
            return;
        }
        let Some(mut connection) = self.connection.take() else { return };
        if let Ok(Ok(_)) = timeout(self.relay.timeouts.noop, connection.command(Noop)).await {
            self.wire.answered();
            self.connection = Some(connection);
        }
    }

    /// Says goodbye; not while the relay waits for a letter, which that would become.
    pub(super) async fn quit(self) {
        if let Some(mut connection) = self.connection.filter(|_| self.standing != Standing::Begun) {
            let _ = timeout(self.relay.timeouts.quit, connection.quit()).await;
        }
    }
}

/// Waits to be greeted and says our name.
async fn greet(relay: &SmtpRelay, wire: &Wire) -> Result<AsyncSmtpConnection, Attempt> {
    let begun = wire.written();
    let phase = || if wire.written() > begun { Phase::Hello } else { Phase::Greeting };
    let limit = relay.timeouts.greeting + relay.timeouts.command;
    let hello = hello(relay);
    let opening = AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &hello);
    match timeout(limit, opening).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(failed(phase(), &error)),
        Err(_) => Err(silent(phase(), limit)),
    }
}

fn hello(relay: &SmtpRelay) -> ClientId {
    ClientId::Domain(relay.hello.clone())
}

/// Puts the conversation under TLS; what was offered in clear is forgotten (RFC 3207 §4.2).
async fn start_tls(
    connection: &mut AsyncSmtpConnection,
    relay: &SmtpRelay,
    wire: &Wire,
    offer: &Offer,
    tls: &Tls,
) -> Result<Offer, Attempt> {
    let limit = relay.timeouts.command;
    if !offer.has(Extensions::STARTTLS) {
        return Err(Attempt::Lost { phase: Phase::Tls, error: "it does not offer STARTTLS".to_owned() });
    }
    step(Phase::Tls, Severity::PositiveCompletion, limit, connection.command(Starttls)).await?;
    io_step(Phase::Tls, limit, wire.encrypt(tls)).await?;
    drop(wire.heard());
    step(Phase::Hello, Severity::PositiveCompletion, limit, connection.command(Ehlo::new(hello(relay)))).await?;
    Ok(Offer::read(&wire.heard()))
}

/// Says who we are: `AUTH PLAIN`, or `AUTH LOGIN` where that is not offered (RFC 4954).
async fn log_in(
    connection: &mut AsyncSmtpConnection,
    offer: &Offer,
    login: &Login,
    limit: Duration,
) -> Result<(), Attempt> {
    /// `AUTH LOGIN` asks for the name and the password.
    const MOST_QUESTIONS: usize = 2;
    let mechanism = match (offer.has(Extensions::AUTH_PLAIN), offer.has(Extensions::AUTH_LOGIN)) {
        (true, _) => Mechanism::Plain,
        (false, true) => Mechanism::Login,
        (false, false) => {
            let error = "it offers neither AUTH PLAIN nor AUTH LOGIN".to_owned();
            return Err(Attempt::Lost { phase: Phase::Auth, error });
        }
    };
    let credentials = || Credentials::new(login.user.clone(), login.password.expose().to_owned());
    let mut command = Auth::new(mechanism, credentials(), None).map_err(|error| failed(Phase::Auth, &error))?;
    for _ in 0..=MOST_QUESTIONS {
        let response = match timeout(limit, connection.command(command)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(without_words(failed(Phase::Auth, &error))),
            Err(_) => return Err(silent(Phase::Auth, limit)),
        };
        if !response.has_code(ASKS) {
            let answer = expect(Phase::Auth, Severity::PositiveCompletion, Ok(response));
            return answer.map(drop).map_err(without_words);
        }
        command = Auth::new_from_response(mechanism, credentials(), &response)
            .map_err(|error| failed(Phase::Auth, &error))?;
    }
    Err(Attempt::Lost { phase: Phase::Auth, error: "it goes on asking".to_owned() })
}

/// The same without the relay's own words, which may quote what it was told.
fn without_words(attempt: Attempt) -> Attempt {
    match attempt {
        Attempt::Refused { phase, reply } => Attempt::Refused { phase, reply: reply.without_words() },
        Attempt::Accepted(_) | Attempt::Lost { .. } => attempt,
    }
}

/// The relay asks for more (RFC 4954 §4).
const ASKS: u16 = 334;

/// Waits for what the network does.
async fn io_step<T>(phase: Phase, limit: Duration, done: impl Future<Output = io::Result<T>>) -> Result<T, Attempt> {
    match timeout(limit, done).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Attempt::Lost { phase, error: error.to_string() }),
        Err(_) => Err(silent(phase, limit)),
    }
}
