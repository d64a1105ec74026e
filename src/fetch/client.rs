//! How every client is set up, whomever it asks.

use std::sync::Arc;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::TlsConfig;
use ureq::typestate::AgentScope;

/// The settings of a client that goes to servers itself, whatever proxy the environment names, and gives every answer as it is: refusals
/// are no errors, and redirects are not followed.
pub(super) fn configured() -> ConfigBuilder<AgentScope> {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    Agent::config_builder().tls_config(tls).proxy(None).http_status_as_error(false).max_redirects(0)
}
