//! A public document → what is said of it in HTTP: validators, coding, caching.

use axum::body::Body;
use axum::body::Bytes;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use chrono::{DateTime, Utc};

use super::conditional::{best_coding, http_date};
use crate::resource::{Coding, PublicDocument};

/// What browsers may do on our pages: show them with our own style, script and images, and send forms back to us.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: http: data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `IM: feed`: only what is new to the client (RFC 3229 §10.5.2).
const IM: HeaderName = HeaderName::from_static("im");

/// Answers with `changes`: what is new to a client that already has an older version of `document`. No cache may give
/// this to another client; one that knows of RFC 3229 may keep it.
pub(super) fn answer_changes(
    document: &PublicDocument,
    changes: &PublicDocument,
    modified: Option<DateTime<Utc>>,
    method: &Method,
    headers: &HeaderMap,
) -> Response<Body> {
    let (whole, bytes) = whole(changes, coding_for(changes, headers));
    let body = if *method == Method::HEAD { Body::empty() } else { Body::from(bytes) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::IM_USED;
    let fields = response.headers_mut();
    fields.extend(whole);
    // The tag of the whole document: what the client has from now on.
    set(fields, ETAG, &tag_of(document, coding_for(document, headers)));
    set(fields, IM, "feed");
    set(fields, VARY, "Accept-Encoding, A-IM, If-None-Match");
    set(fields, CACHE_CONTROL, &format!("no-store, im, max-age={}", document.max_age().num_seconds()));
    open_to_all(fields, document, modified);
    response
}

/// The coding in which `document` is best given to a client.
pub(super) fn coding_for(document: &PublicDocument, headers: &HeaderMap) -> Coding {
    if document.is_compressible() { best_coding(headers) } else { Coding::Identity }
}

/// The entity tag of `document` in `coding`, with its quotes. Nothing needs to be compressed to know it.
pub(super) fn tag_of(document: &PublicDocument, coding: Coding) -> String {
    format!("\"{}{}\"", document.tag(), coding.suffix())
}

/// Says since when `document` is as it is, and that scripts of other sites may read it.
pub(super) fn open_to_all(fields: &mut HeaderMap, document: &PublicDocument, modified: Option<DateTime<Utc>>) {
    if let Some(modified) = modified {
        set(fields, LAST_MODIFIED, &http_date(modified));
    }
    if !is_page(document.media_type()) {
        set(fields, ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
}

/// The bytes of `document` in `coding`, or as they are, and what is said of them.
pub(super) fn whole(document: &PublicDocument, coding: Coding) -> (HeaderMap, Bytes) {
    let (coding, bytes) = document.encoded(coding);
    let mut fields = HeaderMap::new();
    set(&mut fields, CONTENT_TYPE, document.media_type());
    set(&mut fields, CONTENT_LENGTH, &bytes.len().to_string());
    if let Some(name) = coding.name() {
        set(&mut fields, CONTENT_ENCODING, name);
    }
    (fields, bytes)
}

/// Sets a header whose value is ours, so always in order.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Adds what every response carries, whatever it is about. What an answer says of itself before is left.
///
/// Whatever is no page may be used by other sites: feeds by readers in a browser, pictures in letters and feeds.
pub(super) fn guard(headers: &mut HeaderMap) {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    guard_as(headers, &media_type);
}

/// Whether this is the media type of a page.
pub(super) fn is_page(media_type: &str) -> bool {
    media_type.starts_with("text/html")
}

/// The same for what may not say its media type itself (304), which must agree with what was said before.
pub(super) fn guard_as(headers: &mut HeaderMap, media_type: &str) {
    set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    for (name, value) in if is_page(media_type) { &OF_PAGES[..] } else { &OF_OTHERS[..] } {
        if !headers.contains_key(*name) {
            set(headers, HeaderName::from_static(name), value);
        }
    }
}

/// What browsers are told of a page: nothing of it runs or is framed, nobody learns where its reader comes from, and
/// windows that opened it have no hold of it.
const OF_PAGES: [(&str, &str); 5] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// What they are told of anything else.
const OF_OTHERS: [(&str, &str); 1] = [("cross-origin-resource-policy", "cross-origin")];
