//! A visitor of the site, at an address of their own on this machine.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::net::TcpSocket;

use crate::HOST;
use crate::authority::Authority;
use crate::press_room::text;

/// Asks over TLS, once a connection.
pub(crate) struct Visitor {
    at: Ipv4Addr,
    front: SocketAddr,
    tls: Arc<ClientConfig>,
}

impl Visitor {
    /// A visitor at `at` of the site behind `front`, whose certificate `authority` signed.
    pub(crate) fn from(at: [u8; 4], front: SocketAddr, authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = tls.with_root_certificates(roots).with_no_client_auth();
        Self { at: at.into(), front, tls: Arc::new(tls) }
    }

    /// Status, media type and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String, String) {
        let (status, head, body) = self.ask(&format!("GET {path} HTTP/1.1"), "", "");
        (status, header(&head, "content-type"), body)
    }

    /// Status and where it leads on to.
    pub(crate) fn redirected(&self, path: &str) -> (u16, String) {
        let (status, head, _) = self.ask(&format!("GET {path} HTTP/1.1"), "", "");
        (status, header(&head, "location"))
    }

    /// Status and body.
    pub(crate) fn post(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let length = form.len().to_string();
        let own = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", &length)];
        let mut more = String::new();
        for (name, value) in headers.iter().chain(&own) {
            more.extend([name, ": ", value, "\r\n"]);
        }
        let (status, _, body) = self.ask(&format!("POST {path} HTTP/1.1"), &more, form);
        (status, body)
    }

    fn ask(&self, line: &str, headers: &str, body: &str) -> (u16, String, String) {
        let name = ServerName::try_from(HOST).unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(self.tls.clone(), name).unwrap(), self.connected());
        let host = format!("{HOST}:{}", self.front.port());
        write!(
            stream,
            "{line}\r\nHost: {host}\r\nAccept-Encoding: identity\r\nConnection: close\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut answer = Vec::new();
        // Not everybody says goodbye in TLS.
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let (head, body) = (text(&answer[..end]), text(&answer[end + 4..]));
        assert_eq!(header(&head, "transfer-encoding"), "", "{head}");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head, body)
    }

    fn connected(&self) -> std::net::TcpStream {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let stream = runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::from((self.at, 0))).unwrap();
            socket.connect(self.front).await.unwrap().into_std().unwrap()
        });
        stream.set_nonblocking(false).unwrap();
        stream
    }
}

fn header(head: &str, name: &str) -> String {
    let found = head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.to_owned()).unwrap_or_default()
}
