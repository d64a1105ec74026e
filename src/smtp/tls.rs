//! TLS to a relay: at least version 1.2, and a certificate for the relay's name (RFC 8314 §3, RFC 7817).

use std::fmt;
use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What a certificate is checked against, and the name it must be for.
#[derive(Clone)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// Why TLS to a relay cannot be had as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// No certificate can be for this.
    #[error("`{0}` is no name that a certificate can be for: write the relay's host as its certificate names it")]
    Name(String),
    /// The file of the authority cannot be used.
    #[error("`{path}` cannot be used as `ca_file`: {reason}; write there the authority's certificate as PEM")]
    Authority {
        /// Which file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The library does not offer what is needed.
    #[error("TLS cannot be had: {0}")]
    Library(String),
}

impl Tls {
    /// TLS to `host`, whose certificate is signed by an authority of `ca_file`, or else by one that browsers know.
    pub(super) fn to(host: &str, ca_file: Option<&Utf8Path>) -> Result<Self, TlsError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
        let roots = match ca_file {
            Some(path) => authorities(path).map_err(|reason| TlsError::Authority { path: path.to_owned(), reason })?,
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| TlsError::Library(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), name })
    }

    /// Agrees on TLS over `stream`.
    pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        TlsConnector::from(Arc::clone(&self.config)).connect(self.name.clone(), stream).await
    }
}

/// Keys there are none in it; the rest is for those who may see the configuration.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({})", self.name.to_str())
    }
}

/// The certificates in a PEM file; at least one.
fn authorities(path: &Utf8Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path.as_std_path()).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("it holds no certificate".to_owned()) } else { Ok(roots) }
}
