//! A certificate authority of the test's own, and the certificates it signs. Keys are made when asked for.

use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// An authority that nobody else knows.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// How long a certificate is good.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Validity {
    /// Long before and after the test.
    Long,
    /// No more.
    Over,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Its certificate, as a `ca_file` has it.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// What a server needs that is called `name` in its certificate.
    pub(crate) fn server(&self, name: &str, validity: Validity) -> Arc<ServerConfig> {
        let (certificate, key) = self.sign(name, validity);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }

    /// A certificate for `name`, and its key.
    pub(crate) fn sign(&self, name: &str, validity: Validity) -> (Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = match validity {
            Validity::Long => date_time_ymd(2999, 1, 1),
            Validity::Over => date_time_ymd(2001, 1, 1),
        };
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}
