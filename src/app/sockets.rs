//! The sockets that the daemon listens on: bound here, or handed over by a service manager (`sd_listen_fds(3)`). They stay
//! open while the daemon is reloaded, and the service manager's while it is started anew: whoever connects meanwhile waits
//! instead of being refused.

use std::io::{Error, ErrorKind};
use std::net::{SocketAddr, TcpListener as Socket};

use anyhow::Context as _;
use listenfd::ListenFd;
use tokio::net::TcpListener;
use tracing::warn;

use crate::config::Config;

/// What a daemon listens on.
#[derive(Debug)]
pub struct Listeners {
    /// For everyone.
    pub public: TcpListener,
    /// For the office and the administrator.
    pub admin: TcpListener,
    /// For what comes back.
    pub lmtp: Option<TcpListener>,
}

/// The open sockets.
#[derive(Debug, Default)]
pub struct Sockets {
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    /// As the configuration has it; for one that was handed over, as the system has it.
    address: SocketAddr,
    /// The key that names it; none yet when it was handed over.
    key: Option<&'static str>,
    socket: Socket,
}

impl Sockets {
    /// Those that a service manager hands over; none without one.
    ///
    /// # Errors
    /// When something else than TCP sockets is handed over.
    pub fn handed_over() -> anyhow::Result<Self> {
        let mut handed = ListenFd::from_env();
        let mut open = Vec::new();
        for number in 0..handed.len() {
            let took = || format!("failed to take over socket {} of the service manager", number + 1);
            let Some(socket) = handed.take_tcp_listener(number).with_context(took)? else { continue };
            let address = socket.local_addr().with_context(took)?;
            open.push(Open { address, key: None, socket });
        }
        Ok(Self { open })
    }

    /// What a daemon with this configuration listens on. A socket that is open is taken by its address; others are bound.
    ///
    /// # Errors
    /// When a port is taken, or the address is not this machine's; the message names the key.
    pub fn listeners(&mut self, config: &Config) -> anyhow::Result<Listeners> {
        let public = self.listen(config.http.listen, "http.listen")?;
        let admin = self.listen(config.http.admin, "http.admin")?;
        let lmtp = match config.bounces.lmtp {
            Some(address) => Some(self.listen(address, "bounces.lmtp")?),
            None => None,
        };
        Ok(Listeners { public, admin, lmtp })
    }

    /// Closes those that `config` does not name, and tells which of them a service manager holds open.
    pub fn close_others(&mut self, config: &Config) {
        let http = &config.http;
        self.open.retain(|open| {
            let named = match open.key {
                Some("http.listen") => Some(http.listen),
                Some("http.admin") => Some(http.admin),
                Some(_) => config.bounces.lmtp,
                None => {
                    warn!(
                        address = %open.address,
                        "the service manager listens on {}, which is no address of `http.listen`, `http.admin` or \
                         `bounces.lmtp`: nobody answers there",
                        open.address
                    );
                    None
                }
            };
            named == Some(open.address)
        });
    }

    fn listen(&mut self, address: SocketAddr, key: &'static str) -> anyhow::Result<TcpListener> {
        let is_it = |open: &&mut Open| open.address == address && open.key.is_none_or(|named| named == key);
        let socket = if let Some(open) = self.open.iter_mut().find(is_it) {
            open.key = Some(key);
            open.socket.try_clone()
        } else {
            let socket = Socket::bind(address).map_err(|error| refused(error, address, key))?;
            let kept = socket.try_clone();
            self.open.push(Open { address, key: Some(key), socket });
            kept
        };
        let listening = || -> std::io::Result<TcpListener> {
            let socket = socket?;
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket)
        };
        listening().with_context(|| format!("failed to listen on {address} (`{key}`)"))
    }
}

/// Why nothing can listen there, and what to do.
fn refused(error: Error, address: SocketAddr, key: &str) -> anyhow::Error {
    let advice = if error.kind() == ErrorKind::AddrInUse {
        "another program listens there, or another Depeche: stop it, or choose another port in config.toml"
    } else if error.kind() == ErrorKind::AddrNotAvailable {
        "this machine has no such address: choose one of its own in config.toml"
    } else if error.kind() == ErrorKind::PermissionDenied {
        "ports below 1024 are not for everyone: choose a higher one and let a proxy stand before it, or let the service \
         manager hand the socket over"
    } else {
        "choose another address in config.toml"
    };
    anyhow::Error::new(error).context(format!("failed to listen on {address} (`{key}`): {advice}"))
}
