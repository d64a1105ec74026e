//! What a daemon's administration side says.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::press_room::{Daemon, text};

/// Where the administration's side listens.
pub(crate) fn admin_address(daemon: &Daemon) -> SocketAddr {
    let log = daemon.log();
    let line = log.lines().rfind(|line| line.contains("depeche is at work")).unwrap();
    let said: serde_json::Value = serde_json::from_str(line).unwrap();
    said["admin"].as_str().unwrap().parse().unwrap()
}

/// What the administration's side answers to a GET, head and body.
pub(crate) fn admin(daemon: &Daemon, path: &str) -> String {
    let address = admin_address(daemon);
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    text(&answer)
}

/// What `/ready` says; that answers, whatever happens.
pub(crate) fn ready(daemon: &Daemon) -> String {
    let answer = admin(daemon, "/ready");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let is_ready = head.starts_with("HTTP/1.1 200");
    assert_eq!(is_ready, body == "ready\n", "{answer}");
    body.to_owned()
}
