//! A relay and a session with it, whatever its kind.

use std::fs;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use tokio::time::Instant;

use super::directory::Directory;
use super::handing::{Envelope, Handed};
use super::look::RelayLook;
use super::memory::Letters;
use super::session::{Encryption, Login, SmtpRelay, SmtpSession};
use super::timeouts::Timeouts;
use super::tls::{Tls, TlsError};
use super::transaction::too_late;
use crate::clock::Clock;
use crate::config::{LoginSettings, PasswordSource, RelayKind, RelaySettings, RelayTls, Secret, SmtpSettings};
use crate::domain::{Attempt, EmailAddress, Message};
use crate::metrics::OpenConnection;

/// Why a relay cannot be used as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// TLS to it cannot be had.
    #[error("use the relay `{host}`: {source}")]
    Tls {
        /// Which relay.
        host: String,
        /// Why.
        source: TlsError,
    },
    /// The password's file cannot be read.
    #[error("read the relay's password in `{path}`: {reason}")]
    Password {
        /// Which file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Where letters are handed over.
#[derive(Clone)]
pub struct Relay {
    kind: Kind,
    rate: Option<u32>,
    connections: usize,
}

#[derive(Clone)]
enum Kind {
    Smtp(Arc<SmtpRelay>),
    Directory(Directory),
    Memory(Letters),
}

impl Relay {
    /// The relay that `settings` describe. It calls itself by the domain of `from`; a folder's files are named by
    /// `clock`. Nothing is contacted or written yet; certificates and the password are read now.
    ///
    /// # Errors
    /// When a certificate or the password cannot be read.
    pub fn open(settings: &RelaySettings, from: &EmailAddress, clock: Arc<dyn Clock>) -> Result<Self, RelayError> {
        let kind = match &settings.kind {
            RelayKind::Directory { folder } => Kind::Directory(Directory::new(folder.clone(), clock)),
            RelayKind::Smtp(settings) => Kind::Smtp(Arc::new(smtp(settings, from)?)),
        };
        Ok(Self { kind, rate: settings.rate, connections: settings.connections.max(1) })
    }

    /// A relay that keeps its letters in memory, and the letters.
    #[must_use]
    pub fn memory() -> (Self, Letters) {
        let letters = Letters::default();
        (Self { kind: Kind::Memory(letters.clone()), rate: None, connections: 1 }, letters)
    }

    /// The same relay with other patience; only an SMTP relay needs any.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        let kind = match self.kind {
            Kind::Smtp(smtp) => Kind::Smtp(Arc::new(SmtpRelay { timeouts, ..SmtpRelay::clone(&smtp) })),
            other @ (Kind::Directory(_) | Kind::Memory(_)) => other,
        };
        Self { kind, ..self }
    }

    /// The same relay, taking at most so many letters a second.
    #[must_use]
    pub fn with_rate(self, rate: u32) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// How many letters it takes a second; `None`: as many as it can.
    #[must_use]
    pub const fn rate(&self) -> Option<u32> {
        self.rate
    }

    /// How many sessions there may be at once.
    #[must_use]
    pub const fn connections(&self) -> usize {
        self.connections
    }

    /// What people and lists of attempts call it: `smtp://127.0.0.1:25`, `directory var/mail`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.kind {
            Kind::Smtp(smtp) => smtp.name(),
            Kind::Directory(directory) => format!("directory {}", directory.folder()),
            Kind::Memory(_) => "memory".to_owned(),
        }
    }

    /// The folder of a directory relay.
    #[must_use]
    pub fn folder(&self) -> Option<&Utf8Path> {
        match &self.kind {
            Kind::Directory(directory) => Some(directory.folder()),
            Kind::Smtp(_) | Kind::Memory(_) => None,
        }
    }

    /// Goes as far as a session goes before its first letter, and says what the relay offers. A folder or memory offers
    /// nothing to look at.
    ///
    /// # Errors
    /// The attempt that this was, when the relay cannot be reached or does not want us.
    pub async fn look(&self) -> Result<RelayLook, Attempt> {
        match &self.kind {
            Kind::Smtp(smtp) => SmtpSession::connect(Arc::clone(smtp)).await?.look().await,
            Kind::Directory(directory) => directory.reach().map(|()| RelayLook::default()),
            Kind::Memory(_) => Ok(RelayLook::default()),
        }
    }

    /// Begins a session.
    ///
    /// # Errors
    /// The attempt that this already was, when the relay cannot be reached or does not want us.
    pub async fn connect(&self) -> Result<Session, Attempt> {
        let conversation = match &self.kind {
            Kind::Smtp(smtp) => Conversation::Smtp(SmtpSession::connect(Arc::clone(smtp)).await?),
            Kind::Directory(directory) => {
                directory.reach()?;
                Conversation::Directory(directory.clone())
            }
            Kind::Memory(letters) => Conversation::Memory(letters.clone()),
        };
        Ok(Session { conversation, _counted: None })
    }
}

/// Secrets there are none, but folders and hosts are for those who may see the configuration.
impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relay({})", self.name())
    }
}

/// One conversation with a relay, for any number of letters one after the other.
pub struct Session {
    conversation: Conversation,
    /// Counts it as open.
    _counted: Option<OpenConnection>,
}

enum Conversation {
    Smtp(SmtpSession),
    Directory(Directory),
    Memory(Letters),
}

impl Session {
    /// The same, counted as open until it is dropped.
    #[must_use]
    pub fn counted(self, open: OpenConnection) -> Self {
        Self { _counted: Some(open), ..self }
    }

    /// Hands one letter over and says how that ended; it is not begun after `latest`. After a refusal the session can be
    /// used again; after a loss or a 421, or when this future is dropped before its end, it is over.
    pub async fn send(&mut self, envelope: &Envelope, message: &Message, latest: Instant) -> Handed {
        self.send_by_leave(envelope, message, None, latest, std::future::ready(true)).await
    }

    /// Whether it saves time to know the letter after the one that is handed over.
    #[must_use]
    pub fn takes_next(&self) -> bool {
        match &self.conversation {
            Conversation::Smtp(session) => session.takes_next(),
            Conversation::Directory(_) | Conversation::Memory(_) => false,
        }
    }

    /// The same while `leave` is asked for: sender and recipient are said meanwhile, and the letter is written only once it
    /// is given. It is waited for in any case.
    ///
    /// Where the relay takes that, sender and recipient of the `next` letter, which must be the next to be handed over, are
    /// said together with the end of this one: then any other ends the session.
    pub async fn send_by_leave(
        &mut self,
        envelope: &Envelope,
        message: &Message,
        next: Option<(&Envelope, &Message)>,
        latest: Instant,
        leave: impl Future<Output = bool>,
    ) -> Handed {
        match &mut self.conversation {
            Conversation::Smtp(session) => session.send(envelope, message, next, latest, leave).await,
            Conversation::Directory(directory) => match leave.await {
                false => Handed::Withheld,
                true if Instant::now() > latest => Handed::Over(too_late()),
                true => Handed::Over(directory.take(message.to_vec()).await),
            },
            Conversation::Memory(letters) => {
                if leave.await {
                    Handed::Over(letters.take(envelope, message.to_vec()))
                } else {
                    Handed::Withheld
                }
            }
        }
    }

    /// Whether another letter can be handed over.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match &self.conversation {
            Conversation::Smtp(session) => session.is_open(),
            Conversation::Directory(_) | Conversation::Memory(_) => true,
        }
    }

    /// Asks a relay that was left alone for a while whether it is still there; one that is not leaves the session over.
    pub async fn check(&mut self) {
        match &mut self.conversation {
            Conversation::Smtp(session) => session.check().await,
            Conversation::Directory(_) | Conversation::Memory(_) => {}
        }
    }

    /// Says goodbye. Nothing depends on the answer.
    pub async fn quit(self) {
        match self.conversation {
            Conversation::Smtp(session) => session.quit().await,
            Conversation::Directory(_) | Conversation::Memory(_) => {}
        }
    }
}

fn smtp(settings: &SmtpSettings, from: &EmailAddress) -> Result<SmtpRelay, RelayError> {
    let SmtpSettings { host, port, tls, ca_file, login } = settings;
    let checked = || Tls::to(host, ca_file.as_deref()).map_err(|source| RelayError::Tls { host: host.clone(), source });
    let encryption = match tls {
        RelayTls::OnThisMachine => Encryption::OnThisMachine,
        RelayTls::None => Encryption::None,
        RelayTls::StartTls => Encryption::StartTls(checked()?),
        RelayTls::Tls => Encryption::Implicit(checked()?),
    };
    let login = login.as_ref().map(log_in).transpose()?;
    let (host, hello) = (host.clone(), from.domain().to_owned());
    let (timeouts, takes_one_at_a_time) = (Timeouts::default(), Arc::default());
    Ok(SmtpRelay { host, port: *port, hello, encryption, login, timeouts, takes_one_at_a_time })
}

fn log_in(settings: &LoginSettings) -> Result<Login, RelayError> {
    let password = match &settings.password {
        PasswordSource::Environment(password) => password.clone(),
        PasswordSource::File(path) => {
            let failed = |reason: String| RelayError::Password { path: path.clone(), reason };
            let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
            let password = text.trim_end_matches(['\r', '\n']).to_owned();
            if password.is_empty() {
                return Err(failed("it is empty".to_owned()));
            }
            Secret::new(password)
        }
    };
    Ok(Login { user: settings.user.clone(), password })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::domain::Phase;

    fn open(kind: RelayKind) -> Result<Relay, RelayError> {
        let from = "presse@example.org".parse().unwrap();
        Relay::open(&RelaySettings { kind, rate: None, connections: 1 }, &from, Arc::new(SystemClock))
    }

    fn smtp(host: &str, tls: RelayTls) -> SmtpSettings {
        SmtpSettings { host: host.to_owned(), port: 25, tls, ca_file: None, login: None }
    }

    fn opened(settings: SmtpSettings) -> Result<String, RelayError> {
        open(RelayKind::Smtp(settings)).map(|relay| relay.name())
    }

    #[test]
    fn a_relay_is_called_by_its_address() {
        assert_eq!(opened(smtp("127.0.0.1", RelayTls::OnThisMachine)).as_deref(), Ok("smtp://127.0.0.1:25"));
        assert_eq!(opened(smtp("::1", RelayTls::None)).as_deref(), Ok("smtp://[::1]:25"));
        assert_eq!(opened(smtp("relay.example.org", RelayTls::StartTls)).as_deref(), Ok("smtp://relay.example.org:25"));
    }

    #[test]
    fn what_is_wrong_with_a_relay_is_said_before_any_letter() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(folder.path().join("ca.pem")).unwrap();
        let with_authority = || SmtpSettings { ca_file: Some(path.clone()), ..smtp("relay.example", RelayTls::Tls) };
        assert!(matches!(opened(with_authority()), Err(RelayError::Tls { source: TlsError::Authority { .. }, .. })));
        fs::write(&path, "no certificate\n").unwrap();
        let said = opened(with_authority()).unwrap_err().to_string();
        assert!(said.contains("ca.pem` cannot be used as `ca_file`: it holds no certificate"), "{said}");
        let nameless = opened(smtp("relay_-.example.", RelayTls::Tls));
        assert!(matches!(nameless, Err(RelayError::Tls { source: TlsError::Name(_), .. })), "{nameless:?}");

        let login = LoginSettings { user: "presse".to_owned(), password: PasswordSource::File(path.clone()) };
        let with_login = || SmtpSettings { login: Some(login.clone()), ..smtp("relay.example", RelayTls::Tls) };
        assert!(opened(with_login()).is_ok());
        fs::write(&path, "\n").unwrap();
        assert!(matches!(opened(with_login()), Err(RelayError::Password { .. })));
        fs::remove_file(&path).unwrap();
        assert!(matches!(opened(with_login()), Err(RelayError::Password { .. })));
    }

    #[tokio::test]
    async fn a_memory_relay_keeps_what_it_is_given() {
        let (relay, letters) = Relay::memory();
        let envelope = Envelope {
            from: "presse@example.org".parse().unwrap(),
            to: "ann@journal.example".parse().unwrap(),
            id: None,
        };
        let mut session = relay.connect().await.unwrap();
        let handed = session.send(&envelope, &"one".into(), Instant::now()).await;
        assert!(matches!(handed, Handed::Over(Attempt::Accepted(_))));
        assert!(session.is_open());
        session.quit().await;
        let kept = crate::smtp::KeptLetter { envelope, message: b"one".to_vec() };
        assert_eq!((letters.count(), letters.all()), (1, vec![kept]));
    }

    #[tokio::test]
    async fn no_file_is_begun_too_late_either() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8PathBuf::try_from(folder.path().join("mail")).unwrap();
        let mut session = open(RelayKind::Directory { folder: folder.clone() }).unwrap().connect().await.unwrap();
        let to = "ann@journal.example".parse().unwrap();
        let envelope = Envelope { from: "presse@example.org".parse().unwrap(), to, id: None };
        let late = Instant::now() - std::time::Duration::from_millis(1);
        let handed = session.send(&envelope, &"Subject: one\r\n\r\n".into(), late).await;
        assert!(matches!(handed, Handed::Over(Attempt::Lost { phase: Phase::Data, .. })), "{handed:?}");
        assert_eq!(fs::read_dir(&folder).map_or(0, Iterator::count), 0);
    }

    #[tokio::test]
    async fn a_directory_relay_names_its_folder() {
        let folder = camino::Utf8PathBuf::from("var/mail");
        let relay = open(RelayKind::Directory { folder: folder.clone() }).unwrap();
        assert_eq!((relay.name().as_str(), relay.folder()), ("directory var/mail", Some(folder.as_path())));
        assert_eq!(Relay::memory().0.folder(), None);
    }
}
