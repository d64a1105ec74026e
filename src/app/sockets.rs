//! The sockets that the daemon listens on: bound here, or handed over by a service manager (`sd_listen_fds(3)`). They stay
//! open while the daemon is reloaded, and the service manager's while it is started anew: whoever connects meanwhile waits
//! instead of being refused.

use std::io::{Error, ErrorKind};
use std::net::{SocketAddr, TcpListener as Socket};

use anyhow::Context as _;
use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpSocket};
use tracing::warn;

use crate::config::Config;

/// How many newcomers the system lets wait before they are taken in.
const BACKLOG: u32 = 4096;

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
    /// Whether it is the service manager's, which listens there whatever we do.
    handed_over: bool,
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
            open.push(Open { address, key: None, handed_over: true, socket });
        }
        Ok(Self { open })
    }

    /// What a daemon with this configuration listens on. A socket that is open is taken by its address; others are bound.
    ///
    /// # Errors
    /// When a port is taken, or the address is not this machine's; the message names the key.
    pub fn listeners(&mut self, config: &Config) -> anyhow::Result<Listeners> {
        let mut taken = Vec::new();
        let mut listen = |address, key| self.listen(address, key, &mut taken);
        let public = listen(config.http.listen, "http.listen")?;
        let admin = listen(config.http.admin, "http.admin")?;
        let lmtp = config.bounces.lmtp.map(|address| listen(address, "bounces.lmtp")).transpose()?;
        Ok(Listeners { public, admin, lmtp })
    }

    /// Closes those that `config` does not name, but for the service manager's: of these it is told that nobody answers.
    pub fn close_others(&mut self, config: &Config) {
        let http = &config.http;
        let named = [
            ("http.listen", Some(http.listen)),
            ("http.admin", Some(http.admin)),
            ("bounces.lmtp", config.bounces.lmtp),
        ];
        self.open.retain(|open| {
            let is_it = |(key, address): &(&str, Option<SocketAddr>)| {
                *address == Some(open.address) && (open.address.port() != 0 || open.key == Some(*key))
            };
            let is_named = named.iter().any(is_it);
            if open.handed_over && !is_named {
                warn!(
                    address = %open.address,
                    "the service manager listens on {}, which is no address of `http.listen`, `http.admin` or \
                     `bounces.lmtp`: nobody answers there",
                    open.address
                );
            }
            is_named || open.handed_over
        });
    }

    fn listen(
        &mut self,
        address: SocketAddr,
        key: &'static str,
        taken: &mut Vec<usize>,
    ) -> anyhow::Result<TcpListener> {
        // Port 0 is another port for each key.
        let is_it = |(place, open): &(usize, &Open)| {
            open.address == address && !taken.contains(place) && (address.port() != 0 || open.key == Some(key))
        };
        let found = self.open.iter().enumerate().find(is_it).map(|(place, _)| place);
        let place = if let Some(place) = found {
            place
        } else {
            let socket = bound(address).map_err(|error| self.refused(error, address, key))?;
            self.open.push(Open { address, key: Some(key), handed_over: false, socket });
            self.open.len() - 1
        };
        taken.push(place);
        let open = &mut self.open[place];
        open.key = Some(key);
        let listening = || -> std::io::Result<TcpListener> {
            let socket = open.socket.try_clone()?;
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket)
        };
        listening().with_context(|| format!("failed to listen on {address} (`{key}`)"))
    }

    /// Why nothing can listen there, and what to do.
    fn refused(&self, error: Error, address: SocketAddr, key: &str) -> anyhow::Error {
        let own = self.open.iter().find(|open| open.address.port() == address.port());
        let advice = if error.kind() == ErrorKind::AddrInUse {
            match own {
                Some(own) => format!("this daemon listens on {} itself: restart it to change that", own.address),
                None => "another program listens there, or another Depeche: stop it, or choose another port in \
                         config.toml"
                    .to_owned(),
            }
        } else if error.kind() == ErrorKind::AddrNotAvailable {
            "this machine has no such address: choose one of its own in config.toml".to_owned()
        } else if error.kind() == ErrorKind::PermissionDenied {
            "ports below 1024 are not for everyone: choose a higher one and let a proxy stand before it, or let the \
             service manager hand the socket over"
                .to_owned()
        } else {
            "choose another address in config.toml".to_owned()
        };
        anyhow::Error::new(error).context(format!("failed to listen on {address} (`{key}`): {advice}"))
    }
}

/// A socket that listens at `address`.
fn bound(address: SocketAddr) -> std::io::Result<Socket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port is free again at once when those who listened there are gone.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
