//! Addresses to listen at: free, or held by the daemon at work.

use std::net::{SocketAddr, TcpListener};

use super::finding::Finding;
use crate::config::Config;

pub(super) fn look(config: &Config, is_served: bool) -> Vec<Finding> {
    let addresses = [("http.listen", config.http.listen), ("http.admin", config.http.admin)];
    let lmtp = config.bounces.lmtp.map(|address| ("bounces.lmtp", address));
    addresses.into_iter().chain(lmtp).map(|(key, address)| one(key, address, is_served)).collect()
}

fn one(key: &str, address: SocketAddr, is_served: bool) -> Finding {
    let words = address.to_string();
    let place = [("key", key), ("address", words.as_str())];
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok("listen-free", &place),
        Err(_) if is_served => Finding::ok("listen-held", &place),
        Err(error) => Finding::problem("listen-taken", &[place[0], place[1], ("why", &error.to_string())]),
    }
}
