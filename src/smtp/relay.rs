//! A relay and a session with it, whatever its kind.

use std::net::IpAddr;
use std::sync::Arc;

use camino::Utf8Path;

use super::directory::Directory;
use super::memory::Letters;
use super::session::{SmtpRelay, SmtpSession};
use super::timeouts::Timeouts;
use crate::clock::Clock;
use crate::config::{RelayKind, RelaySettings};
use crate::domain::{Attempt, EmailAddress};

/// Who a letter is from and to, as the relay is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where it comes back to.
    pub from: EmailAddress,
    /// Where it goes.
    pub to: EmailAddress,
}

/// Why a relay cannot be used as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// Letters and addresses would cross a network in clear.
    #[error("use the relay `{0}`: without TLS only a relay on this machine is allowed, such as `127.0.0.1`")]
    NotLoopback(String),
}

/// Where letters are handed over.
#[derive(Clone)]
pub struct Relay(Kind);

#[derive(Clone)]
enum Kind {
    Smtp(Arc<SmtpRelay>),
    Directory(Directory),
    Memory(Letters),
}

impl Relay {
    /// The relay that `settings` describe. It calls itself by the domain of `from`; a folder's files are named by
    /// `clock`. Nothing is contacted or written yet.
    ///
    /// # Errors
    /// [`RelayError::NotLoopback`] when an SMTP relay is elsewhere.
    pub fn open(settings: &RelaySettings, from: &EmailAddress, clock: Arc<dyn Clock>) -> Result<Self, RelayError> {
        match &settings.kind {
            RelayKind::Directory { folder } => Ok(Self(Kind::Directory(Directory::new(folder.clone(), clock)))),
            RelayKind::Smtp { host, port } => {
                if !is_loopback(host) {
                    return Err(RelayError::NotLoopback(host.clone()));
                }
                let hello = from.domain().to_owned();
                let host = host.trim_matches(['[', ']']).to_owned();
                Ok(Self(Kind::Smtp(Arc::new(SmtpRelay { host, port: *port, hello, timeouts: Timeouts::default() }))))
            }
        }
    }

    /// A relay that keeps its letters in memory, and the letters.
    #[must_use]
    pub fn memory() -> (Self, Letters) {
        let letters = Letters::default();
        (Self(Kind::Memory(letters.clone())), letters)
    }

    /// The same relay with other patience; only an SMTP relay needs any.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        match self.0 {
            Kind::Smtp(smtp) => Self(Kind::Smtp(Arc::new(SmtpRelay { timeouts, ..SmtpRelay::clone(&smtp) }))),
            Kind::Directory(_) | Kind::Memory(_) => self,
        }
    }

    /// What people and lists of attempts call it: `smtp://127.0.0.1:25`, `directory var/mail`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.0 {
            Kind::Smtp(smtp) => smtp.name(),
            Kind::Directory(directory) => format!("directory {}", directory.folder()),
            Kind::Memory(_) => "memory".to_owned(),
        }
    }

    /// The folder of a directory relay.
    #[must_use]
    pub fn folder(&self) -> Option<&Utf8Path> {
        match &self.0 {
            Kind::Directory(directory) => Some(directory.folder()),
            Kind::Smtp(_) | Kind::Memory(_) => None,
        }
    }

    /// Begins a session.
    ///
    /// # Errors
    /// The attempt that this already was, when the relay cannot be reached or does not want us.
    pub async fn connect(&self) -> Result<Session, Attempt> {
        Ok(Session(match &self.0 {
            Kind::Smtp(smtp) => Conversation::Smtp(SmtpSession::connect(Arc::clone(smtp)).await?),
            Kind::Directory(directory) => {
                directory.reach()?;
                Conversation::Directory(directory.clone())
            }
            Kind::Memory(letters) => Conversation::Memory(letters.clone()),
        }))
    }
}

/// Secrets there are none, but folders and hosts are for those who may see the configuration.
impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relay({})", self.name())
    }
}

/// One conversation with a relay, for any number of letters one after the other.
pub struct Session(Conversation);

enum Conversation {
    Smtp(SmtpSession),
    Directory(Directory),
    Memory(Letters),
}

impl Session {
    /// Hands one letter over and says how that ended. After a refusal the session can be used again; after a loss or a
    /// 421, or when this future is dropped before its end, it is over.
    pub async fn send(&mut self, envelope: &Envelope, message: &[u8]) -> Attempt {
        match &mut self.0 {
            Conversation::Smtp(session) => session.send(envelope, message).await,
            Conversation::Directory(directory) => directory.take(message).await,
            Conversation::Memory(letters) => letters.take(envelope, message),
        }
    }

    /// Whether another letter can be handed over.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match &self.0 {
            Conversation::Smtp(session) => session.is_open(),
            Conversation::Directory(_) | Conversation::Memory(_) => true,
        }
    }

    /// Whether an address beyond ASCII can be written to (SMTPUTF8, RFC 6531).
    #[must_use]
    pub fn takes_utf8_addresses(&self) -> bool {
        match &self.0 {
            Conversation::Smtp(session) => session.takes_utf8_addresses(),
            Conversation::Directory(_) | Conversation::Memory(_) => true,
        }
    }

    /// Says goodbye. Nothing depends on the answer.
    pub async fn quit(self) {
        match self.0 {
            Conversation::Smtp(session) => session.quit().await,
            Conversation::Directory(_) | Conversation::Memory(_) => {}
        }
    }
}

/// Whether `host` means this machine, going by its name alone; the addresses it stands for are looked at again when
/// connecting.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn open(kind: RelayKind) -> Result<Relay, RelayError> {
        let from = "presse@example.org".parse().unwrap();
        Relay::open(&RelaySettings { kind, rate: None, connections: 1 }, &from, Arc::new(SystemClock))
    }

    fn smtp(host: &str) -> Result<String, RelayError> {
        open(RelayKind::Smtp { host: host.to_owned(), port: 25 }).map(|relay| relay.name())
    }

    #[test]
    fn only_this_machine_is_trusted_without_tls() {
        assert_eq!(smtp("127.0.0.1").as_deref(), Ok("smtp://127.0.0.1:25"));
        assert_eq!(smtp("LocalHost").as_deref(), Ok("smtp://LocalHost:25"));
        assert_eq!(smtp("::1").as_deref(), Ok("smtp://[::1]:25"));
        assert_eq!(smtp("[::1]").as_deref(), Ok("smtp://[::1]:25"));
        for host in ["", "mail.example.org", "192.0.2.1", "::", "localhost.example.org", "127.0.0.1.example.org"] {
            assert_eq!(smtp(host), Err(RelayError::NotLoopback(host.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_memory_relay_keeps_what_it_is_given() {
        let (relay, letters) = Relay::memory();
        let envelope =
            Envelope { from: "presse@example.org".parse().unwrap(), to: "ann@journal.example".parse().unwrap() };
        let mut session = relay.connect().await.unwrap();
        assert!(matches!(session.send(&envelope, b"one").await, Attempt::Accepted(_)));
        assert!(session.is_open() && session.takes_utf8_addresses());
        session.quit().await;
        let kept = crate::smtp::KeptLetter { envelope, message: b"one".to_vec() };
        assert_eq!((letters.count(), letters.all()), (1, vec![kept]));
    }

    #[tokio::test]
    async fn a_directory_relay_names_its_folder() {
        let folder = camino::Utf8PathBuf::from("var/mail");
        let relay = open(RelayKind::Directory { folder: folder.clone() }).unwrap();
        assert_eq!((relay.name().as_str(), relay.folder()), ("directory var/mail", Some(folder.as_path())));
        assert_eq!(Relay::memory().0.folder(), None);
    }
}
