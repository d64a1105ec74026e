//! Who may use the administration's side.

use std::fmt;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::Next;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::http::answer::{guard, set};

/// The token of `http.admin_token_file`. Shows nothing of itself.
#[derive(Clone)]
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// The token a file holds; `None` when it is only white space.
    #[must_use]
    pub fn from_file_text(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(Sha256::digest(text).into()))
    }

    /// Whether a request carries it: as a bearer token, or as the password of basic authentication, so that a browser
    /// can ask for it. Digests are compared, so the time it takes tells nothing.
    fn opens(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes) else { return false };
        let Some(space) = value.iter().position(|byte| *byte == b' ') else { return false };
        let (scheme, given) = (&value[..space], value[space..].trim_ascii());
        let given = if scheme.eq_ignore_ascii_case(b"bearer") {
            given.to_vec()
        } else if scheme.eq_ignore_ascii_case(b"basic") {
            let pair = STANDARD.decode(given).unwrap_or_default();
            let colon = pair.iter().position(|byte| *byte == b':').map_or(pair.len(), |at| at + 1);
            pair[colon..].to_vec()
        } else {
            return false;
        };
        Sha256::digest(&given)[..] == self.0
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// Lets a request through, or says why not.
///
/// Without a token only this machine is listened to, and a page of another site must not be able to press our buttons:
/// the host must be this machine's, and a form must come from our own pages.
pub(super) async fn gate(State(token): State<Option<AdminToken>>, request: Request, next: Next) -> Response<Body> {
    let headers = request.headers();
    let open = match &token {
        Some(token) => token.opens(headers),
        None => is_this_machine(headers),
    };
    if !open {
        let status = if token.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::MISDIRECTED_REQUEST };
        let mut response = refusal(status);
        if token.is_some() {
            set(response.headers_mut(), WWW_AUTHENTICATE, "Basic realm=\"depeche\", charset=\"UTF-8\"");
        }
        return response;
    }
    if *request.method() == Method::POST && !is_from_our_pages(headers) {
        return refusal(StatusCode::FORBIDDEN);
    }
    let mut response = next.run(request).await;
    keep_to_ourselves(response.headers_mut());
    response
}

/// Says what every answer says, and that no other site may use what is here or learns its addresses. Our own pages do
/// learn them: a browser that may tell nobody sends `Origin: null` with our own forms.
fn keep_to_ourselves(headers: &mut HeaderMap) {
    headers.entry("cross-origin-resource-policy").or_insert(HeaderValue::from_static("same-origin"));
    headers.entry("referrer-policy").or_insert(HeaderValue::from_static("same-origin"));
    guard(headers);
}

fn refusal(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{status}\n")));
    *response.status_mut() = status;
    set(response.headers_mut(), CONTENT_TYPE, "text/plain; charset=utf-8");
    set(response.headers_mut(), CACHE_CONTROL, "no-store");
    keep_to_ourselves(response.headers_mut());
    response
}

/// Whether the `Host` asked for is a loopback address or `localhost`: a name that some other site's server points here
/// is not.
fn is_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|value| value.to_str().ok()), hosts.next()) else { return false };
    match url::Url::parse(&format!("http://{host}/")).ok().and_then(|url| url.host().map(|host| host.to_owned())) {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a posted form comes from our own pages, as far as the browser says: by `Sec-Fetch-Site`, which no page can
/// forge; where it says none, by an `Origin` that is the host asked for. Other programs say nothing.
fn is_from_our_pages(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_host =
        |origin: &[u8]| [&b"http://"[..], b"https://"].iter().any(|scheme| origin.strip_prefix(*scheme) == Some(host));
    let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        // Somebody may have told their browser to name no origin at all.
        Some(b"same-origin" | b"none") => origin.is_none_or(|origin| origin == b"null" || is_host(origin)),
        Some(_) => false,
        None => origin.is_none_or(is_host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_token_is_taken_as_bearer_and_as_password() {
        let token = AdminToken::from_file_text("s3cret\n").unwrap();
        let basic = |pair: &str| with(AUTHORIZATION, &format!("Basic {}", STANDARD.encode(pair)));
        assert!(token.opens(&with(AUTHORIZATION, "Bearer s3cret")));
        assert!(token.opens(&basic("anyone:s3cret")));
        for wrong in [basic("anyone:other"), basic("s3cret"), with(AUTHORIZATION, "Bearer s3cre"), HeaderMap::new()] {
            assert!(!token.opens(&wrong), "{wrong:?}");
        }
        assert!(AdminToken::from_file_text(" \n").is_none());
        // Programs send the bytes of the file as they are.
        let drawn = AdminToken::from_file_text("un mot tiré au sort\n").unwrap();
        let bytes = HeaderValue::from_bytes("Bearer un mot tiré au sort".as_bytes()).unwrap();
        assert!(drawn.opens(&HeaderMap::from_iter([(AUTHORIZATION, bytes)])));
    }

    #[test]
    fn only_this_machines_names_are_answered() {
        for host in ["127.0.0.1:8081", "localhost:8081", "[::1]:8081"] {
            assert!(is_this_machine(&with(HOST, host)), "{host}");
        }
        for host in ["presse.example.org", "192.0.2.1", "127.0.0.1.example.org"] {
            assert!(!is_this_machine(&with(HOST, host)), "{host}");
        }
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let from = |origin: &str| {
            let mut headers = with(HOST, "127.0.0.1:8081");
            headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
            is_from_our_pages(&headers)
        };
        assert!(from("http://127.0.0.1:8081"));
        assert!(is_from_our_pages(&with(HOST, "127.0.0.1:8081")));
        for other in ["http://127.0.0.1:8080", "https://example.org", "null"] {
            assert!(!from(other), "{other}");
        }
        let said = |site: &str, origin: &str| {
            let mut headers = with(HOST, "127.0.0.1:8081");
            headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
            headers.insert("sec-fetch-site", HeaderValue::from_str(site).unwrap());
            is_from_our_pages(&headers)
        };
        assert!(said("same-origin", "null") && said("same-origin", "http://127.0.0.1:8081"));
        assert!(!said("same-origin", "https://example.org"));
        for site in ["cross-site", "same-site"] {
            assert!(!said(site, "null") && !said(site, "http://127.0.0.1:8081"), "{site}");
        }
    }
}
