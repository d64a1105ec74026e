//! From which address a visitor comes, as far as those in between are believed: `Forwarded` (RFC 7239) and
//! `X-Forwarded-For`, read from the right.
//!
//! A proxy adds the address it was asked from at the end of the list it was given; what stands further left anybody may
//! have written. So the list is followed only from trusted proxy to trusted proxy.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Extension;
use axum::http::HeaderMap;
use axum::http::header::FORWARDED;
use tracing::warn;

use super::server::Peer;
use crate::domain::Network;
use crate::policy::Source;

/// The older header of the same meaning.
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// Whether it was said that a proxy names visitors and is not trusted.
static UNTRUSTED_TOLD: AtomicBool = AtomicBool::new(false);

/// Where the visitor comes from who sent a request over the connection of `peer`.
pub(super) fn source(peer: Option<Extension<Peer>>, headers: &HeaderMap, trusted: &[Network]) -> Source {
    // Nobody knows the other end where there is no connection: all such are one.
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Extension(Peer(peer))| peer);
    let is_named = headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR);
    if trusted.is_empty() && is_named && !UNTRUSTED_TOLD.swap(true, Ordering::Relaxed) {
        warn!(
            "a proxy names the visitors that it asks for, and is not believed: all of them count as one, unless \
             `http.trusted_proxies` lists its address"
        );
    }
    Source::from(visitor(peer, headers, trusted))
}

/// The visitor's address.
fn visitor(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let values = |name: &str| -> Vec<_> {
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect()
    };
    let (standard, older) = (values(FORWARDED.as_str()), values(X_FORWARDED_FOR));
    let by_standard = || followed(peer, standard.iter().flat_map(|value| forwarded(value)), trusted);
    let by_older = || followed(peer, older.iter().flat_map(|value| value.split(',').map(node)), trusted);
    match (standard.is_empty(), older.is_empty()) {
        (true, true) => peer,
        (false, true) => by_standard(),
        (true, false) => by_older(),
        // A proxy writes one of them and lets the other through as anybody sent it: which, nobody can tell.
        (false, false) => Some(by_standard()).filter(|visitor| *visitor == by_older()).unwrap_or(peer),
    }
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

/// The first from the right that is no trusted proxy; where the way there cannot be read, the last proxy on it.
fn followed(peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>, trusted: &[Network]) -> IpAddr {
    let hops: Vec<_> = hops.collect();
    let mut last = peer;
    for hop in hops.into_iter().rev() {
        let Some(hop) = hop else { return last };
        last = hop;
        if !is_trusted(hop, trusted) {
            return hop;
        }
    }
    last
}

/// The hops of a `Forwarded`: of each element what `for` says.
fn forwarded(value: &str) -> Vec<Option<IpAddr>> {
    let for_of = |element: &str| {
        let mut pairs = outside_quotes(element, ';').into_iter().filter_map(|pair| pair.split_once('='));
        let (_, said) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        let said = said.trim();
        node(said.strip_prefix('"').and_then(|said| said.strip_suffix('"')).unwrap_or(said))
    };
    outside_quotes(value, ',').into_iter().map(for_of).collect()
}

/// `text` cut at each `cut` that stands outside quoted strings. A quote that never closes quotes nothing: somebody may have
/// opened it so that it swallows what a proxy adds.
fn outside_quotes(text: &str, cut: char) -> Vec<&str> {
    let (mut pieces, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if c == cut && !is_quoted => {
                pieces.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    if is_quoted {
        return text.split(cut).collect();
    }
    pieces.push(&text[start..]);
    pieces
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    /// What is found for a connection of `peer` with these header lines, when loopback and 10.0.0.0/8 are trusted.
    #[track_caller]
    fn check(peer: &str, lines: &[(&str, &str)], expected: &str) {
        let trusted = ["127.0.0.1", "10.0.0.0/8", "::1"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(name.parse::<HeaderName>().unwrap(), value);
        }
        let found = visitor(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
    }

    const OLDER: &str = "x-forwarded-for";

    #[test]
    fn a_stranger_is_believed_nothing() {
        check("203.0.113.7", &[], "203.0.113.7");
        check("203.0.113.7", &[(OLDER, "192.0.2.1"), ("forwarded", "for=192.0.2.1")], "203.0.113.7");
        check("::ffff:203.0.113.7", &[(OLDER, "192.0.2.1")], "203.0.113.7");
    }

    #[test]
    fn a_trusted_proxy_names_who_asked_it_and_no_more() {
        check("127.0.0.1", &[], "127.0.0.1");
        check("::1", &[(OLDER, "192.0.2.1")], "192.0.2.1");
        check("127.0.0.1", &[(OLDER, "6.6.6.6, 192.0.2.1")], "192.0.2.1");
        check("127.0.0.1", &[(OLDER, "6.6.6.6"), (OLDER, "192.0.2.1")], "192.0.2.1");
        check("127.0.0.1", &[(OLDER, "6.6.6.6, 192.0.2.1, 10.1.2.3")], "192.0.2.1");
        check("127.0.0.1", &[(OLDER, "10.1.2.3")], "10.1.2.3");
        check("127.0.0.1", &[(OLDER, "192.0.2.1:4711")], "192.0.2.1");
        check("127.0.0.1", &[(OLDER, "[2001:db8::1]:443")], "2001:db8::1");
        check("127.0.0.1", &[(OLDER, "2001:db8::1")], "2001:db8::1");
        check("127.0.0.1", &[(OLDER, "::ffff:192.0.2.1")], "192.0.2.1");
        check("::ffff:127.0.0.1", &[(OLDER, "192.0.2.1")], "192.0.2.1");
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes() {
        check("127.0.0.1", &[("forwarded", "for=192.0.2.1;proto=https")], "192.0.2.1");
        check("127.0.0.1", &[("forwarded", "proto=https; FOR=\"[2001:db8::1]:4711\"")], "2001:db8::1");
        check("127.0.0.1", &[("forwarded", "for=6.6.6.6, for=192.0.2.1;by=\"a,b;for=9.9.9.9\"")], "192.0.2.1");
        check("127.0.0.1", &[("forwarded", "for=6.6.6.6, for=192.0.2.1, for=10.0.0.9")], "192.0.2.1");
        check("127.0.0.1", &[("forwarded", "by=\"\\\"x\";for=192.0.2.1")], "192.0.2.1");
    }

    #[test]
    fn what_cannot_be_read_ends_the_way_at_the_last_proxy() {
        for unreadable in ["unknown", "_hidden", "", "192.0.2.1.example", "é", "for=192.0.2.1"] {
            check("127.0.0.1", &[(OLDER, &format!("192.0.2.1, {unreadable}"))], "127.0.0.1");
            check("127.0.0.1", &[(OLDER, &format!("192.0.2.1, {unreadable}, 10.0.0.9"))], "10.0.0.9");
        }
        check("127.0.0.1", &[("forwarded", "for=192.0.2.1, for=unknown")], "127.0.0.1");
        check("127.0.0.1", &[("forwarded", "for=192.0.2.1, proto=http")], "127.0.0.1");
        check("127.0.0.1", &[("forwarded", "for=\"192.0.2.1")], "127.0.0.1");
    }

    #[test]
    fn a_quote_that_never_closes_swallows_nothing_of_what_a_proxy_adds() {
        for forged in
            ["for=6.6.6.6;x=\"", "for=6.6.6.6;x=\"\\", "for=6.6.6.6;x=\"a\\\"", "x=\"\"\"", "for=\"[2001:db8::6]"]
        {
            for added in ["for=192.0.2.1", "for=\"192.0.2.1:4711\";proto=https", "for=192.0.2.1, for=\"10.0.0.9\""] {
                check("127.0.0.1", &[("forwarded", &format!("{forged}, {added}"))], "192.0.2.1");
            }
        }
        check("127.0.0.1", &[("forwarded", "for=6.6.6.6;x=\""), ("forwarded", "for=192.0.2.1")], "192.0.2.1");
    }

    #[test]
    fn of_two_headers_that_differ_neither_is_believed() {
        check("127.0.0.1", &[("forwarded", "for=6.6.6.6"), (OLDER, "192.0.2.1")], "127.0.0.1");
        check("127.0.0.1", &[("forwarded", "for=192.0.2.1"), (OLDER, "9.9.9.9, 192.0.2.1")], "192.0.2.1");
    }
}
