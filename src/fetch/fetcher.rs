//! The client: one question at a time, redirects followed by hand, so that each hop passes the same checks.

use std::io::Read as _;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use ureq::http::header::{CONTENT_TYPE, LOCATION};
use ureq::http::{HeaderValue, Response, StatusCode};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};
use url::Url;

use super::FetchError;
use super::client::configured;
use super::guard::{GuardedResolver, is_public};
use crate::config::FetchSettings;

/// What we call ourselves (RFC 9110 §10.1.5).
const USER_AGENT: &str = concat!("depeche/", env!("CARGO_PKG_VERSION"));
/// How often a question may be passed on to another address before it goes in circles.
const MOST_REDIRECTS: usize = 5;
/// How large all headers of an answer may be together; servers rarely send more than a few kilobytes.
const LARGEST_HEADERS: usize = 32 * 1024;
/// How much of a document without a length is read to count it; the size of a longer one stays unknown.
const COUNTED: u64 = 64 * 1024;
/// How a PDF begins (ISO 32000-1 §7.5.2).
const PDF: &[u8] = b"%PDF";

/// How long a question may take. An edition waits for the answer, and a slow server must not keep it for long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For one connection, its TLS included.
    pub(super) connect: Duration,
    /// For everything: all redirects, and what is read of the answer.
    pub(super) overall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), overall: Duration::from_secs(30) }
    }
}

/// Asks other servers for documents and pages.
///
/// Clones share what they know. The calls block, at most half a minute each; call them where blocking is allowed.
#[derive(Debug, Clone)]
pub struct Fetcher {
    agent: Agent,
    patience: Patience,
}

/// What is known of a document that can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundDocument {
    /// Its size: what the server says, or what was counted; `None` when the server does not say and it is large.
    pub bytes: Option<u64>,
}

impl Fetcher {
    /// A client that keeps to `settings`.
    #[must_use]
    pub fn new(settings: &FetchSettings) -> Self {
        let allows = if settings.private { |_| true } else { is_public };
        Self::guarded_by(allows, Patience::default())
    }

    /// A client that connects to the addresses `allows` says yes to, and waits as long as `patience` says.
    pub(super) fn guarded_by(allows: fn(IpAddr) -> bool, patience: Patience) -> Self {
        let config = configured()
            .max_idle_connections(0)
            .user_agent(USER_AGENT)
            .accept_encoding("identity")
            .max_response_header_size(LARGEST_HEADERS)
            .timeout_connect(Some(patience.connect))
            .build();
        let resolver = GuardedResolver { allows, names: DefaultResolver::default() };
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), resolver), patience }
    }

    /// Whether a document can be had at `address`: it answers 200, is not empty and, when `is_pdf`, begins with `%PDF`.
    /// Only its first bytes are read. Blocks.
    ///
    /// # Errors
    /// What stands in the way, [`FetchError::Empty`] and [`FetchError::NotPdf`] included.
    pub fn document(&self, address: &str, is_pdf: bool) -> Result<FoundDocument, FetchError> {
        let mut response = self.get(address)?;
        let length = response.body().content_length();
        let wanted = if length.is_some() { PDF.len() as u64 } else { COUNTED };
        let mut beginning = Vec::new();
        let mut reader = response.body_mut().as_reader().take(wanted);
        reader.read_to_end(&mut beginning).map_err(|error| FetchError::from_library(error.into(), address))?;
        if beginning.is_empty() {
            return Err(FetchError::Empty);
        }
        if is_pdf && !beginning.starts_with(PDF) {
            return Err(FetchError::NotPdf);
        }
        let counted = beginning.len() as u64;
        Ok(FoundDocument { bytes: length.or((counted < COUNTED).then_some(counted)) })
    }

    /// Whether a page answers 200 at `address`, at once or after redirects. Blocks.
    ///
    /// # Errors
    /// What stands in the way; a page that is not there is [`FetchError::Status`].
    pub fn page(&self, address: &str) -> Result<(), FetchError> {
        self.get(address).map(drop)
    }

    /// Tells the WebSub hub at `hub` that the feed at `feed` changed. Blocks.
    ///
    /// # Errors
    /// What stands in the way; any answer but a 2xx is [`FetchError::Status`], a redirect included.
    pub fn ping(&self, hub: &str, feed: &str) -> Result<(), FetchError> {
        let url = web_address(hub)?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "publish")
            .append_pair("hub.url", feed)
            .finish();
        let request = self.agent.post(url.as_str()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.config().timeout_global(Some(self.patience.overall)).build();
        let response = request.send(form.as_bytes()).map_err(|error| FetchError::from_library(error, hub))?;
        if response.status().is_success() { Ok(()) } else { Err(FetchError::Status(response.status().as_u16())) }
    }

    /// The answer 200 of `address` or of where it leads; its body is still to be read.
    fn get(&self, address: &str) -> Result<Response<Body>, FetchError> {
        let started = Instant::now();
        let mut url = web_address(address)?;
        for _ in 0..=MOST_REDIRECTS {
            let left = self.patience.overall.saturating_sub(started.elapsed());
            let request = self.agent.get(url.as_str()).config().timeout_global(Some(left)).build();
            let response = request.call().map_err(|error| FetchError::from_library(error, url.as_str()))?;
            if response.status() == StatusCode::OK {
                return Ok(response);
            }
            url = match location(&response) {
                Some(location) => next_hop(&url, location)?,
                None => return Err(FetchError::Status(response.status().as_u16())),
            };
        }
        Err(FetchError::TooManyRedirects)
    }
}

/// `address` when it is one to ask at. Its host is then spelled in one way only (WHATWG URL): `2130706433` is
/// `127.0.0.1`.
fn web_address(address: &str) -> Result<Url, FetchError> {
    Url::parse(address).ok().and_then(askable).ok_or_else(|| FetchError::Address(address.to_owned()))
}

/// The address `location` leads to from `url`.
pub(super) fn next_hop(url: &Url, location: &[u8]) -> Result<Url, FetchError> {
    let location = String::from_utf8_lossy(location);
    let next = url.join(&location).ok().and_then(askable).ok_or_else(|| FetchError::Address(location.into_owned()))?;
    let is_downgrade = url.scheme() == "https" && next.scheme() != "https";
    if is_downgrade { Err(FetchError::Insecure(next.into())) } else { Ok(next) }
}

/// A user name in a public address is a mistake, and would be sent along.
fn askable(mut url: Url) -> Option<Url> {
    let is_bare = url.username().is_empty() && url.password().is_none();
    url.set_fragment(None);
    (matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare).then_some(url)
}

/// Where a redirect leads (RFC 9110 §15.4); one without `Location` leads nowhere.
fn location(response: &Response<Body>) -> Option<&[u8]> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers().get(LOCATION).filter(|_| is_redirect).map(HeaderValue::as_bytes)
}
